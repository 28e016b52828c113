"""Images of which only a part is kept: where the map is large. What is taken out is 0, the mean colour."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def above_mean(R: Float[Tensor, "B ..."]) -> Bool[Tensor, "B ..."]:
    """`R > R̄`, entry by entry: Insertion as printed; of a constant map nothing is kept."""
    return R.mean(tuple(range(1, R.dim())), keepdim=True) < R


def largest(R: Float[Tensor, "B ..."], share: float) -> Bool[Tensor, "B ..."]:
    """The entries of the largest values, `round(share · entries)` of every image; of equal ones the first are kept.

    So the mass that is kept is the same for every map. Raises `ValueError` for a share outside [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(f"the share of entries that is kept lies in [0, 1], got {share}")
    flat = R.flatten(1)
    count = round(share * flat.shape[1])
    order = torch.sort(flat, dim=1, descending=True, stable=True).indices
    return torch.zeros_like(flat, dtype=torch.bool).scatter_(1, order[:, :count], True).view(R.shape)


def kept(x: Float[Tensor, "B ..."], mask: Bool[Tensor, "B ..."]) -> Float[Tensor, "B ..."]:
    """`mask ⊙ x`."""
    return x * mask
