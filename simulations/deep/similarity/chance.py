"""What chance makes of a map: the same map elsewhere, which keeps its smoothness and its values and loses its place."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Generator, Tensor


def shifted(map: Float[Tensor, "... H W"], rng: Generator) -> Float[Tensor, "... H W"]:
    """The map moved on a torus, by a quarter to three quarters of the side both ways, uniformly."""

    def steps(side: int) -> int:
        least = -(-side // 4)
        return int(torch.randint(least, side - least + 1, (1,), generator=rng, device=map.device))

    height, width = map.shape[-2:]
    return map.roll((steps(height), steps(width)), dims=(-2, -1))
