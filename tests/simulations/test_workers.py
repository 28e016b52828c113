"""Workers: how many, and what Ctrl-C is to them and to the process that waits for them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from math import inf
from pathlib import Path

import pytest

from nfrlab.simulations import workers
from nfrlab.simulations.workers import interrupts_heard, interrupts_ignored, results_as_completed


def test_interrupts_are_ignored_and_then_heard_again() -> None:
    """Catches a process that Ctrl-C no longer ends after its workers have started, and one that it ends before."""
    usual = signal.getsignal(signal.SIGINT)
    with interrupts_ignored():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) is usual
    with pytest.raises(RuntimeError, match="within"), interrupts_ignored():
        raise RuntimeError("within")
    assert signal.getsignal(signal.SIGINT) is usual


def test_other_threads_leave_interrupts_alone() -> None:
    """Catches a signal handler that is set where Python forbids it."""
    seen: list[object] = []

    def elsewhere() -> None:
        with interrupts_ignored():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]


def test_a_swallowed_interrupt_is_sent_again() -> None:
    """Catches a Ctrl-C that is lost in a garbage-collection callback, and a hook that stays or eats other errors."""
    code = """
import gc, sys, time
from nfrlab.simulations.workers import interrupts_heard
usual = sys.unraisablehook
def swallow(phase, info):
    gc.callbacks.remove(swallow)
    raise KeyboardInterrupt
try:
    with interrupts_heard():
        assert sys.unraisablehook is not usual
        gc.callbacks.append(swallow)
        gc.collect()
        for _ in range(200):
            time.sleep(0.05)
        print("never heard of")
except KeyboardInterrupt:
    print("heard", sys.unraisablehook is usual)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "heard True\n"


@pytest.mark.parametrize("jobs", [1, 3])
def test_results_come_from_as_many_processes_as_asked(jobs: int) -> None:
    """Catches calls that are lost or made twice, workers without need, and one process where several are asked for."""
    calls = [(n,) for n in range(12)]
    assert sorted(results_as_completed(abs, calls, jobs)) == list(range(12))
    own = set(results_as_completed(os.getpgid, [(0,)], jobs))
    assert own == {os.getpgid(0)}
    ids = set(results_as_completed(_process, calls, jobs))
    assert (ids == {os.getpid()}) == (jobs == 1)
    assert len(ids) <= jobs


def _process(_: int) -> int:
    return os.getpid()


def test_what_ended_workers_leave_behind_is_removed_without_a_word(tmp_path: Path) -> None:
    """Catches lines on leaked semaphores behind the one sentence of a sweep that was stopped."""
    script = tmp_path / "sweeping.py"
    script.write_text(f"""
import os
from pathlib import Path
from joblib.externals.loky.backend.resource_tracker import _resource_tracker
from nfrlab.simulations import sweep
if __name__ == "__main__":
    sweep.run(sweep.Spec(("gbp",), ("gaussian",), (3,), (4,), (0, 1, 2), 2), Path({str(tmp_path / "out")!r}), 2)
    _resource_tracker.register("/left-behind", "semlock")
    os._exit(0)
""")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("forgotten", [True, False])
def test_a_pool_that_is_ended_with_calls_waiting_says_nothing(forgotten: bool, tmp_path: Path) -> None:
    """Catches a traceback of the pool's own thread behind the one sentence of a run that was stopped (the pool alone
    prints it), errors of other threads that are hidden, and a hook that stays.
    """
    script = tmp_path / "ending.py"
    script.write_text(f"""
import threading, time
from contextlib import nullcontext
from joblib.externals.loky import get_reusable_executor
from nfrlab.simulations.workers import cancelled_calls_forgotten
def fail():
    raise KeyError("elsewhere")
if __name__ == "__main__":
    usual = threading.excepthook
    with cancelled_calls_forgotten() if {forgotten} else nullcontext():
        pool = get_reusable_executor(2)
        calls = [pool.submit(time.sleep, 0.05 if call == 0 else 60) for call in range(40)]
        calls[0].result()
        time.sleep(1)  # until the worker has taken its next call: there is room for more in the queue
        pool.shutdown(kill_workers=True)
        other = threading.Thread(target=fail)
        other.start()
        other.join()
    assert threading.excepthook is usual
""")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=True)
    errors = [line for line in done.stderr.splitlines() if line.startswith("KeyError")]
    assert errors[-1] == "KeyError: 'elsewhere'"
    assert len(errors) == (1 if forgotten else 2)


@pytest.mark.parametrize(
    ("asked", "each", "jobs"),
    [(0, 0.5, 8), (3, 0.5, 3), (10**12, 0.5, 8), (0, 4.0, 2), (3, 4.0, 2), (0, 99.0, 1), (1, 0.5, 1)],
)
def test_jobs_are_bounded_by_cores_and_by_memory(
    asked: int, each: float, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches as many workers as a slip of the finger asks for, and those that the machine has no memory for."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(workers, "available_memory", lambda: 10.0)
    assert workers.jobs_for(asked, each) == jobs


def test_jobs_where_nothing_tells_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches an infinite number of workers on machines without Linux's files."""
    monkeypatch.setattr(workers, "available_memory", lambda: inf)
    assert workers.jobs_for(1, 0.5) == 1


def test_available_memory_is_less_than_the_machine_has() -> None:
    """Catches a wrong unit."""
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    assert 0.01 < workers.available_memory() < whole


def test_interrupts_heard_keeps_the_hook_of_others() -> None:
    """Catches errors of other kinds that are no longer shown."""
    seen: list[str] = []
    usual = sys.unraisablehook
    sys.unraisablehook = lambda unraisable: seen.append(type(unraisable.exc_value).__name__)

    class Bad:
        def __del__(self) -> None:
            raise LookupError

    try:
        with interrupts_heard():
            bad = Bad()
            del bad
    finally:
        sys.unraisablehook = usual
    assert seen == ["LookupError"]
