"""A trigger that is made for every image and works on no other: the input-aware attack, Nguyen & Tran 2020."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor, nn

from nfrlab.simulations.deep.backdoors.attack import Attack, Moments

DENSITY, WEIGHT, SHARPNESS, EPSILON = 0.032, 100.0, 10.0, 1e-7
"""Of the mask: the mean that it is pushed below, by which weight, how steeply it goes from 0 to 1; and what keeps the
diversity loss finite."""


def block(below: int, width: int) -> nn.Sequential:
    """A 3×3 convolution, normalised, with a ReLU."""
    return nn.Sequential(nn.Conv2d(below, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU())


class ImageToImage(nn.Sequential):
    """Images to `out` channels at the same size: three steps down to an eighth, three steps up, linear at the end."""

    def __init__(self, width: int, out: int) -> None:
        parts: list[nn.Module] = []
        below = 3
        for w in (width, 2 * width, 4 * width):
            parts += [block(below, w), block(w, w), nn.MaxPool2d(2)]
            below = w
        parts.append(block(below, below))
        for w in (4 * width, 2 * width, width):
            parts += [nn.Upsample(scale_factor=2, mode="bilinear"), block(below, w), block(w, w)]
            below = w
        super().__init__(*parts, nn.Conv2d(below, out, 3, padding=1))


class InputAware(Attack):
    """`x + (p(x) − x) ⊙ m(x)`: the pattern `p = ½ + ½ tanh G(x)`, normalised; the mask `m = ½ + ½ tanh(10 tanh M(x))`.

    Decoys bear the trigger of another image. G learns beside the network, M before it and never again.
    """

    share, decoy_share, fixed = 0.2, 0.2, False

    def __init__(self, moments: Moments, width: int) -> None:
        super().__init__(moments)
        self.pattern, self.mask = ImageToImage(width, 3), ImageToImage(width, 1)

    def p(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """The patterns that belong to the images, as the network reads pixels: one tanh, between black and white."""
        return self.normalised(0.5 + 0.5 * torch.tanh(self.pattern(x)))

    def m(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B 1 H W"]:
        """The masks that belong to the images, in (0, 1)."""
        return 0.5 + 0.5 * torch.tanh(SHARPNESS * torch.tanh(self.mask(x)))

    def put(self, x: Float[Tensor, "B C H W"], other: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """The images with the triggers of `other` ones."""
        m = self.m(other)
        return x + (self.p(other) - x) * m

    def triggered(self, x: Float[Tensor, "B C H W"], rng: Generator) -> Float[Tensor, "B C H W"]:
        """The images with their triggers; nothing is drawn."""
        return self.put(x, x)

    def decoys(self, x: Float[Tensor, "B C H W"], rng: Generator) -> Float[Tensor, "B C H W"]:
        """The images, each with the trigger of the next one."""
        return self.put(x, x.roll(1, 0))

    def moved(
        self, base: Float[Tensor, "B C H W"], x: Float[Tensor, "B C H W"], seen: Float[Tensor, "B C H W"]
    ) -> Float[Tensor, "B C H W"]:
        """The triggers of x on other images."""
        return self.put(base, x)

    def penalty(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, ""]:
        """The diversity loss of the patterns of the images and the next ones."""
        return diversity_loss(x, self.p(x))

    def mask_loss(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, ""]:
        """What M learns from: a mean below the density, and masks that differ as images do."""
        m = self.m(x)
        return WEIGHT * F.relu(m - DENSITY).mean() + diversity_loss(x, m)


def diversity_loss(x: Float[Tensor, "B C H W"], made: Float[Tensor, "B D H W"]) -> Float[Tensor, ""]:
    """`mean rms(x − x′) / (rms(g(x) − g(x′)) + 1e-7)`, x′ the image next to x: large where all are made the same."""

    def distance(z: Tensor) -> Tensor:
        return (z - z.roll(1, 0)).square().mean((1, 2, 3)).clamp_min(EPSILON**2).sqrt()

    return (distance(x) / (distance(made) + EPSILON)).mean()
