"""How a photograph becomes what a network reads: crop, channels, mean and s.d.; or a user's own function."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from nfrlab.simulations.deep.inputs import images
from nfrlab.simulations.deep.networks.own_files import first_line, made_in_file
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.images import IMAGENET_MEAN, IMAGENET_SD, unit
from nfrlab.simulations.workers import exits_heard

LUMA = torch.tensor([0.299, 0.587, 0.114])
"""Grey of red, green and blue, ITU-R BT.601."""


@dataclass(frozen=True)
class Preparation:
    """What is done to photographs.

    Attributes
    ----------
    mean, sd
        Of every channel, of pixels in [0, 1]: one number for all channels, or one each; ImageNet's by default.
    channels
        1 where the network reads grey images, else 3.
    function
        `FILE.py:F` in place of all of this: F takes a `PIL.Image` in RGB and returns a tensor `(C, H, W)`, any size.
    """

    mean: tuple[float, ...] = tuple(IMAGENET_MEAN)
    sd: tuple[float, ...] = tuple(IMAGENET_SD)
    channels: int = 3
    function: str | None = None

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.sd) or len(self.mean) not in (1, self.channels):
            raise ValueError(
                f"--mean and --std need one number, or one for each of the {self.channels} channels that the network "
                f"reads, got {len(self.mean)} and {len(self.sd)}"
            )
        if not all(np.isfinite(self.mean)) or not all(0 < sd < np.inf for sd in self.sd):
            raise ValueError(f"--mean must be finite and --std above 0, got {self.mean} and {self.sd}")

    @property
    def words(self) -> str:
        """All of it, in words."""
        if self.function is not None:
            return f"prepared by {self.function}"
        mean, sd = (", ".join(f"{value:g}" for value in values) for values in (self.mean, self.sd))
        grey = "" if self.channels == 3 else " in grey (BT.601)"
        crops = f"random square crops{grey}, 224/256 of the short side, flipped or not"
        return f"{crops}, (x − mean)/s.d. with {mean} and {sd}"

    def __call__(
        self, image: Shaped[Array, "h w c"], side: int, seed: np.random.SeedSequence
    ) -> Float[Tensor, "1 C H W"]:
        """A photograph as the network reads it, `side × side`; what is random in it is determined by `seed`.

        Raises `ValueError` where a user's function fails or returns no such tensor.
        """
        if self.function is not None:
            return self._by_function(image, seed)
        crop = images.cropped(image, side, np.random.default_rng(seed))
        if self.channels == 1:
            crop = torch.einsum("c,bchw->bhw", LUMA.to(crop), crop)[:, None]
        return images.normalise(crop, (self.mean, self.sd))

    def _by_function(self, image: Shaped[Array, "h w c"], seed: np.random.SeedSequence) -> Tensor:
        from PIL import Image

        picture, named = Image.fromarray(np.round(255 * unit(image)).astype(np.uint8)), f"--preprocess {self.function}"
        try:
            with exits_heard(), torch.random.fork_rng(devices=[]):
                torch.manual_seed(int(seed.generate_state(1)[0]))
                found = own_function(str(self.function))(picture)
        except (Exception, SystemExit) as error:  # whatever a user's function stumbles over
            raise ValueError(f"{named} failed: {type(error).__name__}: {first_line(error)}") from error
        if not isinstance(found, Tensor) or not found.is_floating_point() or found.dim() not in (3, 4):
            raise ValueError(f"{named} has to return a tensor (C, H, W) of floats")
        if found.dim() == 4 and len(found) != 1:
            raise ValueError(f"{named} returned {len(found)} images for one")
        return found.detach() if found.dim() == 4 else found.detach()[None]


IMAGENETS = Preparation()


@cache
def own_function(name: str) -> Any:
    """What `FILE.py:F` names. Raises `ValueError` where it cannot be had or called."""
    function = made_in_file("--preprocess", name, lambda function: function)
    if not callable(function):
        raise ValueError(f"--preprocess {name} is a {type(function).__name__}; it has to be a function of an image")
    return function


def tensor_digest(x: Tensor) -> str:
    """16 hex digits of the SHA-256 of an image as it is read."""
    return sha256(x.cpu().contiguous().numpy().tobytes()).hexdigest()[:16]
