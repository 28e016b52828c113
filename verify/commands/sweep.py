"""The command `nfrlab sweep`: run a grid, show its progress, print its means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.table import Table

from nfrlab.simulations import sweep as sweeps
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.workers import interrupts_heard, jobs_for
from nfrlab.verify.commands.console import (
    Jobs,
    console,
    folder,
    print_paths,
    refusals,
    refuse,
    require_jobs,
    tell,
    wide_console,
)
from nfrlab.verify.commands.progress import progress

if TYPE_CHECKING:
    import xarray as xr

ROWS = 60


def sweep(
    spec: Annotated[Path, typer.Argument(help="TOML file: rule, family, d, N, and seed, trials, x, … (README).")],
    jobs: Jobs = 0,
    backend: Annotated[
        str, typer.Option(help="local (processes of this machine) or dask (an existing cluster).")
    ] = "local",
    scheduler: Annotated[str | None, typer.Option(help="Address of the Dask scheduler, tcp://HOST:PORT.")] = None,
    out: Annotated[Path, folder("--out", "Folder for sweep.nc and the finished blocks.")] = Path("results/sweep"),
    resume: Annotated[bool, typer.Option(help="Keep the finished blocks, or compute all of them again.")] = True,
) -> None:
    """Sample α over a grid of rules, families, d, N and seeds.

    You can interrupt it at any time; run the same command again to resume.
    """
    with refusals():
        require_jobs(jobs)
        if backend not in sweeps.BACKENDS:
            raise ValueError(f"unknown --backend '{backend}'; choose {' or '.join(sweeps.BACKENDS)}")
        if (scheduler is None) is (backend == "dask"):
            raise ValueError("--backend dask and --scheduler ADDRESS go together")
        grid = sweeps.read(spec)
    _print_means(sweep_with_progress(grid, out, jobs, backend, scheduler, resume))
    print_paths(out / "sweep.nc")


def sweep_with_progress(
    grid: sweeps.Spec,
    out: Path,
    jobs: int = 0,
    backend: str = "local",
    scheduler: str | None = None,
    resume: bool = True,
    finish: Callable[[xr.Dataset], None] = lambda dataset: None,
) -> xr.Dataset:
    """`run` the sweep with a live display, and return it; 0 `jobs` are one per core.

    What stops it becomes one sentence and exit status 2, Ctrl-C exit status 130.
    """
    state = sweeps.Progress()
    with progress("blocks") as bar, interrupts_heard():

        def watch(now: sweeps.Progress) -> None:
            """Keep what was last seen, and show it with the draws per second."""
            vars(state).update(vars(now))
            if now.done == 0:
                bar.restart(now.resumed, now.blocks)
                return
            rate = f"{now.drawn / bar.seconds / 1e6:.1f}M draws/s" if bar.seconds > 0 else ""
            bar.update(now.resumed + now.done, now.blocks, rate)

        try:
            found = sweeps.run(grid, out, jobs_for(jobs, memory_of(grid)), backend, scheduler, resume, watch, finish)
        except (ValueError, sweeps.Stopped) as error:
            raise refuse(str(error)) from error
        except KeyboardInterrupt:
            kept = state.resumed + state.done
            tell(f"interrupted; {kept} of {state.blocks} blocks are kept in {out}")
            raise typer.Exit(130) from None
    for sentence in state.damaged:
        tell(f"{sentence}; it was computed again")
    return found


def memory_of(grid: sweeps.Spec) -> float:
    """GiB that a worker takes: half a one, and where weights are drawn, three times theirs."""
    drawn = max((point.draws for point in grid.points() if point.sampler == "direct"), default=0)
    return 0.5 + 3 * 8 * drawn / 2**30


def _pooled(found: xr.Dataset) -> tuple[Array, Array, Array]:
    """(n, mean, its standard error) over all seeds, by (rule, family, d, N)."""
    n, mean, M2 = (found[name].values for name in ("n", "mean", "M2"))
    total = n.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = np.where(n > 0, n * mean, 0).sum(axis=-1) / total
        squares = np.where(n > 0, M2 + n * (mean - middle[..., None]) ** 2, 0).sum(axis=-1)
        return total, middle, np.sqrt(squares / (total - 1) / total)


def _print_means(found: xr.Dataset) -> None:
    """A line per point of the grid, seeds pooled; the first `ROWS` of them."""
    listing = Table("rule", "family", "d", "N", "maps", "undefined", "mean α", "± s.e.", header_style="bold")
    total, middle, error = _pooled(found)
    undefined = found["undefined"].values.sum(axis=-1)
    shape = total.shape
    for place in list(np.ndindex(shape))[:ROWS]:
        names = [str(found[name].values[k]) for name, k in zip(("rule", "family", "d", "N"), place, strict=True)]
        numbers = f"{total[place]}", f"{undefined[place]}", f"{middle[place]:.5f}", f"{error[place]:.1e}"
        listing.add_row(*names, *numbers)
    wide_console().print(listing)
    if total.size > ROWS:
        console.print(f"… and {total.size - ROWS} more points in the file", highlight=False)
