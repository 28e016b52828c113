"""Search for the smallest counterexample, count what was seen on the way, and re-check it from its print alone.

The search draws parameters, builds a case from them, and shrinks. In every admissible case it holds the simulation
against the closed form, where there is one; the re-check sees nothing but the numbers as they are printed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log, log1p
from typing import TYPE_CHECKING, Any

import lazy_loader
import numpy as np

from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Evidence, Finding, Kind
from nfrlab.verify.examine.exact.reach import reach_evidence, violated_share_nearby
from nfrlab.verify.examine.exact.statement import Case, ExactStatement, Parameters, from_strings, to_strings

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

hypothesis = lazy_loader.load("hypothesis")


@dataclass
class Tally:
    """What a search has seen.

    Attributes
    ----------
    tried, admissible, untied
        The cases tried; those of them that meet the premises; those of these that are not `tied`.
    disputed
        The first admissible case on which simulation and closed form disagreed.
    """

    tried: int = 0
    admissible: int = 0
    untied: int = 0
    disputed: Case | None = None

    def violated(self, statement: ExactStatement, case: Case) -> bool:
        """Return whether a case breaks the statement, and count it; a disputed case breaks nothing."""
        self.tried += 1
        if not statement.admissible(case):
            return False
        self.admissible += 1
        self.untied += not statement.tied(case)
        if statement.disputed(case):
            self.disputed = self.disputed or case
            return False
        return not statement.holds(case)

    @property
    def counts(self) -> dict[str, int]:
        """The three numbers by name."""
        return {"tried": self.tried, "admissible": self.admissible, "untied": self.untied}

    def __str__(self) -> str:
        return f"{self.tried} cases tried, {self.admissible} admissible, {self.untied} of them untied"


def untied_needed(exam: Examination) -> int:
    """The least number of untied cases, all admissible, without which a fruitless search says nothing.

    Among so many independent ones, a violation in 1 % of them (profile full: in 0.2 %) would be missed with probability
    at most 1 %: `(1 − p)^n ≤ 0.01`.
    """
    return ceil(log(0.01) / log1p(-exam.pick(0.01, 0.002)))


def search(statement: ExactStatement, exam: Examination, point: str, budget: float = 1.0) -> list[Evidence]:
    """Look for the smallest counterexample; when there is one, re-check it and measure how far it reaches.

    Returns silence where none is found among enough untied cases; undecided evidence where these were too few, where
    simulation and closed form disagree on any case, or where the re-check fails; and else a refutation, followed by its
    reach under each stated draw.

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
    parameters, tally = find_smallest(statement, exam.rng(point), exam.pick(1000, 6000))

    def found(finding: Finding, method: str, numbers: dict[str, Any] | None = None, **details: Any) -> Evidence:
        return Evidence(
            kind=Kind.SEARCH,
            statement=statement.text,
            finding=finding,
            method=method,
            n=tally.tried,
            counterexample=numbers,
            details=tally.counts | details,
        )

    if tally.disputed is not None:
        return [found(Finding.UNDECIDED, "simulation and closed form disagree on a case", to_strings(tally.disputed))]
    if parameters is None:
        needed = untied_needed(exam)
        if tally.untied < needed:
            return [found(Finding.UNDECIDED, f"hypothesis.find, exact rationals: {tally}, of {needed} needed")]
        return [found(Finding.SILENT, f"hypothesis.find, exact rationals: none found; {tally}")]
    numbers = to_strings(statement.build(parameters))
    if not recheck(statement, numbers):
        return [found(Finding.UNDECIDED, "counterexample failed its re-check", numbers)]
    near = violated_share_nearby(statement, parameters, exam.rng(point + "/near"))
    witnesses = " by simulation and closed form" if statement.second else ""
    refutation = found(
        Finding.REFUTES,
        f"hypothesis.find, shrunk; re-checked from the printed numbers in exact rationals{witnesses}; {tally}",
        numbers | statement.sides(from_strings(numbers)),
        reach="open set" if near else "boundary",
        violating_neighbours=near,
    )
    return [refutation, *reach_evidence(statement, exam, point, budget)]


def find_smallest(
    statement: ExactStatement, rng: np.random.Generator, examples: int
) -> tuple[Parameters | None, Tally]:
    """Find the smallest violation: its parameters, None where there is none, and what was seen.

    About `examples` cases are tried in all, small shapes first. A violation of size 0 (a strictness that fails with
    equality) gives way to a reversal of positive size where there is one.
    """
    tally = Tally()

    def violation(p: Parameters) -> bool:
        return tally.violated(statement, statement.build(p))

    def reversal(p: Parameters) -> bool:
        case = statement.build(p)
        return tally.violated(statement, case) and statement.size(case) > 0

    each = max(150, examples // len(statement.parameters))
    found = _find_in_shapes(statement.parameters, violation, rng, each)
    if found is not None and not reversal(found):
        found = _find_in_shapes(statement.parameters, reversal, rng, each) or found
    return found, tally


def _find_in_shapes(
    shapes: Sequence[SearchStrategy[Parameters]],
    condition: Callable[[Parameters], bool],
    rng: np.random.Generator,
    each: int,
) -> Parameters | None:
    """Search one shape after the other; when a later one has something, search the smaller ones once more, longer."""
    for number, shape in enumerate(shapes):
        if (found := _find(shape, condition, rng, each)) is not None:
            again = (_find(smaller, condition, rng, 2 * each) for smaller in shapes[:number])
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
