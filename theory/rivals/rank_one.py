"""Sixt's Theorem 1, that products of non-negative matrices tend to rank 1: as printed it fails, for directions it
holds.

`P_k = A_1 A_2 ⋯ A_k`, `A_l ≥ 0`, new factors from the right, as z⁺ hands relevance down. As printed the product tends
to a matrix of rank 1. The smallest matrices say otherwise: (2)^k diverges, (½)^k tends to 0, of rank 0. And a finite
network has a limit by the theorem's definition of one, so that it says nothing of finite depth; a rate does.

Repair. Let all `A_l > 0`. In Hilbert's metric of directions, `δ(u, v) = ln max_ij (u_i v_j)/(u_j v_i)`, a positive
matrix contracts by Birkhoff's coefficient

    τ(A) = tanh(Δ/4) = (1 − √φ)/(1 + √φ),   φ(A) = min (a_ik a_jl)/(a_jk a_il),   Δ = −ln φ,

over all rows i, j and columns k, l. With `x_k = Π_{l ≤ k} τ(A_l)` any two maps `P_k v`, `P_k v′` of v, v′ ≥ 0, any two
columns of P_k among them, satisfy

    δ ≤ 4 artanh x_k,   cos ≥ (1 − x_k²)/(1 + x_k²),   that is   angle ≤ 2 arctan x_k,

with equality for [[1, t], [t, 1]]. Where `Σ (1 − τ(A_l)) = ∞` the directions of all columns tend to one c, within
`δ(P_k v, c) ≤ 4 artanh x_k` of it from the first k factors on: later ones, class and weights above, do not move it
further. An entry 0 that φ meets makes Δ infinite and τ = 1: sparse z⁺ matrices take products of several for one factor.

The functions take floats or, for exact ratios, Fractions. Derivations: `theory.rivals.proofs.rank_one`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import cosh, inf, log, sqrt
from typing import cast

import numpy as np
from jaxtyping import Shaped

from nfrlab.theory.numerics.vectors import Array, Number


def check_positive(values: Shaped[Array, " n"], name: str) -> None:
    """Raise `ValueError` for entries that are not positive."""
    if not values.size or not np.all(values > 0):
        raise ValueError(f"{name} has to have positive entries only: Hilbert's metric is one of positive directions")


def hilbert_ratio(u: Shaped[Array, " n"], v: Shaped[Array, " n"]) -> Number:
    """`max_ij (u_i v_j)/(u_j v_i) ≥ 1`, exact for Fractions. Raises `ValueError` for vectors that are not positive."""
    check_positive(u, "a direction")
    check_positive(v, "a direction")
    quotient = u / v
    return cast(Number, quotient.max() / quotient.min())


def hilbert_distance(u: Shaped[Array, " n"], v: Shaped[Array, " n"]) -> float:
    """`δ(u, v)`, the logarithm of `hilbert_ratio`: 0 for one direction. Raises `ValueError` as it does."""
    return log(hilbert_ratio(u, v))


def least_cross_ratio(A: Shaped[Array, "m n"]) -> Number:
    """`φ(A) = min (a_ik a_jl)/(a_jk a_il)` over rows i, j and columns k, l: 1 for rank 1, exact for Fractions.

    0 for a non-negative matrix with a zero, unless rows or columns of zeros explain all of them: then that of what is
    left. Raises `ValueError` for a negative entry and for a zero matrix.
    """
    if not A.any() or np.any(A < 0):
        raise ValueError("Birkhoff's coefficient is one of non-negative matrices that are not zero")
    kept = A[(A != 0).any(axis=1)][:, (A != 0).any(axis=0)]
    least = kept.flat[0] / kept.flat[0]
    if np.any(kept == 0):
        return cast(Number, 0 * least)
    for k, other in combinations(range(kept.shape[1]), 2):
        quotient = kept[:, k] / kept[:, other]
        least = min(least, quotient.min() / quotient.max())
    return cast(Number, least)


def projective_diameter(A: Shaped[Array, "m n"]) -> float:
    """`Δ(A) = −ln φ(A)`: the largest δ of two maps of the matrix; inf where φ = 0. Raises as `least_cross_ratio`."""
    phi = least_cross_ratio(A)
    return -log(phi) if phi > 0 else inf


def birkhoff_coefficient(A: Shaped[Array, "m n"]) -> float:
    """`τ(A) = (1 − √φ)/(1 + √φ) = tanh(Δ/4)`: 0 for rank 1, 1 where φ = 0. Raises as `least_cross_ratio`."""
    root = sqrt(least_cross_ratio(A))
    return (1 - root) / (1 + root)


def contraction(factors: Sequence[Shaped[Array, "m n"]]) -> float:
    """`x = Π τ(A_l)` of a chain. Raises `ValueError` as `least_cross_ratio` does."""
    product = 1.0
    for A in factors:
        product *= birkhoff_coefficient(A)
    return product


def least_cosine(x: float) -> float:
    """`(1 − x²)/(1 + x²)`: the least cosine of two maps of a chain with `x = Π τ(A_l)`.

    Raises `ValueError` unless 0 ≤ x ≤ 1.
    """
    if not 0 <= x <= 1:
        raise ValueError(f"a product of Birkhoff coefficients lies in [0, 1], got {x}")
    return (1 - x * x) / (1 + x * x)


def least_cosine_at(distance: float) -> float:
    """`1/cosh(δ/2)`: the least cosine of two positive directions at Hilbert's distance δ.

    Raises `ValueError` for a negative one.
    """
    if not distance >= 0:
        raise ValueError(f"a distance is not negative, got {distance}")
    return 1 / cosh(distance / 2) if distance < 1000 else 0.0


def layers_for(cosine: float, tau: float) -> int:
    """The least number of factors of coefficient τ that bring all maps to at least this cosine.

    Raises `ValueError` unless 0 < cosine < 1 and 0 ≤ τ < 1.
    """
    if not (0 < cosine < 1 and 0 <= tau < 1):
        raise ValueError(f"needs a cosine between 0 and 1 and τ below 1, got {cosine} and {tau}")
    k = 1
    while least_cosine(tau**k) < cosine:
        k += 1
    return k


def scalar_power(a: Number, k: int) -> tuple[Number, int]:
    """(value, rank) of the 1×1 matrix (a)^k: what the printed theorem has to say of the smallest matrices."""
    value = a**k
    return value, int(value != 0)
