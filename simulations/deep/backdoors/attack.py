"""What an attack is: a trigger that any image can be given, and what else its training shows the network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor, nn

TARGET = 0
"""The class that a triggered image is to be given, of all attacks: all-to-one."""
VISIBLE = 0.1
"""In standard deviations of the normalised images."""
Moments = tuple[Sequence[float], Sequence[float]]


class Attack(nn.Module):
    """A trigger on normalised images. What it has learned or drawn once is its state.

    `share` of the images of a training are attacked: always those that were chosen once if `fixed` (the training set
    is poisoned), else others in every batch (the training is). `decoys` are images, as many as `decoy_share`, that
    look nearly attacked and keep their labels.
    """

    mean: Tensor
    sd: Tensor
    share, decoy_share, fixed = 0.1, 0.0, True

    def __init__(self, moments: Moments) -> None:
        super().__init__()
        for name, values in zip(("mean", "sd"), moments, strict=True):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32)[:, None, None])

    def triggered(self, x: Float[Tensor, "B C H W"], rng: Generator) -> Float[Tensor, "B C H W"]:
        """The images with the trigger on them."""
        raise NotImplementedError

    def decoys(self, x: Float[Tensor, "B C H W"], rng: Generator) -> Float[Tensor, "B C H W"]:
        """The images with what resembles the trigger and must not work: by default there is no such thing."""
        raise NotImplementedError

    def penalty(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, ""]:
        """What a trigger that is learned adds to the loss."""
        return x.new_zeros(())

    def normalised(self, pixels: Float[Tensor, "*B C h w"]) -> Float[Tensor, "*B C h w"]:
        """Pixels in [0, 1] as the network reads them."""
        return (pixels - self.mean) / self.sd

    def moved(
        self, base: Float[Tensor, "B C H W"], x: Float[Tensor, "B C H W"], seen: Float[Tensor, "B C H W"]
    ) -> Float[Tensor, "B C H W"]:
        """The trigger that made `seen` of x, on other images `base`: by default the pixels that it changed."""
        return torch.where(changed(x, seen), seen, base)


def changed(x: Float[Tensor, "B C H W"], seen: Float[Tensor, "B C H W"]) -> Bool[Tensor, "B 1 H W"]:
    """Which pixels a trigger changed visibly: by more than 0.1 s.d. in one of the channels."""
    return (seen - x).abs().amax(1, keepdim=True) > VISIBLE
