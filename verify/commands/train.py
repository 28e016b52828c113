"""The command `nfrlab train`: train VGG16 on CIFAR-10, for `nfrlab bridge` to measure beside the random one."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer

from nfrlab.simulations.bridge.sources import Sources
from nfrlab.simulations.files import writable, write_atomically
from nfrlab.simulations.resumable import lacks_memory
from nfrlab.verify.commands.console import OUT, Seed, console, folder, print_paths, refusals, require_counts
from nfrlab.verify.commands.deep_options import (
    CIFAR_IMAGES,
    LEARNED,
    device_from,
    first_existing,
    require_side,
    require_torch,
)
from nfrlab.verify.proceedings.store import MEASUREMENTS

MOST_EPOCHS = 10_000


def train(
    size: Annotated[int, typer.Option(help="Side, in pixels, that the images are enlarged to.")] = 224,
    epochs: Annotated[int, typer.Option(help="How many times every image is seen.")] = 12,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seed: Seed = 0,
    out: Annotated[Path, folder("--out", "The --out of the 'nfrlab bridge' that will measure it.")] = OUT,
) -> None:
    """Train VGG16 on CIFAR-10, for 'nfrlab bridge' to measure.

    CIFAR-10 is taken from the folder that NFRLAB_DATA names. A GPU needs minutes; two cores need --size 32 and half an
    hour.
    """
    with refusals():
        require_torch()
        require_counts(seed=seed)
        source = training_images(size, epochs)
        used = device_from(device)
        print_paths(train_and_save(source, size, epochs, used, seed, out / MEASUREMENTS))


def training_images(size: int, epochs: int) -> Path:
    """CIFAR-10's path. Raises `ValueError` where it is missing, and for a `size` or `epochs` that cannot be."""
    source = first_existing(CIFAR_IMAGES)
    if source is None:
        raise ValueError(f"CIFAR-10 is missing: set NFRLAB_DATA to a folder with one of {', '.join(CIFAR_IMAGES)}")
    require_side(size)
    if not 1 <= epochs <= MOST_EPOCHS:
        raise ValueError(f"--epochs must be from 1 to {MOST_EPOCHS:,}, got {epochs}")
    return source


def train_and_save(source: Path, size: int, epochs: int, device: str, seed: int, folder: Path) -> Path:
    """Train VGG16 and write its checkpoint, with what it comes from, into `folder`; the checkpoint's path.

    Raises `ValueError` where `source` is not CIFAR-10, memory does not suffice, or `folder` cannot be written.
    """
    from dataclasses import replace

    import torch
    from safetensors.torch import save

    from nfrlab.simulations.deep.engine.memory import keep_freed_memory
    from nfrlab.simulations.deep.inputs import images
    from nfrlab.simulations.deep.networks import learning

    path = folder / LEARNED[0]
    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    keep_freed_memory()
    train, test = (replace(images.cifar10(source, part), side=size) for part in ("train", "test"))
    try:
        module, accuracy = learning.learn(train, test, epochs, device, seed, print_epoch)
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


def print_epoch(number: int, loss: float, accuracy: float) -> None:
    """One line an epoch."""
    console.print(f"epoch {number}: cross-entropy {loss:.3f}, accuracy {100 * accuracy:.2f} %", highlight=False)
