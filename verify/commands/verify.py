"""Try claims before an audience: progress, the store kept after every verdict, the report, the table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from nfrlab.simulations.files import write_atomically
from nfrlab.verify.commands.console import console, wide
from nfrlab.verify.court.claim import Profile
from nfrlab.verify.court.verdict import Verdict
from nfrlab.verify.proceedings import store
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.proceedings.trial import MEASUREMENTS, hold
from nfrlab.verify.report import wording
from nfrlab.verify.report.html import render

COLOURS = {"CONFIRMED": "green", "REFUTED": "red", "INCONCLUSIVE": "yellow", "NOT RUN": "dim"}


def hear(chosen: Sequence[str], seed: int, profile: Profile, images: Path | None, jobs: int, out: Path) -> bool:
    """Try the claims, merge their verdicts into `out`, print them; whether all is as it must be: every verdict
    decided, or not run for want of something that it names.
    """
    stored = store.read(out)
    verdicts: dict[str, Verdict] = {}
    try:
        with _progress(len(chosen)) as step:
            for verdict in hold(chosen, seed, profile, images, jobs, out / MEASUREMENTS):
                verdicts[verdict.id] = verdict
                stored[verdict.id] = verdict.as_json()
                store.write(out, stored, list(REGISTRY))
                step(verdict)
    except KeyboardInterrupt:
        print(
            f"nfrlab: interrupted; {len(verdicts)} of {len(chosen)} claims are finished and kept in {out}",
            file=sys.stderr,
        )
        raise typer.Exit(130) from None
    records = store.read(out)
    write_atomically(out / "report.html", render(records))
    print_verdicts([records[id] for id in chosen])
    console.print(f"{out / 'verdicts.json'}  {out / 'report.html'}", highlight=False, soft_wrap=True)
    return all(verdict.passed for verdict in verdicts.values())


@contextmanager
def _progress(total: int) -> Iterator[Callable[[Verdict], None]]:
    """A live display of finished claims, on a terminal only; yields what to call after each."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("in court", total=total)

        def step(verdict: Verdict) -> None:
            name = f"{verdict.id} [{COLOURS[verdict.status]}]{verdict.status}[/]"
            bar.update(task, advance=1, description=name)

        yield step


def print_verdicts(records: Sequence[dict[str, Any]]) -> None:
    """One line per claim, and what the run counted and spent."""
    listing = Table("claim", "verdict", "control", "decided by", "reach", "s", header_style="bold", show_lines=True)
    for record in records:
        colour = COLOURS[record["status"]]
        listing.add_row(
            record["id"],
            f"[{colour}]{record['status']}[/]",
            _control(record),
            wording.ground(record).replace("[", r"\["),
            wording.reach(record),
            f"{record['wall_s']:.1f}",
        )
    wide().print(listing)
    counts = {status: sum(record["status"] == status for record in records) for status in COLOURS}
    run = [record for record in records if record["status"] != "NOT RUN"]
    controls = sum(record["control"]["status"] == "REFUTED" for record in run)
    spent = sum(record["alpha"] for record in records)
    wide().print(
        ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        + f"; {controls} of {len(run)} negative controls refuted; error probability spent {spent:.1e}",
        highlight=False,
    )


def _control(record: dict[str, Any]) -> str:
    if record["status"] == "NOT RUN":
        return ""
    behaved = record["control"]["status"] == "REFUTED"
    return "refuted" if behaved else f"[bold red]{record['control']['status']}[/]"
