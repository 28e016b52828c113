"""Claims tried at many seeds: how often does a verdict stay open, or come out other than it is on record?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from nfrlab.simulations.files import one_writer, write_atomically
from nfrlab.simulations.resumable import code_digest
from nfrlab.simulations.workers import results_as_completed
from nfrlab.verify.court.claim import Profile
from nfrlab.verify.court.verdict import Verdict
from nfrlab.verify.proceedings import record
from nfrlab.verify.proceedings.store import MEASUREMENTS
from nfrlab.verify.proceedings.trial import try_by_id, versions

FILE = "seeds.json"
MOST_OPEN = 0.01
"""The share of the seeds at which a claim may stay open."""
CODE = ("theory/**/*.py", "simulations/**/*.py", "verify/**/*.py")
"""What a verdict is computed by."""


@dataclass(frozen=True)
class Trial:
    """One claim, tried at one seed.

    Attributes
    ----------
    claim, seed, status
        Its id, the root of its random numbers, its verdict.
    settled
        Whether the verdict passes: it is decided and its controls behaved, or something is missing that it names.
    change
        In one sentence how it differs from the verdict on record; "" where it does not.
    """

    claim: str
    seed: int
    status: str
    settled: bool
    change: str

    @classmethod
    def of(cls, verdict: Verdict, seed: int) -> Trial:
        """What is kept of a verdict that was reached at a seed."""
        return cls(verdict.id, seed, str(verdict.status), verdict.passed, record.change(verdict))


def try_at_seeds(
    claims: Sequence[str],
    seeds: int,
    profile: Profile,
    out: Path,
    images: Path | None = None,
    jobs: int = 1,
) -> Iterator[list[Trial]]:
    """Try every claim at every seed 0 … `seeds` − 1 that `out`/seeds.json does not hold yet, of this code.

    Yields all trials of these claims and seeds so far: first those that are there, then with each trial one more,
    which is stored before. Takes the arguments of `trial.try_claims`.
    """
    under = key(profile, images, out)
    kept = stored_trials(out, under)
    wanted = [(id, seed) for seed in range(seeds) for id in claims]
    found = [trial for trial in kept if (trial.claim, trial.seed) in set(wanted)]
    yield found
    there = {(trial.claim, trial.seed) for trial in found}
    calls = [(id, seed, profile, images, out / MEASUREMENTS) for id, seed in wanted if (id, seed) not in there]
    for trial in results_as_completed(_at_seed, calls, jobs):
        found = [*found, trial]
        with one_writer(out):
            store_trials(out, under, [*stored_trials(out, under), trial])
        yield found


def _at_seed(id: str, seed: int, profile: Profile, images: Path | None, measurements: Path) -> Trial:
    return Trial.of(try_by_id(id, None, seed, profile, images, measurements), seed)


def key(profile: Profile, images: Path | None, out: Path) -> dict[str, Any]:
    """What trials depend on besides claim and seed: what was stored under another key is of no use."""
    return {
        "profile": profile,
        "images": None if images is None else str(images),
        "measurements": {path.name: path.stat().st_mtime_ns for path in sorted((out / MEASUREMENTS).glob("*.nc"))},
        "code": code_digest(CODE, json.dumps(versions(), sort_keys=True)),
    }


def stored_trials(out: Path, under: Mapping[str, Any]) -> list[Trial]:
    """What is stored in `out` under a key; nothing where there is no file, or one under another key.

    Raises `ValueError` for a file that is damaged.
    """
    path = out / FILE
    if not path.exists():
        return []
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        rows = [Trial(**row) for row in document["trials"]]
        return rows if document["key"] == under else []
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is no table of nfrlab verify --seeds; move it away") from error


def store_trials(out: Path, under: Mapping[str, Any], trials: Sequence[Trial]) -> None:
    """Store trials under a key, by claim and seed."""
    rows = [asdict(trial) for trial in sorted(trials, key=lambda each: (each.claim, each.seed))]
    write_atomically(out / FILE, json.dumps({"key": under, "trials": rows}, ensure_ascii=False, indent=1) + "\n")


@dataclass(frozen=True)
class Steadiness:
    """One claim at all the seeds that it was tried at."""

    claim: str
    trials: tuple[Trial, ...]

    @property
    def statuses(self) -> Counter[str]:
        """How often it came out how."""
        return Counter(trial.status for trial in self.trials)

    @property
    def open_at(self) -> list[int]:
        """The seeds at which it did not pass."""
        return [trial.seed for trial in self.trials if not trial.settled]

    @property
    def share_open(self) -> float:
        """The share of the seeds at which it did not pass."""
        return len(self.open_at) / len(self.trials)

    @property
    def changed_at(self) -> list[int]:
        """The seeds at which its verdict was decided, and other than it is on record."""
        return [trial.seed for trial in self.trials if trial.change and trial.settled]

    @property
    def steady(self) -> bool:
        """Whether it stayed open at 1 % of the seeds or fewer, and came out as it is on record wherever it did not."""
        return self.share_open <= MOST_OPEN and not self.changed_at


def by_claim(trials: Sequence[Trial], order: Sequence[str]) -> list[Steadiness]:
    """The trials of every claim that was tried, claims in the order given, seeds in theirs."""
    ordered = sorted(trials, key=lambda each: (order.index(each.claim), each.seed))
    return [Steadiness(id, tuple(some)) for id, some in groupby(ordered, key=lambda each: each.claim)]
