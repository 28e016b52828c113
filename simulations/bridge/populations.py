"""Which network and which image a draw is made of: draws that share both are one cluster for the judge.

Every draw meets another image, as long as there are any: one crop each of different photographs, different digits.
Where draws outnumber images they come round again.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Shaped
from torch import Tensor

from nfrlab.simulations.bridge.names import display_name
from nfrlab.simulations.bridge.settings import ON_DIGITS
from nfrlab.simulations.bridge.sources import ON_CIFAR, Draw, file_digest
from nfrlab.simulations.deep.inputs import images
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.images import image_files, image_set
from nfrlab.simulations.seeds import seed_sequence

PER_CLASS = 100
OTHERS = 4
"""Other images whose average resemblance to a map is what there is by chance."""


def network_number(draw: Draw) -> int:
    """Which network it is: random weights are fresh in every draw, trained ones are the same in all."""
    return draw.index if draw.setting.weights == "random" else 0


def image_number(draw: Draw) -> int:
    """Which image it is: the i-th of all in a random order, shared by the settings of a network; then round again."""
    order = order_of_images(draw.seed, display_name(draw.setting.network), image_count(draw))
    return int(order[draw.index % len(order)])


@cache
def order_of_images(seed: int, network: str, count: int) -> tuple[int, ...]:
    """The numbers 0 … count − 1 in random order."""
    rng = np.random.default_rng(seed_sequence(seed, "bridge", "order of images", network))
    return tuple(int(i) for i in rng.permutation(count))


def image_count(draw: Draw) -> int:
    """How many images there are for the draw's network."""
    labelled = labelled_images(draw.setting.network, draw.sources.cifar_images)
    return photograph_count(draw.sources.images) if labelled is None else len(labelled)


def image(draw: Draw) -> Tensor:
    """The draw's image as the network reads it, `(1, C, side, side)`: a digit, an image of CIFAR-10, or a random crop
    of a photograph.
    """
    return as_read(draw, image_number(draw), "image")


def other_image(draw: Draw, k: int) -> Tensor:
    """Another image than the draw's, a random one; where there is only one, another crop of it."""
    return as_read(draw, other_number(draw, k), f"other image {k}")


def other_number(draw: Draw, k: int) -> int:
    """Which one that is."""
    rng = np.random.default_rng(draw.seeds(f"number of other image {k}"))
    steps = int(rng.integers(1, max(2, image_count(draw))))
    return (image_number(draw) + steps) % image_count(draw)


def image_digests(draw: Draw) -> list[str]:
    """The content of the files that the draw's images come from; the name of those that are shipped."""
    folder, network = draw.sources.images, draw.setting.network
    if folder is None or network in ON_DIGITS or (network in ON_CIFAR and draw.sources.cifar_images is not None):
        return [draw.sources.images_digest(network)]
    numbers = image_number(draw), *(other_number(draw, k) for k in range(OTHERS))
    return [file_digest(files_in(folder)[number]) for number in numbers]


def as_read(draw: Draw, number: int, purpose: str) -> Tensor:
    """The image of this number as the draw's network reads it; `purpose` tells the random numbers of crops apart."""
    setting, sources = draw.setting, draw.sources
    labelled = labelled_images(setting.network, sources.cifar_images)
    if labelled is None:
        rng = np.random.default_rng(draw.seeds(purpose))
        x = images.random_crop(photograph(sources.images, number), setting.side, rng)
    else:
        x = replace(labelled, side=setting.side).x(torch.tensor([number]))
    return x.to(sources.device, getattr(torch, setting.precision))


@cache
def labelled_images(network: str, cifar: Path | None) -> images.Labelled | None:
    """The small images that a network was made for, where they are there; of CIFAR-10 some of every class."""
    if network in ON_DIGITS:
        return images.digits()
    return images.cifar10(cifar, per_class=PER_CLASS) if network in ON_CIFAR and cifar is not None else None


def photograph_count(folder: Path | None) -> int:
    """Photographs in a folder, or shipped."""
    return len(image_set(folder).kept)


def photograph(folder: Path | None, number: int) -> Shaped[Array, "h w c"]:
    """One photograph of a folder, or a shipped one: read when it is asked for, and kept in the depth of its file."""
    return image_set(folder).kept[number]


files_in = cache(image_files)
