"""What the commands on deep networks read from their options and from the folder NFRLAB_DATA."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from nfrlab.simulations.bridge.settings import Setting
from nfrlab.simulations.bridge.sources import Draw, Sources, safetensors_metadata
from nfrlab.simulations.network_names import is_own_file

RESNETS = ("cifar10-resnet/resnet20.safetensors",)
LEARNED = ("vgg16-cifar10.safetensors",)
CIFAR_IMAGES = ("cifar-10-batches-py", "cifar10", "cifar10-jpeg.tar.gz")
"""What a trained ResNet, a trained VGG16 and their images are called."""
SIDES = 32, 8192
"""In pixels, of images: five halvings; a first layer of VGG16 of 17 GB."""
SQUEEZENETS = ("imagenet-squeezenet/squeezenet1_0.safetensors",)
BODIES = ("vgg16-body/vgg16_body_hed.safetensors",)
"""What SqueezeNet with ImageNet's weights is called, and VGG16 without a classifier, which went on to learn edges."""
PHOTOGRAPHS = ("imagenet-sample",)
"""What a folder of photographs is called that stands in for the two that are shipped."""


def require_torch() -> None:
    """Raises `ValueError` where PyTorch is not installed."""
    if find_spec("torch") is None:
        raise ValueError("the bridge needs PyTorch: pip install nfrlab[bridge]")


def require_device(name: str) -> None:
    """Raises `ValueError` for what is neither auto nor cpu nor cuda."""
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"unknown --device '{name}'; choose auto, cpu or cuda")


def require_side(size: int) -> None:
    """Raises `ValueError` for a side that images cannot have: less than VGG16 needs, or more than memory holds."""
    if not SIDES[0] <= size <= SIDES[1]:
        raise ValueError(f"--size must be from {SIDES[0]} to {SIDES[1]:,}, got {size}")


def device_from(name: str) -> str:
    """`cpu` or `cuda`. Raises `ValueError` for another name, or where there is no GPU."""
    require_device(name)
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("--device cuda: PyTorch sees no GPU; use --device auto")
    return "cuda" if name == "cuda" or (name == "auto" and torch.cuda.is_available()) else "cpu"


def first_existing(names: Sequence[str], *folders: Path) -> Path | None:
    """The first of these files in `folders` or in the folder NFRLAB_DATA; None where there is none."""
    data = os.environ.get("NFRLAB_DATA")
    places = (folder / name for folder in (*folders, *([Path(data)] if data else ())) for name in names)
    return next((path for path in places if path.exists()), None)


def training_side(path: Path | None) -> int | None:
    """Side of the images that the VGG16 in this file, written by `nfrlab train`, was trained on; None without a file.

    Raises `ValueError` for a file that `nfrlab train` did not write.
    """
    if path is None:
        return None
    try:
        return int(safetensors_metadata(path)["side"])
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} is not what nfrlab train writes; remove it, or train again") from error


def said_of_network(settings: Sequence[Setting], seed: int, sources: Sources) -> str:
    """What has to be said of a user's network, read as the first draw of its settings reads it.

    Raises `ValueError` where it cannot be read.
    """
    from nfrlab.simulations.bridge import networks, populations

    draw = Draw(settings[0], seed, 0, sources)
    return "; ".join(networks.graph(draw, populations.image(draw)).remarks)


def said_of_weights(model: str | None, sources: Sources) -> str:
    """What has to be said of a user's weights. Raises `ValueError` where a checkpoint does not fit."""
    if model is not None and sources.checkpoint is not None:
        from nfrlab.simulations.bridge import networks
        from nfrlab.simulations.deep.networks import named

        said = networks.load(named.build(model), model, sources)
        return f"{sources.checkpoint}: {said}" if said else ""
    if model is not None and is_own_file(model):
        return f"as built: {model} may be trained or not; name a checkpoint by --weights"
    return ""
