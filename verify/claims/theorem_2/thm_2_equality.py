"""Theorem 2's equality case: "if and only if all the A_i are equal"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from nfrlab.theory.numerics.vectors import positive_part
from nfrlab.theory.weighting import orthogonal_neurons
from nfrlab.theory.weighting.proofs import orthogonal_neurons as orthogonal_proofs
from nfrlab.verify.claims.premises import ORTHOGONAL, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import (
    POSITIVE,
    Shapes,
    equal_norm_layer,
    from_columns,
    from_rotation,
    orthogonal_layer,
)
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, Draw, ExactStatement, Parameters
from nfrlab.verify.examine.exact.weightings import activation, gbp_map, inequality, passed_by_gbp, rotated_draw
from nfrlab.verify.examine.stated_draws import INPUTS

Condition = Callable[[Case], bool]


def all_activations_equal(case: Case) -> bool:
    """Whether all A_i are equal, inactive ones included, as printed."""
    A = activation(case)
    return bool(np.all(A[0] == A))


def is_filtered_parallel(case: Case) -> bool:
    """Whether `relu(r_b) = t A` on the active set, by Lagrange's gap; t > 0, as an admissible case has no zero map."""
    A = activation(case)
    s = positive_part(case["r"])[A > 0]
    return bool(orthogonal_neurons.activation_gain(s, A[A > 0]) == 0)


def without_orthogonality(case: Case) -> bool:
    """Any case will do."""
    return True


@dataclass(frozen=True)
class Layers:
    """What is drawn: shapes, what they stand for, and whether their neurons are orthogonal."""

    shapes: Shapes
    build: Callable[[Parameters], Case]
    orthogonal: bool

    def equality(
        self, text: str, condition: Condition, given: bool, draws: Mapping[str, Draw] | None = None
    ) -> ExactStatement:
        """One direction of "α(R_a, x) = α(R_b, x) iff `condition`", for GBP.

        With `given` that where the condition holds the two are equal; else that where it does not R_b's is smaller.
        Cases of which the direction says nothing are its ties.
        """
        known = {"closed": passed_by_gbp} if self.orthogonal else {"premise": without_orthogonality}
        compared = inequality(text, gbp_map, self.shapes, self.build, draws=dict(draws or {}), **known)

        def holds(case: Case) -> bool:
            equal = compared.tied(case)
            return equal if given else compared.holds(case) and not equal

        return replace(
            compared,
            holds=lambda case: condition(case) != given or holds(case),
            tied=lambda case: condition(case) != given,
            size=lambda case: abs(compared.size(case)),
        )


def orthogonal() -> Layers:
    """Orthogonal neurons of equal norm."""
    return Layers(orthogonal_layer(r=[POSITIVE]), from_rotation, True)


def not_orthogonal() -> Layers:
    """Neurons of equal norm that need not be orthogonal."""
    return Layers(equal_norm_layer(), from_columns, False)


def printed_in(layers: Callable[[], Layers], exam: Examination, draws: Mapping[str, Draw]) -> list[Evidence]:
    """Two searches, one for either direction."""
    if_ = layers().equality("equality ⇐ all A_i equal", all_activations_equal, True, draws)
    only_if = layers().equality("equality ⇒ all A_i equal", all_activations_equal, False, draws)
    return [*search(if_, exam, "if", 0.5), *search(only_if, exam, "only if", 0.5)]


def parallel(drawn: Parameters) -> Parameters:
    """The parameters with r_b such that relu(r_b) is a multiple of A on the active neurons, the multiple its r_1."""
    case = from_rotation(drawn)
    z, r = case["W"].T @ case["x"], drawn["r"]
    return drawn | {"r": [r[0] * value if value > 0 else other for value, other in zip(z, r, strict=True)]}


def examine_parallel(exam: Examination) -> list[Evidence]:
    """The two searches with "relu(r_b) ∥ A on the active set" for "all A_i equal", drawn so where that is given."""
    drawn = replace(orthogonal(), shapes=tuple(shape.map(parallel) for shape in orthogonal().shapes))
    if_ = drawn.equality("equality ⇐ relu(r_b) ∥ A on the active set", is_filtered_parallel, True)
    only_if = orthogonal().equality("equality ⇒ relu(r_b) ∥ A on the active set", is_filtered_parallel, False)
    return [*search(if_, exam, "if"), *search(only_if, exam, "only if")]


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and two searches that have to fail."""
    return [derivation_evidence(orthogonal_proofs.lagrange), *examine_parallel(exam)]


def examine_without_orthogonality(exam: Examination) -> list[Evidence]:
    """Of the repaired equivalence what orthogonality is needed for: elsewhere than at relu(r_b) ∥ A, R_b is worse."""
    text = "equal norms, not orthogonal: equality ⇒ relu(r_b) ∥ A on the active set"
    return search(not_orthogonal().equality(text, is_filtered_parallel, False), exam, "only if")


CLAIMS = (
    Claim(
        id="thm-2-equality",
        title="Theorem 2: equality iff all A_i are equal",
        source=f"{PAPER}, Theorem 2, text after eq. 18",
        statement="In α(R_a, x) ≥ α(R_b, x) equality holds if and only if all the A_i are equal.",
        premises=(ORTHOGONAL, "A ≠ 0; both maps non-zero", "every r_b; rule GBP"),
        examine=lambda exam: printed_in(orthogonal, exam, {name: rotated_draw(x_of) for name, x_of in INPUTS.items()}),
        control=BrokenPremise(
            premise="equal norms, not orthogonal", examine=lambda exam: printed_in(not_orthogonal, exam, {})
        ),
        restored=RestoredPremise(
            premise="'all A_i equal' asked of A_i / relu(r_b)_i on the active neurons", examine=examine_parallel
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
