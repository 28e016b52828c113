"""Statements about finitely many rational numbers: search for the smallest counterexample, re-check it, see its reach.

A *case* is a dictionary of named numbers, vectors and matrices of `Fraction`. The search draws *parameters* (small
integers), builds a case from them, and shrinks; the re-check sees nothing but the numbers as they are printed.
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


def to_fractions(values: Any) -> Any:
    """Nested lists or arrays of numbers or strings as an object array of `Fraction`; a scalar as a `Fraction`."""
    if isinstance(values, (list, tuple, np.ndarray)):
        array = np.asarray(values, dtype=object)
        return np.array([Fraction(entry) for entry in array.ravel()], dtype=object).reshape(array.shape)
    return Fraction(values)


def to_strings(case: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of a case as nested lists of strings such as '3/5'."""
    return {
        name: [str(v) for v in value]
        if isinstance(value, np.ndarray) and value.ndim == 1
        else [[str(v) for v in row] for row in value]
        if isinstance(value, np.ndarray)
        else str(value)
        for name, value in case.items()
    }


def from_strings(numbers: Mapping[str, Any]) -> Case:
    """The case whose numbers `to_strings` turned into strings."""
    return {name: to_fractions(value) for name, value in numbers.items()}


def signed_square_alignment(R: Shaped[Array, " d"], x: Shaped[Array, " d"]) -> Fraction | None:
    """`sign(α) α²` of α = cos(R, x) as a rational number, ordered as α is; None where R or x is 0."""
    inner, squares = R @ x, (R @ R) * (x @ x)
    return None if squares == 0 else Fraction(inner * abs(inner)) / squares


def to_alignment(square: Fraction | None) -> float:
    """α from its signed square; NaN from None."""
    return float("nan") if square is None else float(np.sign(float(square)) * abs(float(square)) ** 0.5)


@dataclass(frozen=True)
class ExactStatement:
    """The statement that `holds(case)` for every admissible case.

    Attributes
    ----------
    text
        The statement in words.
    parameters, build
        Strategies of growing size, and what turns the parameters that they draw into a case.
    admissible
        Checks the premises on the case alone.
    holds
        The printed statement, evaluated with the simulation's rules.
    sides
        Numbers to print beside a counterexample.
    size
        How large a violation is; 0 for a strictness that fails with equality.
    perturbed
        The parameters that a generic perturbation moves.
    second
        The statement evaluated by the theory's closed form, where there is one.
    draws
        The stated draws of parameters under which the reach of a violation is measured, by name.
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
        """Return whether this case satisfies the premises and breaks the statement."""
        return self.admissible(case) and not self.holds(case)


def search(statement: ExactStatement, exam: Examination, point: str, budget: float = 1.0) -> list[Evidence]:
    """Look for the smallest counterexample; when there is one, re-check it and measure how far it reaches.

    Returns silence where none is found, undecided evidence where the re-check fails, and else a refutation, followed by
    its reach under each stated draw.

    Parameters
    ----------
    statement
        What is searched.
    exam
        Supplies random numbers, images and the error budget.
    point
        What the random numbers are derived from, unique within the claim.
    budget
        The share of the error budget that the reach may spend.
    """
    parameters, tried = find_smallest(statement, exam.rng(point), exam.pick(1000, 5000))
    if parameters is None:
        method = "hypothesis.find, exact rationals: none found"
        return [Evidence(kind=Kind.SEARCH, statement=statement.text, finding=Finding.SILENT, method=method, n=tried)]
    numbers = to_strings(statement.build(parameters))
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
    near = violated_share_nearby(statement, parameters, exam.rng(point + "/near"))
    refutation = Evidence(
        kind=Kind.SEARCH,
        statement=statement.text,
        finding=Finding.REFUTES,
        method=(
            "hypothesis.find, shrunk; re-checked from the printed numbers in exact rationals"
            + (" by simulation and closed form" if statement.second else "")
        ),
        n=tried,
        counterexample=numbers | statement.sides(from_strings(numbers)),
        details={"reach": "open set" if near else "boundary", "violating_neighbours": near},
    )
    return [refutation, *reach_evidence(statement, exam, point, budget)]


def find_smallest(statement: ExactStatement, rng: np.random.Generator, examples: int) -> tuple[Parameters | None, int]:
    """Find the smallest violation: its parameters, None where there is none, and how many cases were tried.

    About `examples` cases are tried in all, small shapes first. A violation of size 0 (a strictness that fails with
    equality) gives way to a reversal of positive size where there is one.
    """
    tried = 0

    def violation(p: Parameters) -> bool:
        nonlocal tried
        tried += 1
        return statement.violated(statement.build(p))

    def reversal(p: Parameters) -> bool:
        return violation(p) and statement.size(statement.build(p)) > 0

    each = max(150, examples // len(statement.parameters))
    found = _find_in_shapes(statement.parameters, violation, rng, each)
    if found is not None and not reversal(found):
        found = _find_in_shapes(statement.parameters, reversal, rng, each) or found
    return found, tried


def _find_in_shapes(
    shapes: Sequence[SearchStrategy[Parameters]],
    condition: Callable[[Parameters], bool],
    rng: np.random.Generator,
    each: int,
) -> Parameters | None:
    """Search one shape after the other; when a later one has something, search the smaller ones again, longer."""
    for number, shape in enumerate(shapes):
        if (found := _find(shape, condition, rng, each)) is not None:
            again = (_find(smaller, condition, rng, 1000) for smaller in shapes[:number])
            return next((better for better in again if better is not None), found)
    return None


def _find(
    shape: SearchStrategy[Parameters], condition: Callable[[Parameters], bool], rng: np.random.Generator, examples: int
) -> Parameters | None:
    """Call `hypothesis.find` with the given random numbers; None where it finds nothing."""
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
    """Check whether the printed numbers alone violate the statement, by simulation and, if any, by closed form."""
    case = from_strings(numbers)
    by_theory = statement.second is None or not statement.second(case)
    return statement.violated(case) and by_theory


def violated_share_nearby(
    statement: ExactStatement, parameters: Parameters, rng: np.random.Generator, tries: int = 200
) -> float:
    """The share of `tries` generic small perturbations of a counterexample that still violate the statement.

    Each number moves by at most 2⁻¹⁰. A share of 0 says that the violation lives on a boundary (a zero, a tie: measure
    zero); a positive one, that it lives on an open set.
    """
    violating = 0
    for _ in range(tries):
        moved = dict(parameters)
        for name in (name for name in statement.perturbed if name in parameters):
            value = np.asarray(to_fractions(parameters[name]), dtype=object)
            # multiples of 2⁻³⁰: exact, and so many that a broken tie comes back once in two million moves
            noise = [Fraction(int(k), 1 << 30) for k in rng.integers(-(1 << 20), (1 << 20) + 1, value.size)]
            moved[name] = value + np.array(noise, dtype=object).reshape(value.shape)
        violating += statement.violated(statement.build(moved))
    return violating / tries


def reach_evidence(statement: ExactStatement, exam: Examination, point: str, budget: float) -> list[Evidence]:
    """How often and by how much the statement fails under its stated draws, evaluated in exact arithmetic.

    One piece of evidence a draw, silent on the statement; all together spend the share `budget`.
    """
    if not statement.draws:
        return []
    miss = exam.budget.spend(len(statement.draws), budget)
    return [
        _reach_in_draw(statement, exam, f"{point}/{name}", name, draw, miss) for name, draw in statement.draws.items()
    ]


def _reach_in_draw(
    statement: ExactStatement, exam: Examination, point: str, name: str, draw: Draw, miss: float
) -> Evidence:
    rng, tries = exam.rng(point), exam.pick(60, 400)
    cases = [statement.build(draw(rng, exam.images)) for _ in range(tries)]
    admitted = [case for case in cases if statement.admissible(case)]
    sizes = [statement.size(case) for case in admitted if not statement.holds(case)]
    return Evidence(
        kind=Kind.REACH,
        statement=statement.text,
        finding=Finding.SILENT,
        method="Clopper–Pearson",
        miss=miss,
        n=len(admitted),
        interval=clopper_pearson(len(sizes), len(admitted), miss),
        details={
            "draw": name,
            "rate": len(sizes) / len(admitted) if admitted else None,
            "median_size": float(np.median(sizes)) if sizes else 0.0,
            "largest_size": float(np.max(sizes)) if sizes else 0.0,
        },
    )
