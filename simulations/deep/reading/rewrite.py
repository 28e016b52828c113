"""Any PyTorch network as a `Graph`: run on an example and on a batch of twice as many images, read call by call.

A place in the graph belongs to a tensor, not to a name: an operation in place moves all who read that tensor to its
own place, as it does in PyTorch. A ReLU or pooling module may serve at several places, each call is a node of its own;
weights may not, their layer would be two layers. What is twice as large in the second run grows with the batch.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nfrlab.simulations.deep.engine.functions import (
    Activation,
    Attention,
    Call,
    Function,
    Held,
    Normalisation,
    Product,
)
from nfrlab.simulations.deep.engine.graph import INPUT, Graph
from nfrlab.simulations.deep.engine.ops import ReLU
from nfrlab.simulations.deep.engine.weighted import Weighted
from nfrlab.simulations.deep.reading import known_calls
from nfrlab.simulations.deep.reading.comparison import compare
from nfrlab.simulations.deep.reading.folding import Step, fold, needed_steps
from nfrlab.simulations.deep.reading.forms import Met, refuse
from nfrlab.simulations.deep.reading.noted import Noted, tensors
from nfrlab.simulations.deep.reading.recording import alike, first_line, record
from nfrlab.simulations.deep.reading.templates import Template
from nfrlab.simulations.deep.reading.unwrapping import unwrapped


@torch.no_grad()
def rewrite(module: nn.Module, example: Float[Tensor, "B ..."]) -> Graph:
    """`module` as a graph: `graph(x) = module(x)`, batch normalisation folded, weights shared where they stay the same.

    What is known, and what each rule does there, is listed in docs/operations.md; modules with a method `as_op() -> Op`
    say it themselves. A softmax over the output is left out (`Graph.remarks`): maps explain its arguments.

    Raises `ValueError` that names the node for an operation that is not known; for a network in training mode, without
    a nonlinearity or a layer of weights, with weights used twice, or whose way depends on numbers of the images; for an
    output that is not `(B, classes)`; and when graph and module differ on the example, or on one with noise added, or
    cannot be compared there: class by class by more than 1e-10 of the output (float64; 1e-4 in float32), in the length
    of the gradient by more than 1e-8 (1e-2).
    """
    if not isinstance(example, Tensor) or len(example) == 0:
        raise ValueError("a network is read with a batch of images, a torch.Tensor of at least one")
    module = unwrapped(module)
    _require_evaluation(module)
    graph, last, output = _read(module, example)
    compare(graph, last, module, example, output)
    return graph


@torch.no_grad()
def read(module: nn.Module, example: Float[Tensor, "B ..."]) -> Graph:
    """`rewrite` without the comparison of graph and module."""
    return _read(module, example)[0]


def _read(module: nn.Module, example: Tensor) -> tuple[Graph, Call | None, Tensor]:
    """The graph, the softmax that was left out, and the output of the module."""
    calls, x, output = record(module, example)
    require_classes(module, example, output)
    calls_of_two, x_of_two, _ = record(module, torch.cat([example, example]))
    if not alike(calls, calls_of_two):
        raise ValueError(f"{_name(module)} makes other calls for another number of images; it has to read any batch")
    reader = Reader(x, x_of_two)
    for one, two in zip(calls, calls_of_two, strict=True):
        reader.read(one, two)
    reader.open_gates()
    if id(output) not in reader.places:
        raise ValueError(f"the output of {_name(module)} does not come from the input")
    last, place = reader.without_softmax(reader.places[id(output)])
    steps = needed_steps(reader.steps, place)
    _refuse_twice(module, steps)
    graph = Graph(tuple(fold(steps)), remarks(steps, last))
    if not any(isinstance(node.op, ReLU | Activation) for node in graph.nodes):
        raise ValueError(f"no ReLU found in {_name(module)}: every rule that acts at ReLUs would be the plain gradient")
    if not graph.depth:
        raise ValueError(f"no convolution or linear map found in {_name(module)}: it has no layer, and no map")
    return graph, last, output


def remarks(steps: list[Step], last: Call | None) -> tuple[str, ...]:
    """What a user has to know of a network: what was left out, and which premises of the theory it does not meet."""
    curved = Counter(step.op.call.name for step in steps if isinstance(step.op, Activation))
    held = Counter(type(step.op).__name__.lower() for step in steps if isinstance(step.op, HELD))
    found = [f"the {last.name} over the output is left out: maps explain its arguments"] if last else []
    if curved:
        found.append(f"nonlinearities that are no ReLUs ({counted(curved)}): the propositions are about ReLUs")
    if held:
        found.append(f"not piecewise linear ({counted(held)}): without biases too f differs from ⟨∇f, x⟩")
    return tuple(found)


HELD = Product | Attention | Normalisation
"""Operations of which relevance holds a part, so that they are not homogeneous."""


def counted(names: Counter[str]) -> str:
    """`12 attention, 25 normalisation`."""
    return ", ".join(f"{number} {name}" for name, number in sorted(names.items()))


def _name(module: nn.Module) -> str:
    return type(module).__name__


def _require_evaluation(module: nn.Module) -> None:
    for name, part in module.named_modules():
        if part.training:
            raise ValueError(f"module '{name or _name(module)}' is in training mode; call .eval() on the network first")


def require_classes(module: nn.Module, example: Tensor, output: Any) -> None:
    """Raise `ValueError` unless the output is `(B, classes)`."""
    if not isinstance(output, Tensor) or output.dim() != 2 or len(output) != len(example):
        shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ValueError(f"the output of {_name(module)} is {shape}, not (B, classes) with B = {len(example)}")


def _refuse_twice(module: nn.Module, steps: list[Step]) -> None:
    names = {parameter.data_ptr(): name.rpartition(".")[0] for name, parameter in module.named_parameters()}
    held = [step.op.weight.data_ptr() for step in steps if isinstance(step.op, Weighted)]
    for weight, count in Counter(held).items():
        if count > 1:
            layer = names.get(weight) or "a weight"
            raise ValueError(f"'{layer}' is used {count} times; every module with parameters must be one layer")


class Reader:
    """Turns calls into steps, each with its operation and the steps that it reads."""

    def __init__(self, x: Tensor, x_of_two: Tensor) -> None:
        self.steps: list[Step] = []
        self.places = {id(x): INPUT}  # by identity: the recordings keep the tensors alive
        self.of_two = {id(x_of_two): INPUT}

    def read(self, one: Noted, two: Noted) -> None:
        """The steps that a call amounts to, as it was met by a batch and by one of twice as many images."""
        try:
            self._read(one, two)
        except ValueError as error:
            raise ValueError(f"{one.label}: {first_line(error)}") from error

    def _read(self, one: Noted, two: Noted) -> None:
        read = [tensor for tensor in tensors((one.arguments, one.named)) if id(tensor) in self.places]
        inputs = tuple(self.places[id(tensor)] for tensor in read)
        refuse(one.value is None, "it writes into a tensor that depends on the image")
        if isinstance(one.value, Tensor):
            self._add(one, two, None, read, inputs)
            return
        for part, value in enumerate(one.value):
            if isinstance(value, Tensor):
                self._add(one, two, part, read, inputs)

    def _add(self, one: Noted, two: Noted, part: int | None, read: list[Tensor], inputs: tuple[int, ...]) -> None:
        value, value_of_two = (call.value if part is None else call.value[part] for call in (one, two))
        apart = value_of_two.numel() == 2 * value.numel()
        refuse(not apart, f"it joins the images of a batch: {tuple(value.shape)} for {len(read[0])}")
        call = Template(self.places, self.of_two, read[0]).call(one, two, part)
        for op in known_calls.form_of(one)(Met(one, value, call, read, self._gate(inputs))):
            by_image = len(value) * 2 == len(value_of_two)
            refuse(
                isinstance(op, Activation) and not by_image, f"a nonlinearity of {tuple(value.shape)}, images not first"
            )
            self.steps.append(Step(one.place or one.name, op, inputs))
            inputs = (len(self.steps) - 1,)
        self.places[id(value)] = self.of_two[id(value_of_two)] = inputs[0]

    def _behind_functions(self, place: int) -> int:
        """Where the numbers at a place come from, but for changes of their shape and scale."""
        while place != INPUT and type(op := self.steps[place].op) is Function:
            if len(self.steps[place].inputs) > 1 and not op.call.name.endswith("_as"):
                break
            place = self.steps[place].inputs[0]
        return place

    def _gate(self, places: tuple[int, ...]) -> int | None:
        """Which of the factors is a gate: the one that is held or a sigmoid, else the one that is a tanh."""
        for names in known_calls.GATES:
            gates = [i for i, place in enumerate(places) if self._is_one_of(names, self._behind_functions(place))]
            if gates:
                return gates[0] if len(gates) == 1 else None
        return None

    def _is_one_of(self, names: frozenset[str], place: int) -> bool:
        op = self.steps[place].op if place != INPUT else None
        return isinstance(op, Held | Activation) and op.call.name in names

    def open_gates(self) -> None:
        """A sigmoid that only gates is no layer's nonlinearity: rules that act at those leave it alone."""
        gates = {
            self._behind_functions(step.inputs[step.op.gate])
            for step in self.steps
            if isinstance(step.op, Product) and step.op.gate is not None
        }
        layers = {
            self._behind_functions(place)
            for step in self.steps
            if type(step.op) is not Function
            for number, place in enumerate(step.inputs)
            if not (isinstance(step.op, Product) and step.op.gate == number)
        }
        for place in gates - layers - {INPUT}:
            step = self.steps[place]
            if isinstance(step.op, Activation):
                self.steps[place] = replace(step, op=Held(step.op.call))

    def without_softmax(self, place: int) -> tuple[Call | None, int]:
        """A softmax over the output, if there is one, and the place of what comes before it."""
        step = self.steps[place] if place != INPUT else None
        if step and isinstance(step.op, Held | Activation) and step.op.call.name in known_calls.SOFTMAX:
            return step.op.call, step.inputs[0]
        return None, place
