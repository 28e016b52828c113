"""Proposition 2: RectGrad is a negative filtering rule, for a constant threshold and for the quantile."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from nfrlab.simulations.dense import layer
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.rules import quantile
from nfrlab.theory.filtering import margins, proofs
from nfrlab.verify.claims.premises import NO_BIAS, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact import inequality_13
from nfrlab.verify.examine.exact.integer_layers import NON_NEGATIVE, NON_POSITIVE, RECTGRAD_LEVEL, SMALL, small_layer
from nfrlab.verify.examine.exact.search import Case, Draw, search
from nfrlab.verify.examine.stated_draws import INPUTS, random_layer_draw, trained_layer_draw

REPAIRED = "τ ≤ 0: ⟨A, F(WM)r⟩ ≥ ⟨A, WMr⟩, and > exactly when F(WM)r ≠ WMr"


def contributions(case: Case) -> Array:
    """`A ⊙ r`, what RectGrad compares with τ."""
    return np.asarray(layer(case["x"], case["W"]).act * case["r"])


def threshold(case: Case) -> Fraction:
    """The constant τ of the case, or the 90 % quantile of `A ⊙ r` where it has none."""
    return Fraction(case["tau"] if "tau" in case else quantile(contributions(case), RECTGRAD_LEVEL))


def rectgrad_filter(case: Case) -> Array:
    """`F(WM) = W M diag(1[A ⊙ r > τ])`."""
    return np.asarray(inequality_13.unfiltered_matrix(case) * (contributions(case) > threshold(case)))


def rectgrad_margin(case: Case) -> Fraction:
    """The theory's margin of RectGrad, from activation, relevance and threshold."""
    return Fraction(margins.rectgrad_margin(layer(case["x"], case["W"]).act, case["r"], threshold(case)))


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
    constant = inequality_13.printed_statement(
        "constant τ: F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩",
        rectgrad_filter,
        small_layer(tau=SMALL),
        rectgrad_margin,
        rectgrad_draws(tau=Fraction(1, 4)),
        perturbed=("x", "W", "r", "tau"),
    )
    by_quantile = inequality_13.printed_statement(
        "τ the 90 % quantile: F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩",
        rectgrad_filter,
        small_layer(),
        rectgrad_margin,
        rectgrad_draws() | {"layer 1 of a digits network": trained_layer_draw("rectgrad", number=1)},
    )
    return [*search(constant, exam, "constant", 0.5), *search(by_quantile, exam, "quantile", 0.5)]


def examine_filter_by_size(exam: Examination) -> list[Evidence]:
    """|A ⊙ r| > τ in place of A ⊙ r > τ: then contributions are kept and dropped by size alone."""

    def by_size(case: Case) -> Array:
        return np.asarray(inequality_13.unfiltered_matrix(case) * (np.abs(contributions(case)) > threshold(case)))

    statement = inequality_13.non_strict_statement("filter |A ⊙ r| > τ", by_size, small_layer(tau=NON_NEGATIVE))
    return search(statement, exam, "absolute")


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and a search over τ ≤ 0 that has to fail."""
    statement = inequality_13.repaired_statement(
        REPAIRED, rectgrad_filter, small_layer(tau=NON_POSITIVE), rectgrad_margin
    )
    return [derivation_evidence(proofs.rectgrad_margin_sign), *search(statement, exam, "repair")]


def examine_positive_threshold(exam: Examination) -> list[Evidence]:
    """The repaired statement, claimed for τ > 0."""
    statement = inequality_13.repaired_statement(
        "τ > 0", rectgrad_filter, small_layer(tau=range(1, 4)), rectgrad_margin
    )
    return search(statement, exam, "repair")


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
        control=BrokenPremise(premise="the filter looks at |A ⊙ r|", examine=examine_filter_by_size),
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
