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


def state(R: Float[Tensor, "*K B ..."], x: Float[Tensor, "B ..."]) -> list[str]:
    """Of every map: `ok`, `zero` (or underflowed), `overflow`: an entry that is not finite. Row by row."""
    flat = R.flatten(-x.dim() + 1)
    finite, zero = flat.isfinite().all(-1), (flat == 0).all(-1)
    return [
        "overflow" if not f else "zero" if z else "ok" for f, z in zip(finite.flatten(), zero.flatten(), strict=True)
    ]
