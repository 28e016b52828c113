"""Theorem 2's equality case: "if and only if all the A_i are equal"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nfrlab.simulations.dense import layer
from nfrlab.simulations.dense.arrays import relu
from nfrlab.theory.weighting import orthogonal_neurons
from nfrlab.theory.weighting.proofs import orthogonal_neurons as orthogonal_proofs
from nfrlab.verify.claims.premises import ORTHOGONAL, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derived
from nfrlab.verify.examine.exact.integer_layers import (
    Shapes,
    equal_norms,
    from_columns,
    from_rotation,
    orthogonal,
    orthogonal_columns,
)
from nfrlab.verify.examine.exact.search import Case, ExactStatement, Parameters, search, to_alignment
from nfrlab.verify.examine.exact.weightings import activation, gbp_map, rotated, sides
from nfrlab.verify.examine.stated_draws import INPUTS

Condition = Callable[[Case], bool]


def all_equal(case: Case) -> bool:
    """All A_i are equal, inactive ones included, as printed."""
    A = activation(case)
    return bool(np.all(A[0] == A))


def filtered_parallel(case: Case) -> bool:
    """`relu(r_b) = t A` on the active set, t > 0: Lagrange's gap is zero and something is passed."""
    at = layer(case["x"], case["W"])
    s, A = relu(case["r"])[at.mask], at.act[at.mask]
    return bool(orthogonal_neurons.activation_gain(s, A) == 0)


def equal(case: Case) -> bool:
    """`α(R_a, x) = α(R_b, x)`."""
    a, b = sides(gbp_map, case)
    return a == b


def admissible(case: Case, orthogonal: bool = True) -> bool:
    """Orthogonal columns (unless that premise is broken), something active, both maps non-zero."""
    return (
        (not orthogonal or orthogonal_columns(case))
        and None not in sides(gbp_map, case)
        and bool(np.any(activation(case) > 0))
    )


def implication(text: str, if_: Condition, then: Condition) -> ExactStatement:
    """`if_(case)` ⇒ `then(case)` for GBP on orthogonal columns."""

    def gap(case: Case) -> float:
        a, b = (to_alignment(square) for square in sides(gbp_map, case))
        return abs(a - b)

    return ExactStatement(
        text,
        orthogonal(),
        from_rotation,
        admissible,
        holds=lambda case: not if_(case) or then(case),
        sides=lambda case: {"A": [str(v) for v in activation(case)], "gap": f"{gap(case):.6f}"},
        size=gap,
        perturbed=("x", "r"),
        draws={name: rotated(x_of) for name, x_of in INPUTS.items()},
    )


def printed(exam: Examination) -> list[Evidence]:
    """Both directions, separately."""
    return [
        *search(implication("equality ⇐ all A_i equal", all_equal, equal), exam, "if", 0.5),
        *search(implication("equality ⇒ all A_i equal", equal, all_equal), exam, "only if", 0.5),
    ]


def equivalence(text: str, parameters: Shapes, build: Callable[[Parameters], Case], orthogonal: bool) -> ExactStatement:
    """equality ⇔ `relu(r_b) ∥ A` on the active set."""
    return ExactStatement(
        text,
        parameters,
        build,
        lambda case: admissible(case, orthogonal),
        holds=lambda case: equal(case) == filtered_parallel(case),
        sides=lambda case: {"A": [str(v) for v in activation(case)]},
        size=lambda case: 0.0,
        perturbed=("x", "r"),
    )


def repair(exam: Examination) -> list[Evidence]:
    """Derivation, and a search that has to fail."""
    statement = equivalence("equality ⇔ relu(r_b) ∥ A on the active set", orthogonal(), from_rotation, True)
    return [derived(orthogonal_proofs.lagrange), *search(statement, exam, "repair")]


def without_orthogonality(exam: Examination) -> list[Evidence]:
    """The repaired equivalence for columns that need not be orthogonal."""
    return search(
        equivalence("equal norms, not orthogonal", equal_norms(), from_columns, False), exam, "not orthogonal"
    )


def broken_mask(exam: Examination) -> list[Evidence]:
    """'All A_i equal' replaced by 'all r_i equal'."""
    same = implication(
        "equality ⇐ all entries of r_b equal", lambda case: bool(np.all(case["r"] == case["r"][0])), equal
    )
    return search(same, exam, "constant")


CLAIMS = (
    Claim(
        id="thm-2-equality",
        title="Theorem 2: equality iff all A_i are equal",
        source=f"{PAPER}, Theorem 2, text after eq. 18",
        statement="In α(R_a, x) ≥ α(R_b, x) equality holds if and only if all the A_i are equal.",
        premises=(ORTHOGONAL, "A ≠ 0; both maps non-zero", "every r_b; rule GBP"),
        examine=printed,
        control=BrokenPremise(premise="'all A_i equal' replaced by 'all entries of r_b equal'", examine=broken_mask),
    ),
    Claim(
        id="thm-2-equality-repair",
        title="Theorem 2: equality iff the filtered r_b is parallel to A",
        source="repair of Theorem 2's equality case",
        statement=(
            "Equality holds if and only if relu(r_b) = tA, t > 0, on the active neurons. For constant r_b > 0 that "
            "is: all active A_i equal."
        ),
        premises=(ORTHOGONAL, "A ≠ 0; both maps non-zero", "rule GBP"),
        examine=repair,
        control=BrokenPremise(premise="equal norms, not orthogonal", examine=without_orthogonality),
        repairs="thm-2-equality",
    ),
)
