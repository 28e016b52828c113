"""Patterns of a network's neurons, estimated from images in one pass (Kindermans et al. 2017).

`a⁺ = (E₊[x y] − E₊[x] E₊[y]) / (E₊[y²] − E₊[y]²)`, `y = wᵀx` without the bias, so that the denominator is `wᵀ` of the
numerator. E₊ is the mean over all inputs at which the neuron is active, bias included; of a convolution every
position of every image is one, padding and all. Neurons that no ReLU reads are linear: their mean is over all inputs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nfrlab.simulations.deep.engine.functions import Activation
from nfrlab.simulations.deep.engine.graph import Graph
from nfrlab.simulations.deep.engine.ops import ReLU
from nfrlab.simulations.deep.engine.shares import share
from nfrlab.simulations.deep.engine.weighted import Linear, Weighted

CONSTANT = 8.0  # rounding errors within which y does not vary


@dataclass(frozen=True)
class Moments:
    """Sums of one operation over the inputs that count, in float64: for every neuron how many, the means of y and x,
    `Σ (y − ȳ)²` and `Σ (x − x̄)(y − ȳ)`; those of x are shaped like the weights.
    """

    op: Weighted
    n: Tensor
    y: Tensor
    x: Tensor
    yy: Tensor
    xy: Tensor

    def __add__(self, other: Moments) -> Moments:
        """Those of both sets of inputs (Chan, Golub & LeVeque 1979)."""
        n = self.n + other.n
        weight, both = share(other.n, n), share(self.n * other.n, n)
        y, x = other.y - self.y, other.x - self.x
        return Moments(
            self.op,
            n,
            self.y + weight * y,
            self.x + each(self.op, weight, x),
            self.yy + other.yy + both * y.square(),
            self.xy + other.xy + each(self.op, both * y, x),
        )

    @property
    def pattern(self) -> Tensor:
        """a⁺, shaped like the weights; 0 where y does not vary, as in a neuron that is never active, or once."""
        rounding = self.n * (CONSTANT * torch.finfo(torch.float64).eps * self.y).square()
        return each(self.op, share(torch.ones_like(self.yy), torch.where(self.yy <= rounding, 0, self.yy)), self.xy)


def each(op: Weighted, s: Tensor, v: Tensor) -> Tensor:
    """v, shaped like the weights, times one number per neuron."""
    return replace(op, weight=v, bias=None).scaled(s, torch.zeros_like(s)).weight


def over_inputs(op: Weighted, v: Tensor) -> Tensor:
    """The sum of an output over images and positions, one number per neuron."""
    return v.flatten(0, -2).sum(dim=0) if isinstance(op, Linear) else v.sum(dim=(0, *range(2, v.dim())))


def moments(op: Weighted, a: Tensor, rectified: bool) -> Moments:
    """The sums over one batch of inputs.

    `Σ M_j x` over all windows x of a convolution is the derivative of `⟨M, W a⟩` by the weights.
    """
    a, W = a.double(), op.weight.double()
    with torch.enable_grad():
        at = W.detach().requires_grad_()
        y = op.product(a, at)

        def with_inputs(v: Tensor) -> Tensor:
            return torch.autograd.grad(y, at, v, retain_graph=True)[0]

        z = y.detach()
        bias = torch.zeros_like(z[:1]) if op.bias is None else op.per_neuron(op.bias.double())
        M = (z + bias > 0).double() if rectified else torch.ones_like(z)
        n = over_inputs(op, M)
        mean = share(over_inputs(op, M * z), n)
        centred = M * (z - op.per_neuron(mean))
        x = each(op, share(torch.ones_like(n), n), with_inputs(M))
        xy = with_inputs(centred) - each(op, over_inputs(op, centred), x)
    return Moments(op, n, mean, x, over_inputs(op, centred.square()), xy)


def with_patterns(graph: Graph, batches: Iterable[Tensor]) -> Graph:
    """The network with the patterns of all its convolutions and linear maps, estimated from batches of images.

    One pass, and memory for two arrays like the weights, in float64, however many images there are. Raises `ValueError`
    where there are none, and as `Graph.forward` does.
    """
    found: dict[int, Moments] = {}
    read_by = [(source, node.op) for node in graph.nodes for source in node.inputs]
    rectified = {source for source, op in read_by if isinstance(op, ReLU | Activation)}
    for x in batches:
        trace = graph.forward(x)
        for i, node in enumerate(graph.nodes):
            if isinstance(node.op, Weighted):
                new = moments(node.op, trace.recall(i).inputs[0], i in rectified)
                found[i] = found[i] + new if i in found else new
    if not found:
        raise ValueError("patterns are estimated from images, and there are none; give at least one batch")
    nodes = (
        replace(node, op=replace(node.op, pattern=found[i].pattern.to(node.op.weight)))
        if isinstance(node.op, Weighted)
        else node
        for i, node in enumerate(graph.nodes)
    )
    return replace(graph, nodes=tuple(nodes))
