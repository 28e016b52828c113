"""Theorem 2: with orthogonal neurons of equal norm activation weighting beats every other, rule by rule."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from nfrlab.simulations.dense import alignment, layer, rules
from nfrlab.simulations.dense.arrays import Array, relu
from nfrlab.simulations.dense.weights import orthonormal
from nfrlab.simulations.images import ImageSet
from nfrlab.theory.weighting import orthogonal_neurons
from nfrlab.theory.weighting.proofs import orthogonal_neurons as orthogonal_proofs
from nfrlab.verify.claims.definition_2.prop_2 import LEVEL, NON_POSITIVE
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence, Finding, Kind
from nfrlab.verify.examine.derivation import PAPER, derived
from nfrlab.verify.examine.exact import (
    Case,
    Draw,
    ExactStatement,
    Parameters,
    exact,
    search,
    signed_square_alignment,
    to_alignment,
)
from nfrlab.verify.examine.integer_layers import (
    NON_NEGATIVE,
    POSITIVE,
    Shapes,
    as_case,
    equal_norms,
    from_columns,
    from_rotation,
    orthogonal,
    orthogonal_columns,
    vector,
)
from nfrlab.verify.examine.stated_draws import INPUTS, Input, dyadic

Map = Callable[[Case, Array], Array]
ORTHOGONAL = "neurons pairwise orthogonal, of equal norm"


def activation(case: Case) -> Array:
    """A, the activation of the case's layer."""
    return layer(case["x"], case["W"]).act


def gbp_map(case: Case, r: Array) -> Array:
    """GBP's map of hidden relevance r."""
    return rules.gbp(layer(case["x"], case["W"]), r)


def rectgrad_map(case: Case, r: Array) -> Array:
    """RectGrad's r_0, τ constant or (without one in the case) the 90 % quantile."""
    at = layer(case["x"], case["W"])
    return rules.rectgrad(at, r, case["tau"]) if "tau" in case else rules.rectgrad_quantile(at, r, LEVEL)


def zplus_map(case: Case, r: Array) -> Array:
    """The z⁺ relevance of hidden relevance r (bottom process included)."""
    return rules.zplus(layer(case["x"], case["W"]), r)


def zplus_filter_map(case: Case, r: Array) -> Array:
    """The z⁺ filter form without bottom process."""
    return rules.zplus_filter(layer(case["x"], case["W"]), r)


def zplus_gradient_map(case: Case, r: Array) -> Array:
    """The z⁺ rule in modified-gradient form, without bottom process."""
    return rules.zplus_gradient(layer(case["x"], case["W"]), r)


def sides(map_of: Map, case: Case) -> tuple[Fraction | None, Fraction | None]:
    """Signed squares of `α(R_a, x)` for `r_a = c A`, and of `α(R_b, x)`."""
    scale = case.get("c", Fraction(1))
    a, b = map_of(case, scale * activation(case)), map_of(case, case["r"])
    return signed_square_alignment(a, case["x"]), signed_square_alignment(b, case["x"])


def inequality(
    text: str,
    map_of: Map,
    parameters: Shapes,
    build: Callable[[Parameters], Case],
    premise: Callable[[Case], bool] = orthogonal_columns,
    draws: dict[str, Draw] | None = None,
    perturbed: tuple[str, ...] = ("x", "r"),
    zero_is_worse: bool = False,
) -> ExactStatement:
    """`α(R_a, x) ≥ α(R_b, x)` for every r_b, exactly, wherever A ≠ 0 and both maps are non-zero.

    With `zero_is_worse` a zero map R_a against a defined R_b counts as a violation of size α(R_b).
    """

    def admissible(case: Case) -> bool:
        a, b = sides(map_of, case)
        return (
            premise(case) and bool(np.any(activation(case) > 0)) and b is not None and (a is not None or zero_is_worse)
        )

    def holds(case: Case) -> bool:
        a, b = sides(map_of, case)
        return a is not None and b is not None and a >= b

    def size(case: Case) -> float:
        a, b = (to_alignment(square) if square is not None else 0.0 for square in sides(map_of, case))
        return b - a

    def shown(case: Case) -> dict[str, Any]:
        a, b = sides(map_of, case)
        return {
            "A": [str(v) for v in activation(case)],
            "alpha_a": f"{to_alignment(a):.6f}",
            "alpha_b": f"{to_alignment(b):.6f}",
        }

    return ExactStatement(
        text, parameters, build, admissible, holds, sides=shown, size=size, perturbed=perturbed, draws=draws or {}
    )


def rotated(x_of: Input, positive: bool = False, **extra: Fraction) -> Draw:
    """An input's first three coordinates, a random integer quaternion, relevance of the three neurons."""

    def draw(rng: np.random.Generator, images: ImageSet) -> Parameters:
        x = x_of(rng, images)[:3]
        r = dyadic(rng.standard_normal(3))
        return {"rotation": rng.integers(1, 20, 4), "x": x, "r": np.abs(r) if positive else r, **extra}

    return draw


def draws(positive: bool = False, **extra: Fraction) -> dict[str, Draw]:
    """Random and real inputs under random rotations."""
    return {name: rotated(x_of, positive, **extra) for name, x_of in INPUTS.items()}


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
        Kind.IDENTITY,
        "Haar frames in R²⁷, image patches: α(R_b, x) = ⟨s, A⟩/(‖s‖‖x‖) ≤ ‖A‖/‖x‖",
        Finding.SUPPORTS if agrees else Finding.UNDECIDED,
        "float64, every draw",
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
        draws=draws(c=Fraction(1)),
    )
    return [derived(orthogonal_proofs.lagrange), closed_form(exam), *search(statement, exam, "gbp")]


def without_orthogonality(map_of: Map, **extra: st.SearchStrategy[int]) -> Callable[[Examination], list[Evidence]]:
    """The same inequality for columns of equal norm that need not be orthogonal."""
    statement = inequality("equal norms, not orthogonal", map_of, equal_norms(**extra), from_columns, lambda case: True)
    return lambda exam: search(statement, exam, "not orthogonal")


def standard_frame(n: int) -> Shapes:
    """W = I, x ∈ Z^n: the activation is x⁺ itself; r_b of n neurons."""
    return (st.fixed_dictionaries({"x": vector(n, NON_NEGATIVE), "r": vector(n)}),)


def active_pair(tau: st.SearchStrategy[int]) -> Shapes:
    """W = I in R², both neurons active, r_b ≥ 0, and a constant τ: where a threshold can cut one of two neurons off."""
    return (st.fixed_dictionaries({"x": vector(2, POSITIVE), "r": vector(2, POSITIVE), "tau": tau}),)


def with_identity(parameters: Parameters) -> Case:
    """W = I; for parameters that name a rotation, that one."""
    if "rotation" in parameters:
        return from_rotation(parameters)
    case = as_case(parameters)
    return case | {"W": exact(np.eye(len(case["x"]), dtype=int))}


def identity_draw(x_of: Input) -> Draw:
    """The same from a stated input."""
    return lambda rng, images: {"x": x_of(rng, images), "r": dyadic(rng.standard_normal(12))}


def rectgrad(exam: Examination) -> list[Evidence]:
    """A constant τ of any sign; and the quantile, for twelve neurons."""
    constant = inequality(
        "constant τ: α(R_a, x) ≥ α(R_b, x)",
        rectgrad_map,
        active_pair(st.integers(-2, 4)),
        with_identity,
        draws=draws(tau=Fraction(1, 4)),
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
    distinct = st.lists(st.integers(0, 20), min_size=12, max_size=12, unique=True)
    twelve = (st.fixed_dictionaries({"x": distinct, "r": vector(12)}),)
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
    statement = inequality("τ > 0", rectgrad_map, active_pair(st.integers(1, 4)), with_identity)
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


def disjoint(sign: st.SearchStrategy[int]) -> Shapes:
    """Two columns of disjoint support and equal norm in Z⁴, entries (p, q) up to order and `sign`."""
    entries = {"p": POSITIVE, "q": NON_NEGATIVE, "swap": st.integers(0, 1), "sign": sign}
    return (st.fixed_dictionaries({**entries, "x": vector(4, NON_NEGATIVE), "r": vector(2)}),)


def from_disjoint(parameters: Parameters) -> Case:
    """The matrix of `disjoint`; the last entry carries the sign."""
    p, q = parameters["p"], parameters["q"]
    first, second = (q, p) if parameters["swap"] else (p, q)
    W = [[p, 0], [q, 0], [0, first], [0, second * parameters["sign"]]]
    return {"x": exact(parameters["x"]), "W": exact(W), "r": exact(parameters["r"])}


def zplus_repair(exam: Examination) -> list[Evidence]:
    """Non-negative columns: derivation, and a search that has to fail."""
    statement = inequality("W ≥ 0: α(R_a, x) ≥ α(R_b, x)", zplus_gradient_map, disjoint(st.just(1)), from_disjoint)
    return [derived(orthogonal_proofs.zplus_weighting), *search(statement, exam, "disjoint")]


def zplus_signed(exam: Examination) -> list[Evidence]:
    """One negative weight."""
    return search(
        inequality("one negative weight", zplus_gradient_map, disjoint(st.just(-1)), from_disjoint),
        exam,
        "signed",
    )


CLAIMS = (
    Claim(
        "thm-2-gbp",
        "Theorem 2 for GBP",
        f"{PAPER}, Theorem 2, eq. 18",
        "α(r_a, A) = 1 implies α(R_a, x) ≥ α(R_b, x) for GBP and every r_b.",
        (ORTHOGONAL, "A ≠ 0; both maps non-zero", "every r_b, i.i.d. or not"),
        (Kind.DERIVATION, Kind.IDENTITY, Kind.SEARCH),
        gbp,
        BrokenPremise("equal norms, not orthogonal", without_orthogonality(gbp_map)),
    ),
    Claim(
        "thm-2-rectgrad",
        "Theorem 2 for RectGrad",
        f"{PAPER}, Theorem 2, eq. 18",
        "α(r_a, A) = 1 implies α(R_a, x) ≥ α(R_b, x) for RectGrad (r_0) and every r_b, for a constant τ and for the "
        "90 % quantile.",
        (ORTHOGONAL, "A ≠ 0; R_b non-zero"),
        (Kind.SEARCH, Kind.REACH),
        rectgrad,
        BrokenPremise("equal norms, not orthogonal", without_orthogonality(rectgrad_map, tau=NON_POSITIVE)),
    ),
    Claim(
        "thm-2-rectgrad-repair",
        "Theorem 2 for RectGrad with τ ≤ 0, or a quantile without ties",
        "repair of Theorem 2 for RectGrad",
        "α(R_a, x) ≥ α(R_b, x) for RectGrad (r_0) with any τ ≤ 0, and for the quantile if no two active neurons are "
        "equally active.",
        (ORTHOGONAL, "A ≠ 0; R_b non-zero"),
        (Kind.DERIVATION, Kind.SEARCH),
        rectgrad_repair,
        BrokenPremise("τ > 0", positive_threshold),
        repairs="thm-2-rectgrad",
    ),
    Claim(
        "thm-2-zplus",
        "Theorem 2 for the z⁺ rule",
        f"{PAPER}, Theorem 2, eq. 18",
        "α(r_a, A) = 1 implies α(R_a, x) ≥ α(R_b, x) for the z⁺ rule and every r_b.",
        (ORTHOGONAL, "A ≠ 0; both maps non-zero", "the favourable case x, r_b ≥ 0"),
        (Kind.SEARCH, Kind.REACH),
        zplus,
        BrokenPremise("equal norms, not orthogonal", without_orthogonality(zplus_map)),
    ),
    Claim(
        "thm-2-zplus-repair",
        "Theorem 2 for z⁺ with non-negative weights",
        "repair of Theorem 2 for z⁺",
        "If the active columns are non-negative (disjoint supports) and x ≥ 0, α(R_a, x) ≥ α(R_b, x) for the z⁺ rule "
        "without bottom process.",
        (ORTHOGONAL, "W ≥ 0 on active neurons", "x ≥ 0", "both maps non-zero"),
        (Kind.DERIVATION, Kind.SEARCH),
        zplus_repair,
        BrokenPremise("one negative weight", zplus_signed),
        repairs="thm-2-zplus",
    ),
)
