"""The command `nfrlab converge`: how α converges in the width N and in the number of trials, as data and as figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
import xarray as xr

from nfrlab.paper_figs import convergence
from nfrlab.paper_figs.render import render
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.files import write_atomically
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.simulations.sweep import Spec
from nfrlab.simulations.sweep.blocks import point_input, sample
from nfrlab.simulations.sweep.inputs import INPUTS
from nfrlab.verify.commands.console import console, refuse
from nfrlab.verify.commands.sweep import run
from nfrlab.verify.court.budget import RUN_BUDGET
from nfrlab.verify.intervals import BettingSequence

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
    """Widths 16, 32, … up to `most`. Raises `ValueError` for a value that no sweep can have."""
    if most < 8 * LEAST:
        raise ValueError(f"--most must be at least {8 * LEAST}, so that there is a slope to fit, got {most}")
    widths = tuple(2**k for k in range(LEAST.bit_length() - 1, most.bit_length()))
    return Plan(Spec(rules, families, (d,), widths, (seed,), trials, x=x), widths[len(widths) // 2], 4096)


def prefixes(plan: Plan) -> xr.Dataset:
    """Mean α over the first n = 2^k trials of one run and its confidence sequence, for every rule and family.

    The sequences hold together with probability ≥ 1 − 1e-6, each at all n at once. Maps that are zero are left out.
    """
    grid = plan.grid
    lengths = 2 ** np.arange(3, plan.prefix_trials.bit_length())
    shape = len(grid.rule), len(grid.family), len(lengths)
    found = {name: np.full(shape, np.nan) for name in ("mean", "low", "high")}
    for i, rule in enumerate(grid.rule):
        for j, family in enumerate(grid.family):
            alpha = trials(plan, rule, family)
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


def trials(plan: Plan, rule: str, family: str) -> Array:
    """α of the trials of one run, in order; NaN where a map is zero."""
    grid = plan.grid
    spec = Spec((rule,), (family,), grid.d, (plan.prefix_width,), grid.seed, plan.prefix_trials, x=grid.x)
    (point,) = spec.points()
    path = "prefixes", rule, family, point.d, point.N, point.x
    along, across = sample(point, plan.prefix_trials, np.random.default_rng(seed_sequence(point.seed, *path)))
    with np.errstate(invalid="ignore"):
        return along / np.hypot(along, across)


def converge(
    rule: Annotated[list[str] | None, typer.Option(help="A backward rule; repeat for more.")] = None,
    family: Annotated[list[str] | None, typer.Option(help="A weight family; repeat for more.")] = None,
    d: Annotated[int, typer.Option(help="Input dimension.")] = 27,
    most: Annotated[int, typer.Option(help="Largest width N.")] = 8192,
    trials: Annotated[int, typer.Option(help="Random layers per width.")] = 400,
    x: Annotated[str, typer.Option(help=f"The input: {', '.join(INPUTS)}.")] = "photograph",
    seed: Annotated[int, typer.Option(help="Root of all random numbers.")] = 0,
    jobs: Annotated[int, typer.Option(help="Worker processes; one per core by default.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for data and figures.")] = Path("results/converge"),
) -> None:
    """Monte Carlo convergence plots: α against N with bands, 1 − α with slopes, the mean over n trials of one run."""
    try:
        chosen = plan(tuple(rule or RULES), tuple(family or FAMILIES), d, most, trials, x, seed)
    except ValueError as error:
        raise refuse(str(error)) from error
    sweep = run(chosen.grid, out, jobs)
    (point, *_) = chosen.grid.points()
    sweep["input"] = "pixel", point_input(point), {"units": "1", "long_name": "the input x, up to scale"}
    with console.status("the first 2^k trials of one run"):
        over_trials = prefixes(chosen)
    try:
        save(out, sweep, over_trials)
    except OSError as error:
        raise refuse(f"cannot write to {out}: {error.strerror or error}") from error


def save(out: Path, sweep: xr.Dataset, over_trials: xr.Dataset) -> None:
    """The data, and the figures drawn from it."""
    write_atomically(out / "converge.nc", bytes(sweep.to_netcdf(engine="h5netcdf")))
    write_atomically(out / "prefixes.nc", bytes(over_trials.to_netcdf(engine="h5netcdf")))
    for name, draw in (
        ("alpha_against_width", lambda: convergence.alpha_against_width(sweep)),
        ("gap_against_width", lambda: convergence.gap_against_width(sweep)),
        ("mean_over_trials", lambda: convergence.mean_over_trials(over_trials)),
    ):
        for suffix, content in render(draw).items():
            write_atomically(out / f"{name}.{suffix}", content)
            console.print(out / f"{name}.{suffix}", highlight=False, soft_wrap=True)
