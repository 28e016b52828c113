"""The command `nfrlab train`: VGG16 learns CIFAR-10, for `nfrlab bridge` to measure beside the random one."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer

from nfrlab.simulations.bridge.sources import Sources
from nfrlab.simulations.files import writable, write_atomically
from nfrlab.simulations.resumable import lacks_memory
from nfrlab.verify.commands.console import OUT, console
from nfrlab.verify.commands.deep_options import (
    CIFAR_IMAGES,
    LEARNED,
    at_hand,
    device_from,
    refusals,
    require_counts,
    require_torch,
)
from nfrlab.verify.proceedings.trial import MEASUREMENTS


def train(
    size: Annotated[int, typer.Option(help="Side that the images are enlarged to.")] = 224,
    epochs: Annotated[int, typer.Option(help="How often every image is seen.")] = 12,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seed: Annotated[int, typer.Option(help="Root of all random numbers.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder of the bridge that will measure it.")] = OUT,
) -> None:
    """VGG16 learns CIFAR-10, which NFRLAB_DATA holds: on a GPU in minutes; on two cores only at --size 32, in half an
    hour.
    """
    with refusals():
        require_torch()
        require_counts(seed=seed)
        used = device_from(device)
        written = taught(size, epochs, used, seed, out / MEASUREMENTS)
    console.print(written, highlight=False, soft_wrap=True)


def taught(size: int, epochs: int, device: str, seed: int, folder: Path) -> Path:
    """The checkpoint, with what it comes from. Raises `ValueError` where CIFAR-10 is missing, numbers are too small or
    `folder` cannot be written.
    """
    from dataclasses import replace

    import torch
    from safetensors.torch import save

    from nfrlab.simulations.deep.engine.memory import keep_freed_memory
    from nfrlab.simulations.deep.inputs import images
    from nfrlab.simulations.deep.networks import learning

    source = at_hand(CIFAR_IMAGES)
    if source is None:
        raise ValueError(f"CIFAR-10 is missing: set NFRLAB_DATA to a folder with one of {', '.join(CIFAR_IMAGES)}")
    if size < 32 or epochs < 1:
        raise ValueError(f"--size must be at least 32 and --epochs at least 1, got {size} and {epochs}")
    path = folder / LEARNED[0]
    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    keep_freed_memory()
    train, test = (replace(images.cifar10(source, part), side=size) for part in ("train", "test"))
    try:
        module, accuracy = learning.learn(train, test, epochs, device, seed, show)
    except (RuntimeError, MemoryError) as error:
        if not lacks_memory(error):
            raise
        raise ValueError("memory does not suffice for training; choose a smaller --size") from error
    origin = {
        "side": size,
        "accuracy": accuracy,
        "epochs": epochs,
        "seed": seed,
        "device": Sources(folder, device=device).device_name,
        "torch": torch.__version__,
        "images": source.name,
    }
    content = save(module.cpu().state_dict(), {name: str(value) for name, value in origin.items()})
    with writable(folder):
        write_atomically(path, content)
    console.print(f"accuracy on the test images: {100 * accuracy:.2f} %", highlight=False)
    return path


def show(number: int, loss: float, accuracy: float) -> None:
    """One line an epoch."""
    console.print(f"epoch {number}: cross-entropy {loss:.3f}, accuracy {100 * accuracy:.2f} %", highlight=False)
