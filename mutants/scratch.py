"""A copy of the house to do harm to, and the tests that are run in it."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from math import ceil
from multiprocessing.process import BaseProcess
from pathlib import Path

ROOT = Path(__file__).parent.parent
NURSERY = multiprocessing.get_context("forkserver")
NURSERY.set_forkserver_preload(
    ["numpy", "scipy.stats", "scipy.integrate", "sympy", "matplotlib.figure", "xarray", "torch"]
)
"""Where a new process has loaded these already, which is half of what pytest would spend before the first test."""

PATIENCE = 20


def tracked(root: Path) -> list[str]:
    """The files of a checkout, new ones too, but not what git ignores."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted(name for name in names if name and (root / name).is_file())


def copy_house(root: Path, target: Path) -> None:
    """Copy the checkout, from where its door leads into its own rooms."""
    for name in tracked(root):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target / name)


def pytest_in(house: Path, arguments: Iterable[str], timeout: float, *, keep_bytecode: bool = False) -> int | None:
    """The exit status of pytest in a copy; `None` where it took more than `timeout` seconds and was killed.

    They are seconds of its own work, so that a busy machine makes nothing late; one that waits and does not work is
    given `PATIENCE` times as many.
    """
    process = NURSERY.Process(target=_pytest, args=(house, list(arguments), ceil(timeout), keep_bytecode))
    process.start()
    try:
        process.join(PATIENCE * timeout)
        late = process.is_alive()
    finally:
        end(process)
    return None if late or process.exitcode == -signal.SIGXCPU else process.exitcode


def _pytest(house: Path, arguments: list[str], seconds: int, keep_bytecode: bool) -> None:
    """In a process of its own, that leads a group of its own: pytest, as if it had been called in the copy."""
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 60))
    os.chdir(house)
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    os.dup2(1, 2)
    paths = [str(house), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    os.environ |= {"CI": "1", "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    if not keep_bytecode:
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
    sys.path.insert(0, str(house))
    import pytest

    os._exit(pytest.main(["-q", "--tb=no", "--no-header", "-p", "no:cacheprovider", *arguments]))


def end(process: BaseProcess) -> None:
    """End a process, and those that it has left behind in its group."""
    if process.pid is not None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def digest(root: Path, names: Iterable[str]) -> str:
    """What these files say, in twelve letters."""
    whole = hashlib.sha256()
    for name in sorted(names):
        whole.update(name.encode() + b"\0" + (root / name).read_bytes() + b"\0")
    return whole.hexdigest()[:12]
