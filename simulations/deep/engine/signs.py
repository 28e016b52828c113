"""Relevance by the sign of contributions `z_ij = a_i w_ij`: the one step of LRP-αβ and z⁺, and that of LRP-γ.

What it costs is a product for `Z⁺`, and a transposed product for each sign. Inputs of both signs are inputs of one sign
to a layer with twice as many: `W a = (W, −W) (a⁺, −a⁻)`. `Z⁻ = z − Z⁺` needs no product of its own, unless so little is
left that digits are lost. Linear maps are taken a few neurons at a time, whose weights stay in the cache.
"""

from __future__ import annotations

from functools import reduce
from typing import Literal

import torch
from torch import Tensor

from nfrlab.simulations.deep.engine.ops import Record
from nfrlab.simulations.deep.engine.shares import part, share, stabilised, times
from nfrlab.simulations.deep.engine.weighted import Weighted

Bias = Literal["split", "full", "none"]
Sign = Literal["product", "weight"]
CANCELLED = 2.0**8  # 8 binary digits may be lost in a difference


def by_sign(
    op: Weighted, r: Tensor, record: Record, alpha: float, beta: float, bias: Bias, eps: float, sign: Sign
) -> Tensor:
    """`Σ_j (α w_ij⁺ z_j/Z_j⁺ − β w_ij⁻ z_j/Z_j⁻) r_j`, `w_ij⁺` the weights of contributions `z_ij > 0`."""
    a, z = record.inputs[0], record.output
    if signed := sign == "product" and bool(a.amin() < 0):
        op, a = _of_one_sign(op, a)
    each = (
        _of_neurons(op.only(n), a, op.of_neurons(z, n), op.of_neurons(r, n), alpha, beta, bias, eps)
        for n in op.blocks()
    )
    below = reduce(Tensor.add_, each)
    return _own_sign(op, below, record.inputs[0]) if signed else below


def amplified(op: Weighted, r: Tensor, record: Record, gamma: float, bias: Bias, eps: float) -> Tensor:
    """`Σ_j (w_ij + γ w_ij^±) z_j/(z_j + γ Z_j^±) r_j`, the sign that of `z_j`; `w_ij⁺` as in `by_sign`."""
    a, z = record.inputs[0], record.output
    if signed := bool(a.amin() < 0):
        op, a = _of_one_sign(op, a)
    below = []
    for side in (1, -1):
        weights = part(op.weight, side)
        Z = z + gamma * op.product(a, weights, _of_bias(op, side, bias))
        passed = torch.where(z * side > 0, share(z, stabilised(Z, eps)), 0)
        below.append(op.pull(times(passed, r), op.weight + gamma * weights, a.shape))
    found = below[0] + below[1]
    return _own_sign(op, found, record.inputs[0]) if signed else found


def _of_one_sign(op: Weighted, a: Tensor) -> tuple[Weighted, Tensor]:
    """A layer with twice as many inputs, none of them negative, that gives what op gives of a."""
    return op.doubled(), op.side_by_side(a.clamp(min=0), -a.clamp(max=0))


def _own_sign(op: Weighted, below: Tensor, a: Tensor) -> Tensor:
    """The modified gradient by a: at each entry, by its sign, what came down to `a⁺` or to `−a⁻`."""
    positive, negative = (v.reshape(-1, *a.shape) for v in op.apart(below))
    return torch.where(a < 0, -negative, positive).view(-1, *a.shape[1:])


def _of_neurons(
    op: Weighted, a: Tensor, z: Tensor, r: Tensor, alpha: float, beta: float, bias: Bias, eps: float
) -> Tensor:
    """What these neurons send down."""
    plus = op.weight.clamp(min=0)
    Z = op.product(a, plus, _of_bias(op, 1, bias))
    below = op.pull(times(share(z, stabilised(Z, eps)), r), plus, a.shape)
    if beta == 0:
        return below if alpha == 1 else below.mul_(alpha)
    minus = op.weight.clamp(max=0)
    Z = _negative(op, a, z, Z, minus, bias)
    other = op.pull(times(share(z, stabilised(Z, eps)), r), minus, a.shape)
    return below.mul_(alpha).sub_(other, alpha=beta)


def _negative(op: Weighted, a: Tensor, z: Tensor, positive: Tensor, minus: Tensor, bias: Bias) -> Tensor:
    """`Z⁻`. Where a ReLU has overwritten z with 0 it is wrong, and no relevance is there to notice."""
    if bias == "split" or op.bias is None:
        rest = z - positive
        if (z / rest).abs().amax() < CANCELLED:
            return rest
    return op.product(a, minus, _of_bias(op, -1, bias))


def _of_bias(op: Weighted, side: int, bias: Bias) -> Tensor | None:
    """What of b_j stands in the denominator of this side."""
    if op.bias is None or bias == "none":
        return None
    return op.bias if bias == "full" else part(op.bias, side)
