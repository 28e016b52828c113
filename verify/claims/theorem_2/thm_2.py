"""Theorem 2 for GBP and RectGrad: with orthogonal neurons of equal norm activation weighting beats every other."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from nfrlab.simulations.dense import alignment, layer, rules
from nfrlab.simulations.dense.arrays import relu
from nfrlab.simulations.dense.weights import orthonormal
from nfrlab.theory.weighting import orthogonal_neurons
from nfrlab.theory.weighting.proofs import orthogonal_neurons as orthogonal_proofs
from nfrlab.verify.claims.premises import ONE_COUNTEREXAMPLE, ORTHOGONAL, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence, Finding, Kind
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import (
    NON_NEGATIVE,
    NON_POSITIVE,
    POSITIVE,
    Shapes,
    as_case,
    distinct_vector,
    from_rotation,
    orthogonal_layer,
    parameters,
    vector,
)
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, Draw, Parameters, to_fractions
from nfrlab.verify.examine.exact.weightings import (
    activation,
    examination_without_orthogonality,
    gbp_map,
    inequality,
    passed_by_gbp,
    passed_by_rectgrad,
    rectgrad_map,
    rotated_draws,
)
from nfrlab.verify.examine.stated_draws import INPUTS, Input, dyadic

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

ROUNDING = 1e-12
"""Of an alignment in float64."""


def haar_frames_evidence(exam: Examination) -> Evidence:
    """Haar frames at real patches, in float64: the simulated alignment of GBP against the theory's formula and ceiling.

    Supported if no draw lies above the ceiling, or off the formula, by more than the rounding of both sides, and most
    draws have a map.
    """
    rng = exam.rng("haar")
    n = exam.pick(300, 3000)
    compared, worst, disagreement = 0, -np.inf, 0.0
    for _ in range(n):
        x = exam.images.patch(3, rng)
        W = orthonormal(27, int(rng.integers(2, 28)), rng)
        passed = layer(x, W)
        r = np.asarray(rng.standard_normal(W.shape[1]))
        A, s = passed.act[passed.mask], relu(r)[passed.mask]
        if not np.any(s):
            continue
        compared += 1
        simulated = alignment(rules.gbp(passed, r), x)
        predicted = orthogonal_neurons.orthogonal_alignment(s, A, 1.0, float(np.linalg.norm(x)))
        ceiling = orthogonal_neurons.orthogonal_alignment(A, A, 1.0, float(np.linalg.norm(x)))
        worst, disagreement = max(worst, simulated - ceiling), max(disagreement, abs(simulated - predicted))
    agrees = worst <= ROUNDING and disagreement <= ROUNDING and compared > n / 2
    return Evidence(
        kind=Kind.IDENTITY,
        statement="Haar frames in R²⁷, image patches: α(R_b, x) = ⟨s, A⟩/(‖s‖‖x‖) ≤ ‖A‖/‖x‖",
        finding=Finding.SUPPORTS if agrees else Finding.UNDECIDED,
        method="float64, every draw",
        n=compared,
        numerical_error=ROUNDING,
        details={"largest α_b − α_a": worst, "largest disagreement with the closed form": disagreement},
    )


def examine_gbp(exam: Examination) -> list[Evidence]:
    """The derivation, Haar frames at image patches, and a search that has to fail."""
    statement = inequality(
        "GBP: α(R_a, x) ≥ α(R_b, x)",
        gbp_map,
        orthogonal_layer(r=[POSITIVE], c=POSITIVE),
        from_rotation,
        draws=rotated_draws(c=Fraction(1)),
        closed=passed_by_gbp,
    )
    return [
        derivation_evidence(orthogonal_proofs.lagrange),
        haar_frames_evidence(exam),
        *search(statement, exam, "gbp"),
    ]


def standard_frame(x: SearchStrategy[Any], n: int) -> Shapes:
    """The parameters of W = I with x ∈ Z^n as given, x ≥ 0, and r_b ∈ Z^n: the activation is x itself."""
    return (parameters(x=x, r=vector(n)),)


def active_pair(tau: range) -> Shapes:
    """The parameters of W = I in R², both neurons active, r_b > 0, and a constant τ that may cut one neuron off."""
    return (parameters(x=vector(2, POSITIVE), r=vector(2, POSITIVE), tau=tau),)


def from_frame(drawn: Parameters) -> Case:
    """The case with W = I or, for parameters that name a rotation, with that one."""
    if "rotation" in drawn:
        return from_rotation(drawn)
    case = as_case(drawn)
    return case | {"W": to_fractions(np.eye(len(case["x"]), dtype=int))}


def is_standard_frame(case: Case) -> bool:
    """Whether W = I, whose columns are orthogonal and of equal norm."""
    return bool(np.all(case["W"] == np.eye(len(case["W"]), dtype=int)))


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
        closed=passed_by_rectgrad,
    )
    by_quantile = inequality(
        "τ the 90 % quantile, 12 neurons: α(R_a, x) ≥ α(R_b, x)",
        rectgrad_map,
        standard_frame(vector(12, NON_NEGATIVE), 12),
        from_frame,
        is_standard_frame,
        draws={name: identity_draw(x_of) for name, x_of in INPUTS.items()},
        zero_is_worse=True,
        closed=passed_by_rectgrad,
    )
    return [*search(constant_tau, exam, "constant", 0.5), *search(by_quantile, exam, "quantile", 0.5)]


def has_no_ties(case: Case) -> bool:
    """Whether W = I and no two active neurons are equally active."""
    active = [value for value in activation(case) if value > 0]
    return is_standard_frame(case) and len(set(active)) == len(active)


def search_without_ties(exam: Examination) -> list[Evidence]:
    """Two searches: τ ≤ 0, and the quantile of fifteen neurons of which no two are equally active.

    Of fifteen the 90 % quantile passes two, that of 85 % three.
    """
    constant_tau = inequality(
        "τ ≤ 0: α(R_a, x) ≥ α(R_b, x)",
        rectgrad_map,
        orthogonal_layer(r=[POSITIVE], c=POSITIVE, tau=NON_POSITIVE),
        from_rotation,
        zero_is_worse=True,
        closed=passed_by_rectgrad,
    )
    by_quantile = inequality(
        "quantile, no ties: α(R_a, x) ≥ α(R_b, x)",
        rectgrad_map,
        standard_frame(distinct_vector(15, range(41)), 15),
        from_frame,
        has_no_ties,
        zero_is_worse=True,
        closed=passed_by_rectgrad,
    )
    return [*search(constant_tau, exam, "constant"), *search(by_quantile, exam, "quantile")]


def repair_rectgrad(exam: Examination) -> list[Evidence]:
    """The derivation, and two searches that have to fail: τ ≤ 0, and the quantile without ties."""
    return [derivation_evidence(orthogonal_proofs.rectgrad_weighting), *search_without_ties(exam)]


def examine_positive_threshold(exam: Examination) -> list[Evidence]:
    """The repaired statement, claimed for τ > 0."""
    statement = inequality("τ > 0", rectgrad_map, active_pair(POSITIVE), from_frame)
    return search(statement, exam, "positive")


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
        notices=("alpha-2", "gbp-leaks-5", "biases-5", "mask-at-zero"),
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
        restored=RestoredPremise(
            premise="τ ≤ 0; for the quantile no two active neurons equally active", examine=search_without_ties
        ),
        notices=("biases-5",),
        blind=ONE_COUNTEREXAMPLE,
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
        notices=("quantile-85", "biases-5", "mask-at-zero"),
        repairs="thm-2-rectgrad",
    ),
)
