"""Verdicts as a table on the console: one line a claim, and what the run counted and spent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from nfrlab.verify.commands.console import wide_console
from nfrlab.verify.report import wording

COLOURS = {"CONFIRMED": "green", "REFUTED": "red", "INCONCLUSIVE": "yellow", "NOT RUN": "dim"}


def coloured(status: str) -> str:
    """A status in its colour, as rich's markup."""
    return f"[{COLOURS[status]}]{status}[/]"


def print_verdicts(records: Sequence[dict[str, Any]]) -> None:
    """One line per claim, and what the run counted and spent."""
    listing = Table("claim", "verdict", "control", "decided by", "reach", "s", header_style="bold", show_lines=True)
    for record in records:
        listing.add_row(
            record["id"],
            coloured(record["status"]),
            _control(record),
            wording.ground(record).replace("[", r"\["),
            wording.reach(record),
            f"{record['wall_s']:.1f}",
        )
    wide_console().print(listing)
    counts = {status: sum(record["status"] == status for record in records) for status in COLOURS}
    run = [record for record in records if record["status"] != "NOT RUN"]
    controls = sum(record["control"]["status"] == "REFUTED" for record in run)
    spent = sum(record["alpha"] for record in records)
    wide_console().print(
        ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        + f"; {controls} of {len(run)} negative controls refuted; error probability spent {spent:.1e}",
        highlight=False,
    )


def _control(record: dict[str, Any]) -> str:
    """What became of the negative control; in red where it was not refuted."""
    if record["status"] == "NOT RUN":
        return ""
    refuted = record["control"]["status"] == "REFUTED"
    return "refuted" if refuted else f"[bold red]{record['control']['status']}[/]"
