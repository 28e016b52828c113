"""The table of `nfrlab verify --broken`: which claim notices which broken world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from nfrlab.verify.breaks import BREAKS
from nfrlab.verify.commands.console import wide_console
from nfrlab.verify.proceedings.power import Outcome, Sight


def print_sights(seen: Mapping[str, Sequence[Sight]]) -> None:
    """A line a claim: which breaks it notices, and which it does not though they touch it; then the totals."""
    listing = Table("claim", "notices", "does not notice", header_style="bold", show_lines=True)
    for id, rows in seen.items():
        by_outcome = {outcome: [row.broken for row in rows if row.outcome is outcome] for outcome in Outcome}
        listing.add_row(id, ", ".join(by_outcome[Outcome.NOTICED]), ", ".join(by_outcome[Outcome.UNNOTICED]))
    wide_console().print(listing)
    rows = [row for some in seen.values() for row in some if row.outcome is not Outcome.UNTOUCHED]
    noticed = sum(row.outcome is Outcome.NOTICED for row in rows)
    unseen = [each for each in BREAKS if not any(row.broken == each and row.outcome is Outcome.NOTICED for row in rows)]
    wide_console().print(
        f"{noticed} of {len(rows)} breaks noticed, {len(seen)} claims × {len(BREAKS)} worlds"
        + (f"; no claim notices: {', '.join(unseen)}" if unseen else ""),
        highlight=False,
    )
