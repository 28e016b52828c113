"""The sheet of failures, from the maps that were made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from nfrlab.paper_figs.deep import failures
from nfrlab.verify.exhibits.stored import photograph

if TYPE_CHECKING:
    import xarray as xr


def figure(maps: xr.Dataset) -> Figure:
    """A row a case of what `nfrlab.simulations.bridge.decisions.failure_maps` made."""
    cases = []
    for i in range(maps.sizes["case"]):
        case = maps.isel(case=i)
        by_layer = {int(layer): case["map"].sel(layer=layer).values for layer in case["layer"].values}
        words = [str(case[name].values) for name in ("decided", "true")]
        cases.append(failures.Case(photograph(case["image"]).values, case["image"].values, by_layer, *words))
    return failures.figure(cases)
