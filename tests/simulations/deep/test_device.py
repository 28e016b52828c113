"""Rules and effects on a device that is no CPU (`standin_device.py`), in a process of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def test_nothing_is_left_on_the_cpu() -> None:
    """Catches a tensor made on the CPU among those of a GPU, in any rule, effect or picture, though no GPU is there."""
    pytest.importorskip("torch")
    arguments = ["-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "tests/support/standin_device.py"]
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if re.search(r"\b1 skipped", done.stdout):
        pytest.skip("this PyTorch has no devices written in Python")
    assert done.returncode == 0, done.stdout[-3000:]
