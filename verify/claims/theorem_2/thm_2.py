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
from nfrlab.verify.examine.derivation import derived
from nfrlab.verify.examine.exact.integer_layers import (
    NON_NEGATIVE,
    NON_POSITIVE,
    POSITIVE,
    Shapes,
    as_case,
    constant,
    distinct,
    equal_norms,
    from_columns,
    from_rotation,
    orthogonal,
    orthogonal_columns,
    parameters,
    vector,
)
from nfrlab.verify.examine.exact.search import (
    Case,
    Draw,
    Parameters,
    exact,
    search,
)
from nfrlab.verify.examine.exact.weightings import (
    Map,
    activation,
    gbp_map,
    inequality,
    rectgrad_map,
    rotated,
    rotated_draws,
    zplus_filter_map,
    zplus_gradient_map,
    zplus_map,
)
from nfrlab.verify.examine.stated_draws import INPUTS, Input, dyadic


def closed_form(exam: Examination) -> Evidence:
    """Haar frames and real patches in float64: the simulated alignment of GBP against the theory's formula, and
    its ceiling.

    The statement is refuted by any draw above the ceiling by more than the rounding of both sides, 1e-12.
    """
    rng = exam.rng("haar")
    n = exam.pick(300, 3000)
    worst, disagreement = -np.inf, 0.0
    for _ in range(n):
        x = exam.images.patch(3, rng)
        W = orthonormal(27, int(rng.integers(2, 28)), rng)
        at = layer(x, W)
        r = np.asarray(rng.standard_normal(W.shape[1]))
        A, s = at.act[at.mask], relu(r)[at.mask]
        if not np.any(s):
            continue
        simulated = alignment(rules.gbp(at, r), x)
        predicted = orthogonal_neurons.orthogonal_alignment(s, A, 1.0, float(np.linalg.norm(x)))
        ceiling = orthogonal_neurons.orthogonal_alignment(A, A, 1.0, float(np.linalg.norm(x)))
        worst, disagreement = max(worst, simulated - ceiling), max(disagreement, abs(simulated - predicted))
    agrees = worst <= 1e-12 and disagreement <= 1e-12
    return Evidence(
        kind=Kind.IDENTITY,
        statement="Haar frames in R²⁷, image patches: α(R_b, x) = ⟨s, A⟩/(‖s‖‖x‖) ≤ ‖A‖/‖x‖",
        finding=Finding.SUPPORTS if agrees else Finding.UNDECIDED,
        method="float64, every draw",
        n=n,
        numerical_error=1e-12,
        details={"largest α_b − α_a": worst, "largest disagreement with the closed form": disagreement},
    )


def gbp(exam: Examination) -> list[Evidence]:
    """Derivation, Haar frames on image patches, and a search that has to fail."""
    statement = inequality(
        "GBP: α(R_a, x) ≥ α(R_b, x)",
        gbp_map,
        orthogonal(c=POSITIVE),
        from_rotation,
        draws=rotated_draws(c=Fraction(1)),
    )
    return [derived(orthogonal_proofs.lagrange), closed_form(exam), *search(statement, exam, "gbp")]


def without_orthogonality(map_of: Map, **extra: range) -> Callable[[Examination], list[Evidence]]:
    """The same inequality for columns of equal norm that need not be orthogonal."""

    def examine(exam: Examination) -> list[Evidence]:
        text, any_columns = "equal norms, not orthogonal", equal_norms(**extra)
        return search(inequality(text, map_of, any_columns, from_columns, lambda case: True), exam, "not orthogonal")

    return examine


def standard_frame(n: int) -> Shapes:
    """W = I, x ∈ Z^n: the activation is x⁺ itself; r_b of n neurons."""
    return (parameters(x=vector(n, NON_NEGATIVE), r=vector(n)),)


def active_pair(tau: range) -> Shapes:
    """W = I in R², both neurons active, r_b ≥ 0, and a constant τ: where a threshold can cut one of two neurons off."""
    return (parameters(x=vector(2, POSITIVE), r=vector(2, POSITIVE), tau=tau),)


def with_identity(drawn: Parameters) -> Case:
    """W = I; for parameters that name a rotation, that one."""
    if "rotation" in drawn:
        return from_rotation(drawn)
    case = as_case(drawn)
    return case | {"W": exact(np.eye(len(case["x"]), dtype=int))}


def identity_draw(x_of: Input) -> Draw:
    """The same from a stated input."""
    return lambda rng, images: {"x": x_of(rng, images), "r": dyadic(rng.standard_normal(12))}


def rectgrad(exam: Examination) -> list[Evidence]:
    """A constant τ of any sign; and the quantile, for twelve neurons."""
    constant = inequality(
        "constant τ: α(R_a, x) ≥ α(R_b, x)",
        rectgrad_map,
        active_pair(range(-2, 5)),
        with_identity,
        draws=rotated_draws(tau=Fraction(1, 4)),
        perturbed=("x", "r", "tau"),
    )
    by_quantile = inequality(
        "τ the 90 % quantile, 12 neurons: α(R_a, x) ≥ α(R_b, x)",
        rectgrad_map,
        standard_frame(12),
        with_identity,
        draws={name: identity_draw(x_of) for name, x_of in INPUTS.items()},
        zero_is_worse=True,
    )
    return [*search(constant, exam, "constant", 0.5), *search(by_quantile, exam, "quantile", 0.5)]


def no_ties(case: Case) -> bool:
    """No two active neurons equally active."""
    active = [value for value in activation(case) if value > 0]
    return orthogonal_columns(case) and len(set(active)) == len(active)


def rectgrad_repair(exam: Examination) -> list[Evidence]:
    """τ ≤ 0, and the quantile without ties: derivation and two searches that have to fail."""
    constant = inequality(
        "τ ≤ 0: α(R_a, x) ≥ α(R_b, x)",
        rectgrad_map,
        orthogonal(c=POSITIVE, tau=NON_POSITIVE),
        from_rotation,
        zero_is_worse=True,
    )
    twelve = (parameters(x=distinct(12, range(21)), r=vector(12)),)
    by_quantile = inequality(
        "quantile, no ties: α(R_a, x) ≥ α(R_b, x)",
        rectgrad_map,
        twelve,
        with_identity,
        no_ties,
        zero_is_worse=True,
    )
    return [
        derived(orthogonal_proofs.rectgrad_weighting),
        *search(constant, exam, "constant"),
        *search(by_quantile, exam, "quantile"),
    ]


def positive_threshold(exam: Examination) -> list[Evidence]:
    """The repaired statement for τ > 0."""
    statement = inequality("τ > 0", rectgrad_map, active_pair(POSITIVE), with_identity)
    return search(statement, exam, "positive")


def zplus(exam: Examination) -> list[Evidence]:
    """The rule itself and the filter form without bottom process, for the favourable case x, r_b ≥ 0."""
    parameters = orthogonal(x=NON_NEGATIVE, r=NON_NEGATIVE)

    def premise(case: Case) -> bool:
        return orthogonal_columns(case) and bool(np.all(case["x"] >= 0) and np.all(case["r"] >= 0))

    rule_draws = {"image patches": rotated(INPUTS["image patches"], positive=True)}
    exact_rule = inequality(
        "z⁺ relevance: α(R_a, x) ≥ α(R_b, x)", zplus_map, parameters, from_rotation, premise, rule_draws
    )
    filter_form = inequality(
        "z⁺ filter, no bottom process: α(R_a, x) ≥ α(R_b, x)",
        zplus_filter_map,
        parameters,
        from_rotation,
        premise,
        rule_draws,
    )
    return [*search(exact_rule, exam, "rule", 0.5), *search(filter_form, exam, "filter", 0.5)]


def disjoint(sign: int) -> Shapes:
    """Two columns of disjoint support and equal norm in Z⁴, entries (p, q) up to order and `sign`."""
    x, r = vector(4, NON_NEGATIVE), vector(2)
    return (parameters(p=POSITIVE, q=NON_NEGATIVE, swap=range(2), sign=constant(sign), x=x, r=r),)


def from_disjoint(drawn: Parameters) -> Case:
    """The matrix of `disjoint`; the last entry carries the sign."""
    p, q = drawn["p"], drawn["q"]
    first, second = (q, p) if drawn["swap"] else (p, q)
    W = [[p, 0], [q, 0], [0, first], [0, second * drawn["sign"]]]
    return {"x": exact(drawn["x"]), "W": exact(W), "r": exact(drawn["r"])}


def zplus_repair(exam: Examination) -> list[Evidence]:
    """Non-negative columns: derivation, and a search that has to fail."""
    statement = inequality("W ≥ 0: α(R_a, x) ≥ α(R_b, x)", zplus_gradient_map, disjoint(1), from_disjoint)
    return [derived(orthogonal_proofs.zplus_weighting), *search(statement, exam, "disjoint")]


def zplus_signed(exam: Examination) -> list[Evidence]:
    """One negative weight."""
    return search(
        inequality("one negative weight", zplus_gradient_map, disjoint(-1), from_disjoint),
        exam,
        "signed",
    )


CLAIMS = (
    Claim(
        id="thm-2-gbp",
        title="Theorem 2 for GBP",
        source=f"{PAPER}, Theorem 2, eq. 18",
        statement="α(r_a, A) = 1 implies α(R_a, x) ≥ α(R_b, x) for GBP and every r_b.",
        premises=(ORTHOGONAL, "A ≠ 0; both maps non-zero", "every r_b, i.i.d. or not"),
        examine=gbp,
        control=BrokenPremise(premise="equal norms, not orthogonal", examine=without_orthogonality(gbp_map)),
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
        examine=rectgrad,
        control=BrokenPremise(
            premise="equal norms, not orthogonal", examine=without_orthogonality(rectgrad_map, tau=NON_POSITIVE)
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
        examine=rectgrad_repair,
        control=BrokenPremise(premise="τ > 0", examine=positive_threshold),
        repairs="thm-2-rectgrad",
    ),
    Claim(
        id="thm-2-zplus",
        title="Theorem 2 for the z⁺ rule",
        source=f"{PAPER}, Theorem 2, eq. 18",
        statement="α(r_a, A) = 1 implies α(R_a, x) ≥ α(R_b, x) for the z⁺ rule and every r_b.",
        premises=(ORTHOGONAL, "A ≠ 0; both maps non-zero", "the favourable case x, r_b ≥ 0"),
        examine=zplus,
        control=BrokenPremise(premise="equal norms, not orthogonal", examine=without_orthogonality(zplus_map)),
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
        examine=zplus_repair,
        control=BrokenPremise(premise="one negative weight", examine=zplus_signed),
        repairs="thm-2-zplus",
    ),
)
