"""Proposition 3: the z⁺ rule is a negative filtering rule with one scalar γ, and γ does not matter."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from nfrlab.simulations.dense import layer, rules
from nfrlab.simulations.dense.arrays import Array, relu
from nfrlab.theory.filtering import margins, proofs
from nfrlab.verify.claims.premises import NO_BIAS, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact import inequality_13
from nfrlab.verify.examine.exact.integer_layers import (
    NON_NEGATIVE,
    POSITIVE,
    SMALL,
    as_case,
    parameters,
    short_vector,
    small_layer,
)
from nfrlab.verify.examine.exact.search import Case, Draw, ExactStatement, search
from nfrlab.verify.examine.stated_draws import INPUTS, random_layer_draw, trained_layer_draw

NON_NEGATIVE_DRAWS: dict[str, Draw] = {
    "image patches, r ≥ 0": random_layer_draw(INPUTS["image patches"], positive_relevance=True),
    "layer 2 of a digits network": trained_layer_draw("zplus-gradient"),
}
ANY_SIGN_DRAWS: dict[str, Draw] = {
    "Gaussian x, r of any sign": random_layer_draw(INPUTS["Gaussian x"]),
    "image patches, r of any sign": random_layer_draw(INPUTS["image patches"]),
    "normalised patches, r ≥ 0": random_layer_draw(INPUTS["normalised patches"], positive_relevance=True),
}


def conserving_gamma(case: Case) -> Fraction | None:
    """The scalar γ that conserves relevance, by the theory's formula; None where none exists."""
    gamma = margins.conserving_gamma(case["x"], case["W"], case["r"])
    return None if gamma is None else Fraction(gamma)


def filter_without_gamma(case: Case) -> Array:
    """The filter with γ dropped, `W diag(1[W > 0]) M`."""
    return np.asarray(relu(case["W"]) * layer(case["x"], case["W"]).mask)


def filter_with_gamma(case: Case) -> Array:
    """The filter `γ W diag(1[W > 0]) M` with the γ that conserves relevance, by the simulation's formula."""
    gamma = rules.conserving_gamma(layer(case["x"], case["W"]), case["r"])
    return np.asarray(gamma * filter_without_gamma(case))


def zplus_margin(case: Case, gamma: Fraction = Fraction(1)) -> Fraction:
    """The theory's margin with this γ, by default with γ dropped."""
    return Fraction(margins.zplus_margin(case["x"], case["W"], case["r"], gamma))


def exact_map(case: Case) -> Array:
    """The z⁺ relevance of eq. 16, for `R_l = A ⊙ r`."""
    passed = layer(case["x"], case["W"])
    return rules.zplus(passed, passed.act * case["r"])


def filter_map(case: Case) -> Array:
    """The map of the filter form, γ dropped, with its bottom process: `x ⊙ W⁺ M r`."""
    return np.asarray(case["x"] * rules.zplus_filter(layer(case["x"], case["W"]), case["r"]))


def are_parallel(u: Array, v: Array) -> bool:
    """Whether `u = γ v` for one number γ: every 2×2 minor vanishes, and v = 0 only with u = 0."""
    minors = np.multiply.outer(u, v) - np.multiply.outer(v, u)
    return not np.any(minors != 0) and (bool(np.any(v != 0)) or not np.any(u != 0))


def one_minus_cosine(case: Case) -> float:
    """`1 − cos` of the angle between the rule's map and the filter's map; 1 where one is zero."""
    u, v = exact_map(case).astype(float), filter_map(case).astype(float)
    norms = float(np.linalg.norm(u) * np.linalg.norm(v))
    return 1 - float(u @ v) / norms if norms else 1.0


def not_negative(case: Case) -> bool:
    """Whether x ≥ 0 and r ≥ 0, the favourable case."""
    return bool(np.all(case["x"] >= 0) and np.all(case["r"] >= 0))


def filter_form_statement() -> ExactStatement:
    """The first half of the proposition as printed: eq. 16 *is* the filter form for some scalar γ."""
    return ExactStatement(
        "eq. 16 equals x ⊙ γ W diag(1[W>0]) M r for one scalar γ (x, r ≥ 0)",
        small_layer(x=NON_NEGATIVE, r=NON_NEGATIVE),
        as_case,
        not_negative,
        holds=lambda case: are_parallel(exact_map(case), filter_map(case)),
        sides=lambda case: {"rule": [str(v) for v in exact_map(case)], "filter": [str(v) for v in filter_map(case)]},
        size=one_minus_cosine,
        perturbed=("x", "W", "r"),
        draws=NON_NEGATIVE_DRAWS,
    )


def strict_statement_with_gamma() -> ExactStatement:
    """The second half as printed: strict, with the γ that conserves relevance, for x, r ≥ 0."""
    return inequality_13.printed_statement(
        "conserving γ: F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩ (x, r ≥ 0)",
        filter_with_gamma,
        small_layer(x=NON_NEGATIVE, r=NON_NEGATIVE),
        lambda case: zplus_margin(case, conserving_gamma(case) or Fraction(0)),
        NON_NEGATIVE_DRAWS,
        admissible=lambda case: conserving_gamma(case) is not None and not_negative(case),
    )


def strict_statement_without_gamma() -> ExactStatement:
    """The second half with γ dropped, strict, for inputs and relevances of any sign."""
    return inequality_13.printed_statement(
        "γ dropped, x and r of any sign: F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩",
        filter_without_gamma,
        small_layer(),
        zplus_margin,
        ANY_SIGN_DRAWS,
    )


def printed(exam: Examination) -> list[Evidence]:
    """Three searches: is it a filtering rule? Strictly larger with the printed γ? Without it, whatever the signs?"""
    return [
        *search(filter_form_statement(), exam, "filtering rule", 1 / 3),
        *search(strict_statement_with_gamma(), exam, "with gamma", 1 / 3),
        *search(strict_statement_without_gamma(), exam, "without gamma", 1 / 3),
    ]


def examine_negative_weights(exam: Examination) -> list[Evidence]:
    """W⁻ kept in place of W⁺."""

    def negative_weights(case: Case) -> Array:
        return np.asarray(-relu(-case["W"]) * layer(case["x"], case["W"]).mask)

    shapes = small_layer(x=NON_NEGATIVE, r=NON_NEGATIVE)
    statement = inequality_13.non_strict_statement("filter 1[W < 0], x, r ≥ 0", negative_weights, shapes)
    return search(statement, exam, "negative")


def repaired_statement_for(text: str, x: range) -> ExactStatement:
    """The repaired statement, γ dropped: ≥, and > exactly when the input sees a change; entries of x drawn from `x`."""
    return inequality_13.repaired_statement(
        text,
        filter_without_gamma,
        small_layer(x=x, r=NON_NEGATIVE),
        zplus_margin,
        seen=lambda case, passed: np.asarray(case["x"] * passed),
    )


def per_neuron_statement() -> ExactStatement:
    """The statement that eq. 16 is `x ⊙ W⁺(γ ⊙ ρ)`, and that the conserving scalar γ makes ineq. 13 an equality."""

    def holds(case: Case) -> bool:
        per_neuron = case["x"] * rules.zplus_gradient(layer(case["x"], case["W"]), case["r"])
        return bool(np.all(exact_map(case) == per_neuron)) and (
            conserving_gamma(case) is None or inequality_13.literal_margin(filter_with_gamma, case) == 0
        )

    return ExactStatement(
        "R = x ⊙ W⁺(γ ⊙ ρ), γ_j = a_j/Σ_k z_kj⁺; with the conserving scalar γ both sides of ineq. 13 are equal",
        small_layer(x=NON_NEGATIVE, r=NON_NEGATIVE),
        as_case,
        lambda case: True,
        holds,
        sides=lambda case: {},
        size=lambda case: 0.0,
        perturbed=("x", "W", "r"),
    )


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


def rescale_to_unit_range(R: Array) -> Array | None:
    """`(R − min R)/(max R − min R)`; None for a constant map."""
    low, high = min(R), max(R)
    return None if low == high else (R - low) / (high - low)


def same_picture(u: Array, v: Array) -> bool:
    """Whether two maps give one picture after normalisation to [0, 1]; so do two constant ones."""
    first, second = rescale_to_unit_range(u), rescale_to_unit_range(v)
    if first is None or second is None:
        return first is None and second is None
    return bool(np.all(first == second))


def picture_statement(signed: bool = False) -> ExactStatement:
    """The statement that eq. 16 and its γ-free filter form give one picture; with `signed`, for inputs of any sign."""
    statement = replace(
        filter_form_statement(),
        text="the map of eq. 16 and its γ-free form coincide after normalisation to [0, 1] (x, r ≥ 0)",
        holds=lambda case: same_picture(exact_map(case), filter_map(case)),
    )
    if not signed:
        return statement
    any_sign = small_layer(x=SMALL, r=NON_NEGATIVE)
    return replace(statement, parameters=any_sign, admissible=lambda case: bool(np.all(case["r"] >= 0)), draws={})


def scalar_gamma_statement(entries: range) -> ExactStatement:
    """The statement that one scalar γ leaves the picture unchanged, γ drawn from `entries`."""
    return ExactStatement(
        "the map γR gives the same picture as R",
        (parameters(R=short_vector(4), gamma=entries),),
        as_case,
        lambda case: True,
        holds=lambda case: same_picture(case["gamma"] * case["R"], case["R"]),
        sides=lambda case: {},
        size=lambda case: 1.0,
        perturbed=("R", "gamma"),
    )


def repair_gamma(exam: Examination) -> list[Evidence]:
    """A scalar γ > 0: the derivation, and a search that has to fail."""
    return [derivation_evidence(proofs.scalar_gamma), *search(scalar_gamma_statement(POSITIVE), exam, "scalar")]


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
        control=BrokenPremise(
            premise="negative weights kept instead of positive ones", examine=examine_negative_weights
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
    Claim(
        id="prop-3-gamma",
        title="γ does not impact the results",
        source=f"{PAPER}, text after Prop. 3",
        statement="After normalisation to [0, 1] the z⁺ map of eq. 16 is the one without γ.",
        premises=(NO_BIAS, "x ≥ 0", "r ≥ 0"),
        examine=lambda exam: search(picture_statement(), exam, "picture"),
        control=BrokenPremise(
            premise="signed inputs", examine=lambda exam: search(picture_statement(signed=True), exam, "picture")
        ),
    ),
    Claim(
        id="prop-3-gamma-repair",
        title="One scalar γ > 0 does not impact the picture",
        source="repair of the text after Prop. 3",
        statement=(
            "Multiplying a whole map by one γ > 0 leaves it unchanged after normalisation to [0, 1]; the γ_j of eq. "
            "16 differ by neuron."
        ),
        premises=("γ is one positive number",),
        examine=repair_gamma,
        control=BrokenPremise(
            premise="γ < 0", examine=lambda exam: search(scalar_gamma_statement(range(-3, 0)), exam, "scalar")
        ),
        repairs="prop-3-gamma",
    ),
)
