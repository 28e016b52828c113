"""The display of long work: one bar, on a terminal only, that looks the same for claims, blocks and draws."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from nfrlab.verify.commands.console import console


@dataclass(frozen=True)
class Bar:
    """A bar that is shown; off a terminal it counts in silence."""

    display: Progress
    task: TaskID

    def update(self, done: int, total: int, note: str = "") -> None:
        """Show `done` of `total`, and a note beside the bar."""
        self.display.update(self.task, completed=done, total=total, note=note)

    def restart(self, done: int, total: int) -> None:
        """Start the clock again at `done` of `total`: what is there already took no time."""
        self.display.reset(self.task, completed=done, total=total, note="")

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return self.display.tasks[0].elapsed or 0.0


@contextmanager
def progress(what: str, total: int | None = None, note: str = "") -> Iterator[Bar]:
    """A live bar of `what`, with the time spent and the time left, that is gone at the end."""
    columns = (
        TextColumn("{task.description}"),
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        yield Bar(display, display.add_task(what, total=total, note=note))
