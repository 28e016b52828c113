"""Proposition 1: GBP is a negative filtering rule."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

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
from nfrlab.verify.examine.exact.integer_layers import NEGATIVE, NON_POSITIVE, NOT_ZERO, small_layer
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, once
from nfrlab.verify.examine.stated_draws import INPUTS, random_layer_draw, trained_layer_draw

PRINTED = "F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩"
REPAIRED = "⟨A, F(WM)r⟩ ≥ ⟨A, WMr⟩, and > exactly when F(WM)r ≠ WMr"
DRAWS = {
    **{name: random_layer_draw(x_of) for name, x_of in INPUTS.items()},
    "layer 2 of a digits network": trained_layer_draw("gbp"),
}


@once
def gbp_filter(case: Case) -> Array:
    """`F(WM) = W M diag(1[r > 0])`."""
    return np.asarray(unfiltered_matrix(case) * (case["r"] > 0))


def gbp_margin(case: Case) -> Fraction:
    """The theory's margin of GBP, from activation and relevance alone."""
    return Fraction(margins.gbp_margin(positive_part(case["W"].T @ case["x"]), case["r"]))


@once
def gbp_map(case: Case) -> Array:
    """GBP's map, by the simulation."""
    return rules.gbp(passed(case), case["r"])


GBP = Filtering(gbp_filter, gbp_map, gbp_margin)
BIASED_GBP = replace(GBP, closed=None)
"""With biases there is no closed form."""


def printed(exam: Examination) -> list[Evidence]:
    """A search over every x, W and r: strictly larger whenever F(WM) ≠ WM?"""
    return search(GBP.printed(PRINTED, small_layer(), draws=DRAWS), exam, "strict")


def examine_without_zeros(exam: Examination) -> list[Evidence]:
    """The search over relevances without a zero, some of them negative."""
    layers = small_layer(r=NOT_ZERO, lead={"r": [NEGATIVE]})
    return search(GBP.printed("no r_j is 0: " + PRINTED, layers), exam, "strict")


def examine_with_biases(exam: Examination) -> list[Evidence]:
    """The search among biased neurons: an active one may then have ⟨w, A⟩ < 0."""
    text = "with biases: ⟨A, F(WM)r⟩ ≥ ⟨A, WMr⟩, beyond the boundary cases"
    return search(BIASED_GBP.not_strict(text, small_layer(biased=True)), exam, "strict")


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and a search that has to fail."""
    return [
        derivation_evidence(proofs.gbp_margin_sign),
        *search(GBP.repaired(REPAIRED, small_layer(lead={"r": [NON_POSITIVE]})), exam, "repair"),
    ]


def examine_repair_with_biases(exam: Examination) -> list[Evidence]:
    """The repaired statement among biased neurons."""
    layers = small_layer(lead={"r": [NON_POSITIVE]}, biased=True)
    return search(BIASED_GBP.repaired("with biases: " + REPAIRED, layers), exam, "repair")


CLAIMS = (
    Claim(
        id="prop-1",
        title="GBP is a negative filtering rule",
        source=f"{PAPER}, Prop. 1, Def. 2, eq. 14",
        statement=(
            "GBP is the filtering rule F(WM) = W M diag(1[r > 0]), and ⟨A, F(WM)r⟩ > ⟨A, WMr⟩ strictly whenever F(WM) "
            "≠ WM."
        ),
        premises=(NO_BIAS, "any input A, weights W and relevance r"),
        examine=printed,
        control=BrokenPremise(premise="biases added", examine=examine_with_biases),
        restored=RestoredPremise(premise="no entry of r is 0", examine=examine_without_zeros),
    ),
    Claim(
        id="prop-1-repair",
        title="GBP never lowers ⟨A, ·⟩",
        source="repair of Prop. 1",
        statement="For GBP ⟨A, F(WM)r⟩ − ⟨A, WMr⟩ = Σ_j a_j r_j⁻ ≥ 0, and it is > 0 exactly when F(WM)r ≠ WMr.",
        premises=(NO_BIAS,),
        examine=repair,
        control=BrokenPremise(premise="biases added", examine=examine_repair_with_biases),
        repairs="prop-1",
    ),
)
