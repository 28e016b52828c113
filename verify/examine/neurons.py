"""How the neurons of deep networks lie: cosines and lengths, layer by layer, of random networks and of trained ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from nfrlab.verify.court.claim import Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import RANDOM_VGG16, networks_with, random_and_trained
from nfrlab.verify.examine.over_draws import by_network, numbers_of_networks

if TYPE_CHECKING:
    import xarray as xr

Statistic = Callable[["xr.Dataset"], "xr.DataArray"]
"""Of what was measured on a network, one number a draw and layer."""
Combine = Callable[["xr.DataArray"], Mapping[str, "xr.DataArray"]]
"""What is made of the layers, by name."""


def mean_cosine(data: xr.Dataset) -> xr.DataArray:
    """The mean |cos(w_i, w_j)|, i ≠ j, of every layer."""
    return data["cosine"]


def mean_cosine_off_centre(data: xr.Dataset, shift: float) -> xr.DataArray:
    """The same with `shift` times the RMS weight added to all weights."""
    return data["cosine_shifted"].sel(shift=shift, drop=True)


def scaled_cosine(data: xr.Dataset) -> xr.DataArray:
    """√d times the root mean square cosine: 1 for isotropic directions."""
    return data["cosine_rms"]


def scaled_cosine_off_centre(data: xr.Dataset, shift: float) -> xr.DataArray:
    """The same with `shift` times the RMS weight added to all weights."""
    return data["cosine_rms_shifted"].sel(shift=shift, drop=True)


def norm_variation(data: xr.Dataset) -> xr.DataArray:
    """v, the standard deviation of ‖w_i‖ over its mean, of every layer."""
    return data["norm_sd"] / data["norm"]


def norm_variation_varied(data: xr.Dataset, by: float) -> xr.DataArray:
    """`√((1 + v²)(1 + by²) − 1)`: that of lengths each times an independent factor of mean 1 and s.d. `by`."""
    return ((1 + norm_variation(data) ** 2) * (1 + by**2) - 1) ** 0.5


def in_units_of_gaussian(data: xr.Dataset, variation: xr.DataArray) -> xr.DataArray:
    """√(2d) times the variation of the norms: 1 for Gaussian neurons to leading order."""
    return variation * (2 * data["fan_in"]) ** 0.5


def every_layer(values: xr.DataArray) -> dict[str, xr.DataArray]:
    """The values of every layer by its name."""
    return {f"layer {int(layer)}": values.sel(layer=layer, drop=True) for layer in values["layer"].values}


def mean_over_layers(values: xr.DataArray) -> dict[str, xr.DataArray]:
    """The mean of the values over all layers, each counting alike."""
    return {"mean over the layers": values.mean("layer")}


def examination_of_random(
    statistic: Statistic, name: str, claimed: Claimed, least_inputs: int = 1
) -> Callable[[Examination], list[Evidence]]:
    """The examination of every layer of random VGG16: the median of a statistic, held against what is claimed.

    Only layers whose neurons have `least_inputs` weights or more are looked at.
    """

    def examine(exam: Examination) -> list[Evidence]:
        data = exam.measured[RANDOM_VGG16]
        large = data.isel(layer=np.flatnonzero(data["fan_in"].isel(draw=0) >= least_inputs))
        found = {f"{name}, {at}, {data.attrs['title']}": v for at, v in every_layer(statistic(large)).items()}
        return numbers_of_networks(exam, found, claimed)

    return examine


def examination_of_excess(
    statistic: Statistic,
    name: str,
    claimed: Claimed,
    combined: Combine = every_layer,
    of_random: Statistic | None = None,
    of_trained: Statistic | None = None,
) -> Callable[[Examination], list[Evidence]]:
    """The examination of every network: a statistic after training minus the random one, held against what is claimed.

    Parameters
    ----------
    statistic, name
        What is compared, and what it is called.
    claimed
        What is claimed of the difference.
    combined
        What is made of the layers.
    of_random, of_trained
        Stand for the statistic in one of the networks, in a control.
    """

    def examine(exam: Examination) -> list[Evidence]:
        found: dict[str, xr.DataArray] = {}
        for random, trained in random_and_trained(exam.measured, "cosine").values():
            after = combined((of_trained or statistic)(trained))
            for at, before in combined((of_random or statistic)(random)).items():
                (number,) = by_network(after[at])  # the trained network is one
                found[f"{name} of trained − of random, {at}, {trained.attrs['title']}"] = float(number) - before
        return numbers_of_networks(exam, found, claimed)

    return examine


def random_vgg16(measured: Measured) -> dict[str, xr.Dataset]:
    """Random VGG16, if its neurons were measured."""
    return {name: data for name, data in networks_with(measured, "cosine").items() if name == RANDOM_VGG16}


def networks_before_and_after(measured: Measured) -> dict[str, tuple[xr.Dataset, xr.Dataset]]:
    """The networks whose neurons were measured both random and trained."""
    return random_and_trained(measured, "cosine")
