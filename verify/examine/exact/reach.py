"""How far a violation reaches: among its neighbours, and under stated draws."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Evidence, Finding, Kind
from nfrlab.verify.examine.exact.statement import Draw, ExactStatement, Parameters, to_fractions
from nfrlab.verify.intervals.fixed import clopper_pearson


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

    One piece of evidence a draw, silent on the statement unless simulation and closed form disagree on a case; all
    together spend the share `budget`.
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
    rng, tries = exam.rng(point), exam.pick(40, 400)
    sizes, admitted, disputed = list[float](), 0, 0
    for _ in range(tries):
        case = statement.build(draw(rng, exam.images))
        if statement.admissible(case):
            admitted += 1
            disputed += statement.disputed(case)
            sizes += [] if statement.holds(case) else [statement.size(case)]
    return Evidence(
        kind=Kind.REACH,
        statement=statement.text,
        finding=Finding.UNDECIDED if disputed else Finding.SILENT,
        method="Clopper–Pearson",
        miss=miss,
        n=admitted,
        interval=clopper_pearson(len(sizes), admitted, miss),
        details={
            "draw": name,
            "rate": len(sizes) / admitted if admitted else None,
            "median_size": float(np.median(sizes)) if sizes else 0.0,
            "largest_size": float(np.max(sizes)) if sizes else 0.0,
        },
    )
