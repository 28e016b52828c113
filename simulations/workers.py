"""Calls in worker processes, and Ctrl-C while they start and run: it ends the workers and is the caller's to report."""

from __future__ import annotations

import _thread
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")
TRACKER = "ignore:resource_tracker:UserWarning"
MANAGER = "ExecutorManagerThread"
"""What joblib's pools call the thread that hands calls to their workers."""
END = os._exit
"""As it is, whatever a user's code is given in its place."""


def results_as_completed(function: Callable[..., T], calls: Sequence[tuple[Any, ...]], jobs: int = 1) -> Iterator[T]:
    """`function(*call)` of every call, each as soon as it is there, from at most `jobs` processes.

    With one job, or one call, nothing leaves this process. On Ctrl-C, and on any error, the workers are ended.
    """
    if jobs == 1 or len(calls) <= 1:
        with interrupts_heard():
            yield from (function(*call) for call in calls)
        return
    quiet_ends()
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(calls)), mp_context=context, initializer=_die_with_parent)
    try:
        with interrupts_ignored():  # until every worker has set its own answer to Ctrl-C
            futures = [pool.submit(function, *call) for call in calls]
        for future in as_completed(futures):
            yield future.result()
        pool.shutdown()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in multiprocessing.active_children():
            worker.terminate()
        raise


def quiet_ends() -> None:
    """Workers that are ended leave semaphores behind, which a tracker of the next pool removes without a word: what has
    to be said the run says.
    """
    if TRACKER not in sys.warnoptions:
        sys.warnoptions.append(TRACKER)  # handed on to processes that are started


@contextmanager
def cancelled_calls_forgotten() -> Iterator[None]:
    """A pool of joblib's that is ended in here may still look for the calls that were taken away from it: its thread
    ends on the `KeyError` without a word. Errors of all other threads are shown as they are.
    """
    usual = threading.excepthook

    def say(error: threading.ExceptHookArgs) -> None:
        if not (isinstance(error.exc_value, KeyError) and getattr(error.thread, "name", None) == MANAGER):
            usual(error)

    threading.excepthook = say
    try:
        yield
    finally:
        threading.excepthook = usual


def jobs_for(asked: int, each: float) -> int:
    """Workers: as many as are asked for, 0 for as many as there are cores, at most one per core that this process may
    use, and no more than memory holds at `each` GiB; at least one.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min(asked or cores, cores, available_memory() / each)))


def available_memory() -> float:
    """GiB that new processes may take, of the machine and of the control group; infinite where nothing says."""
    found = [inf]
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found.append(int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]) * 2**10)
    with suppress(OSError, ValueError):
        most, used = (Path(f"/sys/fs/cgroup/memory.{name}").read_text(encoding="ascii") for name in ("max", "current"))
        found.append(int(most) - int(used))
    return min(found) / 2**30


def _die_with_parent() -> None:
    """A worker ends silently on Ctrl-C, its parent reports; and it ends when its parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_after_parent, daemon=True).start()


def _end_after_parent() -> None:
    """Without this a worker whose parent is gone would wait for its next call for ever, in all its memory."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        END(1)


@contextmanager
def exits_heard() -> Iterator[None]:
    """`os._exit` raises `SystemExit` in here, as `sys.exit` does: a user's code never ends the program in silence."""

    def leave(status: int) -> NoReturn:
        raise SystemExit(status)

    usual, os._exit = os._exit, leave
    try:
        yield
    finally:
        os._exit = usual


@contextmanager
def exits_refused(whose: str) -> Iterator[None]:
    """Raises `ValueError` that says `whose` code it was, where a user's code ends the program in here."""
    try:
        with exits_heard():
            yield
    except SystemExit as error:
        raise ValueError(f"{whose} ended the program, with exit status {error.code}; take that out of it") from error


@contextmanager
def interrupts_ignored() -> Iterator[None]:
    """Ctrl-C is ignored in here, and by workers that start: they print nothing while they import; the run ends them.

    Outside the main thread, where no signal arrives, it does nothing.
    """
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
    """Ctrl-C is never lost in here: one that Python swallows, in a garbage-collection callback, is sent again."""
    usual = sys.unraisablehook

    def send_again(unraisable: sys.UnraisableHookArgs) -> None:
        if isinstance(unraisable.exc_value, KeyboardInterrupt):
            threading.Timer(0.02, _thread.interrupt_main).start()
        else:
            usual(unraisable)

    sys.unraisablehook = send_again
    try:
        yield
    finally:
        sys.unraisablehook = usual
