"""Maps as vectors, every entry of every channel for itself: cosine, distance, and Spearman's correlation of ranks."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

Vectors = Float[Tensor, "... n"]


def unit(v: Vectors) -> Vectors:
    """`v / ‖v‖` along the last axis, in float64; NaN for a zero vector. Scaled before anything is squared."""
    v = v.double()
    v = v / v.abs().amax(dim=-1, keepdim=True)
    return v / v.norm(dim=-1, keepdim=True)


def cosine(one: Float[Tensor, "J ..."], other: Float[Tensor, "K ..."]) -> Float[Tensor, " K"]:
    """`⟨u, v⟩ / (‖u‖ ‖v‖)`, with its sign."""
    return (unit(one.flatten(1)) * unit(other.flatten(1))).sum(-1)


def unit_distance(one: Float[Tensor, "J ..."], other: Float[Tensor, "K ..."]) -> Float[Tensor, " K"]:
    """`‖u/‖u‖ − v/‖v‖‖ = √(2 − 2 cos)`: √2 for maps that have nothing in common."""
    return (unit(one.flatten(1)) - unit(other.flatten(1))).norm(dim=-1)


def correlation(one: Float[Tensor, "J n"], other: Float[Tensor, "K n"]) -> Float[Tensor, " K"]:
    """Pearson's, row by row; NaN where one is constant."""
    one, other = (unit(v.double() - v.double().mean(dim=-1, keepdim=True)) for v in (one, other))
    return (one * other).sum(-1)


def ranks(v: Vectors) -> Vectors:
    """How many entries are smaller than each, and half of those that are equal: ties share their mean rank.

    NaN for a vector with an entry that is NaN.
    """
    v = v.double().contiguous()
    ordered = v.sort(dim=-1).values
    below, upto = (torch.searchsorted(ordered, v, right=right) for right in (False, True))
    return torch.where(v.isnan().any(dim=-1, keepdim=True), torch.nan, (below + upto) / 2.0)


def rank_correlation(one: Float[Tensor, "J ..."], other: Float[Tensor, "K ..."]) -> Float[Tensor, " K"]:
    """Spearman's, of the entries with their signs."""
    return correlation(ranks(one.flatten(1)), ranks(other.flatten(1)))


def absolute_rank_correlation(one: Float[Tensor, "J ..."], other: Float[Tensor, "K ..."]) -> Float[Tensor, " K"]:
    """Spearman's, of the entries without their signs."""
    return rank_correlation(one.abs(), other.abs())
