"""What a picture that Pillow has opened means in numbers: its depth, its transparency, which way it is up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8, UInt16
from PIL import Image

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.images.files import UnusableImage

BITS, PHOTOMETRIC, ORIENTATION = 0x0102, 0x0106, 0x0112
"""Tags of TIFF, the last one of EXIF too."""

TURNS: dict[int, Callable[[Array], Array]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels[::-1].swapaxes(0, 1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: pixels[:, ::-1].swapaxes(0, 1),
}
"""From the order in which a file has its pixels to the one that is seen, by EXIF's number."""


def stored_bits(picture: Image.Image, begin: bytes) -> int:
    """The bits of a channel in the file that begins so; Pillow may keep fewer. 8 where the format has no others."""
    if picture.format == "PNG":
        return begin[24]
    if picture.format == "TIFF":
        bits = tags(picture).get(BITS, 1)
        return int(np.max(bits))
    if picture.format == "PPM":
        arguments = picture.tile[0].args  # type: ignore[attr-defined]
        largest = arguments[1] if isinstance(arguments, tuple) else 255
        return 16 if picture.mode == "I" or largest > 255 else 8
    if picture.format == "AVIF":  # two flags in the third byte of every decoder configuration
        flags = [found[1][0] for found in re.finditer(rb"av1C..(.)", begin, re.DOTALL)]
        return max((8 + 2 * bool(flag & 0x40) + 2 * bool(flag & 0x20) for flag in flags), default=8)
    return 8


def tags(picture: Image.Image) -> Mapping[int, Any]:
    """A TIFF's tags; none of another format."""
    return getattr(picture, "tag_v2", {})


def colour(picture: Image.Image, bits: int) -> tuple[UInt8[Array, "h w 3"], int]:
    """RGB on white, and the smallest opacity of a pixel, 255 where all are opaque.

    Raises `UnusableImage`, without a name, for a picture that is wholly transparent.
    """
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("RGB")), 255
    key = picture.info.get("transparency")
    if picture.format == "PNG" and picture.mode == "L" and isinstance(key, int) and bits < 8:
        picture.info["transparency"] = key * 255 // (2**bits - 1)  # Pillow stretches the greys, but not this one
    coloured = picture.convert("RGBA")
    opacity = np.asarray(coloured.getchannel("A"))
    white = Image.new("RGBA", coloured.size, "white")
    white.alpha_composite(coloured)
    if not np.any(opacity):
        raise UnusableImage("is wholly transparent; remove it")
    return np.asarray(white.convert("RGB")), int(opacity.min())


def grey(picture: Image.Image, bits: int) -> UInt16[Array, "h w 1"] | Float32[Array, "h w 1"]:
    """Whole numbers of 16 bits, or floats in [0, 1]; in a TIFF 0 may mean white.

    Raises `UnusableImage`, without a name, for whole numbers of unknown scale, and floats outside [0, 1] or not finite.
    """
    pixels = np.asarray(picture)[..., None]
    if picture.mode == "F":
        pixels = pixels.astype(np.float32)
        if not np.all(np.isfinite(pixels)):
            raise UnusableImage("has NaN or infinite pixels; every pixel must be finite")
        if np.min(pixels) < 0 or np.max(pixels) > 1:
            raise UnusableImage("has pixels outside [0, 1]; rescale it")
    elif picture.mode == "I" and picture.format == "TIFF":
        raise UnusableImage(
            "holds whole numbers that are signed, or of 32 bits, and does not say which of them is white; rescale it "
            "to floats in [0, 1], or to 8 or 16 bits without sign"
        )
    elif bits == 16:
        pixels = pixels.astype(np.uint16)
    else:
        pixels = (pixels / (2**bits - 1)).astype(np.float32)
    white = 65535 if pixels.dtype == np.uint16 else 1
    if tags(picture).get(PHOTOMETRIC) == 0:
        pixels = white - pixels
    if isinstance(key := picture.info.get("transparency"), int):
        pixels = np.where(pixels == key, pixels.dtype.type(white), pixels)
    return pixels
