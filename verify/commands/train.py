"""The command `nfrlab train`: networks learn CIFAR-10, for `nfrlab bridge` and `nfrlab decisions` to measure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nfrlab.simulations.bridge.sources import Sources
from nfrlab.simulations.files import write_atomically
from nfrlab.simulations.resumable import Stopped, exclusive_folder
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
from nfrlab.verify.commands.parts import backdoors
from nfrlab.verify.commands.parts.deep_options import (
    CIFAR_IMAGES,
    LEARNED,
    device_from,
    first_existing,
    require_side,
    require_torch,
)
from nfrlab.verify.commands.parts.epochs import EPOCHS, KEPT, digest_of, lack_of_memory, told, training_key
from nfrlab.verify.proceedings.store import MEASUREMENTS

EPOCHS_OF_VGG16, MOST_EPOCHS = 12, 10_000


def train(
    size: Annotated[int, typer.Option(help="Side, in pixels, that the images are enlarged to.")] = 224,
    epochs: Annotated[
        int | None, typer.Option(help="How many times every image is seen; 12, for an attack 3.", show_default=False)
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seed: Seed = 0,
    attack: Annotated[
        str | None,
        typer.Option(help="ResNet18 at 32 × 32 instead: clean, badnet, dynamic, inputaware, wanet, several, or all."),
    ] = None,
    width: Annotated[int, typer.Option(help="Base width of that ResNet18.")] = 16,
    seeds: Annotated[int, typer.Option(help="How many of each, from --seed on.")] = 1,
    scratch: Annotated[
        bool, typer.Option("--scratch", help="An attack begins with random weights, not with the clean network.")
    ] = False,
    out: Annotated[Path, folder("--out", "The --out of the 'nfrlab bridge' that will measure it.")] = OUT,
) -> None:
    """Train VGG16 or ResNet18 on CIFAR-10.

    VGG16 is for 'nfrlab bridge', ResNet18, clean or with a backdoor, for 'nfrlab decisions'. CIFAR-10 is taken from the
    folder that NFRLAB_DATA names. For VGG16 a GPU needs minutes; two cores need --size 32 and half an hour. You can
    interrupt it at any time; run the same command again to resume.
    """
    with refusals():
        require_torch()
        require_counts(seed=seed)
        try:
            if attack is None:
                times = EPOCHS_OF_VGG16 if epochs is None else epochs
                source, used = training_images(size, times), device_from(device)
                print_paths(train_and_save(source, size, times, used, seed, out / MEASUREMENTS))
            else:
                asked = backdoors.trainings(attack, width, epochs, seed, seeds, scratch)
                source = training_images(backdoors.SIDE, 1 if epochs is None else epochs)
                backdoors.train_all(source, asked, device_from(device), out / MEASUREMENTS)
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
        kept = Slots(folder / EPOCHS, training_key(origin, digest_of(source)))
        module, accuracy = learning.learn(train, test, epochs, device, seed, told(epochs), kept)
        words = {name: str(value) for name, value in {**origin, "accuracy": accuracy}.items()}
        write_atomically(path, checkpoints.sealed(module.cpu().state_dict(), words))
        kept.remove()
    console.print(f"accuracy on the test images: {100 * accuracy:.2f} %", highlight=False)
    return path
