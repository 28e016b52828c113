"""A network as a list of operations, and what an input left behind on its way through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from nfrlab.simulations.deep.engine.functions import Activation, Call, Function
from nfrlab.simulations.deep.engine.memory import keep_freed_memory
from nfrlab.simulations.deep.engine.ops import AdaptiveAvgPool, Add, AvgPool, Flatten, MaxPool, Op, Record, ReLU
from nfrlab.simulations.deep.engine.weighted import Weighted

INPUT = -1


@dataclass(frozen=True)
class Node:
    """One operation on the outputs of earlier nodes, given by their places in the list; INPUT is the network's."""

    name: str
    op: Op
    inputs: tuple[int, ...]


@dataclass(frozen=True)
class Graph:
    """A network `f`: nodes in topological order, the last one's output is `f(x)`.

    Layer l of the paper, l = 1 … L, is the l-th weighted node (convolution or linear map) with all that follows it up
    to the next one: its ReLU, and a pooling, addition or flattening after that.
    """

    nodes: tuple[Node, ...]
    remarks: tuple[str, ...] = ()
    """What was left out on the way from the module, and which premises of the theory it does not meet, in words."""

    @cached_property
    def layer_of(self) -> tuple[int, ...]:
        """The layer of every node: how many weighted nodes there are up to it, itself included."""
        found, layer = [], 0
        for node in self.nodes:
            layer += isinstance(node.op, Weighted)
            found.append(layer)
        return tuple(found)

    @cached_property
    def depth(self) -> int:
        """L."""
        return self.layer_of[-1]

    @cached_property
    def neurons(self) -> tuple[int, ...]:
        """For every layer 1 … L the node whose output is `A_l`: its last ReLU, or its weighted node if it has none."""
        found: dict[int, int] = {}
        for i, (node, layer) in enumerate(zip(self.nodes, self.layer_of, strict=True)):
            if isinstance(node.op, ReLU | Activation | Weighted):
                found[layer] = i
        return tuple(found[layer] for layer in range(1, self.depth + 1))

    @cached_property
    def pooled(self) -> tuple[int, ...]:
        """For every layer 1 … L the last pooling that follows its `A_l` at once, or `A_l` itself where none does."""
        found = list(self.neurons)
        for i, (node, layer) in enumerate(zip(self.nodes, self.layer_of, strict=True)):
            if (
                layer
                and isinstance(node.op, MaxPool | AvgPool | AdaptiveAvgPool)
                and node.inputs == (found[layer - 1],)
            ):
                found[layer - 1] = i
        return tuple(found)

    @cached_property
    def cuts(self) -> dict[int, int]:
        """The layers l = 0 … L after which all that goes on is one output, and the place of that.

        All of a chain; of a network with residual additions those between its blocks.
        """
        last = [max(layer, 1) for layer in self.layer_of]
        found = {self.depth: len(self.nodes) - 1}
        for cut in range(self.depth):
            read = {i for node, layer in zip(self.nodes, last, strict=True) if layer > cut for i in node.inputs}
            handed = {i for i in read if i == INPUT or last[i] <= cut}
            if len(handed) == 1:
                found[cut] = handed.pop()
        return found

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Every tensor that the operations hold, in their order."""
        held = (value for node in self.nodes for _, value in sorted(vars(node.op).items()))
        return tuple(
            tensor
            for value in held
            for tensor in ((value,) if isinstance(value, Tensor) else value.tensors if isinstance(value, Call) else ())
        )

    @property
    def digest(self) -> str:
        """16 hex digits of the SHA-256 of all that the network computes with: operations, how they join, tensors."""
        found = sha256()
        for node in self.nodes:
            settings = {name: value for name, value in vars(node.op).items() if not isinstance(value, Tensor)}
            found.update(repr((type(node.op).__qualname__, sorted(settings.items()), node.inputs)).encode())
        for tensor in self.tensors:
            found.update(repr((tensor.dtype, tuple(tensor.shape))).encode())
            found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return found.hexdigest()[:16]

    @cached_property
    def overwritten(self) -> tuple[bool, ...]:
        """Whether a node is a ReLU that alone reads a sum of its own memory, and may write its output there."""
        read = [source for node in self.nodes for source in node.inputs]
        return tuple(
            isinstance(node.op, ReLU)
            and node.inputs != (INPUT,)
            and read.count(node.inputs[0]) == 1
            and isinstance(self.nodes[node.inputs[0]].op, Weighted | Add)
            for node in self.nodes
        )

    @cached_property
    def pixels(self) -> frozenset[int]:
        """The places that hold the pixels, entry by entry: INPUT, what only flattens it, and what constants are added
        to or multiplied with before anything else happens, as a normalisation inside the network does.
        """
        found = {INPUT}
        for i, node in enumerate(self.nodes):
            by_entry = isinstance(node.op, Flatten) or (isinstance(node.op, Function) and node.op.is_entrywise)
            if by_entry and node.inputs[0] in found:
                found.add(i)
        return frozenset(found)

    def place(self, layer: int, pooled: bool = False) -> int:
        """The node whose output is `A_l`, or `A_l` after the layer's pooling; INPUT for layer 0.

        Raises `ValueError` for a layer that does not exist.
        """
        if not 0 <= layer <= self.depth:
            raise ValueError(f"layers run from 0 (the input) to {self.depth}, got {layer}")
        return (self.pooled if pooled else self.neurons)[layer - 1] if layer else INPUT

    def __call__(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B classes"]:
        """`f(x)`."""
        return self.forward(x).output

    @torch.no_grad()
    def forward(
        self, x: Float[Tensor, "B ..."], once: bool = False, reference: Float[Tensor, "K ..."] | None = None
    ) -> Trace:
        """Every node as `x` met it; `once` for a single way down, on which memory is freed node by node.

        A `reference`, one for all images or one each, is what rules that compare start from. Raises `ValueError` for an
        empty batch, for an input with NaN or infinite entries, and for a reference of another shape.
        """
        keep_freed_memory()
        if len(x) == 0:
            raise ValueError("the batch is empty; give at least one image")
        if not torch.isfinite(x).all():
            raise ValueError("the input has NaN or infinite entries; every pixel must be finite")
        records: list[Record] = []
        for node, alone in zip(self.nodes, self.overwritten, strict=True):
            inputs = tuple(records[i].output if i != INPUT else x for i in node.inputs)
            records.append(Record(inputs, inputs[0].clamp_(min=0)) if alone else node.op.apply(*inputs))
        return Trace(self, x, records, once, reference=None if reference is None else self.forward(like(reference, x)))


def like(reference: Tensor, x: Tensor) -> Tensor:
    """A reference for every image of x. Raises `ValueError` unless it is one image, or as many as x has."""
    if reference.shape[1:] != x.shape[1:] or len(reference) not in (1, len(x)):
        raise ValueError(
            f"the reference has shape {tuple(reference.shape)}, the images {tuple(x.shape)}; it is one image like "
            "them, or one for each"
        )
    return reference.to(x).expand_as(x)


@dataclass(frozen=True)
class Trace:
    """A network as a batch of inputs met it: all that a backward rule may look at."""

    graph: Graph
    x: Float[Tensor, "B ..."]
    records: list[Record]
    once: bool = False
    target: Int64[Tensor, " B"] | None = None
    """The class of every image that is explained where no other is asked for; None for that of the largest output."""
    reference: Trace | None = None
    """What rules that compare start from; None for the input 0."""

    @property
    def output(self) -> Float[Tensor, "B classes"]:
        """`f(x)`."""
        return self.recall(len(self.graph.nodes) - 1).output

    def recall(self, i: int) -> Record:
        """Node i. Raises `ValueError` when it is forgotten."""
        if i >= len(self.records):
            raise ValueError("this trace was made for one way down and is used up; run forward again, or without once")
        return self.records[i]

    @cached_property
    def origin(self) -> Trace:
        """The reference, or where none was given what the input 0 left behind."""
        return self.graph.forward(torch.zeros_like(self.x)) if self.reference is None else self.reference

    def compared(self, i: int) -> Record:
        """Node i beside the reference, with what gave its only input; a ReLU's z is computed anew where it is lost.

        Raises `ValueError` when it is forgotten.
        """
        node = self.graph.nodes[i]
        here, there = self.recall(i), self.origin.recall(i)
        if len(node.inputs) > 1 or node.inputs == (INPUT,):
            return replace(here, reference=there)
        below = node.inputs[0]
        op = self.graph.nodes[below].op
        source = replace(self.recall(below), reference=self.origin.recall(below))
        if self.graph.overwritten[i]:
            here, there = (
                Record((op.apply(*record.inputs).output,), met.output)
                for record, met in ((self.recall(below), here), (self.origin.recall(below), there))
            )
        return replace(here, reference=there, source=(op, source))

    def value(self, i: int) -> Tensor:
        """The output of node i, or the input. Raises `ValueError` when it is forgotten."""
        return self.x if i == INPUT else self.recall(i).output

    def forget(self, i: int) -> None:
        """Free node i and all above it."""
        del self.records[i:]

    def images(self, rows: slice) -> Trace:
        """These images of the batch alone, in the same memory."""
        target = None if self.target is None else self.target[rows]
        reference = None if self.reference is None else self.reference.images(rows)
        records = [record.images(rows) for record in self.records]
        return Trace(self.graph, self.x[rows], records, target=target, reference=reference)

    @property
    def finite(self) -> Bool[Tensor, " B"]:
        """Whether an image went through without overflow: every number on its way to `f(x)` is finite."""
        images = len(self.x)
        each = (r.output.isfinite() for r in self.records)
        return torch.stack(
            [ok.reshape(images, -1).all(dim=1) if len(ok) == images else ok.all().expand(images) for ok in each]
        ).all(dim=0)

    @property
    def by_image(self) -> bool:
        """Whether the first axis of every node numbers the images."""
        return all(len(record.output) == len(self.x) for record in self.records)

    def activation(self, layer: int, pooled: bool = False) -> Float[Tensor, "B ..."]:
        """`A_l`, or `A_l` after the layer's pooling; `A_0 = x`."""
        place = self.graph.place(layer, pooled)
        return self.value(place)
