"""A finished sweep as an `xarray.Dataset`: named dimensions, units, and in the attributes all it was made from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from nfrlab.simulations.sweep.blocks import code_version
from nfrlab.simulations.sweep.spec import Point, Spec
from nfrlab.simulations.sweep.sums import CELLS, Sums

if TYPE_CHECKING:
    import xarray as xr

DIMENSIONS = ("rule", "family", "d", "N", "seed")
SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
MEANINGS = {
    "n": ("count", "maps with an alignment"),
    "undefined": ("count", "maps that are zero and have none"),
    "mean": ("1", "mean of α"),
    "M2": ("1", "Σ (α − mean)²"),
    "min": ("1", "smallest α"),
    "max": ("1", "largest α"),
    "quantile": ("1", "quantile of α, interpolated within a cell of the histogram"),
    "histogram": ("count", "maps per cell; cell k of a point is [first + k, first + k + 1) · 2^−level in artanh α"),
    "level": ("1", "−log₂ of the histogram's cell width in artanh α"),
    "first": ("1", "number of the histogram's first cell"),
    "draws": ("count", "numbers drawn per trial: neurons, or entries of the weights"),
}


def assemble(spec: Spec, sums: Callable[[Point], Sums]) -> xr.Dataset:
    """The sums of every point, in the order of the grid; `mean ± √(M2/(n − 1)/n)` is the usual summary."""
    shape = tuple(len(getattr(spec, name)) for name in DIMENSIONS)
    whole, reals = ("n", "undefined", "level", "first", "draws"), ("mean", "M2", "min", "max")
    data = {name: np.zeros(shape, dtype=np.int64) for name in whole}
    data |= {name: np.full(shape, np.nan) for name in reals}
    quantiles = np.full((*shape, len(SHARES)), np.nan)
    histogram = np.zeros((*shape, CELLS), dtype=np.int64)
    for place, point in zip(np.ndindex(shape), spec.points(), strict=True):
        found = sums(point)
        data["draws"][place] = point.draws
        data["n"][place], data["undefined"][place] = found.n, found.undefined
        if found.n:
            for name in reals:
                data[name][place] = getattr(found, name)
            cells = found.histogram
            data["level"][place], data["first"][place] = cells.level, cells.first
            histogram[place][: len(cells.counts)] = cells.counts
            quantiles[place] = [cells.quantile(share) for share in SHARES]
    variables: dict[str, tuple[tuple[str, ...], Any]] = {name: (DIMENSIONS, values) for name, values in data.items()}
    variables["quantile"] = ((*DIMENSIONS, "share"), quantiles)
    variables["histogram"] = ((*DIMENSIONS, "cell"), histogram)
    import xarray as xr

    dataset = xr.Dataset(
        variables,
        {name: np.array(getattr(spec, name)) for name in DIMENSIONS} | {"share": np.array(SHARES)},
        {
            "title": "input alignment α = cos(R, x) of random one-hidden-layer networks",
            "spec": json.dumps(asdict(spec)),
            "code_version": code_version(),
            "versions": json.dumps({name: version(name) for name in ("nfrlab", "numpy")}),
            "random_numbers": "PCG64, SeedSequence(seed, (sweep, rule, family, d, N, relevance, x, sampler, block))",
        },
    )
    for name, (unit, meaning) in MEANINGS.items():
        dataset[name].attrs = {"units": unit, "long_name": meaning}
    for name, meaning in (
        ("d", "input dimension"),
        ("N", "hidden neurons"),
        ("seed", "root seed"),
        ("share", "of the maps"),
    ):
        dataset[name].attrs = {"units": "1", "long_name": meaning}
    return dataset
