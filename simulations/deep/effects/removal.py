"""Fig. 5: the top layers randomised, or most of their weights removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
import xarray as xr
from torch import Tensor

from nfrlab.simulations.deep.effects.common import dataset_of, rule_under_test
from nfrlab.simulations.deep.engine.backward import backward
from nfrlab.simulations.deep.engine.graph import Graph, Node, Trace
from nfrlab.simulations.deep.engine.measure import alignment
from nfrlab.simulations.deep.engine.weighted import Conv, Weighted

KEPT = 0.0025
"""Share of a linear layer's inputs that keep their weights."""


def cross(W: Tensor) -> Tensor:
    """A kernel's first row and first column, `h + w − 1` of its `h·w` entries."""
    kept = torch.zeros_like(W)
    kept[:, :, 0], kept[:, :, :, 0] = W[:, :, 0], W[:, :, :, 0]
    return kept


def corner(W: Tensor) -> Tensor:
    """The entry in a kernel's first row *and* first column."""
    kept = torch.zeros_like(W)
    kept[:, :, 0, 0] = W[:, :, 0, 0]
    return kept


def matrix(W: Tensor) -> Tensor:
    """The first row and column of the matrix of kernels: those of the first neuron, and those at the first channel."""
    kept = torch.zeros_like(W)
    kept[0], kept[:, 0] = W[0], W[:, 0]
    return kept


READINGS: dict[str, Callable[[Tensor], Tensor]] = {"cross": cross, "corner": corner, "matrix": matrix}
"""What “only the first row and column of each kernel” may mean."""


def first_inputs(W: Tensor) -> Tensor:
    """The weights of the first 0.25 % of a linear layer's inputs, of at least one."""
    kept = torch.zeros_like(W)
    few = max(1, round(KEPT * W.shape[1]))
    kept[:, :few] = W[:, :few]
    return kept


def randomised(W: Tensor, rng: torch.Generator) -> Tensor:
    """Gaussian weights of the layer's own mean square."""
    fresh = torch.empty_like(W).normal_(generator=rng)
    return fresh * W.square().mean().sqrt()


def with_top(graph: Graph, changed: int, change: Callable[[Weighted], Tensor]) -> Graph:
    """The network with the weights of its top `changed` layers replaced."""

    def changed_node(node: Node, layer: int) -> Node:
        op = node.op
        if isinstance(op, Weighted) and layer > graph.depth - changed:
            return replace(node, op=replace(op, weight=change(op)))
        return node

    return Graph(tuple(map(changed_node, graph.nodes, graph.layer_of)))


def changes(rng: torch.Generator) -> dict[str, Callable[[Weighted], Tensor]]:
    """By name what is done to a layer's weights: randomisation, and removal in every reading."""

    def removal(reading: Callable[[Tensor], Tensor]) -> Callable[[Weighted], Tensor]:
        return lambda op: reading(op.weight) if isinstance(op, Conv) else first_inputs(op.weight)

    return {"random": lambda op: randomised(op.weight, rng)} | {name: removal(r) for name, r in READINGS.items()}


def measure(trace: Trace, names: Sequence[str], depths: Sequence[int], rng: torch.Generator) -> xr.Dataset:
    """`alpha_changed(change, changed, rule)`: α of the map after the top layers were changed, NaN where the map is
    zero; `changed = 0` is the network as it was.
    """
    x = trace.x
    untouched = [float(alignment(backward(trace, rule_under_test(name)), x)[0]) for name in names]
    by_change = []
    for change in changes(rng).values():
        traces = (
            replace(with_top(trace.graph, changed, change).forward(x), target=trace.target)
            for changed in depths
            if changed
        )
        alphas = [[float(alignment(backward(t, rule_under_test(name)), x)[0]) for name in names] for t in traces]
        by_change.append([untouched, *alphas])
    return dataset_of(alpha_changed=(("change", "changed", "rule"), by_change)).assign_coords(
        change=list(changes(rng)), changed=[0, *(d for d in depths if d)], rule=list(names)
    )
