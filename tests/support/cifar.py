"""CIFAR-10 in small: a few random images of every class and part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from nfrlab.simulations.deep.inputs.images import CIFAR_CLASSES


def write_cifar(folder: Path, count: int) -> None:
    """So many images of every class and part, as folders, in `folder`/cifar10."""
    rng = np.random.default_rng(0)
    for name in CIFAR_CLASSES:
        for part in ("train", "test"):
            place = folder / "cifar10" / part / name
            place.mkdir(parents=True)
            for i in range(count):
                Image.fromarray(rng.integers(256, size=(32, 32, 3), dtype=np.uint8)).save(place / f"{i:04}.png")
