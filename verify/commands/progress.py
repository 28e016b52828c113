"""The display of long work: one bar that looks the same for claims, blocks and draws; one line of it off a terminal."""

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

from nfrlab.verify.commands.console import console, tell

LONG = 30.0
"""Seconds that work takes, and has still to take, before one is told how long off a terminal."""


@dataclass
class Bar:
    """A bar that is shown; off a terminal it counts, and says once how long the work is if that is a minute or more."""

    display: Progress
    task: TaskID
    pace: str = ""
    resumed: int = 0
    told: bool = False

    def update(self, done: int, total: int, note: str = "") -> None:
        """Show `done` of `total`, and a note beside the bar."""
        self.display.update(self.task, completed=done, total=total, note=note)
        if self.display.disable and not self.told and done > self.resumed:
            left = self.seconds * (total - done) / (done - self.resumed)
            if min(self.seconds, left) > LONG:
                self.told = True
                what = self.display.tasks[0].description
                after, ahead = duration(self.seconds), duration(left)
                tell(f"{done} of {total} {what} after {after}; {ahead} to go at this pace{self.pace}")

    def restart(self, done: int, total: int) -> None:
        """Start the clock again at `done` of `total`: what is there already took no time."""
        self.resumed = done
        self.display.reset(self.task, completed=done, total=total, note="")

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return self.display.tasks[0].elapsed or 0.0


def duration(seconds: float) -> str:
    """A time in words: `40 s`, `12 min`, `3.5 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


@contextmanager
def progress(what: str, total: int | None = None, note: str = "", pace: str = "") -> Iterator[Bar]:
    """A live bar of `what`, with the time spent and the time left, that is gone at the end; `pace` says what is known
    of how evenly the time is spent.
    """
    columns = (
        TextColumn("{task.description}"),
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        yield Bar(display, display.add_task(what, total=total, note=note), pace)
