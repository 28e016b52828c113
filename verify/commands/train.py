"""The command `nfrlab train`: train VGG16 on CIFAR-10, for `nfrlab bridge` to measure beside the random one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from nfrlab.simulations.bridge.sources import Sources, file_digest, folder_digest
from nfrlab.simulations.files import write_atomically
from nfrlab.simulations.resumable import Stopped, code_digest, exclusive_folder, lacks_memory
from nfrlab.simulations.sealed import require_replaceable
from nfrlab.simulations.slots import Slots
from nfrlab.verify.commands.console import (
    OUT,
    Seed,
    console,
    folder,
    print_paths,
    refusals,
    refuse,
    require_counts,
    tell,
)
from nfrlab.verify.commands.deep_options import (
    CIFAR_IMAGES,
    LEARNED,
    device_from,
    first_existing,
    require_side,
    require_torch,
)
from nfrlab.verify.commands.progress import duration
from nfrlab.verify.proceedings.store import MEASUREMENTS

EPOCHS = "epochs"
KEPT = "finished epochs are kept, the same command resumes"
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
    hour. You can interrupt it at any time; run the same command again to resume.
    """
    with refusals():
        require_torch()
        require_counts(seed=seed)
        source = training_images(size, epochs)
        used = device_from(device)
        try:
            print_paths(train_and_save(source, size, epochs, used, seed, out / MEASUREMENTS))
        except Stopped as error:
            raise refuse(str(error)) from error
        except KeyboardInterrupt:
            tell(f"interrupted; {KEPT}")
            raise typer.Exit(130) from None


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

    Finished epochs are kept there until the checkpoint is written. Raises `ValueError` where `source` is not CIFAR-10
    or the disk has too little space, and `Stopped` where memory does not suffice, another run writes to `folder`, or it
    cannot be written.
    """
    from dataclasses import replace

    import torch

    from nfrlab.simulations.deep.engine.memory import keep_freed_memory
    from nfrlab.simulations.deep.inputs import images
    from nfrlab.simulations.deep.networks import checkpoints, learning

    path = folder / LEARNED[0]
    with exclusive_folder(folder, (EPOCHS,), lambda: KEPT, lack_of_memory):
        require_replaceable(path)
        keep_freed_memory()
        train, test = (replace(images.cifar10(source, part), side=size) for part in ("train", "test"))
        origin = {
            "side": size,
            "epochs": epochs,
            "seed": seed,
            "device": Sources(folder, device=device).device_name,
            "torch": torch.__version__,
            "images": source.name,
        }
        kept = Slots(folder / EPOCHS, training_key(origin, source))
        module, accuracy = learning.learn(train, test, epochs, device, seed, told(epochs), kept)
        words = {name: str(value) for name, value in {**origin, "accuracy": accuracy}.items()}
        write_atomically(path, checkpoints.sealed(module.cpu().state_dict(), words))
        kept.remove()
    console.print(f"accuracy on the test images: {100 * accuracy:.2f} %", highlight=False)
    return path


def training_key(origin: Mapping[str, object], source: Path) -> str:
    """What training starts from, as a name: options, machine, images and code."""
    digest = folder_digest(source) if source.is_dir() else file_digest(source)
    code = code_digest(("simulations/deep/**/*.py",))
    return sha256(json.dumps([origin, digest, code], sort_keys=True).encode()).hexdigest()[:16]


def lack_of_memory(error: Exception) -> str | None:
    """The sentence for it; None for any other error."""
    return "memory does not suffice for training; choose a smaller --size" if lacks_memory(error) else None


def told(epochs: int) -> Callable[[int, float, float], None]:
    """What says how an epoch went; after the first of a run also how long the others take, if a minute or more."""
    started, first = time.monotonic(), [True]

    def tell_of(number: int, loss: float, accuracy: float) -> None:
        print_epoch(number, loss, accuracy)
        left = (time.monotonic() - started) * (epochs - number)
        if first and left >= 60:
            tell(f"{duration(left)} to go at this pace; {KEPT}")
        first.clear()

    return tell_of


def print_epoch(number: int, loss: float, accuracy: float) -> None:
    """One line an epoch."""
    console.print(f"epoch {number}: cross-entropy {loss:.3f}, accuracy {100 * accuracy:.2f} %", highlight=False)
