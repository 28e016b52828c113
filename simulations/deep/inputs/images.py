"""Images as tensors: ImageNet's preparation of any photograph, random crops; CIFAR-10 and digits with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64, Shaped, UInt8
from sklearn.datasets import load_digits
from torch import Tensor

from nfrlab.simulations.deep.inputs.archives import unpacked
from nfrlab.simulations.deep.inputs.batches import read_batch
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.images import IMAGENET_MEAN, IMAGENET_SD, decode, files_under, shown, unit

IMAGENET = (tuple(IMAGENET_MEAN), tuple(IMAGENET_SD))
CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR_FOLDER = "cifar-10-batches-py"
CIFAR_FILES = {"train": tuple(f"data_batch_{i}" for i in range(1, 6)), "test": ("test_batch",)}
DIGITS = ((0.305,), (0.376,))


def normalise(
    x: Float[Tensor, "B C H W"], moments: tuple[Sequence[float], Sequence[float]] = IMAGENET
) -> Float[Tensor, "B C H W"]:
    """`(x − mean) / s.d.` per channel."""
    mean, sd = (torch.tensor(values, dtype=x.dtype)[:, None, None] for values in moments)
    return (x - mean) / sd


@dataclass(frozen=True)
class Labelled:
    """Images of one size in bytes, their classes by number, and the mean and s.d. that networks expect them with;
    `side`: what they are enlarged to, if not left as they are.
    """

    source: str
    pixels: UInt8[Tensor, "n C H W"]
    labels: Int64[Tensor, " n"]
    classes: tuple[str, ...]
    moments: tuple[Sequence[float], Sequence[float]] = IMAGENET
    side: int | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def x(self, which: slice | Int64[Tensor, " B"] = slice(None)) -> Float[Tensor, "B C H W"]:
        """The normalised images `which`."""
        return self.enlarged(normalise(self.pixels[which].float() / 255, self.moments))

    def enlarged(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C side side"]:
        """Images, bilinearly, at `side × side`."""
        return x if self.side in (None, x.shape[-1]) else F.interpolate(x, (self.side, self.side), mode="bilinear")


def resized(image: Shaped[Array, "h w c"], size: int) -> Float[Tensor, "1 3 H W"]:
    """The image with its short side scaled to 256/224 · size, antialiased, as torchvision's `Resize` does.

    It is bytes, 16 bits or floats in [0, 1], as `nfrlab.simulations.images.unit` takes them.
    """
    h, w = image.shape[:2]
    short = round(size * 256 / 224)
    shape = (short, int(short * w / h)) if h <= w else (int(short * h / w), short)
    x = torch.from_numpy(unit(image, np.float32)).permute(2, 0, 1)[None]
    return F.interpolate(x, shape, mode="bilinear", antialias=True).clamp(0, 1)


def prepare(image: Shaped[Array, "h w c"], size: int = 224) -> Float[Tensor, "1 3 size size"]:
    """ImageNet's standard preparation of an image: short side to 256/224 · size, centre crop, normalise."""
    x = resized(image, size)
    top, left = (round((side - size) / 2) for side in x.shape[2:])
    return normalise(x[..., top : top + size, left : left + size])


def prepared_mask(mask: Shaped[Array, "h w c"], size: int = 224) -> Bool[Tensor, "1 1 size size"]:
    """Where a picture, prepared in the same way, is brighter than half."""
    x = resized(np.repeat(mask[..., :1], 3, axis=2), size)
    top, left = (round((side - size) / 2) for side in x.shape[2:])
    return x[:, :1, top : top + size, left : left + size] > 0.5


def cropped(image: Shaped[Array, "h w c"], size: int, rng: np.random.Generator) -> Float[Tensor, "1 3 size size"]:
    """A random crop of an image, resized as in `prepare`, flipped with probability ½; in [0, 1]."""
    x = resized(image, size)
    top, left = (int(rng.integers(side - size + 1)) for side in x.shape[2:])
    crop = x[..., top : top + size, left : left + size]
    return crop.flip(3) if rng.random() < 0.5 else crop


def cifar10(path: Path, part: str = "test", per_class: int | None = None) -> Labelled:
    """CIFAR-10's `part`, "train" or "test", in its Python batches, as `part/<class>/*.jpg`, or as a tar archive of such
    folders; the first of every class.

    Raises `ValueError` where `path` has none of these forms, or a file in it is damaged.
    """
    if part not in CIFAR_FILES:
        raise ValueError(f"CIFAR-10 has the parts train and test, got '{part}'")
    if path.is_file():
        with unpacked(path, part) as folder:
            return replace(cifar10(folder, part, per_class), source=str(path))
    batches = path / CIFAR_FOLDER if (path / CIFAR_FOLDER).is_dir() else path
    if (batches / CIFAR_FILES[part][0]).is_file():
        found = _batches([batches / name for name in CIFAR_FILES[part]], per_class)
    elif (path / part).is_dir():
        found = classes(path / part, per_class)
        if found.classes != CIFAR_CLASSES or found.pixels.shape[1:] != (3, 32, 32):
            raise ValueError(f"{path / part} is not CIFAR-10; expected a folder of 32×32 images for every class")
    else:
        raise ValueError(f"{path} is not CIFAR-10; expected {CIFAR_FOLDER} or {part}/<class>/*.jpg in it")
    return found


def _batches(files: Sequence[Path], per_class: int | None) -> Labelled:
    pixels, labels = (torch.from_numpy(np.concatenate(parts)) for parts in zip(*map(read_batch, files), strict=True))
    kept = torch.cat([torch.nonzero(labels == k)[:per_class, 0] for k in range(10)]).sort().values
    return Labelled(str(files[0].parent), pixels[kept], labels[kept], CIFAR_CLASSES)


def classes(path: Path, per_class: int | None = None) -> Labelled:
    """A folder with a folder of images for every class; classes and images in name order, hidden ones left out.

    Raises `ValueError` as `files_under` and `decode` do, and for a folder without classes, a class without images,
    images of two sizes, or of more than 8 bits.
    """
    folders = sorted(sub for sub in path.iterdir() if sub.is_dir() and not sub.name.startswith("."))
    if not folders:
        raise ValueError(f"{path} has no folders; expected one for every class")
    pixels: list[Array] = []
    labels: list[int] = []
    for k, sub in enumerate(folders):
        files = files_under(sub)[:per_class]
        if not files:
            raise ValueError(f"no image in {sub}; every class needs one")
        pixels += [_bytes(file) for file in files]
        labels += [k] * len(files)
        if odd := next((i for i in range(-len(files), 0) if pixels[i].shape != pixels[0].shape), None):
            raise ValueError(f"{shown(files[odd])} has another size than the first image; all must have one size")
    return Labelled(
        str(path), torch.from_numpy(np.stack(pixels)), torch.tensor(labels), tuple(sub.name for sub in folders)
    )


def _bytes(file: Path) -> UInt8[Array, "3 h w"]:
    pixels = decode(file).pixels
    if pixels.dtype != np.uint8:
        raise ValueError(f"{shown(file)} has more than 8 bits a channel; save it with 8")
    return pixels.transpose(2, 0, 1)


@cache
def digits(scale: int = 2) -> Labelled:
    """scikit-learn's 1,797 digits of 8×8, every pixel `scale × scale`, with mean 0 and s.d. 1 over all of them."""
    found = load_digits()
    pixels = torch.from_numpy(np.round(found.images * 255 / 16).astype(np.uint8))[:, None]
    pixels = pixels.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    return Labelled("scikit-learn digits", pixels, torch.from_numpy(found.target).long(), tuple("0123456789"), DIGITS)
