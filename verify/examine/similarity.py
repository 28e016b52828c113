"""What claims on similar maps share: how alike a map and its original are in a network's draws, beside chance.

A zero map is like no other one: where a similarity is undefined it counts as 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nfrlab.verify.court.claim import Measured
from nfrlab.verify.examine.measured import networks_with

if TYPE_CHECKING:
    import xarray as xr

IMAGE = "image"
"""The image in the place of a map: no network changes it."""
PRINTED = ("rank correlation", "absolute rank correlation", "SSIM by the largest", "HOG")
"""The metrics of Adebayo et al."""
LAST = 4
"""The stop at which every layer has been changed; at stop 2 half of them have."""
PREMISES = (
    "trained networks, at images that were not trained on where there are any; a statement is about the median over "
    "draws of image and random weights, two networks each, of every network and metric",
    "random weights and biases are Gaussian, of every layer's own mean squares; the class is held",
    "maps with their bottom process, relevance from |f_k|; SSIM and HOG of the sum over the channels; a zero map is "
    "like no other, 0",
)


def networks_with_maps(measured: Measured, variable: str, maps: Iterable[str]) -> dict[str, xr.Dataset]:
    """The trained networks of which `variable` was measured with all of these maps."""
    wanted = {*maps}
    return {
        name: data
        for name, data in networks_with(measured, variable, "trained").items()
        if wanted <= {*maps_in(data[variable])}
    }


def maps_in(found: xr.DataArray) -> list[str]:
    """The maps of which anything was measured."""
    return [str(name) for name in found.dropna("map", how="all")["map"].values]


def kept(data: xr.Dataset, map: str, metric: str, stop: int, order: str = "cascading") -> xr.DataArray:
    """How alike the map is to its original once the layers of a stop are changed."""
    found = data["similarity"].sel(map=map, metric=metric, stop=stop, order=order, explained="held", drop=True)
    return found.fillna(0)


def chance(data: xr.Dataset, map: str, metric: str, of: str = "other image") -> xr.DataArray:
    """How alike the map is to what it has nothing in common with."""
    return data["similarity_by_chance"].sel(map=map, metric=metric, chance=of, drop=True).fillna(0)
