"""A sweep in one call, as a dataset: what `nfrlab sweep` does with a file."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nfrlab.simulations.sweep.run import run
from nfrlab.simulations.sweep.spec import Spec

if TYPE_CHECKING:
    import xarray as xr


def sweep(
    rule: str | Sequence[str],
    family: str | Sequence[str],
    d: int | Sequence[int],
    N: int | Sequence[int],
    *,
    seed: int | Sequence[int] = 0,
    out: str | Path | None = None,
    jobs: int = 1,
    **options: Any,
) -> xr.Dataset:
    """n, mean, M2, min, max, quantiles and histogram of α at every point of rule × family × d × N × seed.

    Parameters
    ----------
    rule, family, d, N, seed
        One value or several: rules such as gbp and rectgrad(q=0.9), weight families, input dimensions, widths, seeds.
    out
        A folder in which finished blocks are kept, so that the same call resumes; by default nothing is kept.
    jobs
        Worker processes.
    options
        trials, relevance, x, sampler, block: see `Spec`.

    Raises `ValueError` for a value that no sweep can have, and `Stopped` as `run` does.
    """
    axes: dict[str, Any] = {"rule": rule, "family": family, "d": d, "N": N, "seed": seed}
    axes = {name: (given,) if isinstance(given, str | int) else tuple(given) for name, given in axes.items()}
    spec = Spec(**axes, **options)
    if out is not None:
        return run(spec, Path(out), jobs)
    with tempfile.TemporaryDirectory() as folder:
        return run(spec, Path(folder), jobs).load()
