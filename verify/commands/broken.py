"""`nfrlab verify --broken`: every claim in every world that is broken on purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table

from nfrlab.simulations.files import writable
from nfrlab.verify.breaks import BREAKS
from nfrlab.verify.commands.console import wide_console
from nfrlab.verify.commands.progress import progress
from nfrlab.verify.court.claim import Profile
from nfrlab.verify.proceedings import power
from nfrlab.verify.proceedings.power import Outcome, Sight


def try_broken_worlds(
    claims: Sequence[str], seed: int, profile: Profile, images: Path | None, jobs: int, out: Path
) -> bool:
    """Try the claims in every broken world that touches them; print, store and report what they notice.

    Returns whether every claim notices what it declares, and says why where a large break goes unnoticed.
    """
    with progress("claims", len(claims), "in broken worlds") as bar:
        for done, (id, _) in enumerate(power.try_broken(claims, seed, profile, out, images, jobs), start=1):
            bar.update(done, len(claims), id)
    seen = {id: rows for id, rows in power.stored_sights(out).items() if id in claims}
    print_sights(seen)
    from nfrlab.verify.report.html import write_report

    with writable(out):
        write_report(out)
    faults = power.faults(seen)
    for fault in faults:
        wide_console().print(f"[bold red]blind[/] {fault}", highlight=False, soft_wrap=True)
    return not faults


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
