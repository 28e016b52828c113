"""`nfrlab verify --seeds N`: every claim at the seeds 0 … N − 1, for a night."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.table import Table

from nfrlab.verify.commands.console import console, refusals, wide_console
from nfrlab.verify.commands.progress import progress
from nfrlab.verify.commands.verdict_table import coloured
from nfrlab.verify.court.claim import Profile
from nfrlab.verify.proceedings.seeds import FILE, Steadiness, Trial, by_claim, key, stored_trials, try_at_seeds


def try_many_seeds(
    claims: Sequence[str], seeds: int, profile: Profile, images: Path | None, jobs: int, out: Path
) -> bool:
    """Try the claims at all seeds, store each trial as it is reached, and print how they came out, claim by claim.

    Returns whether all are steady. What an earlier run has stored is not tried again. Takes the arguments of
    `broken.try_broken_worlds`, with the number of seeds for the seed.
    """
    trials, total = list[Trial](), seeds * len(claims)
    with refusals():
        stored_trials(out, key(profile, images, out))
    try:
        with progress("trials", total, "in court") as bar:
            for trials in try_at_seeds(claims, seeds, profile, out, images, jobs):
                bar.update(len(trials), total, f"{trials[-1].claim} at seed {trials[-1].seed}" if trials else "")
    except KeyboardInterrupt:
        print(f"nfrlab: interrupted; {len(trials)} of {total} trials are kept in {out}", file=sys.stderr)
        raise typer.Exit(130) from None
    found = by_claim(trials, claims)
    print_steadiness(found)
    console.print(out / FILE, highlight=False, soft_wrap=True)
    return all(each.steady for each in found)


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
