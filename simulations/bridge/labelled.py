"""Images that a network was not trained on, with their classes: what its decisions are measured on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from nfrlab.simulations.bridge.populations import files_in, labels_in, photograph
from nfrlab.simulations.bridge.settings import ON_DIGITS
from nfrlab.simulations.bridge.sources import CIFAR, ON_CIFAR, Sources
from nfrlab.simulations.deep.inputs import images
from nfrlab.simulations.deep.networks import trained
from nfrlab.simulations.images import decode
from nfrlab.simulations.network_names import base_width
from nfrlab.simulations.seeds import seed_sequence


@dataclass(frozen=True)
class Labelled:
    """Images as a network reads them, made when they are asked for, their classes, where they come from, and what is
    known besides: the names of the classes, and where the object of an image is.
    """

    x: Callable[[Tensor], Float[Tensor, "B C H W"]]
    y: Int64[Tensor, " n"]
    source: str
    names: Callable[[int], str] = "class {}".format
    masks: Callable[[Tensor], Bool[Tensor, "B 1 H W"]] | None = None


def images_for(network: str, sources: Sources, seed: int, side: int, known: bool = True) -> Labelled:
    """The images that a network was not trained on, in an order that is random: neighbours are of any class.

    Digits that were held out, CIFAR-10's test images, or photographs: those whose classes are `known`, or all.

    Raises `ValueError` where there are none.
    """
    if network in ON_DIGITS:
        return in_random_order(images.digits(), trained.split(0)[1], "scikit-learn digits, held out", seed)
    if network in ON_CIFAR or base_width(network):
        if sources.cifar_images is None:
            raise ValueError(f"{network} needs CIFAR-10's images: set NFRLAB_DATA to a folder that has them")
        test = images.cifar10(sources.cifar_images)
        return in_random_order(test, torch.arange(len(test)), CIFAR, seed)
    return photographs(sources, seed, side, known)


def in_random_order(data: images.Labelled, among: Int64[Tensor, " n"], source: str, seed: int) -> Labelled:
    """These images of a data set, in random order."""
    order = among[torch.from_numpy(shuffled(len(among), seed))]
    return Labelled(lambda i: data.x(order[i]), data.labels[order], source, data.classes.__getitem__)


def photographs(sources: Sources, seed: int, side: int, known: bool = True) -> Labelled:
    """The photographs of a folder, prepared as ImageNet's are; class 0 stands for one that need not be known.

    Raises `ValueError` where there is no folder, or no class is known.
    """
    folder = sources.images
    if folder is None:
        more = ", and their classes: --labels FILE" if known else ""
        raise ValueError(f"photographs are needed: --images FOLDER{more}")
    names = [file.name for file in files_in(folder)]
    labels = labels_in(sources.labels) if sources.labels else imagenet_labels(folder, names)
    numbers = [i for i in shuffled(len(names), seed).tolist() if names[i] in labels or not known]
    if not numbers:
        raise ValueError(f"no image in {folder} has a known class; give --labels FILE, with a line name,class for each")

    def x(which: Tensor) -> Tensor:
        return torch.cat([images.prepare(photograph(folder, numbers[i]), side) for i in which.tolist()])

    masks = masks_for([names[i] for i in numbers], sources.masks)

    def mask(which: Tensor) -> Tensor:
        chosen = (masks[names[numbers[i]].rpartition(".")[0]] for i in which.tolist())
        return torch.cat([images.prepared_mask(decode(file).pixels, side) for file in chosen])

    y, called = torch.tensor([labels.get(names[i], 0) for i in numbers]), imagenet_names(folder)
    return Labelled(x, y, folder.name, lambda k: called.get(k, f"class {k}"), mask if masks else None)


def masks_for(names: Sequence[str], folder: Path | None) -> dict[str, Path]:
    """The file in a folder of masks for every image, by its name without the ending. Raises `ValueError` where one is
    missing.
    """
    found = {} if folder is None else {file.stem: file for file in files_in(folder)}
    lacking = [name for name in names if folder is not None and name.rpartition(".")[0] not in found]
    if lacking:
        raise ValueError(f"--masks {folder} has no mask for {lacking[0]}; every image needs one of its name")
    return found


def imagenet_labels(folder: Path, names: Sequence[str]) -> dict[str, int]:
    """The classes of files that are called n01440764_….JPEG, from the list `imagenet-classes.txt` beside the folder."""
    number = {key: k for k, (key, _) in imagenet_list(folder).items()}
    return {name: number[name[:9]] for name in names if name[:9] in number}


def imagenet_names(folder: Path) -> dict[int, str]:
    """What the classes are called there, by number; none without the list."""
    return {k: name for k, (_, name) in imagenet_list(folder).items()}


def imagenet_list(folder: Path) -> dict[int, tuple[str, str]]:
    """Key and name of every class that the list beside a folder has; nothing where there is no list."""
    listed = folder.parent / "imagenet-classes.txt"
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else []
    found = (re.match(r"(\d+)\s+(n\d{8})\s*(.*)", line) for line in lines)
    return {int(each[1]): (each[2], each[3].strip()) for each in found if each}


def shuffled(count: int, seed: int) -> np.ndarray:
    """0 … count − 1 in random order."""
    return np.random.default_rng(seed_sequence(seed, "decisions", "order")).permutation(count)
