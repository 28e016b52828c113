"""The command `nfrlab converge`: how α converges in the width N and in the number of trials, as data and as figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nfrlab.simulations.sweep.inputs import INPUTS
from nfrlab.verify.commands.console import Jobs, Seed, console, folder, print_paths, refuse, require_jobs
from nfrlab.verify.commands.sweep import sweep_with_progress

if TYPE_CHECKING:
    import xarray as xr


def converge(
    rule: Annotated[list[str] | None, typer.Option(help="A backward rule; repeat for more.")] = None,
    family: Annotated[list[str] | None, typer.Option(help="A weight family; repeat for more.")] = None,
    d: Annotated[int, typer.Option(help="Input dimension.")] = 27,
    most: Annotated[int, typer.Option(help="Largest width N.")] = 8192,
    trials: Annotated[int, typer.Option(help="Random layers per width.")] = 400,
    x: Annotated[str, typer.Option(help=f"The input: {', '.join(INPUTS)}.")] = "photograph",
    seed: Seed = 0,
    jobs: Jobs = 0,
    out: Annotated[Path, folder("--out", "Folder for data and figures.")] = Path("results/converge"),
) -> None:
    """Draw how α converges in the width N and in the number of trials.

    Three figures: α against N with bands, 1 − α against N with slopes, and the mean over the first n trials of one run.
    """
    from nfrlab.verify.exhibits.convergence import FAMILIES, RULES, draw, plan, prefixes, with_input

    try:
        require_jobs(jobs)
        chosen = plan(tuple(rule or RULES), tuple(family or FAMILIES), d, most, trials, x, seed)
    except ValueError as error:
        raise refuse(str(error)) from error

    def draw_all(finished: xr.Dataset) -> None:
        """The figures, drawn while the folder is still this run's alone."""
        with console.status("the first 2^k trials of one run"):
            over_trials = prefixes(chosen)
        drawn.extend(draw(out, with_input(finished, chosen), over_trials))

    drawn: list[Path] = []
    sweep_with_progress(chosen.grid, out, jobs, finish=draw_all)
    print_paths(*drawn)
