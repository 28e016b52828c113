"""What the commands on deep networks read from their options and from the folder NFRLAB_DATA."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from nfrlab.simulations.bridge.settings import DEEP_ALONE, FILTERS, ON_DIGITS, ON_IMAGENET, Setting
from nfrlab.simulations.bridge.sources import ON_CIFAR, Draw, Sources, safetensors_metadata
from nfrlab.simulations.dense import NEED_PATTERNS
from nfrlab.simulations.dense import RULES as ON_DENSE_LAYERS
from nfrlab.simulations.network_names import is_own_file
from nfrlab.verify.examine.over_draws import counted

if TYPE_CHECKING:
    from nfrlab.simulations.bridge.preparation import Preparation

RESNETS = ("cifar10-resnet/resnet20.safetensors",)
LEARNED = ("vgg16-cifar10.safetensors",)
CIFAR_IMAGES = ("cifar-10-batches-py", "cifar10", "cifar10-jpeg.tar.gz")
"""What a trained ResNet, a trained VGG16 and their images are called."""
SIDES = 32, 8192
"""In pixels, of images: five halvings; a first layer of VGG16 of 17 GB."""
SMALLEST = 8
"""In pixels: what a photograph has at least."""
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


def require_side(size: int, own: bool = False) -> None:
    """Raises `ValueError` for a side that images cannot have: less than VGG16 needs, or a photograph has where it is a
    network of one's `own`, or more than memory holds.
    """
    least = SMALLEST if own else SIDES[0]
    if not least <= size <= SIDES[1]:
        raise ValueError(f"--size must be from {least} to {SIDES[1]:,}, got {size}")


def require_storable(seed: int) -> None:
    """Raises `ValueError` for a seed that results cannot hold."""
    if seed >= 2**63:
        raise ValueError(f"--seed may be 2⁶³ − 1 at most, which HDF5 can store, got {seed}")


def require_agreement(model: str | None, weights: Path | None, quick: bool, size: int) -> None:
    """Raises `ValueError` for a side that no image can have, `quick` with a model, and weights without one."""
    require_side(size, model is not None and ":" in model)
    if quick and model is not None:
        raise ValueError("--quick is for the built-in networks; with --model, use --size and --seeds")
    if weights is not None and model is None:
        raise ValueError("--weights needs --model: name the network that the checkpoint is of")


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


def sources_found(measurements: Path, images: Path | None, weights: Path | None) -> Sources:
    """Where a run takes images and checkpoints from: what is named, and what is found in the folder NFRLAB_DATA.

    A run writes to the folder `measurements`, in which a VGG16 that was trained here may lie as well.
    """
    return Sources(
        measurements,
        images=images or first_existing(PHOTOGRAPHS),
        checkpoint=weights,
        cifar=first_existing(RESNETS),
        cifar_vgg16=first_existing(LEARNED, measurements),
        cifar_images=first_existing(CIFAR_IMAGES),
        squeezenet=first_existing(SQUEEZENETS),
        vgg16_body=first_existing(BODIES),
    )


def imagenets_found(sources: Sources) -> tuple[str, ...]:
    """The networks of which weights from ImageNet are there."""
    return tuple(network for network in ON_IMAGENET if sources.weights_of(network) is not None)


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


def rules_from(text: str) -> tuple[str, ...]:
    """The rules that `--rules` names, each once. Raises `ValueError` for an unknown rule or switch."""
    chosen = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    known = (*ON_DENSE_LAYERS, *DEEP_ALONE)
    for name in chosen:
        if name in NEED_PATTERNS:
            raise ValueError(f"--rules: '{name}' asks for patterns of data; estimate them with nfrlab.with_patterns")
        if name.partition(":")[0] not in known:
            raise ValueError(f"unknown rule '{name}' in --rules; choose from {', '.join(known)}")
    if not set(chosen) <= set(FILTERS):
        from nfrlab.simulations.deep.engine.named_rules import rule_from

        try:
            for name in chosen:
                rule_from(name)
        except ValueError as error:
            raise ValueError(f"--rules: {error}") from error
    return chosen


def require_target(target: str) -> str:
    """A `--target`, as settings have it. Raises `ValueError` for another one."""
    if target in ("top", "true") or re.fullmatch(r"top-[1-9]\d*|\d+", target):
        return "top" if target == "top-1" else target
    raise ValueError(
        f"--target is top, top-k (the k-th largest output), true, or the number of a class; got '{target}'"
    )


def numbers_from(option: str, text: str | None) -> tuple[float, ...] | None:
    """Numbers separated by commas. Raises `ValueError` for anything else."""
    try:
        return None if text is None else tuple(float(word) for word in text.split(","))
    except ValueError as error:
        raise ValueError(
            f"{option} takes a number, or one for each channel, separated by commas; got '{text}'"
        ) from error


def preparation_from(
    mean: str | None, std: str | None, preprocess: str | None, setting: Setting | None, sources: Sources
) -> Preparation | None:
    """What is done to photographs; None for ImageNet's preparation, which is the default.

    Raises `ValueError` for options that contradict each other, or prepare images which are no photographs, and for a
    network that reads neither grey nor RGB. The setting is one of `--model`, None without it.
    """
    given = numbers_from("--mean", mean), numbers_from("--std", std)
    prepares = given != (None, None) or preprocess is not None
    if setting is None:
        if prepares:
            raise ValueError("--mean, --std and --preprocess are for one network; name it by --model")
        return None
    model = setting.network
    if model in ON_DIGITS or (model in ON_CIFAR and sources.cifar_images is not None):
        if prepares:
            raise ValueError(
                f"--mean, --std and --preprocess are for photographs; {model} meets the images of its training"
            )
        return None
    if (mean is None) != (std is None):
        raise ValueError("--mean and --std go together")
    if preprocess is not None and mean is not None:
        raise ValueError("--preprocess does all of it; leave --mean and --std out")
    from nfrlab.simulations.bridge import preparation
    from nfrlab.simulations.deep.networks import named

    if preprocess is not None:
        preparation.own_function(preprocess)
        return preparation.Preparation(function=preprocess)
    channels = named.channels(named.build(model, side=setting.side), setting.side)
    if channels not in (1, 3):
        raise ValueError(f"{model} reads images of {channels} channels; make them by --preprocess FILE.py:F")
    if given == (None, None):
        if channels == 3:
            return None
        raise ValueError(f"{model} reads grey images, of which no mean and s.d. is usual: give --mean and --std")
    return preparation.Preparation(*given, channels=channels)  # type: ignore[arg-type]


def said_first(settings: Sequence[Setting], draws: int, seed: int, sources: Sources) -> list[str]:
    """What the numbers depend on, a sentence a line: network, weights, images and their preparation, class, rules."""
    from nfrlab.simulations.bridge.populations import prepared_in_words
    from nfrlab.simulations.deep.engine.named_rules import described, rule_from

    first = settings[0]
    weights = " and ".join(dict.fromkeys(weights_in_words(setting) for setting in settings))
    return [
        f"{first.network}: {weights}; {counted(draws, 'draw')} each, seed {seed}, on {sources.device_name}",
        f"images: {sources.images_source(first.network)}, {prepared_in_words(Draw(first, seed, 0, sources))}",
        f"explained: {first.explained}",
        *(f"rule {described(rule_from(name))}" for name in first.rules),
    ]


def weights_in_words(setting: Setting) -> str:
    """Where the weights of a setting come from."""
    fresh = f"random weights ({setting.family}, E w² = 2/d, no biases), fresh in every draw"
    fixed = {"trained": "the weights of its checkpoint", "built": "the weights that it is built with"}
    return fixed.get(setting.weights, fresh)


def said_of_network(settings: Sequence[Setting], seed: int, sources: Sources, draws: int) -> str:
    """What has to be said of a user's network, read as the first draw of its settings reads it.

    Raises `ValueError` where it cannot be read, has no class that is to be explained, or an image no class that is.
    """
    from nfrlab.simulations.bridge import networks, populations

    draw = Draw(settings[0], seed, 0, sources)
    x = populations.image(draw)
    graph = networks.graph(draw, x)
    populations.target_classes(draw, graph(x))
    if settings[0].target == "true":
        for index in range(draws):
            populations.true_class(replace(draw, index=index))
    return "; ".join(graph.remarks)


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
