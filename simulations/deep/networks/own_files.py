"""What a function in a user's Python file makes: the file is run, and may import its neighbours."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from nfrlab.simulations.workers import exits_heard


def made_in_file(option: str, name: str, make: Callable[[Any], Any]) -> Any:
    """`make` of the function, or whatever it is, that `FILE.py:NAME` names; random numbers of PyTorch start at seed 0.

    Raises `ValueError`, which begins with the `option` that asked for it, where the file or the function fails.
    """
    file, _, function = name.rpartition(":")
    path = Path(file)
    spec = importlib.util.spec_from_file_location(f"model_{path.stem}", path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise ValueError(f"{option} {name}: {file} is no Python file; give FILE.py:FUNCTION")
    loaded = importlib.util.module_from_spec(spec)
    try:
        with exits_heard(), torch.random.fork_rng(devices=[]), beside(path), registered(loaded):
            torch.manual_seed(0)
            spec.loader.exec_module(loaded)
            return make(getattr(loaded, function))
    except (Exception, SystemExit) as error:  # whatever a user's file stumbles over
        raise ValueError(f"{option} {name} failed: {type(error).__name__}: {first_line(error)}") from error


@contextmanager
def beside(path: Path) -> Iterator[None]:
    """The folder of a file is the first that modules are imported from, as when the file itself is run."""
    sys.path.insert(0, str(path.resolve().parent))
    try:
        yield
    finally:
        sys.path.pop(0)


@contextmanager
def registered(module: ModuleType) -> Iterator[None]:
    """A module as one that was imported: dataclasses look there for the names in their annotations."""
    sys.modules[module.__name__] = module
    try:
        yield
    except BaseException:
        del sys.modules[module.__name__]
        raise


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return str(error).strip().split("\n")[0]
