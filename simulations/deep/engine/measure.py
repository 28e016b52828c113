"""Def. 1 on tensors: the input alignment of every map of a batch, right for maps of any scale."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def alignment(R: Float[Tensor, "*K B ..."], x: Float[Tensor, "B ..."]) -> Float[Tensor, "*K B"]:
    """`α(R, x) = ⟨R, x⟩ / (‖R‖ ‖x‖)`, eq. 1, in float64; NaN where it is undefined, see `state`.

    Both are divided by their largest entry before anything is squared: a map of norm 1e±30 loses nothing in float32.
    """
    R, x = (v.flatten(-x.dim() + 1).double() for v in (R, x))
    R, x = (v / v.abs().amax(dim=-1, keepdim=True) for v in (R, x))
    return ((R * x).sum(-1) / (R.square().sum(-1) * x.square().sum(-1)).sqrt()).clamp(-1, 1)


def naive_alignment(R: Float[Tensor, "*K B ..."], x: Float[Tensor, "B ..."]) -> Float[Tensor, "*K B"]:
    """`alignment` in the map's precision and without scaling, as it is often written: 0 or NaN once ‖R‖² overflows."""
    R, x = (v.flatten(-x.dim() + 1) for v in (R, x))
    return (R * x).sum(-1) / (R.square().sum(-1) * x.square().sum(-1)).sqrt()


def state(R: Float[Tensor, "*K B ..."], x: Float[Tensor, "B ..."]) -> list[str]:
    """What became of every map, row by row: `ok`, `zero`, `overflow` (an entry is not finite) or `underflow`.

    Underflow: the largest entry is below the smallest normal number, and digits are lost; in `zero` it may be all.
    """
    largest = R.flatten(-x.dim() + 1).abs().amax(dim=-1)
    return [
        "zero"
        if v == 0
        else "ok"
        if torch.finfo(R.dtype).tiny <= v < torch.inf
        else "underflow"
        if v < 1
        else "overflow"
        for v in largest.flatten()
    ]
