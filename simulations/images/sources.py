"""Where real inputs come from: scikit-learn's photographs and digits, or a user's own folder of images."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.images.decoding import SMALLEST, examined
from nfrlab.simulations.images.files import UnusableImage, image_files, shown
from nfrlab.simulations.images.pixels import area_average, unit

SHIPPED = "scikit-learn photographs"
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406])
IMAGENET_SD = np.array([0.229, 0.224, 0.225])
KEPT = 2**30
"""Bytes of decoded images that a process keeps of a folder; twelve photographs of 12 megapixels take 0.43 of 10⁹."""


class Files(Sequence[Any]):
    """The images of files, in the depth of their files: each is decoded when it is first asked for, and kept.

    Of a folder that takes more than `KEPT` bytes those are kept that were asked for last.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = files
        self.remarks: dict[Path, tuple[str, ...]] = {}
        self._kept: OrderedDict[int, Array] = OrderedDict()

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, number: int) -> Array:  # type: ignore[override]
        """One image. Raises `UnusableImage` as `decoding.examined` does."""
        number = range(len(self))[number]
        if number not in self._kept:
            found = examined(self.files[number])
            self.remarks[self.files[number]] = found.remarks
            self._kept[number] = found.pixels
            while len(self._kept) > 1 and sum(pixels.nbytes for pixels in self._kept.values()) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(number)
        return self._kept[number]


class InUnits(Sequence[Any]):
    """Images in [0, 1], `(h, w, 3)`, each made when it is asked for."""

    def __init__(self, kept: tuple[Array, ...] | Files) -> None:
        self.kept = kept

    def __len__(self) -> int:
        return len(self.kept)

    def __getitem__(self, number: int) -> Float[Array, "h w 3"]:  # type: ignore[override]
        return unit(self.kept[number])


@dataclass(frozen=True)
class ImageSet:
    """Images as `pixels.unit` takes them, and where they come from."""

    source: str
    kept: tuple[Shaped[Array, "_ _ _"], ...] | Files

    @property
    def images(self) -> InUnits:
        """The images of shape `(height, width, 3)` with values in [0, 1]; each is made when it is asked for."""
        return InUnits(self.kept)

    def patch(self, size: int, rng: np.random.Generator) -> Float[Array, " pixels"]:
        """A random `size × size` colour patch, flattened, in [0, 1]; never all zero (such a patch is redrawn).

        Raises `UnusableImage` for an image that is smaller than the patch, and where no patch is other than zero.
        """
        for _ in range(1000):
            image = self.kept[int(rng.integers(len(self.kept)))]
            if min(image.shape[:2]) < size:
                raise UnusableImage(f"{self.source} has an image of less than {size}×{size}; take it out or enlarge it")
            top, left = (int(rng.integers(side - size + 1)) for side in image.shape[:2])
            patch = unit(image[top : top + size, left : left + size]).ravel()
            if np.any(patch):
                return patch
        raise UnusableImage(f"1000 random {size}×{size} patches of {self.source} were all zero; give brighter images")

    def frame(self, size: int, rng: np.random.Generator) -> Float[Array, " pixels"]:
        """A whole random image, scaled down to `size × size` by area averaging, flattened, in [0, 1]."""
        return area_average(self.kept[int(rng.integers(len(self.kept)))], size).ravel()

    def check(
        self, at_least: int = SMALLEST, watch: Callable[[int, int], None] = lambda done, total: None
    ) -> dict[str, int]:
        """Look at every image; how many there are of which something is to be said, by what is to be said.

        Raises `UnusableImage` as `decoding.examined` does, and for an image with a side of less than `at_least`.

        Parameters
        ----------
        watch
            Called as `watch(done, total)` after each image.
        """
        for i, image in enumerate(self.kept, start=1):
            height, width = image.shape[:2]
            if min(height, width) < at_least:
                name = shown(self.kept.files[i - 1]) if isinstance(self.kept, Files) else self.source
                raise UnusableImage(f"{name} is {width}×{height}; images must be at least {at_least}×{at_least} here")
            watch(i, len(self.kept))
        remarks = self.kept.remarks.values() if isinstance(self.kept, Files) else ()
        return dict(Counter(remark for some in remarks for remark in some))


def normalise(x: Float[Array, " d"]) -> Float[Array, " d"]:
    """ImageNet's normalisation of a flattened colour image: `(x − mean) / s.d.` per channel; signed."""
    pixels = x.reshape(-1, 3)
    return ((pixels - IMAGENET_MEAN) / IMAGENET_SD).ravel()


@cache
def photographs() -> ImageSet:
    """The two photographs that ship with scikit-learn."""
    from sklearn.datasets import load_sample_images

    return ImageSet(SHIPPED, tuple(load_sample_images().images))


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
    """Every image under `path`, in name order. Raises `ValueError` as `image_files` and `ImageSet.check` do."""
    found = ImageSet(str(path), Files(image_files(path)))
    found.check()
    return found


@cache
def image_set(path: Path | None) -> ImageSet:
    """The photographs that ship with the product, or those of a user's folder, listed once a process.

    Each is decoded when it is first drawn. Raises `ValueError` as `image_files` does.
    """
    return photographs() if path is None else ImageSet(str(path), Files(image_files(path)))
