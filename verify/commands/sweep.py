"""The command `nfrlab sweep`: run a grid, show its progress, print its means."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
import xarray as xr
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from nfrlab.simulations import sweep as sweeps
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.sweep.run import Watch
from nfrlab.simulations.workers import default_jobs, interrupts_heard
from nfrlab.verify.commands.console import console, refuse, wide

ROWS = 60


def sweep(
    spec: Annotated[Path, typer.Argument(help="TOML file: rule, family, d, N, and seed, trials, x, … (README).")],
    jobs: Annotated[int, typer.Option(help="Local worker processes; one per core by default.")] = 0,
    backend: Annotated[str, typer.Option(help="local processes, or dask: an existing cluster.")] = "local",
    scheduler: Annotated[str | None, typer.Option(help="Address of the Dask scheduler, tcp://HOST:PORT.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for sweep.nc and the finished blocks.")] = Path("results/sweep"),
    resume: Annotated[bool, typer.Option(help="Keep finished blocks, or compute all of them again.")] = True,
) -> None:
    """Sample α over a grid of rules, families, d, N and seeds; resumes where it was killed."""
    try:
        if jobs < 0:
            raise ValueError(f"--jobs must be a positive integer, or 0 for one per core, got {jobs}")
        if backend not in sweeps.BACKENDS:
            raise ValueError(f"unknown --backend '{backend}'; choose {' or '.join(sweeps.BACKENDS)}")
        if (scheduler is None) is (backend == "dask"):
            raise ValueError("--backend dask and --scheduler ADDRESS go together")
        grid = sweeps.read(spec)
    except ValueError as error:
        raise refuse(str(error)) from error
    found = run(grid, out, jobs, backend, scheduler, resume)
    _print_means(found)
    console.print(out / "sweep.nc", highlight=False, soft_wrap=True)


def run(
    grid: sweeps.Spec,
    out: Path,
    jobs: int = 0,
    backend: str = "local",
    scheduler: str | None = None,
    resume: bool = True,
) -> xr.Dataset:
    """`sweeps.run` with a live display; what stops it becomes one sentence, Ctrl-C exit status 130."""
    with _display() as (watch, state), interrupts_heard():
        try:
            found = sweeps.run(grid, out, jobs or default_jobs(), backend, scheduler, resume, watch)
        except (ValueError, sweeps.Stopped) as error:
            raise refuse(str(error)) from error
        except KeyboardInterrupt:
            kept = state.resumed + state.done
            print(f"nfrlab: interrupted; {kept} of {state.blocks} blocks are kept in {out}", file=sys.stderr)
            raise typer.Exit(130) from None
    for sentence in state.damaged:
        print(f"nfrlab: {sentence}; it was computed again", file=sys.stderr)
    return found


class Rate(TextColumn):
    """Draws per second since the start."""

    def __init__(self) -> None:
        super().__init__("{task.fields[rate]}")


@contextmanager
def _display() -> Iterator[tuple[Watch, sweeps.Progress]]:
    """A live bar of blocks with rate and time left, on a terminal only; yields what to call after each block, and the
    progress last seen.
    """
    state = sweeps.Progress()
    columns = (
        TextColumn("blocks"),
        MofNCompleteColumn(),
        BarColumn(),
        Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("sweep", total=None, rate="")

        def watch(progress: sweeps.Progress) -> None:
            vars(state).update(vars(progress))
            if progress.done == 0:  # what is resumed took no time
                bar.reset(task, total=progress.blocks, completed=progress.resumed, rate="")
                return
            seconds = bar.tasks[task].elapsed or 0.0
            rate = f"{progress.drawn / seconds / 1e6:.1f}M draws/s" if seconds > 0 else ""
            bar.update(task, total=progress.blocks, completed=progress.resumed + progress.done, rate=rate)

        yield watch, state


def _pooled(found: xr.Dataset) -> tuple[Array, Array, Array]:
    """n, mean and standard error over all seeds."""
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
    wide().print(listing)
    if total.size > ROWS:
        console.print(f"… and {total.size - ROWS} more points in the file", highlight=False)
