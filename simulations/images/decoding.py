"""From a file to pixels: what is seen, in the depth of the file; what could be taken for something else is refused.

Transparency is put on white, EXIF's orientation is applied, of several frames the first is taken; CMYK, LAB and
palettes are converted as Pillow does, without colour profiles.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float, Shaped

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.images.files import UnusableImage, open_file, shown
from nfrlab.simulations.images.pixels import unit

FORMATS = ("AVIF", "BMP", "DIB", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""What Pillow is asked to try: no others, some of which run programs."""
LARGEST, HEAVIEST = 100_000_000, 2**30
"""Pixels of an image, and bytes of its file."""
SMALLEST, LONGEST = 8, 20
"""Pixels of the short side, and how many times as long the other may be."""

ON_WHITE = "with transparency, on white"
TURNED = "turned as EXIF says"
FIRST_FRAME = "of several frames, the first"
DARK = "of 16 bits and below 1/16 of white: if they hold 12 bits, rescale them"
"""What is said of images that were not taken as they are, or look as if they should not be."""


@dataclass(frozen=True)
class Decoded:
    """Pixels in the depth of their file, as `pixels.unit` takes them, and what is to be said of them."""

    pixels: Shaped[Array, "h w c"]
    remarks: tuple[str, ...] = ()


def read(file: Path, at_least: int = SMALLEST) -> Float[Array, "h w 3"]:
    """One image in [0, 1]. Raises `UnusableImage` as `examined` does."""
    return unit(examined(file, at_least).pixels)


def examined(file: Path, at_least: int = SMALLEST) -> Decoded:
    """A decoded image that can be measured on.

    Raises `UnusableImage` as `decode` does, and where the image is (almost) all zero, smaller than `at_least` on a
    side, or more than 20 times as long as it is wide.
    """
    found = decode(file)
    height, width = found.pixels.shape[:2]
    lit = np.mean(np.any(found.pixels, axis=2))
    name, frame = shown(file), " in its first frame" if FIRST_FRAME in found.remarks else ""
    if lit == 0:
        raise UnusableImage(f"{name} is all zero{frame}; alignment with a zero image is undefined, remove it")
    if min(height, width) < at_least:
        raise UnusableImage(f"{name} is {width}×{height}; images must be at least {at_least}×{at_least}")
    if max(height, width) > LONGEST * min(height, width):
        raise UnusableImage(f"{name} is {width}×{height}, more than {LONGEST} times as long as wide; crop it")
    if lit < 0.01:
        raise UnusableImage(f"{name} is all zero but for less than 1 % of its pixels{frame}; remove it")
    return found


def decode(file: Path) -> Decoded:
    """What is seen in a file: bytes as RGB; 16 bits and floats as one grey channel.

    Raises `UnusableImage` for a file that cannot be read or decoded, whatever the reason; is a pipe or device; has more
    than 10⁸ pixels or 2³⁰ bytes; more bits than Pillow keeps, whole numbers of unknown scale, or floats that are not
    finite or outside [0, 1]; is wholly transparent; or for which memory does not suffice.
    """
    name = shown(file)
    with open_file(file) as opened, _strictly():
        try:
            return _decoded(opened, name)
        except UnusableImage:
            raise
        except Exception as error:  # decoders raise whatever the damage makes them stumble over
            if isinstance(error, MemoryError) or "out of memory" in str(error):
                remedy = "use smaller images, or fewer --jobs"
                raise UnusableImage(f"memory does not suffice to decode {name}; {remedy}") from error
            if isinstance(error, OSError) and error.errno is not None:
                raise UnusableImage(f"{name} cannot be read ({error.strerror}); name images that can") from error
            raise UnusableImage(f"{name} is not a readable image; remove it or replace it by a valid one") from error


@contextmanager
def _strictly() -> Iterator[None]:
    """Half an image is an error, whatever a user's code has told Pillow; errors speak without warnings and logs."""
    from PIL import ImageFile

    log = logging.getLogger("PIL")
    usual, level = ImageFile.LOAD_TRUNCATED_IMAGES, log.level
    try:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        log.setLevel(logging.CRITICAL + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = usual
        log.setLevel(level)


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """libtiff prints what it stumbles over, past Python; the sentence that refuses the file is enough."""
    if sys.__stderr__ is None:  # closed: what has its number now is another file
        yield
        return
    sys.__stderr__.flush()
    usual = os.dup(2)
    try:
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(usual, 2)
        os.close(usual)


def _decoded(opened: BinaryIO, name: str) -> Decoded:
    from PIL import Image

    from nfrlab.simulations.images.pictures import ORIENTATION, TURNS, colour, grey, stored_bits  # Pillow is slow

    if opened.seek(0, 2) > HEAVIEST:
        raise UnusableImage(f"{name} has more than {HEAVIEST:,} bytes; save it as PNG or JPEG")
    opened.seek(0)
    begin = opened.read(1 << 16)
    opened.seek(0)
    too_large = f"{name} has more than {LARGEST:,} pixels; scale it down"
    Image.init()
    try:
        picture = Image.open(opened, formats=[form for form in FORMATS if form in Image.OPEN])
    except Image.DecompressionBombError as error:
        raise UnusableImage(too_large) from error
    if picture.width * picture.height > LARGEST:
        raise UnusableImage(too_large)
    bits, remarks, is_grey = stored_bits(picture, begin), list[str](), picture.mode[0] in "IF"
    if bits > 8 and not is_grey:
        raise UnusableImage(f"{name} has {bits} bits a channel, of which 8 would be left; save it with 8, or in grey")
    with _silent_stderr() if picture.format == "TIFF" else nullcontext():
        picture.load()
    try:
        if is_grey:
            pixels = grey(picture, bits)
        else:
            pixels, opacity = colour(picture, bits)
            remarks += [ON_WHITE] * (opacity < 255)
    except UnusableImage as fault:
        raise UnusableImage(f"{name} {fault}") from fault
    if pixels.dtype == np.uint16 and np.max(pixels) < 4096:
        remarks.append(DARK)
    if (turn := picture.getexif().get(ORIENTATION)) in TURNS:
        pixels = np.ascontiguousarray(TURNS[turn](pixels))
        remarks.append(TURNED)
    if picture.format in ("AVIF", "GIF", "PNG", "TIFF", "WEBP") and getattr(picture, "n_frames", 1) > 1:
        remarks.append(FIRST_FRAME)
    return Decoded(pixels, tuple(remarks))
