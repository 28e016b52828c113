"""The cascade law: α through a wide random ReLU stack, one number per layer (the paper's corollary, made a theorem).

A bias-free stack of widths `d = n_0, n_1, …, n_{L−1}` with Gaussian weights and one linear output is explained. Write
`Â_l` for the unit activation, `ẑ_l` for the pre-activation as N(0, 1) entries, `s_l = M_l F(r_l)` for what the rule
hands down. Given `z_l`, the rest of `W_l` is isotropic beside `Â_{l−1}`, so, up to scale and exactly,

    r_{l−1} = T_l Â_{l−1} + (I − Â Âᵀ) g,   T_l = ⟨ẑ_l, s_l⟩ / ‖s_l‖,   g ~ N(0, I),   α = T_1 / √(T_1² + χ²_{d−1}).

In wide layers an entry of `r_{l−1}` is `k ẑ⁺ + g` with `k² = 2 T_l² / n_{l−1}`, and `T_{l−1}² = n_{l−1} q(k)` closes
the recursion, from `k = 0` at the output, with `q(k) = (E ẑ⁺s)² / E s²` the rule's share:

    gradient    q = k² / 2(k² + 1),  that is  1/T_{l−1}² = 1/T_l² + 2/n_{l−1}
    GBP         q = (sin θ + (π − θ) cos θ)² / 2π((π − θ) + sin θ cos θ),  cot θ = k
    RectGrad    one-dimensional Gaussian integrals, the threshold the q-quantile of ẑ⁺(k ẑ⁺ + g)
    Activation  q = ½, the most that Cauchy–Schwarz allows a rule that is zero off the mask

So Activation at layer h has `tan² = 2 χ²_{d−1} Σ_{l ≤ h} 1/n_l`. A rule acts at ReLUs: the top level of a cascade, the
linear output, changes nothing for GBP and RectGrad. Derivations: `theory.cascade.proofs`.

The law's own error is of order 1/n: at width 512, to depth 16 and whatever the input, E α is off by at most 0.003 for
GBP and RectGrad (worst at level 2; to depth 7 by 0.0024) and 0.0024 for Activation, whose next order is given below.
The mean |α| of the gradient, which is taken to that order, is right to 0.0003.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import atan2, cos, inf, pi, sin, sqrt
from typing import Any

import numpy as np
import scipy
from jaxtyping import Float
from numpy.polynomial.legendre import leggauss

from nfrlab.theory.numerics.vectors import Array

Step = Callable[[float], float]
REACH = 12.0  # beyond it the normal density is below 1e-31


@cache
def legendre(n: int) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Gauss–Legendre nodes and weights on [0, 1]."""
    nodes, weight = leggauss(n)
    return (nodes + 1) / 2, weight / 2


def normal_nodes(split: float = 1.0) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Nodes z and weights of `∫_0^∞ f(z) φ(z) dz`, dense on both sides of `split`, the point where f is steep."""
    u, weight = legendre(96)
    edge = min(max(split, 1e-3), REACH / 2)
    z = np.concatenate([edge * u, edge + (REACH - edge) * u])
    return z, np.concatenate([edge * weight, (REACH - edge) * weight]) * density(z)


def density(c: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """φ, the density of N(0, 1)."""
    return np.exp(-c * c / 2) / sqrt(2 * pi)


def gradient_step(k: float) -> float:
    """`q(k) = k² / 2(k² + 1)`: s = kẑ + g on ẑ > 0."""
    return k * k / (2 * (k * k + 1))


def gbp_step(k: float) -> float:
    """`q(k)` of s = relu(kẑ + g) on ẑ > 0, by the arc-cosine kernels of two normals at the angle θ = arccot k."""
    theta = atan2(1, k)
    s, c = sin(theta), cos(theta)
    return (s + (pi - theta) * c) ** 2 / (2 * pi * (pi - theta + s * c))


def activation_step(k: float) -> float:
    """`q = ½`: s = ẑ⁺, whatever arrives."""
    return 0.5


def share_passing(tau: float, k: float) -> float:
    """`P(ẑ > 0, ẑ(kẑ + g) > τ) = ∫_0^∞ Φ(kz − τ/z) φ(z) dz`: the share of the neurons that RectGrad passes."""
    z, weight = normal_nodes(steep_point(tau, k))
    return float(weight @ scipy.special.ndtr(k * z - tau / z))


def steep_point(tau: float, k: float) -> float:
    """The z at which half of the normals g pass, `kz = τ/z`, where there is one within reach; else 1."""
    return sqrt(tau / k) if 0 < tau < k * REACH**2 else 1.0


def root_of(value: Callable[[float], float], low: float, high: float) -> float:
    """Where a function changes its sign in [low, high], to 1e-14."""
    return float(scipy.optimize.brentq(value, low, high, xtol=1e-14))


def rectgrad_threshold(k: float, q: float = 0.9) -> float:
    """τ, the q-quantile of `ẑ⁺(kẑ + g)`: of its atom ½ at 0 and the law of the rest.

    Raises `ValueError` unless `0 < q < 1`.
    """
    if not 0 < q < 1:
        raise ValueError(f"RectGrad's quantile lies strictly between 0 and 1, got {q}")
    above = share_passing(0.0, k)
    if above >= 1 - q:
        return root_of(lambda tau: share_passing(tau, k) - (1 - q), 0.0, REACH**2 * (k + 1))
    if above + 0.5 >= 1 - q:  # the quantile falls on the atom: half of the neurons are inactive
        return 0.0
    return root_of(lambda tau: share_passing(tau, k) - (0.5 - q), -(REACH**2) * (k + 1), 0.0)


def rectgrad_step(k: float, q: float = 0.9) -> float:
    """`q(k)` of s = (kẑ + g) 1(ẑ(kẑ + g) > τ) on ẑ > 0, with the integral over g in closed form.

    Raises `ValueError` unless `0 < q < 1`.
    """
    tau = rectgrad_threshold(k, q)
    z, weight = normal_nodes(steep_point(tau, k))
    c = tau / z - k * z  # passes where g > c
    mass, edge = scipy.special.ndtr(-c), density(c)
    along = weight @ (z * (k * z * mass + edge))
    square = weight @ ((1 + (k * z) ** 2) * mass + (2 * k * z + c) * edge)
    return float(along**2 / square)


STEPS: dict[str, Callable[..., float]] = {
    "grad": gradient_step,
    "gbp": gbp_step,
    "rectgrad": rectgrad_step,
    "activation": activation_step,
}


def ceiling(p: float) -> float:
    """`Q = p + z_p φ(z_p)`: an upper bound of q(k) for a rule that passes a share p < ½ of the neurons."""
    z = -float(scipy.special.ndtri(p))
    return p + z * float(density(np.array([z]))[0])


def crossing(q: float = 0.9) -> float:
    """The k beyond which RectGrad passes less along A than the plain gradient.

    Raises `ValueError` for q ≤ 3/4, where at small k it is GBP, and where there is no crossing below k = 50.
    """
    if q <= 0.75:
        raise ValueError(f"the crossing is sought for quantiles above 3/4, got {q}")
    return float(scipy.optimize.brentq(lambda k: rectgrad_step(k, q) - gradient_step(k), 1e-3, 50.0, xtol=1e-12))


def shares(rule: str, widths: tuple[int, ...], **parameters: Any) -> list[tuple[float, float]]:
    """`(k, q(k))` at the layers L − 1, …, 1 of a stack in which the rule is used throughout.

    Raises `ValueError` for an unknown rule and for an empty stack or layer.

    Parameters
    ----------
    rule
        One of `STEPS`.
    widths
        `n_0 = d, n_1, …, n_{L−1}`.
    parameters
        What the rule's step takes besides k: RectGrad's `q`.
    """
    if rule not in STEPS:
        raise ValueError(f"no cascade law for '{rule}'; there is one for {', '.join(STEPS)}")
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError(f"a stack needs an input and hidden layers, all of width ≥ 1, got widths {widths}")
    found, square = [], 0.0
    for n in widths[:0:-1]:
        k = sqrt(2 * square / n)
        found.append((k, STEPS[rule](k, **parameters)))
        square = n * found[-1][1]
    return found


def bottom_squares(rule: str, widths: tuple[int, ...], **parameters: Any) -> list[float]:
    """`T_1²` of the cascades whose last layer of the rule is L − 1, …, 1: below it `1/T²` gains 2/n a layer.

    Takes the arguments of `shares`, and raises `ValueError` as it does.
    """
    found = []
    for layer, (_, q) in zip(range(len(widths) - 1, 0, -1), shares(rule, widths, **parameters), strict=True):
        noise = 1 / (q * widths[layer]) if q else inf
        found.append(1 / (noise + sum(2 / n for n in widths[1:layer])))
    return found


def mean_alpha(square: Float[Array, " n"], d: int) -> Float[Array, " n"]:
    """`E √(T² / (T² + χ²_{d−1}))` for each T² given."""
    if d == 1:
        return np.ones_like(square)
    u, weight = legendre(64)  # over the probability, its ends stretched: the quantile is steep there
    rest = scipy.stats.chi2.ppf(np.sin(pi * u / 2) ** 2, d - 1)
    return np.sqrt(square[:, None] / (square[:, None] + rest)) @ (pi / 2 * np.sin(pi * u) * weight)


def carried(mean: Array, variance: Array, n: int) -> tuple[Array, Array]:
    """Mean and variance of `1/T²_{l−1} = 1/S + (S′/S)/T_l²` to order 1/n, from those of `1/T_l²`.

    That is the gradient's step, exactly: `S ~ χ²_K`, `S′ ~ χ²_{K−1}`, `K ~ Bin(n, ½)`, n the width of layer l − 1.
    `E 1/S ≈ (2/n)(1 + 5/n)` with variance `(2/n)² 5/n`, `E S′/S ≈ 1 + 2/n` with variance 8/n, covariance `8/n²`.
    """
    spread = (2 / n) ** 2 * 5 / n + 16 * mean / n**2 + 8 * mean**2 / n
    return 2 / n * (1 + 5 / n) + (1 + 2 / n) * mean, spread + (1 + 2 / n) ** 2 * variance


def mean_alpha_to_order_two(mean: Float[Array, " n"], variance: Float[Array, " n"], d: int) -> Float[Array, " n"]:
    """`E α ≈ G(m) + ½ G″(m) v`, m and v the mean and the variance of `1/T_1²`, G the mean α at that number."""
    step = 1e-2 * mean  # of the second difference that stands for G″
    low, middle, high = (mean_alpha(1 / (mean + shift), d) for shift in (-step, 0 * step, step))
    return middle + (low - 2 * middle + high) / step**2 * variance / 2


def gradient_size(widths: tuple[int, ...]) -> float:
    """Mean |α| of the plain gradient: `T_{L−1} ~ N(0, 1)` exactly, then `1/T²` is carried down to order 1/n.

    Within 3e-4 at width 512 to depth 16, where the leading order, 2/n a layer, is off by up to 0.009.
    """
    z, weight = normal_nodes()
    mean, variance = 1 / z**2, np.zeros_like(z)
    for n in widths[-2:0:-1]:
        mean, variance = carried(mean, variance, n)
    return float(2 * weight @ mean_alpha_to_order_two(mean, variance, widths[0]))


def cascade_alphas(rule: str, widths: tuple[int, ...], **parameters: Any) -> Float[Array, " levels"]:
    """Mean α of the N-level cascades, N = 0 … L, of a rule in wide layers.

    Levels 0 and 1 are the plain gradient, mean 0 by symmetry. Activation at level N is put in at layer L − N: at level
    L, the input, α = 1; at level 0, the output, its map is f times the gradient, so its mean is that of the gradient's
    |α|. Takes the arguments of `shares`, and raises `ValueError` as it does.
    """
    found = list(mean_alpha(np.array(bottom_squares(rule, widths, **parameters)), widths[0]))
    return np.array([gradient_size(widths), *found, 1.0] if rule == "activation" else [0.0, 0.0, *found])


def cascade_alpha(rule: str, widths: tuple[int, ...], N: int, **parameters: Any) -> float:
    """Mean α of the N-level cascade alone. Raises `ValueError` as `shares` does, and for a level outside 0 … L."""
    if not 0 <= N <= len(widths):
        raise ValueError(f"cascade level must lie in 0 … {len(widths)}, got {N}")
    return float(cascade_alphas(rule, widths, **parameters)[N])


def activation_second_order(widths: tuple[int, ...], h: int) -> float:
    """Mean α of Activation at layer h to order 1/n, one order beyond the law: `1/T_h² = 1/S`, carried down."""
    mean, variance = np.zeros(1), np.zeros(1)
    for n in widths[h:0:-1]:
        mean, variance = carried(mean, variance, n)
    return float(mean_alpha_to_order_two(mean, variance, widths[0])[0])
