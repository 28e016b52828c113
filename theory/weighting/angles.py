"""The angle φ between a weighting and the activation, Gaussian layers and Haar frames: `C = cos φ = ⟨s, A⟩ / ‖s‖‖A‖`.

On the K active neurons A is, up to its length, `|z|` with z ~ N(0, I_K), and its direction is independent of that
length. For weights s drawn without a look at A, with T of `theory.finite_width.law`, `T = C‖z‖` and so
`E C^p = E T^p / E χ_K^p`:

    constant  s = 1    E C = √(2K/π) / E χ_K    E C² = (1 + (2/π)(K − 1)) / K     C ≥ 1/√K     C² → 2/π
    positive  s = |r|  E C = K (E|u_1|)²        E C² = (1 + (4/π²)(K − 1)) / K    C > 0        C  → 2/π

For constant weights tan φ is the coefficient of variation of the activations. K = 1: φ = 0. K = 2: φ is uniform on
`[0, π/4]` for constant weights and has the density `(4/π)(1 − 2φ/π)` on `[0, π/2]` for positive ones. Up to K = 64 the
law is exact too, by recursion (`theory.weighting.orthant`); beyond, `C²` is taken to be the Beta variable on
`[C_min², 1]` with the exact mean and variance, at most 0.0012 off in distribution.
"""

from __future__ import annotations

from functools import lru_cache
from math import pi, sqrt

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.finite_width.law import constant_moments, gbp_moments
from nfrlab.theory.numerics.vectors import Array
from nfrlab.theory.weighting.orthant import cosine_quantile

WEIGHTINGS = "constant", "positive"
LIMIT = {"constant": sqrt(2 / pi), "positive": 2 / pi}  # cos φ as K → ∞
NODES = 96  # of the quadrature over the law of C
MOST = 64  # active neurons up to which the law of C is exact


def chi_mean(k: float) -> float:
    """`E χ_k = √2 Γ((k + 1)/2) / Γ(k/2)`."""
    return sqrt(2) * float(scipy.special.poch(k / 2, 0.5))


def moments(weighting: str, K: float) -> tuple[float, float, float]:
    """(E C, E C², E C⁴) on K active neurons, exactly.

    Raises `ValueError` for a weighting that is neither constant nor positive.
    """
    if weighting not in WEIGHTINGS:
        raise ValueError(f"no law of the angle for '{weighting}'; there is one for {', '.join(WEIGHTINGS)}")
    first, second = constant_moments(K) if weighting == "constant" else gbp_moments(K)
    return first / chi_mean(K), second / K, fourth_moment(weighting, K)


def fourth_moment(weighting: str, K: float) -> float:
    """`E C⁴`: the sum of `E z_a z_b z_c z_d · E s_a s_b s_c s_d / (E‖z‖⁴ E‖s‖⁴)` over all indices.

    They are sorted by how they coincide: aaaa, aaab, aabb, aabc, abcd.
    """
    often = K, 4 * K * (K - 1), 3 * K * (K - 1), 6 * K * (K - 1) * (K - 2), K * (K - 1) * (K - 2) * (K - 3)
    half_normal = 3, 4 / pi, 1, 2 / pi, 4 / pi**2
    if weighting == "constant":
        return sum(n * m for n, m in zip(often, half_normal, strict=True)) / (K**3 * (K + 2))
    return sum(n * m * m for n, m in zip(often, half_normal, strict=True)) / (K * (K + 2)) ** 2


@lru_cache(maxsize=4096)
def cosines(weighting: str, K: float) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """(C_i, weight_i): nodes with which the law of C integrates, `E f(C) ≈ Σ_i weight_i f(C_i)`.

    Exact in law for whole K ≤ 64, else matched in E C² and E C⁴. Raises `ValueError` as `moments` does.
    """
    _, square, quartic = moments(weighting, K)
    nodes, weights = scipy.special.roots_legendre(NODES)
    u, du = (nodes + 1) / 2, weights / 2
    if K == 1:
        return np.ones(1), np.ones(1)
    if K == 2:
        return (np.cos(pi / 4 * u), du) if weighting == "constant" else (np.cos(pi / 2 * u), 2 * (1 - u) * du)
    share, density = np.sin(pi * u / 2) ** 2, pi / 2 * np.sin(pi * u) * du  # the ends of the probability stretched
    if K <= MOST and int(K) == K:
        return cosine_quantile(weighting, int(K), share), density
    # beyond: the Beta variable on [C_min², 1] with the mean and the variance of C²
    low = 1 / K if weighting == "constant" else 0.0
    mean, variance = (square - low) / (1 - low), (quartic - square**2) / (1 - low) ** 2
    size = mean * (1 - mean) / variance - 1
    return np.sqrt(low + (1 - low) * scipy.special.betaincinv(mean * size, (1 - mean) * size, share)), density
