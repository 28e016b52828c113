"""Where real inputs come from: scikit-learn's photographs and digits, or a user's own folder of images."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm"}
SHIPPED = "scikit-learn photographs"
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406])
IMAGENET_SD = np.array([0.229, 0.224, 0.225])


@dataclass(frozen=True)
class ImageSet:
    """Images of shape `(height, width, 3)` with values in [0, 1], and where they come from."""

    source: str
    images: tuple[Array, ...]

    def patch(self, size: int, rng: np.random.Generator) -> Float[Array, " pixels"]:
        """A random `size × size` colour patch, flattened, in [0, 1]; never all zero (such a patch is redrawn)."""
        for _ in range(1000):
            image = self.images[rng.integers(len(self.images))]
            top, left = (int(rng.integers(side - size + 1)) for side in image.shape[:2])
            patch = image[top : top + size, left : left + size].ravel()
            if np.any(patch):
                return patch
        raise ValueError(f"1000 random {size}×{size} patches of {self.source} were all zero; give brighter images")

    def frame(self, size: int, rng: np.random.Generator) -> Float[Array, " pixels"]:
        """A whole random image, scaled down to `size × size` by area averaging, flattened, in [0, 1]."""
        from PIL import Image

        image = self.images[rng.integers(len(self.images))]
        whole = Image.fromarray(np.round(255 * image).astype(np.uint8))
        return np.asarray(whole.resize((size, size), Image.Resampling.BOX), dtype=float).ravel() / 255


def normalise(x: Float[Array, " d"]) -> Float[Array, " d"]:
    """ImageNet's normalisation of a flattened colour image: `(x − mean) / s.d.` per channel; signed."""
    pixels = x.reshape(-1, 3)
    return ((pixels - IMAGENET_MEAN) / IMAGENET_SD).ravel()


def photographs() -> ImageSet:
    """The two photographs that ship with scikit-learn."""
    from sklearn.datasets import load_sample_images

    return ImageSet(SHIPPED, tuple(i / 255.0 for i in load_sample_images().images))


@cache
def digits() -> Float[Array, "n 64"]:
    """The 8×8 digits that ship with scikit-learn, flattened, in [0, 1]."""
    from sklearn.datasets import load_digits

    return np.asarray(load_digits().data / 16.0)


def digit(rng: np.random.Generator) -> Float[Array, " 64"]:
    """A random one of the digits."""
    data = digits()
    return data[rng.integers(len(data))].copy()


def folder(path: Path) -> ImageSet:
    """Every image under `path`, in name order.

    Raises `ValueError` as `image_files` does, and when an image is unreadable, (almost) all zero, too small for a
    patch, or holds NaN, infinite or, in floating point, other pixels outside [0, 1].
    """
    return ImageSet(str(path), tuple(read(file) for file in image_files(path)))


def image_files(path: Path) -> list[Path]:
    """The files of images under `path`, in name order. Raises `ValueError` when it is no folder, or has no image."""
    try:
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES) if path.is_dir() else None
    except OSError as error:
        raise ValueError(f"--images {path} cannot be read ({error.strerror}); name a folder of images") from error
    if files is None:
        raise ValueError(f"--images needs a folder of images, {path} is none")
    if not files:
        raise ValueError(f"no image in {path}; expected files ending in {', '.join(sorted(SUFFIXES))}")
    return files


@cache
def image_set(path: Path | None) -> ImageSet:
    """The photographs that ship with the product, or a user's folder; read once a process.

    Raises `ValueError` as `folder` does.
    """
    return photographs() if path is None else folder(path)


def decode(file: Path) -> Float[Array, "h w c"]:
    """The pixels of a file on the scale [0, 1]: 8 bits as RGB, 16 bits and floating point as one grey channel.

    Raises `ValueError` for a file that Pillow cannot decode, whatever the reason.
    """
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a damaged file is refused below, with one sentence
        try:
            with Image.open(file) as opened:
                if opened.mode == "F":
                    return np.asarray(opened, dtype=float)[..., None]
                if opened.mode.startswith("I"):
                    return np.asarray(opened, dtype=float)[..., None] / 65535
                return np.asarray(opened.convert("RGB"), dtype=float) / 255
        except Exception as error:  # decoders raise whatever the damage makes them stumble over
            raise ValueError(f"{file} is not a readable image; remove it or replace it by a valid one") from error


def read(file: Path, at_least: int = 8) -> Float[Array, "h w 3"]:
    """One image file as `(height, width, 3)` in [0, 1]. Raises `ValueError` as `folder` does."""
    pixels = decode(file)
    if not np.all(np.isfinite(pixels)):
        raise ValueError(f"{file} has NaN or infinite pixels; every pixel must be finite")
    if np.min(pixels) < 0 or np.max(pixels) > 1:
        raise ValueError(f"{file} has pixels outside [0, 1]; rescale it")
    if not np.any(pixels):
        raise ValueError(f"{file} is all zero; alignment with a zero image is undefined, remove it")
    if min(pixels.shape[:2]) < at_least:
        raise ValueError(
            f"{file} is {pixels.shape[1]}×{pixels.shape[0]}; images must be at least {at_least}×{at_least}"
        )
    if np.mean(np.any(pixels, axis=2)) < 0.01:
        raise ValueError(f"{file} is all zero but for less than 1 % of its pixels; remove it")
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3)).copy()
