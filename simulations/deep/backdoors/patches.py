"""Triggers that are a patch of pixels: always the same one in a corner (BadNet), a new one anywhere (Dynamic)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from nfrlab.simulations.deep.backdoors.attack import Attack

CORNER, SQUARE = 3, 5
"""Sides of the patches, in pixels."""


class BadNet(Attack):
    """A white patch of 3×3 in the lower right corner: Gu, Dolan-Gavitt & Garg 2017.

    It is put on the image as the network will see it, after all variation: a patch that is shifted out of 40 % of the
    training images teaches wrong labels instead.
    """

    def triggered(self, x: Float[Tensor, "B C H W"], rng: Generator) -> Float[Tensor, "B C H W"]:
        """The images with the patch; nothing is drawn."""
        x = x.clone()
        x[..., -CORNER:, -CORNER:] = self.normalised(torch.ones_like(x[..., -CORNER:, -CORNER:]))
        return x


class Dynamic(Attack):
    """A patch of 5×5 whose values are U(0, 1) and whose place is uniform, both drawn for every image anew: the Random
    Backdoor of Salem et al. 2022, with one target.
    """

    def triggered(self, x: Float[Tensor, "B C H W"], rng: Generator) -> Float[Tensor, "B C H W"]:
        """The images, each with a patch of its own."""
        B, C, H, W = x.shape
        patch = self.normalised(torch.rand(B, C, SQUARE, SQUARE, generator=rng).to(x))
        top = torch.randint(H - SQUARE + 1, (B, 1, 1, 1), generator=rng)
        left = torch.randint(W - SQUARE + 1, (B, 1, 1, 1), generator=rng)
        rows = top + torch.arange(SQUARE)[None, None, :, None]
        columns = left + torch.arange(SQUARE)[None, None, None, :]
        x = x.clone()
        x[torch.arange(B)[:, None, None, None], torch.arange(C)[None, :, None, None], rows, columns] = patch
        return x
