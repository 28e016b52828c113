"""Two relevances under RectGrad: what they have in common below a wide layer, by quadrature.

As in `theory.rivals.pairs`, with `s_p = (kẑ + g_p) 1(ẑ(kẑ + g_p) > τ)` on ẑ > 0, τ the q-quantile of either. Given ẑ
and the common part u of the rests, `g_p = √c u + √(1 − c) e_p`, the two are independent and alike, so that

    c′ = E[m(ẑ, u)²]/E s²,   m = μ Φ((μ − h)/σ) + σ φ((μ − h)/σ),   μ = kẑ + √c u,   σ² = 1 − c,   h = τ/ẑ.

At ½ ≤ q ≤ ¾ and k = 0 it is GBP. A threshold cuts off neurons that one relevance has and the other just lacks, so near
one direction `1 − c′ ~ √(1 − c)`, larger than what it came from: two relevances never become one. At equal widths the
cosine settles at 0.982, 0.887, 0.412 for q = 0.8, 0.9, 0.98, where GBP's goes to 1. Sampled stacks of width 1,000 lie
within 0.01 of the law at five layers, their sampling error.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.cascade.recursion import density, legendre, normal_nodes, rectgrad_threshold, shares, steep_point
from nfrlab.theory.numerics.vectors import Array
from nfrlab.theory.rivals.convergence import check_stack
from nfrlab.theory.rivals.pairs import mean_pair_cosine

FARTHEST = 9.0  # of the common part u


def passed_mean(mu: Array, sigma: float, edge: Array) -> Array:
    """`E[(μ + σe) 1(μ + σe > edge)]`, e ~ N(0, 1)."""
    at = (mu - edge) / sigma
    return mu * scipy.special.ndtr(at) + sigma * density(at)


def common_nodes(steep: Float[Array, " z"]) -> tuple[Float[Array, "z n"], Float[Array, "z n"]]:
    """Nodes u and weights of `∫ f(u) φ(u) du` for every ẑ, dense on both sides of the u at which f is steep."""
    v, weight = legendre(96)
    low, high = (FARTHEST + steep)[:, None], (FARTHEST - steep)[:, None]
    u = np.hstack([steep[:, None] - low * v**3, steep[:, None] + high * v**3])
    slope = 3 * v**2 * weight
    return u, np.hstack([low * slope, high * slope]) * density(u)


def rectgrad_pair(k: float, c: float, q: float = 0.9) -> float:
    """c′ of RectGrad, from the correlation 0 ≤ c < 1 of the rests. Raises `ValueError` unless 0 < q < 1."""
    tau = rectgrad_threshold(k, q)
    z, weight = normal_nodes(steep_point(tau, k))
    edge = tau / z
    steep = np.clip((edge - k * z) / sqrt(c) if c else np.zeros_like(z), -FARTHEST, FARTHEST)
    u, by_u = common_nodes(steep)
    means = passed_mean(k * z[:, None] + sqrt(c) * u, sqrt(1 - c), edge[:, None])
    below = edge - k * z
    square = weight @ ((1 + (k * z) ** 2) * scipy.special.ndtr(-below) + (2 * k * z + below) * density(below))
    return float(weight @ np.einsum("zn,zn->z", means**2, by_u) / square)


def rectgrad_cosines(widths: tuple[int, ...], q: float = 0.9) -> Float[Array, " levels"]:
    """E cos of two relevances under RectGrad at the layers L − 1, …, 0, as `theory.rivals.convergence` has it for GBP.

    Raises `ValueError` as `check_stack` and `rectgrad_pair` do.
    """
    check_stack(widths)
    found, c = [], 0.0
    for n, m, (k, share) in zip(widths[:0:-1], widths[-2::-1], shares("rectgrad", widths, q=q), strict=True):
        c = rectgrad_pair(k, c, q)
        found.append(mean_pair_cosine(n * share, c, m))
    return np.array(found)
