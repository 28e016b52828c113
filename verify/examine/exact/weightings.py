"""Theorem 2 as an exact statement: `α(R_a, x) ≥ α(R_b, x)` for `r_a ∝ A` and every other hidden relevance, by rule."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from nfrlab.simulations.dense import Layer, layer, rules
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.images import ImageSet
from nfrlab.theory.filtering.margins import quantile_cut
from nfrlab.theory.numerics.vectors import positive_part
from nfrlab.theory.weighting import orthogonal_neurons
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.exact.integer_layers import (
    RECTGRAD_LEVEL,
    Shapes,
    equal_norm_layer,
    from_columns,
    has_orthogonal_columns,
)
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import (
    Case,
    Draw,
    ExactStatement,
    Parameters,
    once,
    signed_square_alignment,
    to_alignment,
)
from nfrlab.verify.examine.stated_draws import INPUTS, Input, dyadic

Map = Callable[[Case, Array], Array]
"""The map of a hidden relevance r ∈ R^N through the layer of a case."""
Passed = Callable[[Case, Array, Array], Array]
"""What a rule hands down of r through neurons of activation A, by its printed formula: `(case, A, r) ↦ s`."""


@once
def met(case: Case) -> Layer:
    """The case's layer as its x met it."""
    return layer(case["x"], case["W"])


@once
def neurons(case: Case) -> tuple[Array, Array]:
    """`(Wᵀx)⁺` and the squared norms of the neurons, by the theory."""
    return positive_part(case["W"].T @ case["x"]), (case["W"] ** 2).sum(axis=0)


def activation(case: Case) -> Array:
    """A = relu(Wᵀx), the activation of the case's layer."""
    return met(case).act


def gbp_map(case: Case, r: Array) -> Array:
    """GBP's map of hidden relevance r."""
    return rules.gbp(met(case), r)


def rectgrad_map(case: Case, r: Array) -> Array:
    """RectGrad's r_0 of hidden relevance r, with the constant τ of the case or, without one, the 90 % quantile."""
    passed = met(case)
    if "tau" in case:
        return rules.rectgrad(passed, r, case["tau"])
    return rules.rectgrad_quantile(passed, r, RECTGRAD_LEVEL)


def zplus_map(case: Case, r: Array) -> Array:
    """The z⁺ relevance of hidden relevance r, bottom process included."""
    return rules.zplus(met(case), r)


def zplus_filter_map(case: Case, r: Array) -> Array:
    """The z⁺ filter form of hidden relevance r, without bottom process."""
    return rules.zplus_filter(met(case), r)


def zplus_gradient_map(case: Case, r: Array) -> Array:
    """The z⁺ rule in modified-gradient form of hidden relevance r, without bottom process."""
    return rules.zplus_gradient(met(case), r)


def gradient_map(case: Case, r: Array) -> Array:
    """The map of hidden relevance r through the plain gradient."""
    return rules.grad(met(case), r)


def passed_whole(case: Case, A: Array, r: Array) -> Array:
    """r itself: the plain gradient, and z⁺ for weights and inputs ≥ 0."""
    return r


def passed_by_gbp(case: Case, A: Array, r: Array) -> Array:
    """`r⁺`, eq. 6."""
    return positive_part(r)


def passed_by_rectgrad(case: Case, A: Array, r: Array) -> Array:
    """`r ⊙ 1[A ⊙ r > τ]`, eq. 15, τ that of the case or the 90 % quantile."""
    tau = case["tau"] if "tau" in case else quantile_cut(A * r, RECTGRAD_LEVEL)
    return np.where(A * r > tau, r, 0 * r)


def predicted_square(case: Case, r: Array, passed: Passed) -> Fraction | None:
    """`sign(α) α²` of the map of r, in closed form, for orthogonal active neurons of any norms; None for a zero map."""
    A, lengths = neurons(case)
    on, s = A > 0, passed(case, A, r)
    square = orthogonal_neurons.orthogonal_square_alignment(s[on], A[on], lengths[on], case["x"] @ case["x"])
    return None if square is None else Fraction(square)


def squared_alignments(map_of: Map, case: Case) -> tuple[Fraction | None, Fraction | None]:
    """Signed squares of `α(R_a, x)`, `r_a = c A` with c of the case or 1, and of `α(R_b, x)`, r_b the case's r."""
    scale = case.get("c", Fraction(1))
    a, b = map_of(case, scale * activation(case)), map_of(case, case["r"])
    return signed_square_alignment(a, case["x"]), signed_square_alignment(b, case["x"])


def inequality(
    text: str,
    map_of: Map,
    parameters: Shapes,
    build: Callable[[Parameters], Case],
    premise: Callable[[Case], bool] = has_orthogonal_columns,
    draws: dict[str, Draw] | None = None,
    perturbed: tuple[str, ...] = ("x", "r"),
    zero_is_worse: bool = False,
    closed: Passed | None = None,
) -> ExactStatement:
    """The statement that `α(R_a, x) ≥ α(R_b, x)` for every r_b, wherever A ≠ 0 and both maps are non-zero.

    Parameters
    ----------
    text
        The statement in words.
    map_of
        The rule.
    parameters, build
        What is drawn, and the case that it stands for.
    premise
        A premise on the case, by default orthogonal neurons of equal norm.
    draws
        Stated draws under which the reach of a violation is measured.
    perturbed
        The parameters that a generic perturbation moves.
    zero_is_worse
        Whether a zero map R_a beside a non-zero R_b counts as a violation, of size α(R_b).
    closed
        What the rule passes, for orthogonal neurons: both alignments are then compared with their closed form, too.
    """
    both = once(partial(squared_alignments, map_of))

    def admissible(case: Case) -> bool:
        a, b = both(case)
        return (
            premise(case) and bool(np.any(activation(case) > 0)) and b is not None and (a is not None or zero_is_worse)
        )

    def holds(case: Case) -> bool:
        a, b = both(case)
        return a is not None and b is not None and a >= b

    def agree(case: Case) -> bool:
        assert closed is not None
        A, _ = neurons(case)
        return both(case) == tuple(predicted_square(case, r, closed) for r in (case.get("c", 1) * A, case["r"]))

    def size(case: Case) -> float:
        a, b = (to_alignment(square) if square is not None else 0.0 for square in both(case))
        return b - a

    def sides(case: Case) -> dict[str, Any]:
        a, b = both(case)
        return {
            "A": [str(v) for v in activation(case)],
            "alpha_a": f"{to_alignment(a):.6f}",
            "alpha_b": f"{to_alignment(b):.6f}",
        }

    return ExactStatement(
        text,
        parameters,
        build,
        admissible,
        holds,
        agree=None if closed is None else agree,
        tied=lambda case: both(case)[0] == both(case)[1],
        sides=sides,
        size=size,
        perturbed=perturbed,
        draws=draws or {},
    )


def examination_without_orthogonality(map_of: Map, **extra: range) -> Callable[[Examination], list[Evidence]]:
    """The search for a violation of the inequality among columns of equal norm that need not be orthogonal."""

    def examine(exam: Examination) -> list[Evidence]:
        text, any_columns = "equal norms, not orthogonal", equal_norm_layer(**extra)
        return search(inequality(text, map_of, any_columns, from_columns, lambda case: True), exam, "not orthogonal")

    return examine


def rotated_draw(x_of: Input, positive: bool = False, **extra: Fraction) -> Draw:
    """The draw of three orthogonal neurons in R³: a random integer quaternion, and an input's first three coordinates.

    The relevance is N(0, 1), with `positive` |N(0, 1)|; `extra` are further parameters of the case, fixed.
    """

    def draw(rng: np.random.Generator, images: ImageSet) -> Parameters:
        x = x_of(rng, images)[:3]
        r = dyadic(rng.standard_normal(3))
        return {"rotation": rng.integers(1, 20, 4), "x": x, "r": np.abs(r) if positive else r, **extra}

    return draw


def rotated_draws(positive: bool = False, **extra: Fraction) -> dict[str, Draw]:
    """The draws of `rotated_draw` from every stated input, by the input's name."""
    return {name: rotated_draw(x_of, positive, **extra) for name, x_of in INPUTS.items()}
