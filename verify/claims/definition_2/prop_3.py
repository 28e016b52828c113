"""Proposition 3: the z⁺ rule is a negative filtering rule with one scalar γ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nfrlab.simulations.dense import rules
from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.filtering import proofs
from nfrlab.theory.numerics.vectors import positive_part
from nfrlab.verify.claims.premises import NO_BIAS, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.inequality_13 import passed
from nfrlab.verify.examine.exact.integer_layers import (
    NEGATIVE,
    NON_NEGATIVE,
    POSITIVE,
    SHAPES,
    SMALL,
    as_case,
    small_layer,
)
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, Draw, ExactStatement
from nfrlab.verify.examine.exact.zplus_filter import (
    NON_NEGATIVE_DRAWS,
    ONE_NEURON,
    WITH_GAMMA,
    WITHOUT_GAMMA,
    conserving_gamma,
    exact_map,
    filter_form_statement,
    maps_vanish,
    not_negative,
)
from nfrlab.verify.examine.stated_draws import INPUTS, random_layer_draw

ANY_SIGN_DRAWS: dict[str, Draw] = {
    "Gaussian x, r of any sign": random_layer_draw(INPUTS["Gaussian x"]),
    "image patches, r of any sign": random_layer_draw(INPUTS["image patches"]),
    "normalised patches, r ≥ 0": random_layer_draw(INPUTS["normalised patches"], positive_relevance=True),
}
MIXED = POSITIVE, NEGATIVE
"""The first weights of a neuron of either sign: where it is active, the filter takes something away."""
SEVERAL_INPUTS = [(d, N) for d, N in SHAPES if d > 1]
"""Shapes (d, N); a neuron with one input, both positive, has no negative weight."""


def strict_statement_with_gamma() -> ExactStatement:
    """The second half as printed: strict, with the γ that conserves relevance, for x, r ≥ 0."""
    return WITH_GAMMA.printed(
        "conserving γ: F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩ (x, r ≥ 0)",
        small_layer(x=NON_NEGATIVE, r=NON_NEGATIVE),
        draws=NON_NEGATIVE_DRAWS,
        admissible=lambda case: conserving_gamma(case) is not None and not_negative(case),
    )


def printed(exam: Examination) -> list[Evidence]:
    """Three searches: is it a filtering rule? Strictly larger with the printed γ? Without it, whatever the signs?"""
    text = "γ dropped, x and r of any sign: F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩"
    return [
        *search(filter_form_statement(), exam, "filtering rule", 1 / 3),
        *search(strict_statement_with_gamma(), exam, "with gamma", 1 / 3),
        *search(WITHOUT_GAMMA.printed(text, small_layer(), draws=ANY_SIGN_DRAWS), exam, "without gamma", 1 / 3),
    ]


def examine_positive_case(exam: Examination) -> list[Evidence]:
    """One neuron, of which γ is the scalar; and, γ dropped, several neurons with x, r > 0 and a negative weight."""
    text = "γ dropped, x, r > 0: F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩"
    layers = small_layer(x=POSITIVE, r=POSITIVE, lead={"w": MIXED}, shapes=SEVERAL_INPUTS)
    return [
        *search(replace(filter_form_statement(ONE_NEURON), draws={}), exam, "filtering rule"),
        *search(WITHOUT_GAMMA.printed(text, layers), exam, "without gamma"),
    ]


def examine_signed_inputs_not_strict(exam: Examination) -> list[Evidence]:
    """γ dropped, r ≥ 0, for signed inputs, as normalised images are: without strictness."""
    statement = WITHOUT_GAMMA.not_strict("γ dropped, signed x, r ≥ 0", small_layer(r=NON_NEGATIVE))
    return search(statement, exam, "signed")


def repaired_statement_for(text: str, x: range) -> ExactStatement:
    """The repaired statement, γ dropped: ≥, and > exactly when the input sees a change; entries of x drawn from `x`."""
    lead = {"x": [POSITIVE, POSITIVE], "r": [POSITIVE], "w": MIXED} if x is NON_NEGATIVE else {}
    return WITHOUT_GAMMA.repaired(
        text,
        small_layer(x=x, r=NON_NEGATIVE, lead=lead, shapes=SEVERAL_INPUTS),
        seen=lambda case, passed: np.asarray(case["x"] * passed),
    )


def per_neuron_statement() -> ExactStatement:
    """The statement that eq. 16 is `x ⊙ W⁺(γ ⊙ ρ)`, and that the conserving scalar γ makes ineq. 13 an equality."""

    def holds(case: Case) -> bool:
        per_neuron = case["x"] * rules.zplus_gradient(passed(case), case["r"])
        return bool(np.all(exact_map(case) == per_neuron)) and (
            conserving_gamma(case) is None or WITH_GAMMA.margin(case) == 0
        )

    return ExactStatement(
        "R = x ⊙ W⁺(γ ⊙ ρ), γ_j = a_j/Σ_k z_kj⁺; with the conserving scalar γ both sides of ineq. 13 are equal",
        small_layer(x=NON_NEGATIVE, r=NON_NEGATIVE, lead={"r": [POSITIVE]}),
        as_case,
        not_negative,
        holds,
        agree=lambda case: bool(np.all(exact_map(case) == closed_map(case))),
        tied=maps_vanish,
        sides=lambda case: {},
        size=lambda case: 0.0,
        perturbed=("x", "W", "r"),
    )


def closed_map(case: Case) -> Array:
    """`R_i = Σ_j x_i w_ij⁺ / Σ_k x_k w_kj⁺ · A_j r_j` over the active neurons, eq. 16 for x ≥ 0 entry by entry."""
    z_plus, A = case["x"][:, None] * positive_part(case["W"]), positive_part(case["W"].T @ case["x"])
    on = A > 0
    return np.asarray((z_plus[:, on] * (A * case["r"])[on] / z_plus[:, on].sum(axis=0)).sum(axis=1))


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and two searches that have to fail."""
    text = "γ dropped, x, r ≥ 0: ⟨A, F(WM)r⟩ ≥ ⟨A, WMr⟩, > exactly when A ⊙ F(WM)r ≠ A ⊙ WMr"
    return [
        derivation_evidence(proofs.zplus_margin_sign),
        *search(repaired_statement_for(text, NON_NEGATIVE), exam, "repair"),
        *search(per_neuron_statement(), exam, "per neuron"),
    ]


def examine_signed_inputs(exam: Examination) -> list[Evidence]:
    """The repaired statement, claimed for signed inputs, as normalised images are."""
    return search(repaired_statement_for("γ dropped, signed x, r ≥ 0", SMALL), exam, "repair")


CLAIMS = (
    Claim(
        id="prop-3",
        title="The z⁺ rule is a negative filtering rule",
        source=f"{PAPER}, Prop. 3, Def. 2, eq. 16",
        statement=(
            "The z⁺ rule is the filtering rule F(WM) = γ W diag(1[W > 0]) M with bottom process r_0 ⊙ x, γ a "
            "normalisation with Σ_i R_i = Σ_j R_j, and ⟨A, F(WM)r⟩ > ⟨A, WMr⟩ strictly whenever F(WM) ≠ WM."
        ),
        premises=(NO_BIAS, "any input A, weights W and relevance r; the favourable case x, r ≥ 0 apart"),
        examine=printed,
        control=BrokenPremise(premise="signed inputs, γ dropped", examine=examine_signed_inputs_not_strict),
        restored=RestoredPremise(
            premise="one neuron where the rule is compared with the filter; γ dropped and x, r > 0 in ineq. 13",
            examine=examine_positive_case,
        ),
    ),
    Claim(
        id="prop-3-repair",
        title="z⁺ without γ never lowers ⟨A, ·⟩ for x, r ≥ 0",
        source="repair of Prop. 3",
        statement=(
            "Eq. 16 is x ⊙ W⁺(γ ⊙ ρ) with one γ_j per neuron. The scalar γ that conserves relevance makes both sides "
            "of ineq. 13 equal. With γ dropped and x, r ≥ 0, ⟨A, F(WM)r⟩ ≥ ⟨A, WMr⟩, > exactly when A ⊙ F(WM)r ≠ A ⊙ "
            "WMr."
        ),
        premises=(NO_BIAS, "x ≥ 0", "r ≥ 0"),
        examine=repair,
        control=BrokenPremise(premise="signed inputs", examine=examine_signed_inputs),
        repairs="prop-3",
    ),
)
