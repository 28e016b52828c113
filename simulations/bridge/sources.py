"""Where a run takes images and checkpoints from, where it writes and computes; and one of its draws."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nfrlab.simulations.bridge.names import display_name
from nfrlab.simulations.bridge.settings import CIFAR_VGG16, ON_DIGITS, Setting
from nfrlab.simulations.images import SHIPPED
from nfrlab.simulations.network_names import BODY, SQUEEZENET
from nfrlab.simulations.seeds import seed_sequence

if TYPE_CHECKING:
    from nfrlab.simulations.bridge.preparation import Preparation

DIGITS, CIFAR = "scikit-learn digits", "CIFAR-10's test images"
TWO = f"{SHIPPED} (two)"
"""What verdicts say of photographs without a folder: there are only two."""
ON_CIFAR = "cifar", CIFAR_VGG16
"""Networks that are made for CIFAR-10's images."""

OFFICIAL = Path("official")
"""In place of a checkpoint: torchvision's ImageNet weights, by download."""


@dataclass(frozen=True)
class Sources:
    """What a run is given; what is None is not there, and photographs that are shipped stand in for `images`.

    Parameters
    ----------
    out
        The folder that is written to.
    checkpoint
        Of the one network of the run, in place of all others.
    cifar, cifar_vgg16
        Checkpoints of the ResNet and of the VGG16 for CIFAR-10.
    cifar_images
        CIFAR-10 itself, for the networks that are made for it.
    squeezenet, vgg16_body
        Checkpoints of these networks, from ImageNet.
    device
        As PyTorch names it.
    preparation
        What is done to photographs; None for ImageNet's.
    labels
        A file with the classes of photographs, a line each: name of the file, number of the class.
    masks
        A folder of pictures that are bright where the object of a photograph is, each of the photograph's name.
    """

    out: Path
    images: Path | None = None
    checkpoint: Path | None = None
    cifar: Path | None = None
    cifar_vgg16: Path | None = None
    cifar_images: Path | None = None
    squeezenet: Path | None = None
    vgg16_body: Path | None = None
    device: str = "cpu"
    preparation: Preparation | None = None
    labels: Path | None = None
    masks: Path | None = None

    def images_of(self, network: str) -> Path | str:
        """The images that a network meets: a path, or the name of those that are shipped."""
        if network in ON_DIGITS:
            return DIGITS
        if network in ON_CIFAR and self.cifar_images is not None:
            return self.cifar_images
        return SHIPPED if self.images is None else self.images

    def images_source(self, network: str) -> str:
        """The images that a network meets, in words, as verdicts name them."""
        images = self.images_of(network)
        return {self.cifar_images: CIFAR, SHIPPED: TWO}.get(images, str(images))

    @property
    def device_name(self) -> str:
        """The device in words, as verdicts name it."""
        if self.device == "cpu":
            return f"CPU, {platform.machine()}"
        import torch

        return str(torch.cuda.get_device_name(self.device))

    def images_digest(self, network: str) -> str:
        """Which files the images are: a digest of the folder or file, or the name of those that are shipped."""
        images = self.images_of(network)
        if isinstance(images, str):
            return images
        return folder_digest(images) if images.is_dir() else file_digest(images)

    def weights_of(self, network: str) -> Path | None:
        """The checkpoint of a network; None where there is none."""
        checkpoints = {
            "cifar": self.cifar,
            CIFAR_VGG16: self.cifar_vgg16,
            SQUEEZENET: self.squeezenet,
            BODY: self.vgg16_body,
        }
        return self.checkpoint or checkpoints.get(network)

    def weights_digest(self, setting: Setting) -> str:
        """Which checkpoint a trained network is: its digest, “official”, or “none”."""
        path = self.weights_of(setting.network)
        if setting.weights == "random" or path is None:
            return "none"
        return str(OFFICIAL) if path == OFFICIAL else file_digest(path)

    def training(self, setting: Setting) -> dict[str, str]:
        """What the checkpoint of a trained network says of where it comes from."""
        path = self.weights_of(setting.network)
        return {} if setting.weights == "random" or path is None else safetensors_metadata(path)


def safetensors_metadata(checkpoint: Path) -> dict[str, str]:
    """What a safetensors file says of itself; empty where it says nothing, or is no such file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(checkpoint, framework="numpy") as file:
            return dict(file.metadata() or {})
    except (OSError, SafetensorError):
        return {}


@cache
def file_digest(path: Path) -> str:
    """16 hex digits of the SHA-256 of a file's content. Raises `ValueError` for a file that cannot be read."""
    try:
        with path.open("rb") as file:
            digest = sha256()
            while piece := file.read(1 << 24):
                digest.update(piece)
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); name a file that can") from error
    return digest.hexdigest()[:16]


@cache
def folder_digest(folder: Path) -> str:
    """16 hex digits of the SHA-256 of the names and contents of the files in a folder, and in the folders in it."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    listed = (os.fsencode(file.relative_to(folder)) + f" {file_digest(file)}".encode() for file in files)
    return sha256(b"\n".join(listed)).hexdigest()[:16]


@dataclass(frozen=True)
class Draw:
    """The i-th network and image of a setting."""

    setting: Setting
    seed: int
    index: int
    sources: Sources

    def seeds(self, purpose: str) -> np.random.SeedSequence:
        """The random numbers of this draw's "image", "weights" or "effects", or for another purpose.

        All settings of a network share them, so that they compare in pairs: on one image and, where families use the
        same normal numbers, with coupled weights.
        """
        return seed_sequence(self.seed, "bridge", purpose, display_name(self.setting.network), self.index)
