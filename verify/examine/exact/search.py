"""Statements about finitely many rational numbers: search for the smallest counterexample, re-check it, see its reach.

A *case* is a dictionary of named numbers, vectors and matrices of `Fraction`. The search draws *parameters* (small
integers), builds a case from them, and shrinks; the re-check sees nothing but the printed numbers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import lazy_loader
import numpy as np
from jaxtyping import Shaped

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.images import ImageSet
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Evidence, Finding, Kind
from nfrlab.verify.intervals.fixed import clopper_pearson

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

hypothesis = lazy_loader.load("hypothesis")

Case = dict[str, Any]
Parameters = dict[str, Any]
Draw = Callable[[np.random.Generator, ImageSet], Parameters]


def exact(values: Any) -> Any:
    """Nested lists or arrays of numbers or strings as object arrays of `Fraction`; a scalar as a `Fraction`."""
    if isinstance(values, (list, tuple, np.ndarray)):
        array = np.asarray(values, dtype=object)
        return np.array([Fraction(entry) for entry in array.ravel()], dtype=object).reshape(array.shape)
    return Fraction(values)


def printed(case: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of a case as nested lists of strings such as '3/5'."""
    return {
        name: [str(v) for v in value]
        if isinstance(value, np.ndarray) and value.ndim == 1
        else [[str(v) for v in row] for row in value]
        if isinstance(value, np.ndarray)
        else str(value)
        for name, value in case.items()
    }


def parsed(numbers: Mapping[str, Any]) -> Case:
    """The case that `printed` printed."""
    return {name: exact(value) for name, value in numbers.items()}


def signed_square_alignment(R: Shaped[Array, " d"], x: Shaped[Array, " d"]) -> Fraction | None:
    """`sign(α) α²` as a rational number, ordered as α is; None where α is undefined."""
    inner, squares = R @ x, (R @ R) * (x @ x)
    return None if squares == 0 else Fraction(inner * abs(inner)) / squares


def to_alignment(square: Fraction | None) -> float:
    """α from its signed square."""
    return float("nan") if square is None else float(np.sign(float(square)) * abs(float(square)) ** 0.5)


@dataclass(frozen=True)
class ExactStatement:
    """A statement `holds(case)` for every admissible case.

    `parameters` are strategies of growing size, `build` turns what they draw into a case; `admissible` checks the
    premises on the case alone; `holds` is the printed statement, evaluated with the simulation's rules; `second`
    evaluates it by the theory's closed form where there is one; `sides` gives the numbers to print beside a case,
    `size` how large a violation is. `perturbed` names the parameters that a generic perturbation moves.
    """

    text: str
    parameters: tuple[SearchStrategy[Parameters], ...]
    build: Callable[[Parameters], Case]
    admissible: Callable[[Case], bool]
    holds: Callable[[Case], bool]
    sides: Callable[[Case], dict[str, Any]]
    size: Callable[[Case], float]
    perturbed: tuple[str, ...]
    second: Callable[[Case], bool] | None = None
    draws: Mapping[str, Draw] = field(default_factory=dict)

    def violated(self, case: Case) -> bool:
        """Whether this case satisfies the premises and breaks the statement."""
        return self.admissible(case) and not self.holds(case)


def search(statement: ExactStatement, exam: Examination, point: str, budget: float = 1.0) -> list[Evidence]:
    """Look for the smallest counterexample; when there is one, re-check it and measure how far it reaches.

    `budget` is the share of the exam's error budget that the reach may spend.
    """
    parameters, tried = smallest(statement, exam.rng(point), exam.pick(1000, 5000))
    if parameters is None:
        method = "hypothesis.find, exact rationals: none found"
        return [Evidence(kind=Kind.SEARCH, statement=statement.text, finding=Finding.SILENT, method=method, n=tried)]
    numbers = printed(statement.build(parameters))
    if not recheck(statement, numbers):
        method = "counterexample failed its re-check"
        return [
            Evidence(
                kind=Kind.SEARCH,
                statement=statement.text,
                finding=Finding.UNDECIDED,
                method=method,
                n=tried,
                counterexample=numbers,
            )
        ]
    near = nearby(statement, parameters, exam.rng(point + "/near"))
    found = Evidence(
        kind=Kind.SEARCH,
        statement=statement.text,
        finding=Finding.REFUTES,
        method=(
            "hypothesis.find, shrunk; re-checked from the printed numbers in exact rationals"
            + (" by simulation and closed form" if statement.second else "")
        ),
        n=tried,
        counterexample=numbers | statement.sides(parsed(numbers)),
        details={"reach": "open set" if near else "boundary", "violating_neighbours": near},
    )
    return [found, *reach(statement, exam, point, budget)]


def smallest(statement: ExactStatement, rng: np.random.Generator, examples: int) -> tuple[Parameters | None, int]:
    """The smallest violation found, and how many cases were tried.

    Small shapes come first. A violation of size 0 (a strictness that fails with equality) gives way to a reversal of
    positive size where there is one.
    """
    tried = 0

    def violation(p: Parameters) -> bool:
        nonlocal tried
        tried += 1
        return statement.violated(statement.build(p))

    def reversal(p: Parameters) -> bool:
        return violation(p) and statement.size(statement.build(p)) > 0

    each = max(150, examples // len(statement.parameters))
    found = _first(statement.parameters, violation, rng, each)
    if found is not None and not reversal(found):
        found = _first(statement.parameters, reversal, rng, each) or found
    return found, tried


def _first(
    shapes: Sequence[SearchStrategy[Parameters]],
    condition: Callable[[Parameters], bool],
    rng: np.random.Generator,
    each: int,
) -> Parameters | None:
    """What the first shape that has something gives; found late, the smaller shapes are searched again, longer."""
    for number, shape in enumerate(shapes):
        if (found := _found(shape, condition, rng, each)) is not None:
            again = (_found(smaller, condition, rng, 1000) for smaller in shapes[:number])
            return next((better for better in again if better is not None), found)
    return None


def _found(
    shape: SearchStrategy[Parameters], condition: Callable[[Parameters], bool], rng: np.random.Generator, examples: int
) -> Parameters | None:
    """`hypothesis.find` from the given random numbers; None where it finds nothing."""
    options = hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
    )
    try:
        return hypothesis.find(shape, condition, settings=options, random=random.Random(int(rng.integers(2**62))))
    except hypothesis.errors.NoSuchExample:
        return None


def recheck(statement: ExactStatement, numbers: Mapping[str, Any]) -> bool:
    """Whether the printed numbers alone violate the statement, by every route there is."""
    case = parsed(numbers)
    by_theory = statement.second is None or not statement.second(case)
    return statement.violated(case) and by_theory


def nearby(statement: ExactStatement, parameters: Parameters, rng: np.random.Generator, tries: int = 200) -> float:
    """Share of generic small perturbations (at most 2⁻¹⁰ per number) of the counterexample that still violate the
    statement.

    0 says that the violation lives on a boundary (a zero, a tie: measure zero); a positive share, on an open set.
    """
    violating = 0
    for _ in range(tries):
        moved = dict(parameters)
        for name in (name for name in statement.perturbed if name in parameters):
            value = np.asarray(exact(parameters[name]), dtype=object)
            noise = [Fraction(int(k), 1 << 30) for k in rng.integers(-(1 << 20), (1 << 20) + 1, value.size)]
            moved[name] = value + np.array(noise, dtype=object).reshape(value.shape)
        violating += statement.violated(statement.build(moved))
    return violating / tries


def reach(statement: ExactStatement, exam: Examination, point: str, budget: float) -> list[Evidence]:
    """How often and by how much the statement fails under its stated draws, evaluated in exact arithmetic."""
    if not statement.draws:
        return []
    alpha = exam.budget.spend(len(statement.draws), budget)
    return [_reach(statement, exam, f"{point}/{name}", name, draw, alpha) for name, draw in statement.draws.items()]


def _reach(statement: ExactStatement, exam: Examination, point: str, name: str, draw: Draw, alpha: float) -> Evidence:
    rng, tries = exam.rng(point), exam.pick(60, 400)
    cases = [statement.build(draw(rng, exam.images)) for _ in range(tries)]
    admitted = [case for case in cases if statement.admissible(case)]
    sizes = [statement.size(case) for case in admitted if not statement.holds(case)]
    return Evidence(
        kind=Kind.REACH,
        statement=statement.text,
        finding=Finding.SILENT,
        method="Clopper–Pearson",
        miss=alpha,
        n=len(admitted),
        interval=clopper_pearson(len(sizes), len(admitted), alpha),
        details={
            "draw": name,
            "rate": len(sizes) / len(admitted) if admitted else None,
            "median_size": float(np.median(sizes)) if sizes else 0.0,
            "largest_size": float(np.max(sizes)) if sizes else 0.0,
        },
    )
