"""What a sweep covers: a grid over rule, family, d, N and seed, read from a TOML file, checked before it runs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from itertools import product
from math import isfinite
from pathlib import Path
from typing import Any

from nfrlab.simulations.dense.montecarlo import RELEVANCES
from nfrlab.simulations.dense.propagate import NEED_PATTERNS, RULES
from nfrlab.simulations.dense.reduced.invariant import INVARIANT_RULES
from nfrlab.simulations.dense.reduced.polar import INVARIANT_FAMILIES
from nfrlab.simulations.dense.weights import FAMILIES
from nfrlab.simulations.files import read_file
from nfrlab.simulations.sweep.inputs import INPUTS, check_input

SAMPLERS = ("auto", "reduced", "direct")
BLOCK_DRAWS = 1 << 24  # numbers drawn in a block: well under a second of work to lose
BLOCK_TRIALS = 1 << 20
MOST, ENDLESS = 1 << 63, 10**30
MOST_WEIGHTS = 1 << 30  # 8 GiB of float64
SPEED = 3e7  # numbers that a core draws in a second, about
MOST_OF_A_TRIAL, MOST_OF_ALL = 10**10, 10**15  # five minutes, which nothing can divide; a year on one core
CALL = re.compile(r"(?P<name>[a-z0-9-]+)(?:\((?P<parameters>[^()]*)\))?")


@dataclass(frozen=True)
class Point:
    """One point of the grid: everything that the law of its alignments depends on, and its root seed."""

    rule: str
    family: str
    d: int
    N: int
    seed: int
    relevance: str
    x: str
    sampler: str

    @property
    def draws(self) -> int:
        """Neurons that one trial samples, or numbers that it draws for their weights."""
        return self.N if self.sampler == "reduced" else self.N * self.d


@cache
def parse_rule(text: str) -> tuple[str, dict[str, Any]]:
    """`"rectgrad(q=0.9)"` → `("rectgrad", {"q": 0.9})`. Raises `ValueError` for an unknown rule or parameter."""
    known = sorted((INVARIANT_RULES.keys() | RULES.keys()) - {*NEED_PATTERNS})
    match = CALL.fullmatch(text)
    if match is None or match["name"] not in known:
        raise ValueError(
            f"unknown rule '{text}'; known rules: {', '.join(known)}, with parameters as in rectgrad(q=0.9)"
        )
    name = match["name"]
    try:
        pairs = [pair.split("=") for pair in (match["parameters"] or "").split(",") if pair.strip()]
        parameters: dict[str, Any] = {key.strip(): float(value) for key, value in pairs}
        if len(parameters) < len(pairs) or not all(isfinite(value) for value in parameters.values()):
            raise ValueError("its parameters must be finite, each given once")
        for make in (INVARIANT_RULES.get(name), RULES.get(name)):
            if make is not None:
                make(**parameters)
    except (TypeError, ValueError) as error:
        raise ValueError(f"rule '{text}' cannot be made: {error}") from error
    return name, parameters


@dataclass(frozen=True)
class Spec:
    """A sweep: `trials` layers at every point of rule × family × d × N × seed.

    The map is `r_0`, before any bottom process; the input x (`x = "normal"`, …), scaled to length 1, matters only where
    weights or rule are not rotation invariant. `sampler` is "reduced", "direct", or "auto": reduced where there is
    such a sampler. `block` is the number of trials computed, stored and lost together; 0 chooses it from the cost.
    """

    rule: tuple[str, ...]
    family: tuple[str, ...]
    d: tuple[int, ...]
    N: tuple[int, ...]
    seed: tuple[int, ...] = (0,)
    trials: int = 1000
    relevance: str = "normal"
    x: str = "normal"
    sampler: str = "auto"
    block: int = 0

    def __post_init__(self) -> None:
        for name, least in (("d", 1), ("N", 1), ("seed", 0)):
            if not all(type(value) is int and least <= value < MOST for value in getattr(self, name)):
                raise ValueError(
                    f"{name} must list whole numbers from {least} to 2⁶³ − 1, got {list(getattr(self, name))}"
                )
        for name in ("rule", "family"):
            if not all(isinstance(value, str) for value in getattr(self, name)):
                raise ValueError(f"{name} must list names, got {list(getattr(self, name))}")
        for name in ("rule", "family", "d", "N", "seed"):
            if not (values := getattr(self, name)) or len(set(values)) < len(values):
                raise ValueError(f"{name} must list at least one value and none twice, got {list(values)}")
        for name, least in (("trials", 1), ("block", 0)):
            if type(getattr(self, name)) is not int or not least <= getattr(self, name) < ENDLESS:
                raise ValueError(f"{name} must be a whole number from {least} to 10³⁰, got {getattr(self, name)!r}")
        for name, known in (("relevance", RELEVANCES), ("x", INPUTS), ("sampler", SAMPLERS)):
            if not isinstance(getattr(self, name), str) or getattr(self, name) not in known:
                raise ValueError(f"unknown {name} '{getattr(self, name)}'; choose {', '.join(known)}")
        for family in self.family:
            if family not in FAMILIES:
                raise ValueError(f"unknown weight family '{family}'; known families: {', '.join(FAMILIES)}")
        for point in self.points():
            self._check(point)
        total = self.trials * sum(point.draws for point in self.points())
        if total > MOST_OF_ALL:
            raise ValueError(
                f"the sweep would draw {total:.1e} numbers, some {total / SPEED / 86400:.0f} days on one core; "
                f"{MOST_OF_ALL:.0e} is the most: ask for fewer trials or points"
            )

    def _check(self, point: Point) -> None:
        if point.draws > MOST_OF_A_TRIAL:
            raise ValueError(
                f"one trial of {point.rule}, {point.family}, d = {point.d}, N = {point.N} would draw {point.draws:.1e} "
                f"numbers, some {point.draws / SPEED / 3600:.1f} hours; {MOST_OF_A_TRIAL:.0e} is the most"
            )
        if point.sampler == "reduced" and not reducible(point.rule, point.family):
            raise ValueError(f"no reduced sampler for {point.rule} and {point.family}; set sampler = 'auto'")
        if point.sampler == "direct":
            check_input(point.x, point.d)
            if point.N * point.d > MOST_WEIGHTS:
                raise ValueError(
                    f"{point.rule}, {point.family}, d = {point.d}, N = {point.N}: the weights of direct sampling take "
                    f"{point.N * point.d * 8 / 2**30:.0f} GiB; N·d may be {MOST_WEIGHTS} at most"
                )

    def points(self) -> Iterator[Point]:
        """The grid, the seed running fastest."""
        for rule, family, d, N, seed in product(self.rule, self.family, self.d, self.N, self.seed):
            chosen = ("reduced" if reducible(rule, family) else "direct") if self.sampler == "auto" else self.sampler
            yield Point(rule, family, d, N, seed, self.relevance, self.x, chosen)

    def block_trials(self, point: Point) -> int:
        """Trials in a block of this point."""
        return self.block or max(1, min(BLOCK_TRIALS, BLOCK_DRAWS // point.draws))


def reducible(rule: str, family: str) -> bool:
    """Whether α can be sampled without the weights."""
    return parse_rule(rule)[0] in INVARIANT_RULES and family in INVARIANT_FAMILIES


def read(path: Path) -> Spec:
    """The sweep of a TOML file. Raises `ValueError` for one that is unreadable, has an unknown key or a bad value."""
    try:
        stored: dict[str, Any] = tomllib.loads(read_file(path).decode("utf-8-sig"))
    except OSError as error:
        raise ValueError(f"cannot read {path} ({error.strerror}); name a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML file: {error}") from error
    except RecursionError as error:
        raise ValueError(f"{path} is nested too deeply; a sweep needs lists of names and numbers") from error
    known = {field.name for field in fields(Spec)}
    if unknown := sorted(stored.keys() - known):
        raise ValueError(f"{path}: unknown key '{unknown[0]}'; known keys: {', '.join(sorted(known))}")
    if missing := [name for name in ("rule", "family", "d", "N") if name not in stored]:
        raise ValueError(f"{path}: '{missing[0]}' is missing")
    for name in ("rule", "family", "d", "N", "seed"):
        if name in stored:
            stored[name] = tuple(stored[name]) if isinstance(stored[name], list) else (stored[name],)
    try:
        return Spec(**stored)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
