"""The measurements of one draw as a file, and those of many stacked along the dimension `draw`.

A part is classic NetCDF, with its SHA-256 behind it, which readers pass over. It is written and read as plain arrays:
there are thousands, and xarray takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from nfrlab.simulations.dense.arrays import Array

if TYPE_CHECKING:
    import scipy.io as scipy_io
    import xarray as xr
else:
    scipy_io = lazy_loader.load("scipy.io")


def seal(dataset: xr.Dataset) -> bytes:
    """The dataset as a part."""
    content = netcdf(dataset)
    return content + sha256(content).digest()


def unseal(data: bytes) -> bytes:
    """The NetCDF content of what `seal` gave. Raises `ValueError` where a bit of it has changed."""
    content, seal = data[: -sha256().digest_size], data[-sha256().digest_size :]
    if sha256(content).digest() != seal:
        raise ValueError("damaged")
    return content


def netcdf(dataset: xr.Dataset) -> bytes:
    """A dataset of numbers and words, without attributes, in NetCDF's classic format with 64-bit offsets."""
    buffer = BytesIO()
    file = scipy_io.netcdf_file(buffer, "w", version=2)
    file.coordinates = " ".join(sorted(str(name) for name in set(dataset.coords) - set(dataset.dims)))
    for dimension, size in dataset.sizes.items():
        file.createDimension(dimension, size)
    for name, variable in dataset.variables.items():
        values, dimensions = variable.values, tuple(variable.dims)
        if values.dtype.kind in "OU":  # words are rows of bytes
            words = np.char.encode(values.astype(str), "utf-8")
            values, dimensions = words[..., None].view("S1"), (*dimensions, f"string{words.itemsize}")
            if dimensions[-1] not in file.dimensions:
                file.createDimension(dimensions[-1], words.itemsize)
        kind = {"S": "c", "i": "i", "b": "b"}.get(values.dtype.kind, "d")
        stored = file.createVariable(name, kind, dimensions)
        stored[...] = values
        if kind == "c":
            stored._Encoding = "utf-8"
    file.flush()
    return buffer.getvalue()


def arrays(content: bytes) -> dict[str, Array]:
    """Every variable of a NetCDF file as it is stored."""
    with scipy_io.netcdf_file(BytesIO(content), mmap=False) as file:
        return {name: np.array(variable[...]) for name, variable in file.variables.items()}


def along_draws(contents: Sequence[bytes]) -> xr.Dataset:
    """NetCDF of one draw each, stacked along `draw`; `network` and `image` become coordinates along it.

    Raises `ValueError` where draws have unlike coordinates.
    """
    import xarray as xr

    first = xr.load_dataset(BytesIO(contents[0]), engine="scipy")
    numbers = [arrays(content) for content in contents]
    for name in first.indexes:
        if not all(np.array_equal(each[str(name)], numbers[0][str(name)]) for each in numbers):
            raise ValueError(f"draws of one setting have unlike coordinates '{name}'")

    def stacked(names: Iterable[Hashable]) -> dict[Hashable, tuple[tuple[Hashable, ...], Array]]:
        return {name: (("draw", *first[name].dims), np.stack([each[str(name)] for each in numbers])) for name in names}

    return first.assign(stacked(first.data_vars)).assign_coords(stacked(("network", "image")))
