"""Histograms of oriented gradients (Dalal & Triggs 2005) of two maps as pictures, compared by Pearson's correlation.

Adebayo et al. (2018) take cells of 16 × 16 pixels at images of 224 or more; of small maps cells are smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from nfrlab.simulations.deep.similarity.structure import picture
from nfrlab.simulations.deep.similarity.vectors import correlation

ORIENTATIONS = 9
CELLS, SMALLEST = 14, 4


def cell_side(shape: Sequence[int]) -> int:
    """A fourteenth of the shorter side, 16 of 224 pixels, and no fewer than 4."""
    return max(SMALLEST, min(shape[-2:]) // CELLS)


def histograms(p: Float[Tensor, "K H W"]) -> Float[Tensor, "K 9 rows columns"]:
    """The length of the picture's gradient, by its direction without sign in nine steps of 20°, summed over cells that
    do not overlap; each cell's histogram is brought to length 1, or stays 0.

    Gradients are differences of the neighbours on both sides; beyond the border the picture goes on as at the border.
    """
    p = p / p.abs().amax(dim=(1, 2), keepdim=True)
    padded = F.pad(p[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
    g_y, g_x = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1], padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    length, direction = torch.hypot(g_x, g_y), torch.atan2(g_y, g_x).remainder(pi)
    step = (direction / pi * ORIENTATIONS).long().clamp(max=ORIENTATIONS - 1)
    by_direction = torch.stack([torch.where(step == o, length, 0) for o in range(ORIENTATIONS)], dim=1)
    return F.normalize(F.avg_pool2d(by_direction, cell_side(p.shape)), dim=1)


def hog_correlation(one: Float[Tensor, "J C H W"], other: Float[Tensor, "K C H W"]) -> Float[Tensor, " K"]:
    """Pearson's correlation of all entries of the two maps' histograms."""
    return correlation(*(histograms(picture(maps)).flatten(1) for maps in (one, other)))
