"""Proposition 2: RectGrad is a negative filtering rule, for a constant threshold and for the quantile."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from nfrlab.simulations.dense import rules
from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.filtering import margins, proofs
from nfrlab.theory.numerics.vectors import positive_part
from nfrlab.verify.claims.premises import NO_BIAS, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.inequality_13 import Filtering, passed, unfiltered_matrix
from nfrlab.verify.examine.exact.integer_layers import (
    NEGATIVE,
    NON_POSITIVE,
    POSITIVE,
    RECTGRAD_LEVEL,
    SHAPES,
    SMALL,
    small_layer,
)
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, Draw, once
from nfrlab.verify.examine.stated_draws import INPUTS, random_layer_draw, trained_layer_draw

REPAIRED = "τ ≤ 0: ⟨A, F(WM)r⟩ ≥ ⟨A, WMr⟩, and > exactly when F(WM)r ≠ WMr"


CONSTANT = "constant τ: F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩"
QUANTILE = "τ the 90 % quantile: F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩"
WITH_TAU = "x", "W", "r", "tau"
"""What a generic perturbation moves where τ is a number of the case."""


@once
def activation(case: Case) -> Array:
    """`A = (Wᵀx)⁺`, by the theory."""
    return positive_part(case["W"].T @ case["x"] + case.get("b", 0))


def threshold(case: Case) -> Fraction:
    """The constant τ of the case or, where it has none, what stands for the 90 % quantile of `A ⊙ r`."""
    return Fraction(
        case["tau"] if "tau" in case else margins.quantile_cut(activation(case) * case["r"], RECTGRAD_LEVEL)
    )


@once
def rectgrad_filter(case: Case) -> Array:
    """`F(WM) = W M diag(1[A ⊙ r > τ])`."""
    return np.asarray(unfiltered_matrix(case) * (activation(case) * case["r"] > threshold(case)))


@once
def rectgrad_map(case: Case) -> Array:
    """RectGrad's map, by the simulation."""
    if "tau" in case:
        return rules.rectgrad(passed(case), case["r"], case["tau"])
    return rules.rectgrad_quantile(passed(case), case["r"], RECTGRAD_LEVEL)


def rectgrad_margin(case: Case) -> Fraction:
    """The theory's margin of RectGrad, from activation, relevance and threshold."""
    return Fraction(margins.rectgrad_margin(activation(case), case["r"], threshold(case)))


RECTGRAD = Filtering(rectgrad_filter, rectgrad_map, rectgrad_margin)


def rectgrad_draws(**extra: Any) -> dict[str, Draw]:
    """Random layers at random and real inputs, and a layer of a real network with the relevance RectGrad brings to it.

    `extra` are further parameters of the case, fixed: a constant τ.
    """
    return {
        **{name: random_layer_draw(x_of, **extra) for name, x_of in INPUTS.items()},
        "layer 2 of a digits network": trained_layer_draw("rectgrad", **extra),
    }


def printed(exam: Examination) -> list[Evidence]:
    """A search for either reading of τ: a constant of any sign, and the quantile of the experiments."""
    by_constant = RECTGRAD.printed(
        CONSTANT, small_layer(tau=SMALL), draws=rectgrad_draws(tau=Fraction(1, 4)), perturbed=WITH_TAU
    )
    draws = rectgrad_draws() | {"layer 1 of a digits network": trained_layer_draw("rectgrad", number=1)}
    by_quantile = RECTGRAD.printed(QUANTILE, small_layer(), draws=draws)
    return [*search(by_constant, exam, "constant", 0.5), *search(by_quantile, exam, "quantile", 0.5)]


def examine_negative_thresholds(exam: Examination) -> list[Evidence]:
    """The same two searches with τ < 0: the constant drawn so, the quantile because every contribution is negative."""
    by_constant = RECTGRAD.printed("τ < 0: " + CONSTANT, small_layer(lead={"r": [NEGATIVE]}, tau=(-1, -2)))
    by_quantile = RECTGRAD.printed("A ⊙ r ≤ 0: " + QUANTILE, small_layer(r=NEGATIVE, shapes=(*SHAPES, (1, 8))))
    return [*search(by_constant, exam, "constant"), *search(by_quantile, exam, "quantile")]


def examine_biases_and_negative_threshold(exam: Examination) -> list[Evidence]:
    """τ < 0 with biased neurons: an active one may then have ⟨w, A⟩ < 0."""
    text = "τ < 0, with biases: ⟨A, F(WM)r⟩ ≥ ⟨A, WMr⟩, beyond the boundary cases"
    biased = replace(RECTGRAD, closed=None).not_strict(text, small_layer(biased=True, tau=(-1, -2)))
    return search(biased, exam, "biased")


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and a search over τ ≤ 0 that has to fail."""
    statement = RECTGRAD.repaired(REPAIRED, small_layer(lead={"r": [NON_POSITIVE]}, tau=NON_POSITIVE))
    return [derivation_evidence(proofs.rectgrad_margin_sign), *search(statement, exam, "repair")]


def examine_positive_threshold(exam: Examination) -> list[Evidence]:
    """The repaired statement, claimed for τ > 0."""
    return search(RECTGRAD.repaired("τ > 0", small_layer(tau=POSITIVE)), exam, "repair")


CLAIMS = (
    Claim(
        id="prop-2",
        title="RectGrad is a negative filtering rule",
        source=f"{PAPER}, Prop. 2, Def. 2, eq. 15",
        statement=(
            "RectGrad is the filtering rule F(WM) = W M diag(1[A ⊙ r > τ]), and ⟨A, F(WM)r⟩ > ⟨A, WMr⟩ strictly "
            "whenever F(WM) ≠ WM, for every τ: a constant, or the 90 % quantile of A ⊙ r."
        ),
        premises=(NO_BIAS, "any input A, weights W, relevance r and threshold τ"),
        examine=printed,
        control=BrokenPremise(premise="biases added, τ < 0", examine=examine_biases_and_negative_threshold),
        restored=RestoredPremise(
            premise="τ < 0, that of the quantile by contributions that are not positive",
            examine=examine_negative_thresholds,
        ),
    ),
    Claim(
        id="prop-2-repair",
        title="RectGrad with τ ≤ 0 never lowers ⟨A, ·⟩",
        source="repair of Prop. 2",
        statement=(
            "For τ ≤ 0 RectGrad has ⟨A, F(WM)r⟩ − ⟨A, WMr⟩ = −Σ_(a_j r_j ≤ τ) a_j r_j ≥ 0, > 0 exactly when F(WM)r ≠ "
            "WMr. No τ > 0 will do."
        ),
        premises=(NO_BIAS, "τ ≤ 0"),
        examine=repair,
        control=BrokenPremise(premise="τ > 0", examine=examine_positive_threshold),
        repairs="prop-2",
    ),
)
