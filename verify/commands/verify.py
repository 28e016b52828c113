"""The command `nfrlab verify`: try claims, store each verdict as it is reached, and report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from nfrlab.simulations.files import NotWritable, writable
from nfrlab.simulations.images import UnusableImage
from nfrlab.simulations.workers import jobs_for
from nfrlab.verify.commands.console import (
    OUT,
    Images,
    Jobs,
    Seed,
    check_images,
    console,
    folder,
    refusals,
    refuse,
    require_counts,
    require_jobs,
    say,
    tell,
    wide_console,
)
from nfrlab.verify.commands.progress import progress
from nfrlab.verify.commands.tables.broken import print_sights
from nfrlab.verify.commands.tables.verdicts import coloured, print_steadiness, print_verdicts
from nfrlab.verify.court.claim import PROFILES, Profile
from nfrlab.verify.court.verdict import Verdict
from nfrlab.verify.proceedings import power, record, store
from nfrlab.verify.proceedings.outside import FailedExamination, order, sources
from nfrlab.verify.proceedings.registry import REGISTRY, find_claim
from nfrlab.verify.proceedings.seeds import FILE, Trial, by_claim, key, stored_trials, try_at_seeds
from nfrlab.verify.proceedings.store import MEASUREMENTS
from nfrlab.verify.proceedings.trial import load_measurements, try_claims

GIB = 0.5
"""Memory of a worker."""
STOPS = FailedExamination, NotWritable, UnusableImage
"""What ends the trials with a sentence; any other error is a defect."""


def verify(
    claims: Annotated[
        list[str] | None,
        typer.Argument(help="Ids of claims, or FILE.py:CLAIMS for your own; all of the registry by default."),
    ] = None,
    profile: Annotated[str, typer.Option(help="quick (minutes) or full.")] = "quick",
    seed: Seed = 0,
    jobs: Jobs = 0,
    out: Annotated[Path, folder("--out", "Folder for verdicts.json and report.html.")] = OUT,
    images: Images = None,
    accept: Annotated[
        list[str] | None, typer.Option(help="Put the verdict on this claim on record; needs --because.")
    ] = None,
    broken: Annotated[
        bool, typer.Option("--broken", help="Try them in worlds broken on purpose: which breaks do they notice?")
    ] = False,
    because: Annotated[str, typer.Option(help="Why a changed verdict is right.")] = "",
    seeds: Annotated[int, typer.Option(help="Try them at the seeds 0 … N − 1 instead of one: which stay open?")] = 0,
) -> None:
    """Try claims, store and print the verdicts, and write the report.

    The verdicts are merged into verdicts.json; report.html beside it is one page that loads nothing. One that differs
    from the verdict on record is a failure; --accept ID --because REASON puts the new one there. Claims of your own
    need not be in the registry: FILE.py:CLAIMS names a Claim, or a tuple of them, that FILE.py defines. The code of
    FILE.py is run.
    """
    with refusals():
        accepted = [find_claim(id).id for id in accept or ()]
        if bool(accepted) != bool(because.strip()):
            raise ValueError("--accept ID and --because REASON go together: a record changes for a reason")
        chosen = sources([*(claims or ()), *accepted] or list(REGISTRY))
        if profile not in PROFILES:
            raise ValueError(f"unknown profile '{profile}'; choose {' or '.join(PROFILES)}")
        require_counts(seed=seed, seeds=seeds)
        require_jobs(jobs)
        store.prepare(out, len(chosen))
        store.read(out)
        power.stored_sights(out)
        load_measurements(out / MEASUREMENTS)
        if (broken or seeds) and any(chosen.values()):
            raise ValueError("--broken and --seeds are for claims of the registry; leave FILE.py:CLAIMS out")
        if seeds and (broken or accepted or seed):
            raise ValueError("--seeds N tries the seeds 0 … N − 1; leave --seed, --broken and --accept out")
        say(check_images(images, 32 if profile == "full" else 8))
    if broken:
        with refusals(STOPS):
            noticed = try_broken_worlds(list(chosen), seed, profile, images, jobs_for(jobs, GIB), out)
        raise typer.Exit(0 if noticed else 1)
    if seeds:
        with refusals(STOPS):
            steady = try_many_seeds(list(chosen), seeds, profile, images, jobs_for(jobs, GIB), out)
        raise typer.Exit(0 if steady else 1)
    verdicts = try_and_report(chosen, seed, profile, images, jobs_for(jobs, GIB), out)
    with refusals():
        for id in accepted:
            record.accept(verdicts[id], because.strip(), date.today())
    raise typer.Exit(0 if all_as_on_record(verdicts) else 1)


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


def all_as_on_record(verdicts: Mapping[str, Verdict]) -> bool:
    """Whether every verdict passes and is the one on record; those that changed are printed."""
    changes = [change for verdict in verdicts.values() if (change := record.change(verdict))]
    for change in changes:
        console.print(f"[bold red]changed[/] {change}", highlight=False, soft_wrap=True)
    return all(verdict.passed for verdict in verdicts.values()) and not changes


def try_and_report(
    chosen: Mapping[str, str | None], seed: int, profile: Profile, images: Path | None, jobs: int, out: Path
) -> dict[str, Verdict]:
    """Try the claims, merge their verdicts into `out`, write the report, and print the verdicts; return them by id.

    Parameters
    ----------
    chosen
        The claims by id, each with the FILE.py:CLAIMS that it comes from; None for one of the registry.
    images
        A folder of images, instead of the shipped photographs.
    jobs
        Worker processes.
    """
    verdicts: dict[str, Verdict] = {}
    try:
        with progress("claims", len(chosen), "in court") as bar:
            for verdict in try_claims(chosen, seed, profile, images, jobs, out / MEASUREMENTS):
                verdicts[verdict.id] = verdict
                records = store_verdict(verdict, out, len(verdicts), len(chosen))
                bar.update(len(verdicts), len(chosen), f"{verdict.id} {coloured(verdict.status)}")
    except KeyboardInterrupt:
        tell(f"interrupted; {len(verdicts)} of {len(chosen)} claims are finished and kept in {out}")
        raise typer.Exit(130) from None
    except STOPS as error:
        raise refuse(str(error)) from error
    except (BrokenExecutor, MemoryError) as error:
        kept = f"{len(verdicts)} of {len(chosen)} verdicts are kept in {out}"
        raise refuse(f"a worker was ended (out of memory?); {kept}") from error
    report(out)
    print_verdicts([records[id] for id in chosen])
    say(f"{out / 'verdicts.json'}  {out / 'report.html'}")
    return verdicts


def report(out: Path) -> None:
    """Write the report of all that is stored in `out`."""
    from nfrlab.verify.report.html import write_report

    with refusals(), writable(out):
        write_report(out)


def store_verdict(verdict: Verdict, out: Path, done: int, total: int) -> dict[str, dict[str, Any]]:
    """Merge the verdict, one of `done` out of `total`, into what is stored; return all that is."""
    try:
        return store.merge(out, {verdict.id: verdict.as_json()}, order)
    except ValueError as error:
        raise refuse(str(error)) from error
    except OSError as error:
        reason = f"cannot write to {out} ({error.strerror}); {done - 1} of {total} verdicts are kept there"
        raise refuse(reason) from error


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
        tell(f"interrupted; {len(trials)} of {total} trials are kept in {out}")
        raise typer.Exit(130) from None
    found = by_claim(trials, claims)
    print_steadiness(found)
    say(str(out / FILE))
    return all(each.steady for each in found)
