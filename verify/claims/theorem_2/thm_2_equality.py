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
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import (
    Shapes,
    equal_norm_layer,
    from_columns,
    from_rotation,
    has_orthogonal_columns,
    orthogonal_layer,
)
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, ExactStatement, Parameters, to_alignment
from nfrlab.verify.examine.exact.weightings import activation, gbp_map, rotated_draw, squared_alignments
from nfrlab.verify.examine.stated_draws import INPUTS

Condition = Callable[[Case], bool]


def all_activations_equal(case: Case) -> bool:
    """Whether all A_i are equal, inactive ones included, as printed."""
    A = activation(case)
    return bool(np.all(A[0] == A))


def is_filtered_parallel(case: Case) -> bool:
    """Whether `relu(r_b) = t A` on the active set, by Lagrange's gap; t > 0, as an admissible case has no zero map."""
    passed = layer(case["x"], case["W"])
    s, A = relu(case["r"])[passed.mask], passed.act[passed.mask]
    return bool(orthogonal_neurons.activation_gain(s, A) == 0)


def alignments_equal(case: Case) -> bool:
    """Whether `α(R_a, x) = α(R_b, x)`."""
    a, b = squared_alignments(gbp_map, case)
    return a == b


def is_admissible(case: Case, orthogonal: bool = True) -> bool:
    """Whether a neuron is active, both maps are non-zero and, if `orthogonal`, neurons are orthogonal of equal norm."""
    return (
        (not orthogonal or has_orthogonal_columns(case))
        and None not in squared_alignments(gbp_map, case)
        and bool(np.any(activation(case) > 0))
    )


def implication_statement(text: str, if_: Condition, then: Condition) -> ExactStatement:
    """The statement that `if_(case)` ⇒ `then(case)`, for GBP on orthogonal neurons of equal norm."""

    def gap(case: Case) -> float:
        a, b = (to_alignment(square) for square in squared_alignments(gbp_map, case))
        return abs(a - b)

    return ExactStatement(
        text,
        orthogonal_layer(),
        from_rotation,
        is_admissible,
        holds=lambda case: not if_(case) or then(case),
        sides=lambda case: {"A": [str(v) for v in activation(case)], "gap": f"{gap(case):.6f}"},
        size=gap,
        perturbed=("x", "r"),
        draws={name: rotated_draw(x_of) for name, x_of in INPUTS.items()},
    )


def printed(exam: Examination) -> list[Evidence]:
    """Two searches, one for either direction."""
    return [
        *search(
            implication_statement("equality ⇐ all A_i equal", all_activations_equal, alignments_equal), exam, "if", 0.5
        ),
        *search(
            implication_statement("equality ⇒ all A_i equal", alignments_equal, all_activations_equal),
            exam,
            "only if",
            0.5,
        ),
    ]


def equivalence_statement(
    text: str, parameters: Shapes, build: Callable[[Parameters], Case], orthogonal: bool
) -> ExactStatement:
    """The statement that equality ⇔ `relu(r_b) ∥ A` on the active set; `orthogonal` as in `is_admissible`."""
    return ExactStatement(
        text,
        parameters,
        build,
        lambda case: is_admissible(case, orthogonal),
        holds=lambda case: alignments_equal(case) == is_filtered_parallel(case),
        sides=lambda case: {"A": [str(v) for v in activation(case)]},
        size=lambda case: 0.0,
        perturbed=("x", "r"),
    )


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and a search that has to fail."""
    statement = equivalence_statement(
        "equality ⇔ relu(r_b) ∥ A on the active set", orthogonal_layer(), from_rotation, True
    )
    return [derivation_evidence(orthogonal_proofs.lagrange), *search(statement, exam, "repair")]


def examine_without_orthogonality(exam: Examination) -> list[Evidence]:
    """The repaired equivalence, claimed for columns that need not be orthogonal."""
    return search(
        equivalence_statement("equal norms, not orthogonal", equal_norm_layer(), from_columns, False),
        exam,
        "not orthogonal",
    )


def examine_equal_relevance(exam: Examination) -> list[Evidence]:
    """'All A_i equal' replaced by 'all entries of r_b equal'."""
    statement = implication_statement(
        "equality ⇐ all entries of r_b equal", lambda case: bool(np.all(case["r"] == case["r"][0])), alignments_equal
    )
    return search(statement, exam, "constant")


CLAIMS = (
    Claim(
        id="thm-2-equality",
        title="Theorem 2: equality iff all A_i are equal",
        source=f"{PAPER}, Theorem 2, text after eq. 18",
        statement="In α(R_a, x) ≥ α(R_b, x) equality holds if and only if all the A_i are equal.",
        premises=(ORTHOGONAL, "A ≠ 0; both maps non-zero", "every r_b; rule GBP"),
        examine=printed,
        control=BrokenPremise(
            premise="'all A_i equal' replaced by 'all entries of r_b equal'", examine=examine_equal_relevance
        ),
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
        control=BrokenPremise(premise="equal norms, not orthogonal", examine=examine_without_orthogonality),
        repairs="thm-2-equality",
    ),
)
