"""Which network and which image a draw is made of: draws that share both are one cluster for the judge.

Every draw meets another image, as long as there are any: one crop each of different photographs, different digits.
Where draws outnumber images they come round again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor

from nfrlab.simulations.bridge.names import display_name
from nfrlab.simulations.bridge.preparation import IMAGENETS, tensor_digest
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


@cache
def read_as(draw: Draw) -> tuple[str, ...]:
    """All that the draw's numbers depend on besides files: how photographs are prepared, by its words, and where a
    user's function does it by what it makes of the draw's image; and the true class, where that is explained.
    """
    prepared, network = draw.sources.preparation, draw.setting.network
    found = (f"class {true_class(draw)}",) if draw.setting.target == "true" else ()
    if prepared is None or labelled_images(network, draw.sources.cifar_images) is not None:
        return found
    return (*found, prepared.words, *((tensor_digest(image(draw)),) if prepared.function else ()))


def prepared_in_words(draw: Draw) -> str:
    """What is done to images before the draw's network reads them."""
    if labelled_images(draw.setting.network, draw.sources.cifar_images) is not None:
        return "as the network was trained on them"
    prepared = draw.sources.preparation or IMAGENETS
    return prepared.words if prepared.function else f"{draw.setting.side} × {draw.setting.side}, {prepared.words}"


def as_read(draw: Draw, number: int, purpose: str) -> Tensor:
    """The image of this number as the draw's network reads it; `purpose` tells the random numbers of crops apart."""
    setting, sources = draw.setting, draw.sources
    labelled = labelled_images(setting.network, sources.cifar_images)
    if labelled is None:
        prepared = sources.preparation or IMAGENETS
        x = prepared(photograph(sources.images, number), setting.side, draw.seeds(purpose))
    else:
        x = replace(labelled, side=setting.side).x(torch.tensor([number]))
    return x.to(sources.device, getattr(torch, setting.precision))


@cache
def labelled_images(network: str, cifar: Path | None) -> images.Labelled | None:
    """The small images that a network was made for, where they are there; of CIFAR-10 some of every class."""
    if network in ON_DIGITS:
        return images.digits()
    return images.cifar10(cifar, per_class=PER_CLASS) if network in ON_CIFAR and cifar is not None else None


def target_classes(draw: Draw, f: Float[Tensor, "1 classes"]) -> Int64[Tensor, 1] | None:
    """The class to be explained, as the setting's `target` says; None for that of the largest output.

    Raises `ValueError` for a class that the network does not have, and a true class that nothing tells.
    """
    target, classes = draw.setting.target, f.shape[1]
    if target == "top":
        return None
    if target.startswith("top-"):
        place = int(target.removeprefix("top-"))
        if place > classes:
            raise ValueError(f"--target {target}: the network has {classes} outputs")
        return f.topk(place).indices[:, -1]
    k = true_class(draw) if target == "true" else int(target)
    if k >= classes:
        raise ValueError(f"--target {target}: class {k}, where the network has {classes}, counted from 0")
    return torch.tensor([k], device=f.device)


def true_class(draw: Draw) -> int:
    """The class that the draw's image is of. Raises `ValueError` where nothing tells."""
    network, number, sources = draw.setting.network, image_number(draw), draw.sources
    labelled = labelled_images(network, sources.cifar_images)
    if labelled is not None:
        return int(labelled.labels[number])
    if sources.images is None or sources.labels is None:
        raise ValueError(
            "--target true needs --images FOLDER and --labels FILE, with a line name,class for every image"
        )
    name = files_in(sources.images)[number].name
    known = labels_in(sources.labels)
    if name not in known:
        raise ValueError(f"--labels {sources.labels} has no line for {name}")
    return known[name]


@cache
def labels_in(path: Path) -> dict[str, int]:
    """Names of files and numbers of their classes, from lines `name,class`; the name may have spaces, a tab or a
    semicolon may stand for the comma. Raises `ValueError` for a line that is none, and for a name with two classes.
    """
    found: dict[str, int] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--labels {path} cannot be read ({error}); give a text file of lines name,class") from error
    for place, line in enumerate(lines, start=1):
        if line.strip():
            said = re.fullmatch(r"\s*(.+?)\s*[,;\t]\s*(\d+)\s*", line)
            if said is None:
                raise ValueError(f"--labels {path}, line {place}: not a name, a comma and the number of a class")
            if found.setdefault(said[1], int(said[2])) != int(said[2]):
                raise ValueError(f"--labels {path}, line {place}: {said[1]} has two classes")
    return found


def photograph_count(folder: Path | None) -> int:
    """Photographs in a folder, or shipped."""
    return len(image_set(folder).kept)


def photograph(folder: Path | None, number: int) -> Shaped[Array, "h w c"]:
    """One photograph of a folder, or a shipped one: read when it is asked for, and kept in the depth of its file."""
    return image_set(folder).kept[number]


files_in = cache(image_files)
