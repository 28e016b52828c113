"""Hold the trial of one claim, or of many in parallel; the same verdicts for any number of workers."""

from __future__ import annotations

import _thread
import multiprocessing
import os
import platform
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from threadpoolctl import threadpool_limits

from simulations.images import ImageSet, folder, photographs
from verify.claim import Claim, Examination, Examine, Profile
from verify.evidence import Evidence
from verify.registry import find_claim
from verify.verdict import Control, Verdict, judge

PACKAGES = ("nfrlab", "numpy", "scipy", "sympy", "python-flint", "hypothesis", "scikit-learn")


@cache
def images_from(path: Path | None) -> ImageSet:
    """The photographs that ship with the product, or a user's folder."""
    return photographs() if path is None else folder(path)


def versions() -> dict[str, str]:
    """What the verdict depends on."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def try_claim(claim: Claim, seed: int, profile: Profile, images: ImageSet) -> Verdict:
    """Examine a claim and its negative control, and judge both."""
    start = time.perf_counter()
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / "nfrlab-hypothesis"))

    def evidence(part: Literal["trial", "control"], examine: Examine) -> tuple[Evidence, ...]:
        return tuple(examine(Examination(claim.id, part, seed, profile, images)))

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
        seed,
        versions(),
        f"CPU, {platform.machine()}",
        images.source,
        round(time.perf_counter() - start, 3),
    )


def try_by_id(id: str, seed: int, profile: Profile, images: Path | None) -> Verdict:
    """The same from plain values, as a worker receives them."""
    return try_claim(find_claim(id), seed, profile, images_from(images))


def _die_with_parent() -> None:
    """A worker ends silently on Ctrl-C; its parent reports."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """No Ctrl-C while workers start: they inherit this and print nothing if one comes while they import."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


@contextmanager
def interrupts_heard() -> Iterator[None]:
    """A Ctrl-C that Python swallows, because it lands in a garbage-collection callback, is sent again a moment
    later.
    """
    usual = sys.unraisablehook

    def again(unraisable: sys.UnraisableHookArgs) -> None:
        if isinstance(unraisable.exc_value, KeyboardInterrupt):
            threading.Timer(0.02, _thread.interrupt_main).start()
        else:
            usual(unraisable)

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = usual


def hold(
    ids: Sequence[str], seed: int, profile: Profile, images: Path | None = None, jobs: int = 1
) -> Iterator[Verdict]:
    """The verdicts on `ids`, in the order in which they are reached. On Ctrl-C the workers are ended."""
    if jobs == 1 or len(ids) == 1:
        with interrupts_heard():
            yield from (try_by_id(id, seed, profile, images) for id in ids)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(ids)), mp_context=context, initializer=_die_with_parent)
    try:
        with _interrupts_ignored():  # until every worker has set its own answer to Ctrl-C
            futures = [pool.submit(try_by_id, id, seed, profile, images) for id in ids]
        for future in as_completed(futures):
            yield future.result()
        pool.shutdown()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in multiprocessing.active_children():
            worker.terminate()
        raise


def default_jobs() -> int:
    """One worker per core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
