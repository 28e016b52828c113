"""Batch normalisation in evaluation mode is affine per channel, and folded along the flow of data, not by names.

Where a convolution or linear map feeds it and is read by nothing else, the two become one weighted node. Anywhere else
(a pre-activation block, a branching point) it becomes a weighted node itself: a grouped 1×1 convolution, or a linear
map with a diagonal matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nfrlab.simulations.deep.engine.graph import INPUT, Node
from nfrlab.simulations.deep.engine.ops import Op
from nfrlab.simulations.deep.engine.weighted import Conv, Linear, Weighted


@dataclass(frozen=True)
class Affine:
    """`s ⊙ a + t`, one s and t per channel, of activations with `axes` axes: `(B, C, H, W)` or `(B, C)`."""

    s: Tensor
    t: Tensor
    axes: int

    def follows(self, below: Weighted) -> bool:
        """Whether its channels are the neurons of the operation before it."""
        return isinstance(below, Linear) == (self.axes == 2)

    @property
    def weighted(self) -> Weighted:
        """The map as a weighted operation."""
        if self.axes == 2:
            return Linear(torch.diag(self.s), self.t)
        return Conv(self.s[:, None, None, None], self.t, groups=len(self.s))


@dataclass(frozen=True)
class Step:
    """A node before folding."""

    name: str
    op: Op | Affine
    inputs: tuple[int, ...]


def normalisation(
    mean: Tensor, variance: Tensor, gamma: Tensor | None, beta: Tensor | None, eps: float, axes: int
) -> Affine:
    """`γ (a − μ) / √(σ² + ε) + β`, that is `s = γ / √(σ² + ε)` and `t = β − μ s`, computed in float64."""
    s = (variance.double() + eps).rsqrt() * (1 if gamma is None else gamma.detach().double())
    t = (0 if beta is None else beta.detach().double()) - mean.double() * s
    return Affine(s.to(mean.dtype), t.to(mean.dtype), axes)


def fold(steps: Sequence[Step]) -> list[Node]:
    """The nodes of the network without any `Affine`. A folded node keeps the name of the convolution or linear map."""
    read = [source for step in steps for source in step.inputs]
    nodes: list[Node] = []
    moved = {INPUT: INPUT}
    for i, step in enumerate(steps):
        sources = tuple(moved[source] for source in step.inputs)
        alone = read.count(step.inputs[0]) == 1 and sources[0] != INPUT
        below = nodes[sources[0]].op if alone else None
        if isinstance(step.op, Affine) and isinstance(below, Weighted) and step.op.follows(below):
            nodes[sources[0]] = replace(nodes[sources[0]], op=below.scaled(step.op.s, step.op.t))
            moved[i] = sources[0]
        else:
            nodes.append(Node(step.name, step.op.weighted if isinstance(step.op, Affine) else step.op, sources))
            moved[i] = len(nodes) - 1
    return nodes


def needed_steps(steps: Sequence[Step], output: int) -> list[Step]:
    """The steps that `output` is computed from, itself last."""
    wanted = {output}
    for i in range(output, INPUT, -1):
        wanted |= set(steps[i].inputs) if i in wanted else set()
    kept = sorted(wanted - {INPUT})
    moved = {INPUT: INPUT} | {i: place for place, i in enumerate(kept)}
    return [replace(steps[i], inputs=tuple(moved[source] for source in steps[i].inputs)) for i in kept]
