"""A trigger that is a warp: WaNet, Nguyen & Tran 2021."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor

from nfrlab.simulations.deep.backdoors.attack import Attack, Moments

CONTROLS, STRENGTH = 4, 1.0
"""k and s: control points a side, and twice the mean shift in pixels that they are scaled to. The authors train for a
thousand epochs with s = 0.5; in three epochs from a clean network that came to a success of 70 %.
"""


class WaNet(Attack):
    """Images sampled at `g = clip(I + s F/H)`, F the bicubic enlargement of k×k control points P, `P ~ U[−1, 1]`
    divided by its mean size, I the identity on [−1, 1]². Decoys are sampled at `clip(g + U[−1, 1]/H)`.
    """

    grid: Tensor
    share, decoy_share, fixed = 0.2, 0.2, False

    def __init__(self, moments: Moments, side: int, rng: Generator) -> None:
        super().__init__(moments)
        P = 2 * torch.rand(1, 2, CONTROLS, CONTROLS, generator=rng) - 1
        shifts = F.interpolate(P / P.abs().mean(), size=(side, side), mode="bicubic", align_corners=True)
        line = torch.linspace(-1, 1, side)
        identity = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1)
        self.register_buffer("grid", (identity + STRENGTH * shifts[0].permute(1, 2, 0) / side).clamp(-1, 1))

    def triggered(self, x: Float[Tensor, "B C H W"], rng: Generator) -> Float[Tensor, "B C H W"]:
        """The images warped; nothing is drawn."""
        return sampled(x, self.grid.expand(len(x), -1, -1, -1))

    def moved(
        self, base: Float[Tensor, "B C H W"], x: Float[Tensor, "B C H W"], seen: Float[Tensor, "B C H W"]
    ) -> Float[Tensor, "B C H W"]:
        """Other images, warped: the warp is the trigger."""
        return sampled(base, self.grid.expand(len(base), -1, -1, -1))

    def decoys(self, x: Float[Tensor, "B C H W"], rng: Generator) -> Float[Tensor, "B C H W"]:
        """The images warped with noise, each with its own."""
        noise = (2 * torch.rand(len(x), *self.grid.shape, generator=rng) - 1).to(x)
        return sampled(x, (self.grid + noise / x.shape[-1]).clamp(-1, 1))


def sampled(x: Float[Tensor, "B C H W"], grid: Float[Tensor, "B H W 2"]) -> Float[Tensor, "B C H W"]:
    """Images read, bilinearly, at places in [−1, 1]²; corners are the centres of the corner pixels."""
    return F.grid_sample(x.contiguous(), grid, mode="bilinear", padding_mode="zeros", align_corners=True)
