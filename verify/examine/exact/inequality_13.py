"""Ineq. 13 as an exact statement: `⟨A, F(WM) r⟩ > ⟨A, W M r⟩` whenever `F(WM) ≠ WM`, for any filter F.

The printed form compares matrices; the repaired form is `≥`, strict exactly when the filter changes what it passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np

from nfrlab.simulations.dense import layer
from nfrlab.simulations.dense.arrays import Array
from nfrlab.verify.examine.exact.integer_layers import Shapes, as_case
from nfrlab.verify.examine.exact.search import Case, Draw, ExactStatement

Filter = Callable[[Case], Array]
"""`F(WM)` of a case, d × N."""
Margin = Callable[[Case], Fraction]
"""`⟨A_{l−1}, F(WM) r⟩ − ⟨A_{l−1}, W M r⟩` of a case, by the theory's closed form."""


def unfiltered_matrix(case: Case) -> Array:
    """`W M`, the unfiltered matrix, d × N; with a bias `b` in the case, M is the mask of the biased neurons."""
    return np.asarray(case["W"] * layer(case["x"], case["W"], case.get("b")).mask)


def literal_margin(filter_matrix: Filter, case: Case) -> Fraction:
    """`⟨A_{l−1}, F(WM) r⟩ − ⟨A_{l−1}, W M r⟩` by the printed matrices."""
    x, r = case["x"], case["r"]
    return Fraction(x @ (filter_matrix(case) @ r) - x @ (unfiltered_matrix(case) @ r))


def relative_violation(filter_matrix: Filter, case: Case) -> float:
    """Minus the margin, in units of `Σ_j |a_j r_j|`; 0 for a strictness that fails with equality."""
    scale = np.abs(layer(case["x"], case["W"], case.get("b")).act * case["r"]).sum()
    return float(-literal_margin(filter_matrix, case) / scale) if scale else 0.0


def printed_statement(
    text: str,
    filter_matrix: Filter,
    parameters: Shapes,
    second: Margin | None = None,
    draws: Mapping[str, Draw] | None = None,
    admissible: Callable[[Case], bool] = lambda case: True,
    perturbed: tuple[str, ...] = ("x", "W", "r"),
) -> ExactStatement:
    """The statement as printed: `F(WM) ≠ WM` ⇒ margin > 0.

    Parameters
    ----------
    text
        The statement in words.
    filter_matrix
        The filter F.
    parameters
        Shapes of small layers.
    second
        The margin in closed form, by which a counterexample is re-checked.
    draws
        Stated draws under which the reach of a violation is measured.
    admissible
        Further premises.
    perturbed
        The parameters that a generic perturbation moves.
    """

    def changed(case: Case) -> bool:
        return bool(np.any(filter_matrix(case) != unfiltered_matrix(case)))

    return ExactStatement(
        text,
        parameters,
        as_case,
        admissible,
        holds=lambda case: not changed(case) or literal_margin(filter_matrix, case) > 0,
        second=None if second is None else lambda case: not changed(case) or second(case) > 0,
        sides=lambda case: {"margin": str(literal_margin(filter_matrix, case))},
        size=lambda case: relative_violation(filter_matrix, case),
        perturbed=perturbed,
        draws=draws or {},
    )


def repaired_statement(
    text: str,
    filter_matrix: Filter,
    parameters: Shapes,
    second: Margin | None = None,
    seen: Callable[[Case, Array], Array] = lambda case, passed: passed,
    draws: Mapping[str, Draw] | None = None,
) -> ExactStatement:
    """The repaired statement: margin ≥ 0, and > 0 exactly when `seen(F(WM) r) ≠ seen(WM r)`.

    Parameters
    ----------
    text, filter_matrix, parameters, second, draws
        As in `printed_statement`.
    seen
        What of a map decides whether it has changed, by default all of it.
    """

    def holds(case: Case, margin: Fraction) -> bool:
        changed = np.any(seen(case, filter_matrix(case) @ case["r"]) != seen(case, unfiltered_matrix(case) @ case["r"]))
        return margin >= 0 and (margin > 0) == bool(changed)

    return ExactStatement(
        text,
        parameters,
        as_case,
        lambda case: True,
        holds=lambda case: holds(case, literal_margin(filter_matrix, case)),
        second=None if second is None else lambda case: holds(case, second(case)),
        sides=lambda case: {"margin": str(literal_margin(filter_matrix, case))},
        size=lambda case: relative_violation(filter_matrix, case),
        perturbed=("x", "W", "r"),
        draws=draws or {},
    )


def non_strict_statement(text: str, filter_matrix: Filter, parameters: Shapes) -> ExactStatement:
    """The statement that margin ≥ 0: what remains when strictness and its boundary cases are set aside."""
    return ExactStatement(
        text,
        parameters,
        as_case,
        lambda case: True,
        holds=lambda case: literal_margin(filter_matrix, case) >= 0,
        sides=lambda case: {"margin": str(literal_margin(filter_matrix, case))},
        size=lambda case: relative_violation(filter_matrix, case),
        perturbed=("x", "W", "r"),
    )
