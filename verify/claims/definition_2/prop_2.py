"""Proposition 2: RectGrad is a negative filtering rule, for a constant threshold and for the quantile."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from nfrlab.simulations.dense import layer
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.rules import quantile
from nfrlab.theory.filtering import margins, proofs
from nfrlab.verify.claims.definition_2.prop_1 import NO_BIAS
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence, Kind
from nfrlab.verify.examine import inequality_13
from nfrlab.verify.examine.derivation import PAPER, derived
from nfrlab.verify.examine.exact import Case, Draw, search
from nfrlab.verify.examine.integer_layers import small_layer
from nfrlab.verify.examine.stated_draws import INPUTS, one_layer, trained_layer

LEVEL = Fraction(9, 10)
NON_POSITIVE = st.integers(-3, 0)


def contributions(case: Case) -> Array:
    """`A ⊙ r`."""
    return np.asarray(layer(case["x"], case["W"]).act * case["r"])


def threshold(case: Case) -> Fraction:
    """The constant τ of the case, or the 90 % quantile of `A ⊙ r` where it has none."""
    return Fraction(case["tau"] if "tau" in case else quantile(contributions(case), LEVEL))


def rectgrad_filter(case: Case) -> Array:
    """`F(WM) = W M diag(1[A ⊙ r > τ])`."""
    return np.asarray(inequality_13.plain(case) * (contributions(case) > threshold(case)))


def closed_form(case: Case) -> Fraction:
    """The theory's margin, from activation, relevance and threshold."""
    return Fraction(margins.rectgrad_margin(layer(case["x"], case["W"]).act, case["r"], threshold(case)))


def draws(**extra: Any) -> dict[str, Draw]:
    """Random and real inputs, and a layer of a real network with the relevance that RectGrad brings to it."""
    return {
        **{name: one_layer(x_of, **extra) for name, x_of in INPUTS.items()},
        "layer 2 of a digits network": trained_layer("rectgrad", **extra),
    }


def printed(exam: Examination) -> list[Evidence]:
    """Both readings of τ: a constant of any sign, and the quantile of the experiments."""
    constant = inequality_13.as_printed(
        "constant τ: F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩",
        rectgrad_filter,
        small_layer(tau=st.integers(-3, 3)),
        closed_form,
        draws(tau=Fraction(1, 4)),
        perturbed=("x", "W", "r", "tau"),
    )
    by_quantile = inequality_13.as_printed(
        "τ the 90 % quantile: F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩",
        rectgrad_filter,
        small_layer(),
        closed_form,
        draws() | {"layer 1 of a digits network": trained_layer("rectgrad", level=1)},
    )
    return [*search(constant, exam, "constant", 0.5), *search(by_quantile, exam, "quantile", 0.5)]


def printed_absolute(exam: Examination) -> list[Evidence]:
    """|A ⊙ r| > τ instead: then positive contributions are kept and dropped by size alone."""

    def by_size(case: Case) -> Array:
        return np.asarray(inequality_13.plain(case) * (np.abs(contributions(case)) > threshold(case)))

    statement = inequality_13.never_reversed("filter |A ⊙ r| > τ", by_size, small_layer(tau=st.integers(0, 3)))
    return search(statement, exam, "absolute")


REPAIRED = "τ ≤ 0: ⟨A, F(WM)r⟩ ≥ ⟨A, WMr⟩, and > exactly when F(WM)r ≠ WMr"


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and a search over τ ≤ 0 that has to fail."""
    statement = inequality_13.repaired(REPAIRED, rectgrad_filter, small_layer(tau=NON_POSITIVE), closed_form)
    return [derived(proofs.rectgrad_margin_sign), *search(statement, exam, "repair")]


def repair_positive(exam: Examination) -> list[Evidence]:
    """The repaired statement for τ > 0."""
    statement = inequality_13.repaired("τ > 0", rectgrad_filter, small_layer(tau=st.integers(1, 3)), closed_form)
    return search(statement, exam, "repair")


CLAIMS = (
    Claim(
        "prop-2",
        "RectGrad is a negative filtering rule",
        f"{PAPER}, Prop. 2, Def. 2, eq. 15",
        "RectGrad is the filtering rule F(WM) = W M diag(1[A ⊙ r > τ]), and ⟨A, F(WM)r⟩ > ⟨A, WMr⟩ strictly whenever "
        "F(WM) ≠ WM, for every τ: a constant, or the 90 % quantile of A ⊙ r.",
        (NO_BIAS, "any input A, weights W, relevance r and threshold τ"),
        (Kind.SEARCH, Kind.REACH),
        printed,
        BrokenPremise("the filter looks at |A ⊙ r|", printed_absolute),
    ),
    Claim(
        "prop-2-repair",
        "RectGrad with τ ≤ 0 never lowers ⟨A, ·⟩",
        "repair of Prop. 2",
        "For τ ≤ 0 RectGrad has ⟨A, F(WM)r⟩ − ⟨A, WMr⟩ = −Σ_(a_j r_j ≤ τ) a_j r_j ≥ 0, > 0 exactly when F(WM)r ≠ WMr. "
        "No τ > 0 will do.",
        (NO_BIAS, "τ ≤ 0"),
        (Kind.DERIVATION, Kind.SEARCH),
        repair,
        BrokenPremise("τ > 0", repair_positive),
        repairs="prop-2",
    ),
)
