"""Ineq. 13 as an exact statement: `⟨A, F(WM) r⟩ > ⟨A, W M r⟩` whenever `F(WM) ≠ WM`, for any filter F.

The printed form compares matrices; the repaired form is `≥`, strict exactly when the filter changes what it passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from nfrlab.simulations.dense import Layer, layer
from nfrlab.simulations.dense.arrays import Array, apply
from nfrlab.verify.examine.exact.integer_layers import Shapes, as_case
from nfrlab.verify.examine.exact.statement import Case, Draw, ExactStatement, once

Filter = Callable[[Case], Array]
"""`F(WM)` of a case, d × N, as printed."""
Rule = Callable[[Case], Array]
"""`F(WM) r` of a case, by the simulation's own rule."""
Margin = Callable[[Case], Fraction]
"""`⟨A_{l−1}, F(WM) r⟩ − ⟨A_{l−1}, W M r⟩` of a case, by the theory's closed form."""


@once
def passed(case: Case) -> Layer:
    """The case's layer as its x met it; with a bias `b` in the case, a biased one."""
    return layer(case["x"], case["W"], case.get("b"))


@once
def unfiltered_matrix(case: Case) -> Array:
    """`W M`, the unfiltered matrix, d × N, M = diag(1[z > 0]) with `z = Wᵀx + b`."""
    return np.asarray(case["W"] * (case["W"].T @ case["x"] + case.get("b", 0) > 0))


@dataclass(frozen=True)
class Filtering:
    """A filtering rule on trial: the matrix as printed, the simulation's rule, and the margin in closed form.

    Without a `rule` the map is the matrix times r.
    """

    matrix: Filter
    rule: Rule | None = None
    closed: Margin | None = None

    def map(self, case: Case) -> Array:
        """`F(WM) r`, by the rule."""
        return apply(self.matrix(case), case["r"]) if self.rule is None else self.rule(case)

    def is_as_printed(self, case: Case) -> bool:
        """Whether the rule is the filtering rule `F(WM)`."""
        return self.rule is None or bool(np.all(self.map(case) == apply(self.matrix(case), case["r"])))

    def margin(self, case: Case) -> Fraction:
        """`⟨A_{l−1}, F(WM) r⟩ − ⟨A_{l−1}, W M r⟩`, by the rule."""
        return Fraction(case["x"] @ (self.map(case) - apply(unfiltered_matrix(case), case["r"])))

    def relative_violation(self, case: Case) -> float:
        """Minus the margin, in units of `Σ_j |a_j r_j|`; 0 for a strictness that fails with equality."""
        scale = np.abs(passed(case).act * case["r"]).sum()
        return float(-self.margin(case) / scale) if scale else 0.0

    def statement(
        self,
        text: str,
        parameters: Shapes,
        holds: Callable[[Case, Fraction], bool],
        admissible: Callable[[Case], bool] = lambda case: True,
        draws: Mapping[str, Draw] | None = None,
        perturbed: tuple[str, ...] = ("x", "W", "r"),
    ) -> ExactStatement:
        """The statement that the rule is as printed and that `holds(case, margin)`.

        Parameters
        ----------
        text
            The statement in words.
        parameters
            Shapes of small layers.
        holds
            What is stated of the margin, by which a case is judged twice: by the rule, and by the closed form.
        admissible
            Further premises.
        draws
            Stated draws under which the reach of a violation is measured.
        perturbed
            The parameters that a generic perturbation moves.
        """
        margin, as_printed, closed = once(self.margin), once(self.is_as_printed), self.closed
        return ExactStatement(
            text,
            parameters,
            as_case,
            admissible,
            holds=lambda case: as_printed(case) and holds(case, margin(case)),
            second=None if closed is None else lambda case: holds(case, closed(case)),
            agree=None if closed is None else lambda case: margin(case) == closed(case),
            tied=lambda case: margin(case) == 0,
            sides=lambda case: {"margin": str(margin(case))},
            size=self.relative_violation,
            perturbed=perturbed,
            draws=draws or {},
        )

    def printed(self, text: str, parameters: Shapes, **further: Any) -> ExactStatement:
        """The statement as printed: `F(WM) ≠ WM` ⇒ margin > 0; arguments as in `statement`."""

        def holds(case: Case, margin: Fraction) -> bool:
            return margin > 0 or not np.any(self.matrix(case) != unfiltered_matrix(case))

        return self.statement(text, parameters, holds, **further)

    def repaired(
        self, text: str, parameters: Shapes, seen: Callable[[Case, Array], Array] = lambda case, passed: passed
    ) -> ExactStatement:
        """The repaired statement: margin ≥ 0, and > 0 exactly when `seen(F(WM) r) ≠ seen(WM r)`.

        `seen` is what of a map decides whether it has changed, by default all of it; other arguments as in `statement`.
        """

        def holds(case: Case, margin: Fraction) -> bool:
            filtered, whole = (apply(matrix(case), case["r"]) for matrix in (self.matrix, unfiltered_matrix))
            return margin >= 0 and (margin > 0) == bool(np.any(seen(case, filtered) != seen(case, whole)))

        return self.statement(text, parameters, holds)

    def not_strict(self, text: str, parameters: Shapes) -> ExactStatement:
        """The statement that margin ≥ 0: what remains when strictness and its boundary cases are set aside."""
        return self.statement(text, parameters, lambda case, margin: margin >= 0)
