"""The quantile of long rows: exact, and only the entries above a good guess are sorted."""

from __future__ import annotations

from math import sqrt

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

SAMPLE = 61  # one entry of so many is looked at for the guess; prime, so that it does not follow an image's columns


def quantile(v: Float[Tensor, "rows n"], q: float) -> Float[Tensor, " rows"]:
    """The `q`-quantile of every row, with linear interpolation between order statistics. NaNs count as largest.

    Raises `ValueError` unless `0 ≤ q ≤ 1`.
    """
    if not 0 <= q <= 1:
        raise ValueError(f"a quantile level lies in [0, 1], got {q}")
    position = q * (v.shape[1] - 1)
    low = int(position)
    below, above = order_statistics(v, low, min(low + 1, v.shape[1] - 1))
    return torch.where(above == below, below, below + (position - low) * (above - below))


def order_statistics(v: Tensor, *places: int) -> Tensor:
    """The entries of every row that sorting would bring to these places, as `(places, rows)`."""
    if v.device.type == "cpu" and v.dtype in (torch.float32, torch.float64):
        return torch.stack([_of_row(row, places) for row in v.detach()], dim=1)
    ordered = v.sort(dim=1).values
    return torch.stack([ordered[:, place] for place in places])


def _of_row(row: Tensor, places: tuple[int, ...]) -> Tensor:
    values = row.numpy()
    tail = np.compress(~(values < _guess(values, min(places))), values)
    skipped = len(values) - len(tail)
    if skipped > min(places):  # the guess was too high
        tail, skipped = values, 0
    wanted = [place - skipped for place in places]
    return torch.from_numpy(np.partition(tail, wanted)[wanted])


def _guess(values: np.ndarray, place: int) -> float:
    """An entry that is almost surely not above the one at `place`: four standard errors lower in a sample."""
    sample = values[::SAMPLE]
    m, q = len(sample), place / len(values)
    rank = int(m * q - 4 * sqrt(m * q * (1 - q))) - 1
    return float(np.partition(sample, rank)[rank]) if rank >= 0 else -np.inf
