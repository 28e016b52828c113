"""The arithmetic of shares: `z_j / Z_j` with `·/0 = 0`, and maps of one batch multiplied by its activations."""

from __future__ import annotations

import torch
from torch import Tensor


def times(v: Tensor, r: Tensor) -> Tensor:
    """`v ⊙ r` for any number of maps r of the batch of v, one behind the other."""
    return r * v if r.shape == v.shape else (r.view(-1, *v.shape) * v).view(r.shape)


def share(numerator: Tensor, denominator: Tensor) -> Tensor:
    """`numerator / denominator` with `·/0 = 0`: an undefined share carries no relevance."""
    shares = numerator / denominator
    return shares if denominator.abs().amin() > 0 else torch.where(denominator == 0, 0, shares)


def stabilised(Z: Tensor, eps: float) -> Tensor:
    """`Z + ε sign Z`, sign 0 = 1."""
    return torch.where(Z >= 0, Z + eps, Z - eps) if eps else Z


def part(v: Tensor, side: int) -> Tensor:
    """`v⁺` or `v⁻`."""
    return v.clamp(min=0) if side > 0 else v.clamp(max=0)
