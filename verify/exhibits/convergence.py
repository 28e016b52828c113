"""How α converges: the sweep over widths and the run of many trials that the three convergence figures show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.sealed import write_dataset
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.simulations.sweep import Spec
from nfrlab.simulations.sweep.blocks import point_input, sample
from nfrlab.simulations.sweep.spec import MOST
from nfrlab.verify.court.budget import RUN_BUDGET
from nfrlab.verify.intervals import BettingSequence

if TYPE_CHECKING:
    import xarray as xr

RULES = ("gbp", "rectgrad(q=0.9)", "activation", "grad")
FAMILIES = ("gaussian", "sphere", "student", "uniform", "axis", "powerlaw")
LEAST = 16


@dataclass(frozen=True)
class Plan:
    """A sweep over N = 2^k and, at one of them, a run of 2^m trials that is looked at on its way."""

    grid: Spec
    prefix_width: int
    prefix_trials: int


def plan(rules: tuple[str, ...], families: tuple[str, ...], d: int, most: int, trials: int, x: str, seed: int) -> Plan:
    """Widths 16, 32, … up to `most`, so many `trials` each, at the input named `x`; the long run is at the middle one.

    Raises `ValueError` for a value that no sweep can have.
    """
    if not 8 * LEAST <= most < MOST:
        raise ValueError(f"--most must be from {8 * LEAST}, so that there is a slope to fit, to 2⁶³ − 1, got {most}")
    widths = tuple(2**k for k in range(LEAST.bit_length() - 1, most.bit_length()))
    return Plan(Spec(rules, families, (d,), widths, (seed,), trials, x=x), widths[len(widths) // 2], 4096)


def prefixes(plan: Plan) -> xr.Dataset:
    """Mean α over the first n = 2^k trials of one run and its confidence sequence, for every rule and family.

    The sequences hold together with probability ≥ 1 − 1e-6, each at all n at once. Maps that are zero are left out.
    """
    import xarray as xr

    grid = plan.grid
    lengths = 2 ** np.arange(3, plan.prefix_trials.bit_length())
    shape = len(grid.rule), len(grid.family), len(lengths)
    found = {name: np.full(shape, np.nan) for name in ("mean", "low", "high")}
    for i, rule in enumerate(grid.rule):
        for j, family in enumerate(grid.family):
            alpha = trial_alphas(plan, rule, family)
            sequence, done = BettingSequence(RUN_BUDGET / shape[0] / shape[1], -1.0, 1.0), 0
            for k, n in enumerate(lengths):
                some = alpha[done:n]
                seen = some[~np.isnan(some)]
                found["low"][i, j, k], found["high"][i, j, k] = (
                    sequence.update(seen) if len(seen) else sequence.interval
                )
                found["mean"][i, j, k] = np.nanmean(alpha[:n]) if not np.all(np.isnan(alpha[:n])) else np.nan
                done = int(n)
    axes = "rule", "family", "n"
    return xr.Dataset(
        {name: (axes, values, {"units": "1"}) for name, values in found.items()},
        {"rule": list(grid.rule), "family": list(grid.family), "n": lengths},
        {"N": plan.prefix_width, "d": grid.d[0], "seed": grid.seed[0], "x": grid.x, "alpha": RUN_BUDGET},
    )


def trial_alphas(plan: Plan, rule: str, family: str) -> Array:
    """α of the trials of the long run, in order; NaN where a map is zero."""
    grid = plan.grid
    spec = Spec((rule,), (family,), grid.d, (plan.prefix_width,), grid.seed, plan.prefix_trials, x=grid.x)
    (point,) = spec.points()
    path = "prefixes", rule, family, point.d, point.N, point.x
    along, across = sample(point, plan.prefix_trials, np.random.default_rng(seed_sequence(point.seed, *path)))
    with np.errstate(invalid="ignore"):
        return along / np.hypot(along, across)


def with_input(sweep: xr.Dataset, plan: Plan) -> xr.Dataset:
    """The finished sweep with its input x as the variable `input`."""
    (point, *_) = plan.grid.points()
    return sweep.assign(input=("pixel", point_input(point), {"units": "1", "long_name": "the input x, up to scale"}))


def draw(folder: Path, sweep: xr.Dataset, over_trials: xr.Dataset) -> list[Path]:
    """Write the three figures, and the data that they are drawn from, into an existing folder; the figures' paths.

    `sweep` comes from `with_input`, `over_trials` from `prefixes`. Raises `OSError` where the folder cannot be written.
    """
    from nfrlab.paper_figs import alpha_against_width, gap_against_width, mean_over_trials
    from nfrlab.verify.exhibits.write import write

    write_dataset(folder / "converge.nc", sweep)
    write_dataset(folder / "prefixes.nc", over_trials)
    return [
        *write(folder, "alpha_against_width", lambda: alpha_against_width.figure(sweep)),
        *write(folder, "gap_against_width", lambda: gap_against_width.figure(sweep)),
        *write(folder, "mean_over_trials", lambda: mean_over_trials.figure(over_trials)),
    ]
