"""Theorem 1: the limit direction of a one-hidden-layer map as N → ∞, for any weight family and filter.

`R/N = (1/N) Σ_j s_j w_j 1(w_j·x > 0)` tends to `E[s w 1(w·x > 0)]`. GBP with hidden relevance independent of the
weights has `s = relu(r)`, hence the limit `E relu(r) · μ(x)`: its direction is that of the half-space mean
`μ(x) = E[w 1(w·x > 0)]`. Derivations: `theory.limit.proofs.direction`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.family import Family
from nfrlab.theory.numerics.vectors import Array, cosine


@dataclass(frozen=True)
class LimitAlignment:
    """`α_∞ = lim α(R, x)` and a bound on its numerical error."""

    value: float
    error: float


def gbp_limit(family: Family, x: Float[Array, " d"]) -> LimitAlignment:
    """`α_∞ = ⟨μ(x), x⟩ / (‖μ(x)‖‖x‖)`: 1 for every rotation-invariant family with a mean.

    Raises `ValueError` for a zero or non-finite x, and for a family without a mean.
    """
    mean = family.half_space_mean(x)
    tilt = mean.error * sqrt(len(x)) / float(np.linalg.norm(mean.value))  # of the direction; a cosine moves by no more
    return LimitAlignment(cosine(mean.value, x), 2 * tilt + 4e-16)


def zplus_filter_direction(family: Family, x: Float[Array, " d"]) -> Float[Array, " d"]:
    """Limit of `W⁺ M r / N` for r independent of W: `E[w⁺ 1(w·x>0)] = ½(½ E|w_i| + μ_i(x))` for a symmetric family.

    For a rotation-invariant one this is proportional to `1 + x̂_i`: the all-ones direction plus the unit input. Raises
    `ValueError` for a family that is not symmetric.
    """
    if not family.symmetric:
        raise ValueError(f"the closed form needs w and −w to have one law; '{family.name}' does not")
    return np.asarray((family.mean_abs(len(x)) / 2 + family.half_space_mean(x).value) / 2)


def rectgrad_bottom_limit(x: Float[Array, " d"]) -> float:
    """`α_∞ = Σx³ / (‖x²‖‖x‖)` of RectGrad with its bottom process and isotropic weights.

    Up to a factor `r_0 → x`, so `R → relu(x ⊙ x) = x²`. 1 only if the non-zero entries of x are equal and positive.
    """
    return cosine(x * x, x)


def gbp_noise(family: Family, x: Float[Array, " d"]) -> float:
    """`n₁ = π E‖w‖² / (2 ‖μ(x)‖²)`: GBP with r ~ N(0, 1) has the noise share `E‖R − ER‖² / ‖ER‖² ≈ n₁/N`.

    For `E relu(r)² = ½`, half of a symmetric family's neurons are active, and `(E relu(r))² = 1/2π`. It is π² d for
    Gaussian weights, and infinite where no neuron sees x.
    """
    mean = family.half_space_mean(x).value
    if not np.any(mean):
        return float("inf")
    return float(pi * family.second_moment(len(x)) / (2 * mean @ mean))


def gbp_alignment(family: Family, x: Float[Array, " d"], N: float) -> float:
    """α of GBP at width N ≫ d: `α_∞ / √(1 + (1 − 1/d) n₁/N)`.

    Noise along ER does not turn the map; the share 1 − 1/d of it lies beside. For an isotropic family that share, and
    so the coefficient of 1/N, is exact; for others the noise is taken to be equally large in every direction. Raises
    `ValueError` unless neurons are independent and have mean zero.
    """
    if not (family.independent_neurons and family.zero_mean):
        raise ValueError(f"needs independent neurons of mean zero, not '{family.name}'")
    noise = (1 - 1 / len(x)) * gbp_noise(family, x)
    return gbp_limit(family, x).value / sqrt(1 + noise / N)


def wrong_side_probability(share: float, angle: float) -> float:
    """Probability, to leading order, that one map lies further than `angle` radians from its limit.

    `share` is its noise share. In the worst case all the Gaussian noise lies in one direction: `tan² ≈ share · χ²₁`.
    """
    return float(scipy.stats.chi2.sf(np.tan(angle) ** 2 / share, 1))
