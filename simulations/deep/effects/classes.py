"""Whether a map tells the class: maps of the largest output's class and of another, a random one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import xarray as xr
from torch import Generator

from nfrlab.simulations.deep.effects.common import dataset_of, maps_of_classes
from nfrlab.simulations.deep.effects.sanity import another_class
from nfrlab.simulations.deep.engine.backward import start_at_output
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.similarity import METRICS, similarities


def measure(trace: Trace, names: Sequence[str], rng: Generator) -> xr.Dataset:
    """`between_classes(map, metric)`: how alike the maps of two classes are, of each of these rules, or of the image
    in the place of both; the other class is uniform. NaN where there is only one, and where a map is zero.
    """
    k = start_at_output(trace).argmax(dim=1)
    other = another_class(k, trace.output.shape[1], rng)
    found = (
        torch.full((len(names), len(METRICS)), torch.nan)
        if other is None
        else similarities(*maps_of_classes(trace, names, torch.cat([k, other])))
    )
    return dataset_of(between_classes=(("map", "metric"), found.cpu())).assign_coords(
        map=list(names), metric=list(METRICS)
    )
