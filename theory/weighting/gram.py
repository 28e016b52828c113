"""Theorem 2 for any Gram matrix: `R = W s` on the active set, `G = WᵀW ≻ 0`, `A = Wᵀx > 0`, κ = cond G.

`α(s) = ⟨s, A⟩ / (√(sᵀGs) ‖x‖)`. The best weighting is `s* = G⁻¹A`: R is then x projected on the span of the active
neurons, `α* = √(AᵀG⁻¹A) / ‖x‖`. Activation reaches `‖A‖² / √(AᵀGA · AᵀG⁻¹A) ≥ 2√κ / (1 + κ)` of it (Kantorovich).

Against a weighting r at an angle φ < π/2 to A, with e the direction of r's part orthogonal to A and a = A/‖A‖:

    Activation wins  iff  tan φ ≥ −2 aᵀGe / eᵀGe                              (exact, for this G)
    for every G with condition number ≤ κ  iff  tan φ ≥ √κ − 1/√κ             (sharp: a tie is attained)

The sharp condition reads `cos²φ ≤ κ/(κ² − κ + 1)`; or `h ≤ sin φ / √(1 + 3cos²φ)`, h = (κ − 1)/(κ + 1); or
`κ ≤ exp(2 arsinh(½ tan φ))`. The crude one, `cos²φ ≤ 1/κ`, asks for more. At φ ≥ π/2 Activation always wins.
Derivations: `theory.weighting.proofs.gram`.
"""

from __future__ import annotations

from math import asinh, exp, sqrt, tanh
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from nfrlab.theory.numerics.vectors import Array

Exact = Any  # a float, a Fraction or a symbol: what came in
Pair = tuple[Exact, Exact]


def alignment(s: Float[Array, " n"], G: Float[Array, "n n"], A: Float[Array, " n"], input_norm: float) -> float:
    """`α(s) = ⟨s, A⟩ / (√(sᵀGs) ‖x‖)`; NaN for s = 0."""
    length = sqrt(s @ G @ s)
    return float(s @ A) / (length * input_norm) if length else float("nan")


def square_alignment(
    s: Shaped[Array, " n"], G: Shaped[Array, "n n"], A: Shaped[Array, " n"], input_square: Exact
) -> Exact:
    """`sign(α) α² = ⟨s, A⟩ |⟨s, A⟩| / (sᵀGs ‖x‖²)`; None for s = 0. Exact for Fractions."""
    along, length = s @ A, s @ G @ s
    return along * abs(along) / (length * input_square) if length else None


def best_weighting(G: Float[Array, "n n"], A: Float[Array, " n"]) -> Float[Array, " n"]:
    """`s* = G⁻¹A`, the weighting of largest α. Raises `numpy.linalg.LinAlgError` for a singular G."""
    return np.linalg.solve(G, A)


def shortfall(G: Float[Array, "n n"], A: Float[Array, " n"]) -> float:
    """`α(A) / α* = ‖A‖² / √(AᵀGA · AᵀG⁻¹A)`, in [2√κ/(1 + κ), 1]."""
    return float(A @ A) / sqrt((A @ G @ A) * (A @ best_weighting(G, A)))


def kantorovich(kappa: float) -> float:
    """`2√κ / (1 + κ)`: the least that Activation can reach of α*. Attained by `A = (1, 1)`, `G = diag(κ, 1)`."""
    return 2 * sqrt(kappa) / (1 + kappa)


def advantage(G: Shaped[Array, "n n"], A: Shaped[Array, " n"], r: Shaped[Array, " n"]) -> Exact:
    """`rᵀGr ‖A‖⁴ − ⟨r, A⟩² AᵀGA`, which has the sign of α(A) − α(r) for ⟨r, A⟩ > 0. Exact for Fractions."""
    return (r @ G @ r) * (A @ A) ** 2 - (r @ A) ** 2 * (A @ G @ A)


def least_tangent(G: Float[Array, "n n"], A: Float[Array, " n"], r: Float[Array, " n"]) -> float:
    """`−2 aᵀGe / eᵀGe`: the tan φ at which r, turned towards A in their common plane, ties with Activation.

    NaN where r is parallel to A.
    """
    a = A / np.linalg.norm(A)
    e = r - (r @ a) * a
    size = float(np.linalg.norm(e))
    return float(-2 * size * (a @ G @ e) / (e @ G @ e)) if size else float("nan")


def square_tangent(A: Shaped[Array, " n"], r: Shaped[Array, " n"]) -> Exact:
    """`tan²φ = (‖r‖²‖A‖² − ⟨r, A⟩²) / ⟨r, A⟩²`. Exact for Fractions; raises `ZeroDivisionError` for r ⟂ A."""
    return (r @ r) * (A @ A) / (r @ A) ** 2 - 1


def needed_tangent(kappa: float) -> float:
    """`√κ − 1/√κ`: the tan φ from which on Activation wins for every G of condition number ≤ κ ≥ 1."""
    return sqrt(kappa) - 1 / sqrt(kappa)


def suffices(square_tangent: Exact, kappa: Exact) -> bool:
    """The sharp condition `tan²φ ≥ (κ − 1)²/κ`. Exact for Fractions."""
    return bool(square_tangent * kappa >= (kappa - 1) ** 2)


def tolerated_condition(tangent: float) -> float:
    """`κ*(φ) = exp(2 arsinh(½ tan φ))`: the largest condition number at which Activation is sure to win."""
    return exp(2 * asinh(tangent / 2))


def crude_condition(tangent: float) -> float:
    """`1/cos²φ`, never more than `tolerated_condition`: what `λ_min ≤ rᵀGr/‖r‖²` and `AᵀGA/‖A‖² ≤ λ_max` give."""
    return 1 + tangent**2


def extremal_case(sigma: Exact) -> tuple[Pair, Pair, Pair]:
    """(singular values, A, r) of a tie at the sharp bound κ = σ², σ > 1: (σ, 1), (σ, 1), (1, σ³).

    The two neurons are orthogonal, of unequal norms.
    """
    return (sigma, 1), (sigma, 1), (1, sigma**3)


def gaussian_condition(y: float) -> float:
    """Marchenko–Pastur: `κ → ((1 + √y)/(1 − √y))²` for K = y d independent Gaussian neurons in R^d, y < 1.

    Raises `ValueError` unless 0 ≤ y < 1: more than d neurons have a singular G.
    """
    if not 0 <= y < 1:
        raise ValueError(f"the Gram matrix of K neurons in R^d is regular for K/d < 1, got K/d = {y}")
    return ((1 + sqrt(y)) / (1 - sqrt(y))) ** 2


def guaranteed_share(tangent: float) -> float:
    """`K/d = tanh²(½ arsinh(½ tan φ))`: the largest share of active Gaussian neurons the sharp condition covers."""
    return tanh(asinh(tangent / 2) / 2) ** 2
