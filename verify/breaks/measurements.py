"""What can go wrong in measurements of deep networks: one change of the bridge's datasets each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

Measured = Mapping[str, "xr.Dataset"]
Distort = Callable[[Measured], Measured]
ALIGNMENTS = (
    "alpha",
    "alpha_naive",
    "alpha_activation",
    "alpha_activation_pooled",
    "alpha_map",
    "alpha_part",
    "alpha_changed",
)


def scaled(factor: float, variables: tuple[str, ...] = ALIGNMENTS) -> Distort:
    """The datasets with these variables times `factor`."""

    def distort(measured: Measured) -> Measured:
        return {
            name: data.assign({v: (data[v] * factor).assign_attrs(data[v].attrs) for v in variables if v in data})
            for name, data in measured.items()
        }

    return distort


def flipped_signs(share: float, variables: tuple[str, ...]) -> Distort:
    """The datasets with the sign of this share of the entries of these variables turned, every 1/share-th one."""

    def flip(array: xr.DataArray) -> xr.DataArray:
        sign = np.where(np.arange(array.size) % round(1 / share) == 0, -1, 1).reshape(array.shape)
        return array * sign

    def distort(measured: Measured) -> Measured:
        return {
            name: data.assign({v: flip(data[v]) for v in variables if v in data}) for name, data in measured.items()
        }

    return distort
