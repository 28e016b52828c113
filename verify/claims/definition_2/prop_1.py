"""Proposition 1: GBP is a negative filtering rule."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from nfrlab.simulations.dense import layer
from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.filtering import margins, proofs
from nfrlab.verify.claims.premises import NO_BIAS, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact import inequality_13
from nfrlab.verify.examine.exact.integer_layers import small_layer
from nfrlab.verify.examine.exact.search import Case, search
from nfrlab.verify.examine.stated_draws import INPUTS, random_layer_draw, trained_layer_draw

PRINTED = "F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩"
REPAIRED = "⟨A, F(WM)r⟩ ≥ ⟨A, WMr⟩, and > exactly when F(WM)r ≠ WMr"
DRAWS = {
    **{name: random_layer_draw(x_of) for name, x_of in INPUTS.items()},
    "layer 2 of a digits network": trained_layer_draw("gbp"),
}


def gbp_filter(case: Case) -> Array:
    """`F(WM) = W M diag(1[r > 0])`."""
    return np.asarray(inequality_13.unfiltered_matrix(case) * (case["r"] > 0))


def gbp_margin(case: Case) -> Fraction:
    """The theory's margin of GBP, from activation and relevance alone."""
    return Fraction(margins.gbp_margin(layer(case["x"], case["W"]).act, case["r"]))


def printed(exam: Examination) -> list[Evidence]:
    """A search over every x, W and r: strictly larger whenever F(WM) ≠ WM?"""
    statement = inequality_13.printed_statement(PRINTED, gbp_filter, small_layer(), gbp_margin, DRAWS)
    return search(statement, exam, "strict")


def examine_with_biases(exam: Examination) -> list[Evidence]:
    """The search among biased neurons: an active one may then have ⟨w, A⟩ < 0."""
    text = "with biases: ⟨A, F(WM)r⟩ ≥ ⟨A, WMr⟩, beyond the boundary cases"
    return search(inequality_13.non_strict_statement(text, gbp_filter, small_layer(biased=True)), exam, "strict")


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and a search that has to fail."""
    statement = inequality_13.repaired_statement(REPAIRED, gbp_filter, small_layer(), gbp_margin)
    return [derivation_evidence(proofs.gbp_margin_sign), *search(statement, exam, "repair")]


def examine_repair_with_biases(exam: Examination) -> list[Evidence]:
    """The repaired statement among biased neurons."""
    statement = inequality_13.repaired_statement("with biases: " + REPAIRED, gbp_filter, small_layer(biased=True))
    return search(statement, exam, "repair")


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
