"""A copy of the house to do harm to, and the tests that are run in it."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent


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
    """The exit status of pytest in a copy; `None` where it took longer than `timeout` seconds and was killed."""
    here = os.environ.get("PYTHONPATH", "")
    environment = os.environ | {
        "CI": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(house), here))),
        "PYTHONDONTWRITEBYTECODE": "" if keep_bytecode else "1",
    }
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "--no-header", "-p", "no:cacheprovider"]
    process = subprocess.Popen(
        [*command, *arguments],
        cwd=house,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process, and those that it has left behind in its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()


def digest(root: Path, names: Iterable[str]) -> str:
    """What these files say, in twelve letters."""
    whole = hashlib.sha256()
    for name in sorted(names):
        whole.update(name.encode() + b"\0" + (root / name).read_bytes() + b"\0")
    return whole.hexdigest()[:12]
