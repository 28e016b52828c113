"""Try one claim, or many in parallel; the verdicts do not depend on the number of workers."""

from __future__ import annotations

import atexit
import json
import os
import platform
import shlex
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from threadpoolctl import threadpool_limits

from nfrlab.simulations.images import ImageSet, image_set
from nfrlab.simulations.workers import exits_heard, results_as_completed
from nfrlab.verify.court.claim import (
    BrokenPremise,
    Claim,
    Examination,
    Examine,
    Measured,
    Part,
    Profile,
    RestoredPremise,
)
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.court.verdict import Control, Verdict, judge
from nfrlab.verify.proceedings import outside
from nfrlab.verify.proceedings.registry import find_claim
from nfrlab.verify.proceedings.store import datasets

PACKAGES = ("nfrlab", "numpy", "scipy", "sympy", "python-flint", "hypothesis", "scikit-learn")


def versions() -> dict[str, str]:
    """What the verdict depends on."""
    from importlib.metadata import version  # 12 ms, which no list of claims and no refusal has to wait for

    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


@cache
def private_folder() -> str:
    """A folder that is this user's alone, under a name that nobody can foresee, and gone when the process ends.

    Hypothesis leaves there what it finds out about the code; a shared folder of a known name could be put in its way.
    """
    folder = tempfile.TemporaryDirectory(prefix="nfrlab-")
    atexit.register(folder.cleanup)
    return folder.name


def try_claim(
    claim: Claim | str,
    seed: int = 0,
    profile: Profile = "quick",
    images: ImageSet | None = None,
    measured: Measured = MappingProxyType({}),
) -> Verdict:
    """Examine a claim and its controls, and judge them all.

    NOT RUN where a measurement that it needs is missing. Raises `ValueError` for an unknown id.

    Parameters
    ----------
    claim
        The claim, or the id of one in the registry.
    seed, profile
        The root of all random numbers; how thorough to be, quick or full.
    images
        Where real inputs come from; by default the photographs that ship with scikit-learn.
    measured
        The bridge's results by setting, for claims on deep networks.
    """
    start = time.perf_counter()
    claim = find_claim(claim) if isinstance(claim, str) else claim
    images = image_set(None) if images is None else images
    measured = claim.scope(measured)
    missing = claim.missing(measured)
    origin = next((data.attrs for data in measured.values()), None) if claim.on_deep_networks else None

    def attributes(name: str, between: str) -> str:
        """An attribute of all measurements, each of its values once."""
        return between.join(dict.fromkeys(str(data.attrs[name]) for data in measured.values()))

    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", private_folder())

    def evidence(part: Part, examine: Examine) -> tuple[Evidence, ...]:
        return () if missing else tuple(examine(Examination(claim.id, part, seed, profile, images, measured)))

    def control(part: Part, broken: BrokenPremise | RestoredPremise) -> Control:
        found = evidence(part, broken.examine)
        return Control(premise=broken.premise, status=judge(found), evidence=found)

    with threadpool_limits(1):  # BLAS sums in one order, whatever the number of workers
        trial = evidence("trial", claim.examine)
        negative = control("control", claim.control)
        positive = control("restored", claim.restored) if claim.restored else None
    return Verdict(
        id=claim.id,
        title=claim.title,
        source=claim.source,
        statement=claim.statement,
        premises=claim.premises,
        repairs=claim.repairs,
        status=judge(trial),
        evidence=trial,
        control=negative,
        restored=positive,
        profile=profile,
        seed=seed if origin is None else int(origin["seed"]),
        versions=versions() if origin is None else versions() | json.loads(origin["versions"]),
        device=f"CPU, {platform.machine()}" if origin is None else str(origin["device"]),
        images=images.source if origin is None else attributes("images", "; "),
        wall_s=round(time.perf_counter() - start, 3),
        missing=missing,
        command="" if origin is None else attributes("command", " && "),
        settings="" if origin is None else named_settings(measured),
    )


def named_settings(measured: Measured) -> str:
    """The settings that were measured, each with the side of its images: `digits-trained 8², vgg16-gaussian 32²`."""
    sides = {name: json.loads(data.attrs.get("setting", "{}")).get("side") for name, data in measured.items()}
    return ", ".join(f"{name} {side}²" for name, side in sorted(sides.items()))


def try_by_id(
    id: str,
    source: str | None,
    seed: int,
    profile: Profile,
    images: Path | None,
    measurements: Path | None = None,
) -> Verdict:
    """The verdict on a claim of the registry, or of a source FILE.py:CLAIMS, from plain values: what a worker does.

    The verdict on a claim from outside has the command that reaches it again. Raises `FailedExamination` where its
    examination raises an exception.
    """
    given = seed, profile, image_set(images), load_measurements(measurements)
    if source is None:
        return try_claim(find_claim(id), *given)
    try:
        with exits_heard():
            verdict = try_claim(outside.load(source)[id], *given)
    except (Exception, SystemExit) as error:  # whatever a user's code stumbles over
        raise outside.failed(source, id, error) from error
    words = [source, "--profile", profile, "--seed", str(seed), *([] if images is None else ["--images", str(images)])]
    command = outside.RERUN + shlex.join(words)
    return replace(verdict, command=f"{verdict.command} && {command}" if verdict.command else command)


@cache
def load_measurements(folder: Path | None) -> Measured:
    """The bridge's results in a folder, one dataset per setting; none where there is no such folder.

    Raises `ValueError` for one that cannot be read.
    """
    return MappingProxyType({} if folder is None else datasets(folder))


def try_claims(
    claims: Mapping[str, str | None],
    seed: int,
    profile: Profile,
    images: Path | None = None,
    jobs: int = 1,
    measurements: Path | None = None,
) -> Iterator[Verdict]:
    """The verdicts on `claims`, in the order in which they are reached. On Ctrl-C the workers are ended.

    Parameters
    ----------
    claims
        Ids with the source FILE.py:CLAIMS that each comes from; None for a claim of the registry.
    images
        A folder of images, instead of the shipped photographs.
    jobs
        Worker processes.
    measurements
        A folder of the bridge's results, for the claims that are judged from them.
    """
    return results_as_completed(
        try_by_id, [(id, source, seed, profile, images, measurements) for id, source in claims.items()], jobs
    )
