"""How alike two maps are: every metric of the sanity checks, in float64, for a batch of pairs.

A metric takes J maps and K others, `(K, C, H, W)`, J = 1 or K, and gives K numbers; NaN for a map that is
zero, constant or not finite where that leaves it undefined. Those on pictures take the sum over the channels.
"""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from nfrlab.simulations.deep.similarity.orientations import hog_correlation
from nfrlab.simulations.deep.similarity.structure import structural_similarity
from nfrlab.simulations.deep.similarity.vectors import (
    absolute_rank_correlation,
    cosine,
    rank_correlation,
    unit_distance,
)

Maps = Float[Tensor, "K C H W"]
METRICS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cosine": cosine,
    "distance": unit_distance,
    "rank correlation": rank_correlation,
    "absolute rank correlation": absolute_rank_correlation,
    "SSIM": structural_similarity,
    "SSIM by the largest": partial(structural_similarity, by="largest"),
    "HOG": hog_correlation,
}
"""By name; “distance” alone is smaller for maps that are more alike."""


def similarities(one: Float[Tensor, "J C H W"], other: Maps) -> Float[Tensor, "K metrics"]:
    """Every metric of every pair, in the order of `METRICS`."""
    return torch.stack([metric(one, other) for metric in METRICS.values()], dim=-1)


__all__ = ["METRICS", "similarities"]
