"""Claims that live outside the repository: `FILE.py:CLAIMS` names a `Claim`, or a tuple of them, in a user's file.

The file's code is run, in this process and in every worker. What is passed between them is the text `FILE.py:CLAIMS`,
here called a source.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from traceback import extract_tb
from types import MappingProxyType, ModuleType
from typing import Any

from nfrlab.simulations.workers import exits_heard
from nfrlab.verify.court.budget import CAPACITY
from nfrlab.verify.court.claim import Claim
from nfrlab.verify.proceedings.registry import REGISTRY, find_claim, is_on_own_network

RERUN = "nfrlab verify "
"""How the command begins that is stored with the verdict on a claim from outside."""


class FailedExamination(RuntimeError):
    """The examination of a claim from outside raised an exception; the message says which, and in which line."""


def sources(names: Iterable[str]) -> dict[str, str | None]:
    """The claims that are named, by id, each with its source; None for a claim of the registry.

    A name is an id or a source. Raises `ValueError` for an unknown id, for a source that cannot be had (see `load`),
    for one id from two sources, and for more claims than the error budget of a run is divided among.
    """
    found: dict[str, str | None] = {}
    for name in names:
        source = name if ".py:" in name else None
        for id in [find_claim(name).id] if source is None else load(name):
            if found.setdefault(id, source) != source:
                raise ValueError(f"{source} and {found[id]} both have a claim '{id}'; rename one of them")
    if len(found) > CAPACITY:
        raise ValueError(f"the error budget of a run is divided among {CAPACITY} claims, got {len(found)}; try fewer")
    return found


def load(source: str) -> Mapping[str, Claim]:
    """The claims of a source by id. The file's code is run, once per process.

    Raises `ValueError` where there is no such file, its code raises an exception, it does not define the name, or the
    name is no `Claim` or tuple of them; and where an id is not of letters, digits, `-`, `_` and `.`, occurs twice, or
    belongs to the registry.
    """
    file, name = parts(source)
    if not file.is_file():
        raise ValueError(f"{source}: {file} is no Python file; give FILE.py:CLAIMS")
    module = run_file(file)
    if not hasattr(module, name):
        raise ValueError(f"{source}: {file} does not define '{name}'")
    value = getattr(module, name)
    claims = (value,) if isinstance(value, Claim) else value
    if not isinstance(claims, tuple | list):
        raise ValueError(f"{source} is of type {type(value).__name__}; it has to be a Claim or a tuple of them")
    if not claims:
        raise ValueError(f"{source} is empty; it has to be a Claim or a tuple of them")
    found: dict[str, Claim] = {}
    for claim in claims:
        if not isinstance(claim, Claim):
            raise ValueError(f"{source} holds an object of type {type(claim).__name__}; all have to be of type Claim")
        if not isinstance(claim.id, str) or not re.fullmatch(r"[\w.-]+", claim.id):
            raise ValueError(f"{source}: the id {claim.id!r} has to be of letters, digits, '-', '_' and '.'")
        if claim.id in REGISTRY:
            raise ValueError(f"{source}: the id '{claim.id}' belongs to a claim of the registry; choose another")
        if claim.id in found:
            raise ValueError(f"{source} has two claims '{claim.id}'; rename one of them")
        found[claim.id] = claim
    return MappingProxyType(found)


@cache
def run_file(file: Path) -> ModuleType:
    """The module that a file's code defines; nothing is written beside it.

    Raises `ValueError` where the code raises an exception.
    """
    module = ModuleType(f"nfrlab_claims_{file.stem}")
    module.__file__ = str(file)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        with exits_heard():
            exec(compile(file.read_bytes(), str(file), "exec"), vars(module))
    except (Exception, SystemExit) as error:  # whatever a user's file stumbles over
        raise ValueError(f"{file} failed{in_line(error, file)}: {in_words(error)}") from error
    return module


def parts(source: str) -> tuple[Path, str]:
    """The file, as an absolute path, and the name that a source is made of."""
    file, _, name = source.rpartition(":")
    return Path(file).absolute(), name


def failed(source: str, id: str, error: BaseException) -> FailedExamination:
    """What a user is told when the examination of a claim from outside raises an exception."""
    where = in_line(error, parts(source)[0])
    return FailedExamination(f"{source}: the examination of '{id}' failed{where}: {in_words(error)}")


def in_line(error: BaseException, file: Path) -> str:
    """` in line 7`, the innermost one of this file that the exception came through; empty where there is none."""
    lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == str(file)]
    number = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    return "" if number is None else f" in line {number}"


def in_words(error: BaseException) -> str:
    """Class and message of an exception on one line."""
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {' '.join(message.split())}"


def is_outside(verdict: Mapping[str, Any]) -> bool:
    """Whether a stored verdict is on a claim from outside: its command names the file."""
    return RERUN in verdict.get("command", "")


def order(stored: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The ids under which verdicts are stored: those of the registry, then those on networks and from outside, sorted.

    So the file does not depend on which of several workers was done first.
    """
    others = (id for id, verdict in stored.items() if id not in REGISTRY)
    return [*REGISTRY, *sorted(id for id in others if is_on_own_network(id) or is_outside(stored[id]))]
