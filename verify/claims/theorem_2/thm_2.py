"""Theorem 2: with orthogonal neurons of equal norm activation weighting beats every other, rule by rule."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from nfrlab.simulations.dense import alignment, layer, rules
from nfrlab.simulations.dense.arrays import relu
from nfrlab.simulations.dense.weights import orthonormal
from nfrlab.theory.weighting import orthogonal_neurons
from nfrlab.theory.weighting.proofs import orthogonal_neurons as orthogonal_proofs
from nfrlab.verify.claims.premises import ORTHOGONAL, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence, Finding, Kind
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import (
    NON_NEGATIVE,
    NON_POSITIVE,
    POSITIVE,
    Shapes,
    as_case,
    constant,
    distinct_vector,
    equal_norm_layer,
    from_columns,
    from_rotation,
    has_orthogonal_columns,
    orthogonal_layer,
    parameters,
    vector,
)
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, Draw, Parameters, to_fractions
from nfrlab.verify.examine.exact.weightings import (
    Map,
    activation,
    gbp_map,
    inequality,
    rectgrad_map,
    rotated_draw,
    rotated_draws,
    zplus_filter_map,
    zplus_gradient_map,
    zplus_map,
)
from nfrlab.verify.examine.stated_draws import INPUTS, Input, dyadic

ROUNDING = 1e-12
"""Of an alignment in float64."""


def haar_frames_evidence(exam: Examination) -> Evidence:
    """Haar frames at real patches, in float64: the simulated alignment of GBP against the theory's formula and ceiling.

    Supported if no draw lies above the ceiling, or off the formula, by more than the rounding of both sides.
    """
    rng = exam.rng("haar")
    n = exam.pick(300, 3000)
    worst, disagreement = -np.inf, 0.0
    for _ in range(n):
        x = exam.images.patch(3, rng)
        W = orthonormal(27, int(rng.integers(2, 28)), rng)
        passed = layer(x, W)
        r = np.asarray(rng.standard_normal(W.shape[1]))
        A, s = passed.act[passed.mask], relu(r)[passed.mask]
        if not np.any(s):
            continue
        simulated = alignment(rules.gbp(passed, r), x)
        predicted = orthogonal_neurons.orthogonal_alignment(s, A, 1.0, float(np.linalg.norm(x)))
        ceiling = orthogonal_neurons.orthogonal_alignment(A, A, 1.0, float(np.linalg.norm(x)))
        worst, disagreement = max(worst, simulated - ceiling), max(disagreement, abs(simulated - predicted))
    agrees = worst <= ROUNDING and disagreement <= ROUNDING
    return Evidence(
        kind=Kind.IDENTITY,
        statement="Haar frames in R²⁷, image patches: α(R_b, x) = ⟨s, A⟩/(‖s‖‖x‖) ≤ ‖A‖/‖x‖",
        finding=Finding.SUPPORTS if agrees else Finding.UNDECIDED,
        method="float64, every draw",
        n=n,
        numerical_error=ROUNDING,
        details={"largest α_b − α_a": worst, "largest disagreement with the closed form": disagreement},
    )


def examine_gbp(exam: Examination) -> list[Evidence]:
    """The derivation, Haar frames at image patches, and a search that has to fail."""
    statement = inequality(
        "GBP: α(R_a, x) ≥ α(R_b, x)",
        gbp_map,
        orthogonal_layer(c=POSITIVE),
        from_rotation,
        draws=rotated_draws(c=Fraction(1)),
    )
    return [
        derivation_evidence(orthogonal_proofs.lagrange),
        haar_frames_evidence(exam),
        *search(statement, exam, "gbp"),
    ]


def examination_without_orthogonality(map_of: Map, **extra: range) -> Callable[[Examination], list[Evidence]]:
    """The search for a violation of the inequality among columns of equal norm that need not be orthogonal."""

    def examine(exam: Examination) -> list[Evidence]:
        text, any_columns = "equal norms, not orthogonal", equal_norm_layer(**extra)
        return search(inequality(text, map_of, any_columns, from_columns, lambda case: True), exam, "not orthogonal")

    return examine


def standard_frame(n: int) -> Shapes:
    """The parameters of W = I with x ∈ Z^n, x ≥ 0, and r_b ∈ Z^n: the activation is x itself."""
    return (parameters(x=vector(n, NON_NEGATIVE), r=vector(n)),)


def active_pair(tau: range) -> Shapes:
    """The parameters of W = I in R², both neurons active, r_b > 0, and a constant τ that may cut one neuron off."""
    return (parameters(x=vector(2, POSITIVE), r=vector(2, POSITIVE), tau=tau),)


def from_frame(drawn: Parameters) -> Case:
    """The case with W = I or, for parameters that name a rotation, with that one."""
    if "rotation" in drawn:
        return from_rotation(drawn)
    case = as_case(drawn)
    return case | {"W": to_fractions(np.eye(len(case["x"]), dtype=int))}


def identity_draw(x_of: Input) -> Draw:
    """The draw of a stated input in R¹² and r_b ~ N(0, I₁₂), for W = I."""
    return lambda rng, images: {"x": x_of(rng, images), "r": dyadic(rng.standard_normal(12))}


def examine_rectgrad(exam: Examination) -> list[Evidence]:
    """Two searches: a constant τ of any sign, and the quantile of twelve neurons."""
    constant_tau = inequality(
        "constant τ: α(R_a, x) ≥ α(R_b, x)",
        rectgrad_map,
        active_pair(range(-2, 5)),
        from_frame,
        draws=rotated_draws(tau=Fraction(1, 4)),
        perturbed=("x", "r", "tau"),
    )
    by_quantile = inequality(
        "τ the 90 % quantile, 12 neurons: α(R_a, x) ≥ α(R_b, x)",
        rectgrad_map,
        standard_frame(12),
        from_frame,
        draws={name: identity_draw(x_of) for name, x_of in INPUTS.items()},
        zero_is_worse=True,
    )
    return [*search(constant_tau, exam, "constant", 0.5), *search(by_quantile, exam, "quantile", 0.5)]


def has_no_ties(case: Case) -> bool:
    """Whether neurons are orthogonal and no two active ones are equally active."""
    active = [value for value in activation(case) if value > 0]
    return has_orthogonal_columns(case) and len(set(active)) == len(active)


def repair_rectgrad(exam: Examination) -> list[Evidence]:
    """The derivation, and two searches that have to fail: τ ≤ 0, and the quantile without ties."""
    constant_tau = inequality(
        "τ ≤ 0: α(R_a, x) ≥ α(R_b, x)",
        rectgrad_map,
        orthogonal_layer(c=POSITIVE, tau=NON_POSITIVE),
        from_rotation,
        zero_is_worse=True,
    )
    twelve = (parameters(x=distinct_vector(12, range(21)), r=vector(12)),)
    text = "quantile, no ties: α(R_a, x) ≥ α(R_b, x)"
    by_quantile = inequality(text, rectgrad_map, twelve, from_frame, has_no_ties, zero_is_worse=True)
    return [
        derivation_evidence(orthogonal_proofs.rectgrad_weighting),
        *search(constant_tau, exam, "constant"),
        *search(by_quantile, exam, "quantile"),
    ]


def examine_positive_threshold(exam: Examination) -> list[Evidence]:
    """The repaired statement, claimed for τ > 0."""
    statement = inequality("τ > 0", rectgrad_map, active_pair(POSITIVE), from_frame)
    return search(statement, exam, "positive")


def examine_zplus(exam: Examination) -> list[Evidence]:
    """Two searches in the favourable case x, r_b ≥ 0: the rule itself, and the filter form without bottom process."""
    parameters = orthogonal_layer(x=NON_NEGATIVE, r=NON_NEGATIVE)

    def premise(case: Case) -> bool:
        return has_orthogonal_columns(case) and bool(np.all(case["x"] >= 0) and np.all(case["r"] >= 0))

    draws = {"image patches": rotated_draw(INPUTS["image patches"], positive=True)}
    exact_rule = inequality("z⁺ relevance: α(R_a, x) ≥ α(R_b, x)", zplus_map, parameters, from_rotation, premise, draws)
    filter_form = inequality(
        "z⁺ filter, no bottom process: α(R_a, x) ≥ α(R_b, x)",
        zplus_filter_map,
        parameters,
        from_rotation,
        premise,
        draws,
    )
    return [*search(exact_rule, exam, "rule", 0.5), *search(filter_form, exam, "filter", 0.5)]


def disjoint_columns(sign: int) -> Shapes:
    """The parameters of two columns of disjoint support and equal norm in Z⁴: entries p, q up to order and `sign`."""
    x, r = vector(4, NON_NEGATIVE), vector(2)
    return (parameters(p=POSITIVE, q=NON_NEGATIVE, swap=range(2), sign=constant(sign), x=x, r=r),)


def from_disjoint_columns(drawn: Parameters) -> Case:
    """The case that the parameters of `disjoint_columns` stand for; the last entry of W carries the sign."""
    p, q = drawn["p"], drawn["q"]
    first, second = (q, p) if drawn["swap"] else (p, q)
    W = [[p, 0], [q, 0], [0, first], [0, second * drawn["sign"]]]
    return {"x": to_fractions(drawn["x"]), "W": to_fractions(W), "r": to_fractions(drawn["r"])}


def repair_zplus(exam: Examination) -> list[Evidence]:
    """The derivation, and a search among non-negative columns that has to fail."""
    statement = inequality(
        "W ≥ 0: α(R_a, x) ≥ α(R_b, x)", zplus_gradient_map, disjoint_columns(1), from_disjoint_columns
    )
    return [derivation_evidence(orthogonal_proofs.zplus_weighting), *search(statement, exam, "disjoint")]


def examine_negative_weight(exam: Examination) -> list[Evidence]:
    """The repaired statement, claimed for columns with one negative weight."""
    statement = inequality("one negative weight", zplus_gradient_map, disjoint_columns(-1), from_disjoint_columns)
    return search(statement, exam, "signed")


CLAIMS = (
    Claim(
        id="thm-2-gbp",
        title="Theorem 2 for GBP",
        source=f"{PAPER}, Theorem 2, eq. 18",
        statement="α(r_a, A) = 1 implies α(R_a, x) ≥ α(R_b, x) for GBP and every r_b.",
        premises=(ORTHOGONAL, "A ≠ 0; both maps non-zero", "every r_b, i.i.d. or not"),
        examine=examine_gbp,
        control=BrokenPremise(
            premise="equal norms, not orthogonal", examine=examination_without_orthogonality(gbp_map)
        ),
    ),
    Claim(
        id="thm-2-rectgrad",
        title="Theorem 2 for RectGrad",
        source=f"{PAPER}, Theorem 2, eq. 18",
        statement=(
            "α(r_a, A) = 1 implies α(R_a, x) ≥ α(R_b, x) for RectGrad (r_0) and every r_b, for a constant τ and for "
            "the 90 % quantile."
        ),
        premises=(ORTHOGONAL, "A ≠ 0; R_b non-zero"),
        examine=examine_rectgrad,
        control=BrokenPremise(
            premise="equal norms, not orthogonal",
            examine=examination_without_orthogonality(rectgrad_map, tau=NON_POSITIVE),
        ),
    ),
    Claim(
        id="thm-2-rectgrad-repair",
        title="Theorem 2 for RectGrad with τ ≤ 0, or a quantile without ties",
        source="repair of Theorem 2 for RectGrad",
        statement=(
            "α(R_a, x) ≥ α(R_b, x) for RectGrad (r_0) with any τ ≤ 0, and for the quantile if no two active neurons "
            "are equally active."
        ),
        premises=(ORTHOGONAL, "A ≠ 0; R_b non-zero"),
        examine=repair_rectgrad,
        control=BrokenPremise(premise="τ > 0", examine=examine_positive_threshold),
        repairs="thm-2-rectgrad",
    ),
    Claim(
        id="thm-2-zplus",
        title="Theorem 2 for the z⁺ rule",
        source=f"{PAPER}, Theorem 2, eq. 18",
        statement="α(r_a, A) = 1 implies α(R_a, x) ≥ α(R_b, x) for the z⁺ rule and every r_b.",
        premises=(ORTHOGONAL, "A ≠ 0; both maps non-zero", "the favourable case x, r_b ≥ 0"),
        examine=examine_zplus,
        control=BrokenPremise(
            premise="equal norms, not orthogonal", examine=examination_without_orthogonality(zplus_map)
        ),
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
        examine=repair_zplus,
        control=BrokenPremise(premise="one negative weight", examine=examine_negative_weight),
        repairs="thm-2-zplus",
    ),
)
