"""Pixels in the depth of their file, and on the scale [0, 1].

Images are kept as they are stored: bytes `(h, w, 3)`, or 16 bits or floats in [0, 1] as one grey channel. Float64 takes
eight times the memory of bytes, and is made of what is looked at only.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from jaxtyping import Float, Shaped

from nfrlab.simulations.dense.arrays import Array

WHITE = {"uint8": 255, "uint16": 65535}
"""The whole number that is white, by the type of pixels."""


def unit(pixels: Shaped[Array, "h w c"], dtype: npt.DTypeLike = np.float64) -> Float[Array, "h w 3"]:
    """Three channels in [0, 1], apart from `pixels` in memory: bytes over 255, 16 bits over 65535, floats as they are.

    In float32 they are float64's, rounded: no quotient of these whole numbers lies between the two roundings.
    """
    white = WHITE.get(pixels.dtype.name)
    scaled = pixels.astype(dtype) if white is None else np.divide(pixels, white, dtype=dtype)
    return scaled if pixels.shape[2] == 3 else np.repeat(scaled, 3, axis=2)


def area_average(pixels: Shaped[Array, "h w c"], size: int) -> Float[Array, "size size 3"]:
    """The image scaled to `size × size` by area averaging, in [0, 1]: bytes to bytes, other depths in float32."""
    from PIL import Image

    if pixels.dtype == np.uint8:
        whole = Image.fromarray(pixels)
        return unit(np.asarray(whole.resize((size, size), Image.Resampling.BOX)))
    channels = (Image.fromarray(channel) for channel in np.moveaxis(unit(pixels, np.float32), 2, 0))
    averages = [np.asarray(channel.resize((size, size), Image.Resampling.BOX)) for channel in channels]
    return np.clip(np.stack(averages, axis=2, dtype=float), 0, 1)
