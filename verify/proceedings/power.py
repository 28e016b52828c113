"""Claims tried in broken worlds: which break does which claim notice?

A break is *noticed* by a claim whose trial does not end as it does in the world as it is, or whose positive control is
not upheld there; it is *unnoticed* by one that it changes something for, and does not *touch* one whose evidence stays
the same. So a counterexample that outlives a break does not hide it: the control is the instrument's other half.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from nfrlab.simulations.files import one_writer, write_atomically
from nfrlab.simulations.images import image_set
from nfrlab.simulations.workers import results_as_completed
from nfrlab.verify.breaks import BREAKS, broken
from nfrlab.verify.breaks.reach import watched
from nfrlab.verify.court.claim import BrokenPremise, Claim, Measured, Profile
from nfrlab.verify.court.verdict import Verdict
from nfrlab.verify.proceedings.registry import REGISTRY, find_claim
from nfrlab.verify.proceedings.store import MEASUREMENTS, json_value
from nfrlab.verify.proceedings.trial import load_measurements, try_claim

FILE = "broken.json"
LARGE = 0.2
"""The size of a break from which every claim that it touches has to notice it, or to say why not."""
WITHOUT = BrokenPremise(premise="not tried here", examine=lambda exam: [])


class Outcome(StrEnum):
    """What became of a break in the eyes of a claim."""

    NOTICED = "noticed"
    UNNOTICED = "unnoticed"
    UNTOUCHED = "untouched"


@dataclass(frozen=True)
class Sight:
    """One claim in one broken world: the verdict in the world as it is, the one there, and what that means."""

    claim: str
    broken: str
    status: str
    there: str
    outcome: Outcome


def trial_of(claim: Claim, seed: int, profile: Profile, images: Path | None, measured: Measured) -> Verdict:
    """The verdict on a claim without its negative control, which is a broken world itself."""
    return try_claim(replace(claim, control=WITHOUT), seed, profile, image_set(images), measured)


def ending(verdict: Verdict) -> str:
    """How a trial ended: the status, and what has to be said of its positive control."""
    control = verdict.restored
    if control is None or control.upheld:
        return str(verdict.status)
    return f"{verdict.status}, its positive control {control.status}"


def sights(
    id: str, seed: int, profile: Profile, images: Path | None = None, measurements: Path | None = None
) -> list[Sight]:
    """One claim in every broken world that touches it; none for a claim that cannot be tried."""
    claim, measured = find_claim(id), load_measurements(measurements)
    with watched(BREAKS) as felt:
        usual = trial_of(claim, seed, profile, images, measured)
    if usual.missing:
        return []
    touching = [each for each in BREAKS if (BREAKS[each].distort and claim.on_deep_networks) or each in felt]
    return [sight(claim, usual, each, seed, profile, images, measured) for each in touching]


def sight(
    claim: Claim,
    usual: Verdict,
    id: str,
    seed: int,
    profile: Profile,
    images: Path | None = None,
    measured: Measured | None = None,
) -> Sight:
    """One claim, and its verdict in the world as it is, in the world of the break `id`.

    An examination that raises an exception there has noticed.
    """
    with broken(id) as world:
        distorted = world.distort(measured or {}) if world.distort else measured or {}
        try:
            found = trial_of(claim, seed, profile, images, distorted)
            there = ending(found)
        except Exception as error:  # whatever an examination stumbles over in a world that cannot be
            found, there = None, f"{type(error).__name__}: {error}"
    if found is not None and content(found) == content(usual):
        outcome = Outcome.UNTOUCHED
    else:
        outcome = Outcome.UNNOTICED if there == ending(usual) else Outcome.NOTICED
    return Sight(claim.id, id, ending(usual), there, outcome)


def content(verdict: Verdict) -> Any:
    """What the evidence of a trial and its positive control says.

    Numbers to ten digits: sums of floats may differ in the last from run to run.
    """

    def rounded(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: rounded(each) for key, each in value.items()}
        if isinstance(value, list):
            return [rounded(each) for each in value]
        return f"{value:.9e}" if isinstance(value, float) else value

    control = verdict.restored.evidence if verdict.restored else ()
    return rounded(json_value([each.as_json() for each in (*verdict.evidence, *control)]))


def try_broken(
    claims: Iterable[str],
    seed: int,
    profile: Profile,
    out: Path,
    images: Path | None = None,
    jobs: int = 1,
) -> Iterator[tuple[str, list[Sight]]]:
    """Every claim with its sights of broken worlds, as they are reached; each is merged into `out`/broken.json.

    Parameters
    ----------
    claims
        Ids of claims of the registry.
    seed, profile, images, jobs
        As in `trial.try_claims`.
    out
        The folder of the results; measurements of deep networks lie in it.
    """
    calls = [(id, seed, profile, images, out / MEASUREMENTS) for id in claims]
    for found in results_as_completed(_named_sights, calls, jobs):
        id, seen = found
        with one_writer(out):
            store_sights(out, stored_sights(out) | {id: seen})
        yield found


def _named_sights(
    id: str, seed: int, profile: Profile, images: Path | None, measurements: Path
) -> tuple[str, list[Sight]]:
    return id, sights(id, seed, profile, images, measurements)


def stored_sights(out: Path) -> dict[str, list[Sight]]:
    """What is stored in `out` by claim; nothing where there is no file. Raises `ValueError` for one that is damaged."""
    path = out / FILE
    if not path.exists():
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {id: [Sight(**row | {"outcome": Outcome(row["outcome"])}) for row in seen] for id, seen in rows.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path} is no table of nfrlab verify --broken; move it away") from error


def store_sights(out: Path, stored: Mapping[str, list[Sight]]) -> None:
    """Store sights by claim, in the order of the registry."""
    rows = {id: [asdict(row) for row in stored[id]] for id in REGISTRY if id in stored}
    write_atomically(out / FILE, json.dumps(rows, ensure_ascii=False, indent=1) + "\n")


def faults(stored: Mapping[str, list[Sight]]) -> list[str]:
    """What must not be: a declared break unnoticed, or one of 20 % or more by a claim that does not say why."""
    found = []
    for id, seen in stored.items():
        claim = REGISTRY[id]
        by_break = {row.broken: row for row in seen}
        for each in claim.notices:
            row = by_break.get(each)
            if row is None or row.outcome is not Outcome.NOTICED:
                found.append(f"{id} does not notice: {BREAKS[each].what}")
        silent = [row.broken for row in seen if row.outcome is Outcome.UNNOTICED and BREAKS[row.broken].size >= LARGE]
        if silent and not claim.blind:
            found.append(f"{id} does not say why it is blind to: {'; '.join(BREAKS[each].what for each in silent)}")
    return found
