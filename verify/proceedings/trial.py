"""Hold the trial of one claim, or of many in parallel; the same verdicts for any number of workers."""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from threadpoolctl import threadpool_limits

from nfrlab.simulations.images import ImageSet, image_set
from nfrlab.simulations.workers import results_as_completed
from nfrlab.verify.court.claim import Claim, Examination, Examine, Measured, Profile
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.court.verdict import Control, Verdict, judge
from nfrlab.verify.proceedings.registry import find_claim
from nfrlab.verify.proceedings.store import datasets

MEASUREMENTS = "bridge"
"""The folder of the bridge's results, inside that of the verdicts."""

PACKAGES = ("nfrlab", "numpy", "scipy", "sympy", "python-flint", "hypothesis", "scikit-learn")


def versions() -> dict[str, str]:
    """What the verdict depends on."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def try_claim(
    claim: Claim, seed: int, profile: Profile, images: ImageSet, measured: Measured = MappingProxyType({})
) -> Verdict:
    """Examine a claim and its negative control, and judge both; NOT RUN where a measurement that it needs is
    missing.
    """
    start = time.perf_counter()
    measured = claim.scope(measured)
    missing = claim.missing(measured)
    origin = next((own.attrs for own in measured.values()), None) if claim.on_deep_networks else None

    def said(attribute: str, between: str) -> str:
        """Of all measurements, each once."""
        return between.join(dict.fromkeys(str(own.attrs[attribute]) for own in measured.values()))

    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / "nfrlab-hypothesis"))

    def evidence(part: Literal["trial", "control"], examine: Examine) -> tuple[Evidence, ...]:
        return () if missing else tuple(examine(Examination(claim.id, part, seed, profile, images, measured)))

    with threadpool_limits(1):  # BLAS sums in one order, whatever the number of workers
        trial = evidence("trial", claim.examine)
        control = evidence("control", claim.control.examine)
    return Verdict(
        claim.id,
        claim.title,
        claim.source,
        claim.statement,
        claim.premises,
        claim.repairs,
        judge(trial),
        trial,
        Control(claim.control.premise, judge(control), control),
        profile,
        seed if origin is None else int(origin["seed"]),
        versions() if origin is None else versions() | json.loads(origin["versions"]),
        f"CPU, {platform.machine()}" if origin is None else str(origin["device"]),
        images.source if origin is None else said("images", "; "),
        round(time.perf_counter() - start, 3),
        missing,
        "" if origin is None else said("command", " && "),
    )


def try_by_id(id: str, seed: int, profile: Profile, images: Path | None, measurements: Path | None = None) -> Verdict:
    """The same from plain values, as a worker receives them."""
    return try_claim(find_claim(id), seed, profile, image_set(images), measured_in(measurements))


@cache
def measured_in(folder: Path | None) -> Measured:
    """The bridge's results in a folder, one dataset per setting; none where there is no such folder.

    Raises `ValueError` for one that cannot be read.
    """
    return MappingProxyType({} if folder is None else datasets(folder))


def hold(
    ids: Sequence[str],
    seed: int,
    profile: Profile,
    images: Path | None = None,
    jobs: int = 1,
    measurements: Path | None = None,
) -> Iterator[Verdict]:
    """The verdicts on `ids`, in the order in which they are reached. On Ctrl-C the workers are ended.

    `measurements` is a folder of the bridge's results, for the claims that are judged from them.
    """
    return results_as_completed(try_by_id, [(id, seed, profile, images, measurements) for id in ids], jobs)
