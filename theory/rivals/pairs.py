"""One step of two relevances through a wide Gaussian layer: what they have in common below it, beside the activation.

`theory.cascade.recursion` has the step of one relevance, `r_{l−1} = T Â + (I − Â Âᵀ) g`. Of two that enter one network
at one image the rests g are normal together, with the cosine of what the rule handed down as their correlation,

    r_p = T_p Â + (I − Â Âᵀ) g_p,   corr(g_1, g_2) = c = cos(s_1, s_2),   exactly,
    cos(r_1, r_2) = α_1 α_2 + √(1 − α_1²) √(1 − α_2²) cos(rests),

so that Zheng's `E cos = α_1 α_2` asks for `c = 0`. In wide layers `s_p = F(kẑ + g_p)` on ẑ > 0, and c obeys

    gradient    c′ = (k² + c)/(k² + 1)
    GBP         c′ = (ρ (2(π − θ) − φ) + sin φ + 2 sin θ cos θ) / 2(π − θ + sin θ cos θ)
                cot θ = k, cos φ = ρ = (k² + c)/(k² + 1)
    Deconvnet   c′ = (sin φ + (π − φ) cos φ)/π, cos φ = c; there k = 0 in every layer

GBP's numerator is an orthant moment of three normals, `orthant_moment`. For every rule `c′ ≥ 2q`, q the rule's share of
the cascade law: two relevances that x makes alike agree in their rests too, and α_1 α_2 is never all. For GBP
`1 − c′ ≤ λ(k)(1 − c)` with `λ = (π − θ) sin² θ / (π − θ + sin θ cos θ) < 1` where k > 0: they become one map
exponentially; for Deconvnet only as `1 − c ≈ 9π²/2j²` after j layers. Derivations: `theory.rivals.proofs.pairs`.
"""

from __future__ import annotations

from math import acos, asin, atan2, cos, pi, sin, sqrt

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.cascade.recursion import gbp_step
from nfrlab.theory.numerics.roots import roots
from nfrlab.theory.numerics.vectors import Array

NODES, WIDTH = 48, 8.0  # of the quadrature over a χ variable: ±8 is eleven standard deviations


def orthant_moment(r12: float, r13: float, r23: float) -> float:
    """`E[x_1 x_2 1(x_1, x_2, x_3 > 0)]` of three N(0, 1) with these correlations, in closed form.

    It is `r_12 P + (√(1 − r_12²) + r_23 √(1 − r_13²) + r_13 √(1 − r_23²))/4π`, P = `1/8 + Σ arcsin r/4π` their orthant.
    Raises `ValueError` for correlations that no three variables have.
    """
    if max(abs(r) for r in (r12, r13, r23)) > 1 or 1 + 2 * r12 * r13 * r23 - r12**2 - r13**2 - r23**2 < -1e-12:
        raise ValueError(f"no three variables have the correlations {r12}, {r13}, {r23}")
    orthant = 1 / 8 + (asin(r12) + asin(r13) + asin(r23)) / (4 * pi)
    edges = sqrt(1 - r12**2) + r23 * sqrt(1 - r13**2) + r13 * sqrt(1 - r23**2)
    return r12 * orthant + edges / (4 * pi)


def gradient_pair(k: float, c: float) -> float:
    """`c′ = (k² + c)/(k² + 1)` of the plain gradient."""
    return (k * k + c) / (k * k + 1)


def gbp_pair(k: float, c: float) -> float:
    """c′ of GBP: the cosine of `relu(kẑ + g_1)` and `relu(kẑ + g_2)` on ẑ > 0, from that of g_1 and g_2."""
    theta, rho = atan2(1, k), gradient_pair(k, c)
    phi, s = acos(rho), sin(theta) * cos(theta)
    return (rho * (2 * (pi - theta) - phi) + sin(phi) + 2 * s) / (2 * (pi - theta + s))


def deconv_pair(c: float) -> float:
    """c′ of Deconvnet, the arc-cosine kernel: the cosine of `relu(g_1)` and `relu(g_2)`, from that of g_1 and g_2."""
    phi = acos(c)
    return (sin(phi) + (pi - phi) * c) / pi


def gbp_contraction(k: float) -> float:
    """`λ(k) = (π − θ) sin² θ / (π − θ + sin θ cos θ)`, cot θ = k: GBP's `1 − c` shrinks by it a layer, or by more."""
    theta = atan2(1, k)
    return (pi - theta) * sin(theta) ** 2 / (pi - theta + sin(theta) * cos(theta))


def gbp_depth(ratio: float = 1.0) -> tuple[float, float]:
    """(k*, λ(k*)): where GBP's signal settles deep in a stack, `k*² = 2q(k*) n_l/n_{l−1}`, and the rate at which maps
    meet there. Raises `ValueError` unless the ratio n_l/n_{l−1} is positive.
    """
    if not ratio > 0:
        raise ValueError(f"the ratio of two widths is positive, got {ratio}")

    def excess(log_k: Array) -> Array:
        return np.array([2 * ratio * gbp_step(k) / k**2 - 1 for k in np.exp(log_k)])

    k = float(np.exp(roots(excess, np.array([-20.0]), np.array([20.0])))[0])
    return k, gbp_contraction(k)


def mean_sample_cosine(c: float, m: int) -> float:
    """E cos of two normal vectors of R^m whose entries have the correlation c.

    `(2/m) (Γ((m+1)/2)/Γ(m/2))² c ₂F₁(½, ½; m/2 + 1; c²)`, which is `c (1 − (1 − c²)/2m) + O(m⁻²)`.
    """
    size = 2 / m * float(scipy.special.poch(m / 2, 0.5)) ** 2
    return size * c * float(scipy.special.hyp2f1(0.5, 0.5, m / 2 + 1, c * c))


def mean_sample_square(c: float, m: int) -> float:
    """E cos² of the same two: `1 − (1 − 1/m)(1 − c²) ₂F₁(1, 1; m/2 + 1; c²)`, which at c = 0 is 1/m."""
    return 1 - (1 - 1 / m) * (1 - c * c) * float(scipy.special.hyp2f1(1, 1, m / 2 + 1, c * c)) if c * c < 1 else 1.0


def chi_nodes(m: int) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """χ_m on nodes, with their probabilities; 0 for m = 0."""
    if m == 0:
        return np.zeros(1), np.ones(1)
    u, weight = scipy.special.roots_legendre(NODES)
    low, high = max(0.0, sqrt(m) - WIDTH), sqrt(m) + WIDTH
    t = low + (high - low) * (u + 1) / 2
    log_density = (m - 1) * np.log(t) - t * t / 2
    density = weight * np.exp(log_density - log_density.max())
    return t, density / density.sum()


def mean_pair_cosine(square: float, c: float, d: int) -> float:
    """E cos of two maps `T x̂ + (I − x̂x̂ᵀ) g_p` in R^d, of one T² = `square`, rests of correlation c.

    By Bartlett's decomposition the rests are `(a, 0)` and `(c a + √(1 − c²) b, √(1 − c²) e)`, a ~ χ_{d−1}, b ~ N(0, 1),
    e ~ χ_{d−2}. Within 1e-10 for d ≥ 8. As d grows it tends to `(T²/d + c)/(T²/d + 1)`.
    """
    if d == 1:
        return 1.0
    (a, by_a), (e, by_e) = chi_nodes(d - 1), chi_nodes(d - 2)
    half, by_half = chi_nodes(1)
    b, by_b = np.concatenate([-half, half]), np.concatenate([by_half, by_half]) / 2
    first, s = a[:, None, None], sqrt(max(0.0, 1 - c * c))
    second = c * first + s * b[:, None]
    sizes = np.sqrt((square + first**2) * (square + second**2 + (s * e) ** 2))
    return float(np.einsum("abe,a,b,e->", (square + first * second) / sizes, by_a, by_b, by_e))
