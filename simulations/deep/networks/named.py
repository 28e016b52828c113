"""A network by its name, or by the function in a user's file that builds it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import torch
from torch import nn

from nfrlab.simulations.deep.networks.models import MODELS
from nfrlab.simulations.deep.networks.plain import plain
from nfrlab.simulations.network_names import ALIASES, require_known


def build(name: str, bias: bool = True) -> nn.Module:
    """`vgg16`, `resnet18`, … without values for their weights, or what `FILE.py:FUNCTION` returns, as it is.

    Raises `ValueError` for an unknown name, and for a file or function that gives no network.
    """
    if ":" in name:
        return from_file(name)
    require_known(name)
    return MODELS[ALIASES.get(name, name)](bias=bias)


def from_file(name: str) -> nn.Module:
    """The network that a function of a Python file returns, in evaluation mode and made `plain`.

    The function is called without arguments, and weights that it draws from PyTorch's random numbers are the same at
    every call. The file may import its neighbours.
    """
    file, _, function = name.rpartition(":")
    path = Path(file)
    spec = importlib.util.spec_from_file_location(f"model_{path.stem}", path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise ValueError(f"--model {name}: {file} is no Python file; give FILE.py:FUNCTION")
    loaded = importlib.util.module_from_spec(spec)
    try:
        with torch.random.fork_rng(devices=[]), beside(path), registered(loaded):
            torch.manual_seed(0)
            spec.loader.exec_module(loaded)
            module = getattr(loaded, function)()
    except (Exception, SystemExit) as error:  # whatever a user's file stumbles over
        raise ValueError(f"--model {name} failed: {type(error).__name__}: {first_line(error)}") from error
    if not isinstance(module, nn.Module):
        raise ValueError(f"--model {name} returned a {type(module).__name__}; it has to return a torch.nn.Module")
    return plain(module)


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
