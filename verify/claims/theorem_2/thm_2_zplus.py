"""Theorem 2 for the z⁺ rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nfrlab.theory.weighting.proofs import orthogonal_neurons as orthogonal_proofs
from nfrlab.verify.claims.premises import ORTHOGONAL, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import (
    NON_NEGATIVE,
    POSITIVE,
    Shapes,
    constant,
    distinct_vector,
    from_rotation,
    has_orthogonal_columns,
    integers,
    led_vector,
    parameters,
    rotated_layer,
    vector,
)
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, Parameters, to_fractions
from nfrlab.verify.examine.exact.weightings import (
    examination_without_orthogonality,
    inequality,
    passed_whole,
    rotated_draw,
    zplus_filter_map,
    zplus_gradient_map,
    zplus_map,
)
from nfrlab.verify.examine.stated_draws import INPUTS

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


RULE, FILTER = "z⁺ relevance: α(R_a, x) ≥ α(R_b, x)", "z⁺ filter, no bottom process: α(R_a, x) ≥ α(R_b, x)"


def is_favourable(case: Case) -> bool:
    """Whether neurons are orthogonal of equal norm, and x, r_b ≥ 0."""
    return has_orthogonal_columns(case) and bool(np.all(case["x"] >= 0) and np.all(case["r"] >= 0))


def printed(exam: Examination) -> list[Evidence]:
    """Two searches in the favourable case x, r_b ≥ 0: the rule itself, and the filter form without bottom process."""
    layers = rotated_layer(x=NON_NEGATIVE, r=NON_NEGATIVE)
    draws = {"image patches": rotated_draw(INPUTS["image patches"], positive=True)}
    return [
        *search(inequality(RULE, zplus_map, layers, from_rotation, is_favourable, draws), exam, "rule", 0.5),
        *search(inequality(FILTER, zplus_filter_map, layers, from_rotation, is_favourable, draws), exam, "filter", 0.5),
    ]


def disjoint_columns(sign: int, x: SearchStrategy[Any] | None = None, r: SearchStrategy[Any] | None = None) -> Shapes:
    """The parameters of two columns of disjoint support and equal norm in Z⁴: entries p, q up to order and `sign`.

    Both neurons are active at x, by default any x ≥ 0 that makes them so; r is by default anything.
    """
    x = led_vector([POSITIVE, NON_NEGATIVE, POSITIVE, POSITIVE], 4) if x is None else x
    r = vector(2) if r is None else r
    return (parameters(p=POSITIVE, q=NON_NEGATIVE, swap=range(2), sign=constant(sign), x=x, r=r),)


def from_disjoint_columns(drawn: Parameters) -> Case:
    """The case that the parameters of `disjoint_columns` stand for; the last entry of W carries the sign."""
    p, q = drawn["p"], drawn["q"]
    first, second = (q, p) if drawn["swap"] else (p, q)
    W = [[p, 0], [q, 0], [0, first], [0, second * drawn["sign"]]]
    return {"x": to_fractions(drawn["x"]), "W": to_fractions(W), "r": to_fractions(drawn["r"])}


def examine_positive_weights(exam: Examination) -> list[Evidence]:
    """The same two searches with W ≥ 0 and, so that the bottom process r_0 ⊙ x does nothing, a constant image."""
    layers = disjoint_columns(1, x=integers(POSITIVE).map(lambda value: [value] * 4), r=distinct_vector(2, range(6)))
    return [
        piece
        for text, map_of, point in ((RULE, zplus_map, "rule"), (FILTER, zplus_filter_map, "filter"))
        for piece in search(
            inequality(text, map_of, layers, from_disjoint_columns, is_favourable, closed=passed_whole), exam, point
        )
    ]


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and a search among non-negative columns that has to fail."""
    statement = inequality(
        "W ≥ 0: α(R_a, x) ≥ α(R_b, x)",
        zplus_gradient_map,
        disjoint_columns(1),
        from_disjoint_columns,
        closed=passed_whole,
    )
    return [derivation_evidence(orthogonal_proofs.zplus_weighting), *search(statement, exam, "disjoint")]


def examine_negative_weight(exam: Examination) -> list[Evidence]:
    """The repaired statement, claimed for columns with one negative weight."""
    statement = inequality("one negative weight", zplus_gradient_map, disjoint_columns(-1), from_disjoint_columns)
    return search(statement, exam, "signed")


CLAIMS = (
    Claim(
        id="thm-2-zplus",
        title="Theorem 2 for the z⁺ rule",
        source=f"{PAPER}, Theorem 2, eq. 18",
        statement="α(r_a, A) = 1 implies α(R_a, x) ≥ α(R_b, x) for the z⁺ rule and every r_b.",
        premises=(ORTHOGONAL, "A ≠ 0; both maps non-zero", "the favourable case x, r_b ≥ 0"),
        examine=printed,
        control=BrokenPremise(
            premise="equal norms, not orthogonal", examine=examination_without_orthogonality(zplus_map)
        ),
        restored=RestoredPremise(premise="weights ≥ 0, and a constant image", examine=examine_positive_weights),
    ),
    Claim(
        id="thm-2-zplus-repair",
        title="Theorem 2 for z⁺ with non-negative weights",
        source="repair of Theorem 2 for z⁺",
        statement=(
            "If the active columns are non-negative (disjoint supports) and x ≥ 0, α(R_a, x) ≥ α(R_b, x) for the z⁺ "
            "rule without bottom process."
        ),
        premises=(ORTHOGONAL, "W ≥ 0 on active neurons", "x ≥ 0", "both maps non-zero"),
        examine=repair,
        control=BrokenPremise(premise="one negative weight", examine=examine_negative_weight),
        repairs="thm-2-zplus",
    ),
)
