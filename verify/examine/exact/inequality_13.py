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
Margin = Callable[[Case], Fraction]


def plain(case: Case) -> Array:
    """`W M`; with a bias `b` in the case, M is that of the biased neurons."""
    return np.asarray(case["W"] * layer(case["x"], case["W"], case.get("b")).mask)


def literal_margin(filtered: Filter, case: Case) -> Fraction:
    """`⟨A_{l−1}, F(WM) r⟩ − ⟨A_{l−1}, W M r⟩` by the printed matrices."""
    x, r = case["x"], case["r"]
    return Fraction(x @ (filtered(case) @ r) - x @ (plain(case) @ r))


def relative_violation(filtered: Filter, case: Case) -> float:
    """Minus the margin, relative to `Σ_j |a_j r_j|`; 0 for a strictness that fails with equality."""
    scale = np.abs(layer(case["x"], case["W"], case.get("b")).act * case["r"]).sum()
    return float(-literal_margin(filtered, case) / scale) if scale else 0.0


def as_printed(
    text: str,
    filtered: Filter,
    parameters: Shapes,
    second: Margin | None = None,
    draws: Mapping[str, Draw] | None = None,
    admissible: Callable[[Case], bool] = lambda case: True,
    perturbed: tuple[str, ...] = ("x", "W", "r"),
) -> ExactStatement:
    """`F(WM) ≠ WM` ⇒ margin > 0, the margin computed literally and, by `second`, in closed form."""

    def changed(case: Case) -> bool:
        return bool(np.any(filtered(case) != plain(case)))

    return ExactStatement(
        text,
        parameters,
        as_case,
        admissible,
        holds=lambda case: not changed(case) or literal_margin(filtered, case) > 0,
        second=None if second is None else lambda case: not changed(case) or second(case) > 0,
        sides=lambda case: {"margin": str(literal_margin(filtered, case))},
        size=lambda case: relative_violation(filtered, case),
        perturbed=perturbed,
        draws=draws or {},
    )


def repaired(
    text: str,
    filtered: Filter,
    parameters: Shapes,
    second: Margin | None = None,
    seen: Callable[[Case, Array], Array] = lambda case, passed: passed,
    draws: Mapping[str, Draw] | None = None,
) -> ExactStatement:
    """margin ≥ 0, and > 0 exactly when `seen(F(WM) r) ≠ seen(WM r)`; by default `seen` is the identity."""

    def holds(case: Case, margin: Fraction) -> bool:
        changed = np.any(seen(case, filtered(case) @ case["r"]) != seen(case, plain(case) @ case["r"]))
        return margin >= 0 and (margin > 0) == bool(changed)

    return ExactStatement(
        text,
        parameters,
        as_case,
        lambda case: True,
        holds=lambda case: holds(case, literal_margin(filtered, case)),
        second=None if second is None else lambda case: holds(case, second(case)),
        sides=lambda case: {"margin": str(literal_margin(filtered, case))},
        size=lambda case: relative_violation(filtered, case),
        perturbed=("x", "W", "r"),
        draws=draws or {},
    )


def never_reversed(text: str, filtered: Filter, parameters: Shapes) -> ExactStatement:
    """margin ≥ 0: what remains when strictness and its boundary cases are set aside."""
    return ExactStatement(
        text,
        parameters,
        as_case,
        lambda case: True,
        holds=lambda case: literal_margin(filtered, case) >= 0,
        sides=lambda case: {"margin": str(literal_margin(filtered, case))},
        size=lambda case: relative_violation(filtered, case),
        perturbed=("x", "W", "r"),
    )
