"""Proposition 3: the z⁺ rule is a negative filtering rule with one scalar γ, and γ does not matter."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from nfrlab.simulations.dense import layer, rules
from nfrlab.simulations.dense.arrays import Array, relu
from nfrlab.theory.filtering import margins, proofs
from nfrlab.verify.claims.premises import NO_BIAS, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derived
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
from nfrlab.verify.examine.stated_draws import image_patch, one_layer, random_signed, signed_patch, trained_layer

NON_NEGATIVE_DRAWS: dict[str, Draw] = {
    "image patches, r ≥ 0": one_layer(image_patch, positive_relevance=True),
    "layer 2 of a digits network": trained_layer("zplus-gradient"),
}
ANY_SIGN_DRAWS: dict[str, Draw] = {
    "Gaussian x, r of any sign": one_layer(random_signed),
    "image patches, r of any sign": one_layer(image_patch),
    "normalised patches, r ≥ 0": one_layer(signed_patch, positive_relevance=True),
}


def gamma(case: Case) -> Fraction | None:
    """The conserving scalar γ, by the theory's formula; None where none exists."""
    found = margins.conserving_gamma(case["x"], case["W"], case["r"])
    return None if found is None else Fraction(found)


def without_gamma(case: Case) -> Array:
    """`W diag(1[W > 0]) M`."""
    return np.asarray(relu(case["W"]) * layer(case["x"], case["W"]).mask)


def with_gamma(case: Case) -> Array:
    """`γ W diag(1[W > 0]) M` with the conserving γ, by the simulation's formula."""
    at = layer(case["x"], case["W"])
    return np.asarray(rules.conserving_gamma(at, case["r"]) * without_gamma(case))


def margin_with_gamma(case: Case) -> Fraction:
    """The theory's margin with the conserving γ."""
    return Fraction(margins.zplus_margin(case["x"], case["W"], case["r"], gamma(case) or 0))


def margin_without_gamma(case: Case) -> Fraction:
    """The theory's margin with γ dropped."""
    return Fraction(margins.zplus_margin(case["x"], case["W"], case["r"]))


def exact_map(case: Case) -> Array:
    """The z⁺ relevance of eq. 16, for `R_l = A ⊙ r`."""
    at = layer(case["x"], case["W"])
    return rules.zplus(at, at.act * case["r"])


def filter_map(case: Case) -> Array:
    """The filter form with γ dropped and bottom process: `x ⊙ W⁺ M r`."""
    return np.asarray(case["x"] * rules.zplus_filter(layer(case["x"], case["W"]), case["r"]))


def parallel(u: Array, v: Array) -> bool:
    """Whether `u = γ v` for one number γ: every 2×2 minor vanishes, and v = 0 only with u = 0."""
    minors = np.multiply.outer(u, v) - np.multiply.outer(v, u)
    return not np.any(minors != 0) and (bool(np.any(v != 0)) or not np.any(u != 0))


def angle(case: Case) -> float:
    """`1 − cos` between the rule's map and the filter's map."""
    u, v = exact_map(case).astype(float), filter_map(case).astype(float)
    norms = float(np.linalg.norm(u) * np.linalg.norm(v))
    return 1 - float(u @ v) / norms if norms else 1.0


def is_filtering_rule() -> ExactStatement:
    """The first half of the proposition: eq. 16 *is* the filter form for some scalar γ."""
    return ExactStatement(
        "eq. 16 equals x ⊙ γ W diag(1[W>0]) M r for one scalar γ (x, r ≥ 0)",
        small_layer(x=NON_NEGATIVE, r=NON_NEGATIVE),
        as_case,
        lambda case: bool(np.all(case["x"] >= 0) and np.all(case["r"] >= 0)),
        holds=lambda case: parallel(exact_map(case), filter_map(case)),
        sides=lambda case: {"rule": [str(v) for v in exact_map(case)], "filter": [str(v) for v in filter_map(case)]},
        size=angle,
        perturbed=("x", "W", "r"),
        draws=NON_NEGATIVE_DRAWS,
    )


def strict_with_gamma() -> ExactStatement:
    """The second half as printed: strict, with the γ that conserves relevance."""
    return inequality_13.as_printed(
        "conserving γ: F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩ (x, r ≥ 0)",
        with_gamma,
        small_layer(x=NON_NEGATIVE, r=NON_NEGATIVE),
        margin_with_gamma,
        NON_NEGATIVE_DRAWS,
        admissible=lambda case: gamma(case) is not None and bool(np.all(case["x"] >= 0) and np.all(case["r"] >= 0)),
    )


def strict_any_sign() -> ExactStatement:
    """The second half with γ dropped, for inputs and relevances of any sign."""
    return inequality_13.as_printed(
        "γ dropped, x and r of any sign: F(WM) ≠ WM ⇒ ⟨A, F(WM)r⟩ > ⟨A, WMr⟩",
        without_gamma,
        small_layer(),
        margin_without_gamma,
        ANY_SIGN_DRAWS,
    )


def printed(exam: Examination) -> list[Evidence]:
    """Filtering rule? Strict with the printed γ? Strict without it, for admissible signs?"""
    third = 1 / 3
    return [
        *search(is_filtering_rule(), exam, "filtering rule", third),
        *search(strict_with_gamma(), exam, "with gamma", third),
        *search(strict_any_sign(), exam, "without gamma", third),
    ]


def printed_absolute(exam: Examination) -> list[Evidence]:
    """W⁻ kept instead of W⁺."""

    def negative_weights(case: Case) -> Array:
        return np.asarray(-relu(-case["W"]) * layer(case["x"], case["W"]).mask)

    statement = inequality_13.never_reversed(
        "filter 1[W < 0], x, r ≥ 0", negative_weights, small_layer(x=NON_NEGATIVE, r=NON_NEGATIVE)
    )
    return search(statement, exam, "negative")


def repaired_statement(text: str, x: range) -> ExactStatement:
    """γ dropped: ≥, strict exactly when the change is seen by the input."""
    return inequality_13.repaired(
        text,
        without_gamma,
        small_layer(x=x, r=NON_NEGATIVE),
        margin_without_gamma,
        seen=lambda case, passed: np.asarray(case["x"] * passed),
    )


def per_neuron_form() -> ExactStatement:
    """Eq. 16 is `x ⊙ W⁺(γ ⊙ ρ)` with one γ per neuron, and a conserving scalar γ makes ineq. 13 an equality."""

    def holds(case: Case) -> bool:
        at = layer(case["x"], case["W"])
        same = np.all(exact_map(case) == case["x"] * rules.zplus_gradient(at, case["r"]))
        return bool(same) and (gamma(case) is None or inequality_13.literal_margin(with_gamma, case) == 0)

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
        derived(proofs.zplus_margin_sign),
        *search(repaired_statement(text, NON_NEGATIVE), exam, "repair"),
        *search(per_neuron_form(), exam, "per neuron"),
    ]


def repair_signed(exam: Examination) -> list[Evidence]:
    """The repaired statement for signed inputs, as normalised images are."""
    return search(repaired_statement("γ dropped, signed x, r ≥ 0", SMALL), exam, "repair")


def normalised(R: Array) -> Array | None:
    """`(R − min R)/(max R − min R)`; None for a constant map."""
    low, high = min(R), max(R)
    return None if low == high else (R - low) / (high - low)


def same_picture(u: Array, v: Array) -> bool:
    """Whether two maps give the same picture after normalisation to [0, 1]."""
    first, second = normalised(u), normalised(v)
    if first is None or second is None:
        return first is None and second is None
    return bool(np.all(first == second))


def gamma_statement(signed: bool = False) -> ExactStatement:
    """The pictures of eq. 16 and of its γ-free filter form coincide; with `signed`, for inputs of any sign."""
    return ExactStatement(
        "the map of eq. 16 and its γ-free form coincide after normalisation to [0, 1] (x, r ≥ 0)",
        small_layer(x=SMALL if signed else NON_NEGATIVE, r=NON_NEGATIVE),
        as_case,
        lambda case: (signed or bool(np.all(case["x"] >= 0))) and bool(np.all(case["r"] >= 0)),
        holds=lambda case: same_picture(exact_map(case), filter_map(case)),
        sides=lambda case: {"rule": [str(v) for v in exact_map(case)], "filter": [str(v) for v in filter_map(case)]},
        size=angle,
        perturbed=("x", "W", "r"),
        draws={} if signed else NON_NEGATIVE_DRAWS,
    )


def scalar_statement(entries: range) -> ExactStatement:
    """One scalar γ leaves the picture unchanged."""
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


def gamma_repair(exam: Examination) -> list[Evidence]:
    """A scalar γ > 0: the derivation, and a search that has to fail."""
    return [derived(proofs.scalar_gamma), *search(scalar_statement(POSITIVE), exam, "scalar")]


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
        control=BrokenPremise(premise="negative weights kept instead of positive ones", examine=printed_absolute),
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
        control=BrokenPremise(premise="signed inputs", examine=repair_signed),
        repairs="prop-3",
    ),
    Claim(
        id="prop-3-gamma",
        title="γ does not impact the results",
        source=f"{PAPER}, text after Prop. 3",
        statement="After normalisation to [0, 1] the z⁺ map of eq. 16 is the one without γ.",
        premises=(NO_BIAS, "x ≥ 0", "r ≥ 0"),
        examine=lambda exam: search(gamma_statement(), exam, "picture"),
        control=BrokenPremise(
            premise="signed inputs", examine=lambda exam: search(gamma_statement(signed=True), exam, "picture")
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
        examine=gamma_repair,
        control=BrokenPremise(
            premise="γ < 0", examine=lambda exam: search(scalar_statement(range(-3, 0)), exam, "scalar")
        ),
        repairs="prop-3-gamma",
    ),
)
