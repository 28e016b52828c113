"""What claims on similar maps share: how alike a map and its original are in a network's draws, beside chance.

A zero map is like no other one: where a similarity is undefined it counts as 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from nfrlab.simulations.bridge.compared import PRODUCT
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Examine, Measured, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import networks_with
from nfrlab.verify.examine.over_draws import medians_over_draws
from nfrlab.verify.examine.rivals import claims_on_rivals

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
SHARED = "They name no threshold. A factor common to all similarities changes little."
"""What claims on similar maps do not see."""
Number = Callable[["xr.Dataset", str], "xr.DataArray"]
"""Of what was measured on a network and a metric, one number a draw."""


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


def noise_above_maps(data: xr.Dataset, metric: str) -> xr.DataArray:
    """By how much noise is more like the gradient's map than the map that changes most is like its original, every
    layer randomised.
    """
    return chance(data, "grad", metric, "noise") - least_kept(data, metric)


def itself_above_maps(data: xr.Dataset, metric: str) -> xr.DataArray:
    """The same of a map in the place of noise: of 1."""
    return 1 - least_kept(data, metric)


def noise_above_noise(data: xr.Dataset, metric: str) -> xr.DataArray:
    """The same with noise in the place of the random network's map as well."""
    return chance(data, "grad", metric, "noise") - chance(data, "gbp", metric, "noise")


def least_kept(data: xr.Dataset, metric: str) -> xr.DataArray:
    """How alike to its original the map of any rule is that changes most, every layer randomised."""
    found = data["similarity"].sel(metric=metric, stop=LAST, order="cascading", explained="held", drop=True)
    return found.sel(map=[name for name in maps_in(found) if name != IMAGE]).fillna(0).min("map")


@dataclass(frozen=True)
class Of:
    """A number, what it is called, and the metrics by which it is taken."""

    number: Number
    words: str
    metrics: tuple[str, ...] = PRINTED

    def within(self, claimed: Claimed) -> Examine:
        """The examination whether its median is what is claimed."""
        return partial(evidence, of=self, claimed=claimed)


def evidence(exam: Examination, of: Of, claimed: Claimed) -> list[Evidence]:
    """The median of a number in every network, by every metric."""
    found = {
        f"{of.words}: {metric}, {data.attrs['title']}": of.number(data, metric)
        for data in everywhere(exam.measured).values()
        for metric in of.metrics
    }
    return medians_over_draws(exam, found, claimed)


def everywhere(measured: Measured) -> Mapping[str, xr.Dataset]:
    """The trained networks whose layers were randomised."""
    return networks_with_maps(measured, "similarity", (IMAGE, "grad", PRODUCT, "gbp"))


def claims_on_maps(
    *,
    id: str,
    title: str,
    source: str,
    statement: str,
    claimed: Claimed,
    of: Of,
    control: tuple[str, Of],
    restored: tuple[str, Of],
) -> tuple[Claim, ...]:
    """A claim on how alike maps stay, `of` a number; control and restored: a premise, and the number of which the same
    is claimed there.
    """
    claim = Claim(
        id=id,
        title=title,
        source=source,
        statement=statement,
        premises=PREMISES,
        examine=of.within(claimed),
        control=BrokenPremise(premise=control[0], examine=control[1].within(claimed)),
        restored=RestoredPremise(premise=restored[0], examine=restored[1].within(claimed)),
        blind=SHARED,
    )
    return claims_on_rivals(claim, everywhere)
