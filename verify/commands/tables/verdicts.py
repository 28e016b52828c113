"""Verdicts as a table on the console: one line a claim, and what the run counted and spent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from nfrlab.verify.commands.console import shown, wide_console
from nfrlab.verify.proceedings.seeds import Steadiness
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
            shown(record["id"]),
            coloured(record["status"]),
            _control(record),
            shown(wording.ground(record)),
            shown(wording.reach(record)),
            f"{record['wall_s']:.1f}",
        )
    wide_console().print(listing)
    counts = {status: sum(record["status"] == status for record in records) for status in COLOURS}
    run = [record for record in records if record["status"] != "NOT RUN"]
    controls = sum(wording.is_refuted(record["control"]) for record in run)
    needed = [record for record in run if record["status"] == "REFUTED"]
    upheld = sum(wording.is_upheld(record.get("restored")) for record in needed)
    spent = sum(record["alpha"] for record in records)
    wide_console().print(
        ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        + f"; negative controls refuted: {controls} of {len(run)}, positive ones upheld: {upheld} of {len(needed)}"
        + f"; error probability spent {spent:.1e}",
        highlight=False,
    )


def _control(record: dict[str, Any]) -> str:
    """What became of the controls; in red where the negative one was not refuted, or the positive one not upheld."""
    if record["status"] == "NOT RUN":
        return ""
    negative = "refuted" if wording.is_refuted(record["control"]) else "[bold red]not refuted[/]"
    if record["status"] != "REFUTED":
        return negative
    return f"{negative}, {'upheld' if wording.is_upheld(record.get('restored')) else '[bold red]not upheld[/]'}"


def print_steadiness(found: Sequence[Steadiness]) -> None:
    """A line a claim: how often it came out how, where it stayed open, where it differs from the record; the totals."""
    listing = Table("claim", "verdicts", "open at", "differs at", header_style="bold")
    for each in found:
        verdicts = ", ".join(f"{coloured(status)} × {count}" for status, count in each.statuses.most_common())
        listing.add_row(each.claim, verdicts, seeds_in_words(each.open_at), seeds_in_words(each.changed_at))
    wide_console().print(listing)
    trials = sum(len(each.trials) for each in found)
    still_open = sum(len(each.open_at) for each in found)
    changed = sum(len(each.changed_at) for each in found)
    unsteady = [each.claim for each in found if not each.steady]
    wide_console().print(
        f"{trials} trials, {still_open} left open ({still_open / max(1, trials):.2%}), {changed} other than on record"
        + (f"; not steady: {', '.join(unsteady)}" if unsteady else ""),
        highlight=False,
    )


def seeds_in_words(seeds: Sequence[int]) -> str:
    """`seed 7`, `seeds 3, 7`, or nothing."""
    return f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}" if seeds else ""
