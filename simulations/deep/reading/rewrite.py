"""Any PyTorch network of the usual layers as a `Graph`: traced by torch.fx, run once on an example, read call by call.

A place in the graph belongs to a tensor, not to a name: an operation in place moves all who read that tensor to its
own place, as it does in PyTorch. A ReLU or pooling module may serve at several places, each call is a node of its own;
a module with parameters may not, its layer would be two layers.
"""

from __future__ import annotations

import sys
import traceback
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, fx, nn

from nfrlab.simulations.deep.engine.graph import INPUT, Graph
from nfrlab.simulations.deep.engine.ops import Add, ReLU
from nfrlab.simulations.deep.reading import known_calls
from nfrlab.simulations.deep.reading.comparison import compare
from nfrlab.simulations.deep.reading.folding import Call, fold, needed_calls
from nfrlab.simulations.deep.reading.forms import refuse
from nfrlab.simulations.deep.reading.unwrapping import unwrapped

PLAIN = (int, float, torch.Size, torch.dtype, torch.device)
INSTALLED = str(Path(torch.__file__).parent.parent)


@torch.no_grad()
def rewrite(module: nn.Module, example: Float[Tensor, "B ..."]) -> Graph:
    """`module` as a graph: `graph(x) = module(x)`, batch normalisation folded, weights shared where they stay the same.

    Layers: convolution, linear, ReLU, maximum, mean and adaptive pooling, batch normalisation, additions, flattening,
    dropout, as modules, functions or methods (`known_calls`), and modules with a method `as_op() -> Op`.

    Raises `ValueError` that names the node for a layer that is none of these; for a network in training mode, without
    a ReLU or a layer of weights, with a module of parameters used twice, or of which torch.fx cannot follow the control
    flow; for an output that is not `(B, classes)`; and when graph and module differ on the example, or on one with
    noise added, or cannot be compared there: class by class by more than 1e-10 of the output (float64; 1e-4 in
    float32), in the length of the gradient by more than 1e-8 (1e-2).
    """
    if not isinstance(example, Tensor) or len(example) == 0:
        raise ValueError("a network is read with a batch of images, a torch.Tensor of at least one")
    module = unwrapped(module)
    _require_evaluation(module)
    output = _of_example(module, example)
    graph = read(module, example)
    compare(graph, module, example, output)
    return graph


@torch.no_grad()
def read(module: nn.Module, example: Float[Tensor, "B ..."]) -> Graph:
    """`rewrite` without the comparison of graph and module."""
    traced = _trace(module)
    _refuse_twice(module, traced)
    reader = Reader(module, traced)
    reader.walk(example.clone())
    graph = Graph(tuple(fold(needed_calls(reader.calls, reader.last))))
    if not any(isinstance(node.op, ReLU) for node in graph.nodes):
        raise ValueError(f"no ReLU found in {_name(module)}: every rule that acts at ReLUs would be the plain gradient")
    if not graph.depth:
        raise ValueError(f"no convolution or linear map found in {_name(module)}: it has no layer, and no map")
    return graph


def _name(module: nn.Module) -> str:
    return type(module).__name__


def _require_evaluation(module: nn.Module) -> None:
    for name, part in module.named_modules():
        if part.training:
            raise ValueError(f"module '{name or _name(module)}' is in training mode; call .eval() on the network first")


def _of_example(module: nn.Module, example: Tensor) -> Tensor:
    try:
        output = module(example.clone())
    except Exception as error:
        raise ValueError(
            f"{_name(module)} cannot read an example of shape {tuple(example.shape)}, {example.dtype}: {_first(error)}"
        ) from error
    if not isinstance(output, Tensor) or output.dim() != 2 or len(output) != len(example):
        shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ValueError(f"the output of {_name(module)} is {shape}, not (B, classes) with B = {len(example)}")
    return output


def _first(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


class Tracer(fx.Tracer):
    """torch.fx, which takes a module that knows its operation as one piece, and notes the line that made a node."""

    def create_node(self, *arguments: Any, **named: Any) -> fx.Node:
        """The node, with its line."""
        node = super().create_node(*arguments, **named)
        node.meta["line"] = _line(traceback.walk_stack(sys._getframe(1)))
        return node

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether m is a node, not looked into."""
        return hasattr(m, "as_op") or super().is_leaf_module(m, module_qualified_name)


def _trace(module: nn.Module) -> fx.Graph:
    try:
        return Tracer().trace(module)
    except Exception as error:
        line = _line(reversed(list(traceback.walk_tb(error.__traceback__))))
        raise ValueError(f"torch.fx cannot trace {_name(module)}{line}: {_first(error)}") from error


def _refuse_twice(module: nn.Module, traced: fx.Graph) -> None:
    owners = {name for name, part in module.named_modules() if any(True for _ in part.parameters())}
    owners |= {name for name, _ in module.named_parameters()}
    uses = Counter(node.target for node in traced.nodes if node.op in ("call_module", "get_attr"))
    for target, count in uses.items():
        if count > 1 and target in owners:
            raise ValueError(f"'{target}' is used {count} times; every module with parameters must be one layer")


class Reader(fx.Interpreter):
    """Runs a traced network on an example and notes what every call amounts to."""

    def __init__(self, module: nn.Module, traced: fx.Graph) -> None:
        super().__init__(module, garbage_collect_values=False, graph=traced)
        self.extra_traceback = False
        self.calls: list[Call] = []
        self.places: dict[int, int] = {}  # by identity: `self.env` keeps the tensors alive
        self.last = INPUT

    def walk(self, example: Tensor) -> None:
        """Run node by node: `run` makes a progress bar, and with it a semaphore that a worker leaves when it is ended,
        with a warning.
        """
        self.args_iter = iter((example,))
        for node in self.graph.nodes:
            self.env[node] = self.run_node(node)

    def run_node(self, n: fx.Node) -> Any:
        """The value of n; whatever computes with the network's input is noted."""
        arguments, named = self.fetch_args_kwargs_from_env(n)
        try:
            value = super().run_node(n)
            self._read(n, value, arguments, named)
        except Exception as error:  # whatever a user's layer stumbles over
            raise ValueError(f"{_label(n)}: {_first(error)}") from error
        return value

    def _read(self, n: fx.Node, value: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        if n.op == "placeholder":
            refuse(bool(self.places), "a second input; a network reads one batch of images")
            self.places[id(value)] = INPUT
        elif n.op == "output":
            refuse(id(arguments[0]) not in self.places, "it does not come from the input")
            self.last = self.places[id(arguments[0])]
        elif n.op != "get_attr" and not isinstance(value, PLAIN):
            refuse(not isinstance(value, Tensor), f"it gives a {type(value).__name__}, not one tensor")
            self._note(n, value, arguments, named)

    def _note(self, n: fx.Node, value: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        read = [a for a in (*arguments, *named.values()) if isinstance(a, Tensor)]
        inputs = tuple(self.places[id(a)] for a in read if id(a) in self.places)
        if n.op == "call_module":
            found = known_calls.of_module(self.fetch_attr(str(n.target)), value, *arguments, *named.values())
        else:
            found = known_calls.of_function(n.target, value, *arguments, **named)
        wanted = 2 if any(isinstance(op, Add) for op in found) else 1
        refuse(len(inputs) != wanted, f"{len(inputs)} of its arguments come from the input, not {wanted}")
        for op in found:
            self.calls.append(Call(str(n.target) if n.op == "call_module" else n.name, op, inputs))
            inputs = (len(self.calls) - 1,)
        self.places[id(value)] = inputs[0]


def _label(n: fx.Node) -> str:
    """`node 'relu' (call_function relu) at net.py:12`: its name, what it calls, and where."""
    target = n.target if isinstance(n.target, str) else getattr(n.target, "__name__", n.target)
    return f"node '{n.name}' ({n.op} {target}){n.meta.get('line', '')}"


def _line(frames: Iterable[tuple[FrameType, int]]) -> str:
    """The innermost line of the user's code, of frames from the inside out; none in installed networks."""
    for file, line in ((frame.f_code.co_filename, line) for frame, line in frames):
        if file == __file__:
            break
        if not file.startswith(INSTALLED):
            return f" at {Path(file).name}:{line}"
    return ""
