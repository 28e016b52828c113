"""From one step to a map: what a rule is, the way down through a network, bottom processes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from nfrlab.simulations.deep.engine import rules
from nfrlab.simulations.deep.engine.deeplift import joined
from nfrlab.simulations.deep.engine.graph import INPUT, Graph, Trace
from nfrlab.simulations.deep.engine.ops import Flatten
from nfrlab.simulations.deep.engine.shares import share
from nfrlab.simulations.deep.engine.weighted import Weighted

Bottom = Literal["none", "times input", "rectified times input"]
Map = Float[Tensor, "B ..."]


@dataclass(frozen=True)
class Rule:
    """A named backward rule: its step, its bottom process, and a step into the input that ends in relevance, if any.

    A rule that `compares` explains the difference to a reference input: its steps see the records of both, and its
    bottom process `x − x₀` in place of x. One that `splits` carries two multipliers, see `deeplift`.
    """

    name: str
    step: rules.Step
    bottom: Bottom = "none"
    first: rules.Step | None = None
    at_relu: bool = True
    compares: bool = False
    splits: bool = False

    def step_at(self, graph: Graph, i: int) -> rules.Step:
        """The step of node i.

        Raises `ValueError` where a step into the input is needed and the node has none.
        """
        node = graph.nodes[i]
        if self.first is None or not graph.pixels.intersection(node.inputs) or isinstance(node.op, Flatten):
            return self.step
        if i in graph.pixels:
            return rules.by_pixel
        if isinstance(node.op, Weighted):
            return self.first
        raise ValueError(f"rule '{self.name}' needs convolutions or linear maps at the input, '{node.name}' is none")

    def explained(self, trace: Trace) -> Map:
        """What the bottom process multiplies by: x, or its difference to the reference."""
        return trace.x - trace.origin.x if self.compares else trace.x

    def process(self, r0: Float[Tensor, "*K B ..."], x: Map) -> Float[Tensor, "*K B ..."]:
        """The bottom process, `r_0` to `R`."""
        if self.bottom == "none":
            return r0
        R = r0 * x
        return R.clamp(min=0) if self.bottom == "rectified times input" else R


GRAD = Rule("grad", rules.grad)
Pending = dict[int, Tensor]
"""Relevance by the node at whose output it waits."""


def start_at_output(trace: Trace, k: Tensor | None = None) -> Tensor:
    """`e_k` for every image: k is given, or the trace's target, or the class of the largest output. Its relevance is
    `f_k e_k`.
    """
    f = trace.output
    k = trace.target if k is None else k
    return torch.zeros_like(f).scatter_(1, (f.argmax(dim=1) if k is None else k)[:, None], 1)


def descend(trace: Trace, rule: Rule, pending: Pending, layers: range) -> Pending:
    """Carry what waits at outputs of nodes through `layers`, given from the top; what waits below them is returned.

    Relevance that reaches a place over several edges is summed. Layers 1 … L; layer 0 holds nodes before the first
    weighted one, if any, and belongs to layer 1. Two multipliers, of a rule that splits, are on the way alone: what
    comes in is both, and what waits below is one again.
    """
    nodes = [i for i, at in enumerate(trace.graph.layer_of) if max(at, 1) in layers]
    if rule.splits:
        pending.update({i: torch.cat([r, r]) for i, r in pending.items()})
    through(trace, rule, pending, nodes)
    if rule.splits:
        pending.update({i: joined(r, trace.value(i) - trace.origin.value(i)) for i, r in pending.items()})
    return pending


def through(trace: Trace, rule: Rule, pending: Pending, nodes: Sequence[int]) -> Pending:
    """Carry what waits at outputs of these nodes, in topological order, down through them: `descend` node by node.

    Of a rule that splits, what waits is two multipliers, one behind the other.
    """
    for i in reversed(nodes):
        if i in pending:
            node, record = trace.graph.nodes[i], trace.compared(i) if rule.compares else trace.recall(i)
            below = rule.step_at(trace.graph, i)(node.op, pending.pop(i), record)
            for source, part in zip(node.inputs, below, strict=True):
                pending[source] = pending[source] + part if source in pending else part
        if trace.once:
            trace.forget(i)
    return pending


@torch.no_grad()
def carry_down(trace: Trace, rule: Rule, r: Tensor | None = None, layer: int | None = None) -> Map:
    """What arrives at the input: `r_0`, or relevance where the rule has a step into the input.

    Raises `ValueError` when `r` is not shaped like `A_layer`, or like the output.

    Parameters
    ----------
    trace
        A network as a batch of inputs met it, `graph.forward(x)`.
    r
        What enters at the neurons of `layer`; by default `start_at_output`, the largest output of every image.
        Relevance `R` enters a rule that distributes relevance as `r = R / A`.
    layer
        1 … L; by default the output.
    """
    graph = trace.graph
    place = len(graph.nodes) - 1 if layer is None else graph.place(layer)
    at, where = (trace.output, "the output") if layer is None else (trace.activation(layer), f"layer {layer}")
    r = start_at_output(trace) if r is None else r
    if r.shape[1:] != at.shape[1:]:
        raise ValueError(
            f"relevance of shape {tuple(r.shape[1:])} cannot enter at {where}, which has shape {tuple(at.shape[1:])}"
        )
    return descend(trace, rule, {place: r}, range(graph.depth if layer is None else layer, 0, -1))[INPUT]


def as_gradients(trace: Trace, rule: Rule, pending: Pending) -> Pending:
    """What waits, in modified gradients: relevance at a pixel is `x ⊙ r_0`, and tells nothing where `x = 0`."""
    if rule.first is None:
        return pending
    x = {i: trace.value(i) for i in trace.graph.pixels.intersection(pending)}
    return {i: share(r.view(-1, *x[i].shape), x[i]).view(r.shape) if i in x else r for i, r in pending.items()}


def backward(trace: Trace, rule: Rule, r: Tensor | None = None, layer: int | None = None) -> Map:
    """`r_0` of `rule`, from `r` at the neurons of `layer` or at the output (see `carry_down`)."""
    return as_gradients(trace, rule, {INPUT: carry_down(trace, rule, r, layer)})[INPUT]


def attribution(
    trace: Trace, rule: Rule, r: Tensor | None = None, layer: int | None = None, bottom: bool = True
) -> Map:
    """The map `R` of `rule`, shaped like the input; `r` and `layer` as in `carry_down`.

    `bottom = False` leaves `r_0`, without the rule's bottom process. Raises `ValueError` as `carry_down` does.
    """
    if not bottom:
        return backward(trace, rule, r, layer)
    map = carry_down(trace, rule, r, layer)
    return map if rule.first else rule.process(map, rule.explained(trace))


@torch.no_grad()
def activation(trace: Trace, layer: int, pooled: bool = False) -> Map:
    """`r_0` of Activation weighting, Table I: `r_l := A_l` at layer l, the plain gradient below it; `x` for l = 0.

    Where a pooling follows, `A_l` is taken before it; with `pooled` after it.
    """
    place = trace.graph.place(layer, pooled)
    return descend(trace, GRAD, {place: trace.activation(layer, pooled)}, range(layer, 0, -1))[INPUT]


def _no_maps(r: Tensor, a: Tensor, maps: int) -> Tensor:
    """So many zero maps of the batch that a was computed from, like r."""
    return r.new_zeros(maps * len(a), *a.shape[1:])


@torch.no_grad()
def from_layers(
    trace: Trace,
    rule: Rule,
    start: Callable[[int], Tensor],
    layers: Collection[int] | None = None,
    pooled: bool = False,
) -> Float[Tensor, "layers B ..."]:
    """`r_0` of the relevance `start(l)` put at the neurons of layer l, for every layer of `layers` from the top: one
    pass for all; by default l = L … 1.

    `start(l)` is shaped like `A_l`, or holds several maps of the batch, one behind the other. With
    `start = trace.activation` and the gradient this is Activation at every layer. With `pooled` relevance enters, and
    is shaped like `A_l`, after the layer's pooling.
    """
    graph, waiting, maps = trace.graph, Pending(), 0
    for layer in range(graph.depth, 0, -1):
        if layers is None or layer in layers:
            entering, place = start(layer), graph.place(layer, pooled)
            more = len(entering) // len(trace.value(place))
            waiting = {i: torch.cat([r, _no_maps(r, trace.value(i), more)]) for i, r in waiting.items()}
            started = torch.cat([_no_maps(entering, trace.value(place), maps), entering])
            waiting[place] = waiting[place] + started if place in waiting else started
            maps += more
        descend(trace, rule, waiting, range(layer, layer - 1, -1))
    return waiting[INPUT].view(-1, *trace.x.shape)
