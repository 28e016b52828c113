"""Wide layers: `1 − E α` to leading and to next order in 1/N.

`tan² ≈ κ (d − 1)/N` with `κ = E[s² b²] / (P(pass) (E s c)²)`: it depends on the rule and on the law of the radius. With
`η = E λ²/(E λ)²` of a Gaussian scale mixture and `η_r = E r²/(E|r|)²` of the relevance, π/2 for N(0, 1):

    activation   2 E λ⁴/(E λ²)²        infinite for Student weights: there 1 − E α → C_d/√N, the median's gap ~ N^{−2/3}
    constant     π η
    positive     π η_r η               s = |r| on all active neurons: π²/2 for normal relevance
    gbp          2π η_r η              any symmetric r without an atom at 0: π², 4π (Laplace), 2π (±1)
    rectgrad     2π (V K₀(V) + 2πp) / (V K₁(V))²,   p = 1 − q ≤ ¼ the share that passes, ∫_V^∞ K₀ = 2πp

(rectgrad: Gaussian weights; K₀ and K₁ are Bessel functions, for A r is a product of two normal variables.) A sphere has
the constants of Gaussian weights times `2/(π d (E|u_1|)²)`, for activation d/(d + 2). With the next order

    1 − E α = κ (d − 1)/2N · [1 + e/N − ¾ κ (d + 1)/N] + O(1/N³) at fixed d,
    e = 3 (E p²/(E p)² − 1) − 2 (E p a²/(E p E a²) − 1),   p = s c, a = s b, 0 where the neuron does not pass.

At Gaussian weights e is 5, 3π − 5, 3π² − 17 for activation, constant and gbp. Derivations:
`theory.finite_width.proofs.rate`, those of Activation at Student weights in `theory.finite_width.proofs.heavy_tails`.
"""

from __future__ import annotations

from math import exp, inf, pi, sqrt

import numpy as np
import scipy

from nfrlab.theory.families import find_family
from nfrlab.theory.finite_width.law import KAPPA
from nfrlab.theory.finite_width.mixture import PASSING
from nfrlab.theory.finite_width.one_neuron import neuron, sphere_coordinate
from nfrlab.theory.finite_width.rectgrad import exceedance
from nfrlab.theory.finite_width.self_normalised import leading_constant
from nfrlab.theory.numerics.roots import roots

NEXT = {"activation": 5.0, "constant": 3 * pi - 5, "gbp": 3 * pi**2 - 17}


def kappa(rule: str, family: str, d: int, q: float = 0.9, relevance: str = "normal") -> float:
    """κ of a rule at isotropic weights in R^d, by quadrature; inf where the gap closes more slowly than 1/N.

    Takes the arguments of `theory.finite_width.law.alignment_law` but N. Raises `ValueError` for the gradient, which
    does not align, and for a family that is neither a Gaussian scale mixture nor radial.
    """
    if rule == "grad":
        raise ValueError("the plain gradient has mean α = 0 at every N: it has no κ")
    if rule == "activation" and find_family(family).heavy_tailed:
        return inf
    if rule != "rectgrad":
        return leading_constant(neuron(rule, family, d, relevance=relevance), PASSING[rule])
    share, passed = exceedance(family, d), min(1 - q, 0.25)
    if passed == 0.25:
        return leading_constant(neuron(rule, family, d, 0.0), passed)
    log_V = roots(lambda log_V: share(np.exp(log_V)) - passed, np.array([-60.0]), np.array([6.0]))
    return leading_constant(neuron(rule, family, d, exp(log_V[0])), passed)


def rectgrad_kappa(q: float) -> float:
    """κ of RectGrad at Gaussian weights, in closed form; π², as for GBP, where q ≤ ¾: all positive A r pass."""
    p = 1 - q
    if p >= 0.25:
        return pi**2
    V = exp(
        scipy.optimize.brentq(
            lambda log_V: scipy.integrate.quad(scipy.special.k0, exp(log_V), inf)[0] - 2 * pi * p, -40, 6
        )
    )
    return float(2 * pi * (V * scipy.special.k0(V) + 2 * pi * p) / (V * scipy.special.k1(V)) ** 2)


def next_order(rule: str, family: str, d: int, relevance: str = "normal") -> float:
    """e of activation, constant or gbp, by quadrature; inf for Student weights, where E p a² is infinite.

    Raises `ValueError` for other rules: the neurons that RectGrad passes are not independent.
    """
    if rule not in NEXT:
        raise ValueError(f"the next order is known for {', '.join(NEXT)}, not for {rule}")
    if find_family(family).heavy_tailed:
        return inf
    one, passing = neuron(rule, family, d, relevance=relevance), PASSING[rule]
    along, squares, chance = one.along, one.beside**2, one.probability
    spread = chance @ along**2 / (chance @ along) ** 2 / passing
    joint = chance @ (along * squares) / (chance @ along) / (chance @ squares) / passing
    return float(3 * (spread - 1) - 2 * (joint - 1))


def expansion(rule: str, d: int, N: int, family: str = "gaussian", relevance: str = "normal") -> float:
    """E α to second order in 1/N. Takes the arguments of `next_order`, and raises `ValueError` as it does."""
    closed = find_family(family).gaussian and relevance == "normal"
    constant = KAPPA[rule] if closed else kappa(rule, family, d, relevance=relevance)
    after = NEXT[rule] if closed else next_order(rule, family, d, relevance)
    return 1 - constant * (d - 1) / (2 * N) * (1 + (after - 0.75 * constant * (d + 1)) / N)


def slow_constant(d: int) -> float:
    """C_d of `1 − E α → C_d/√N` for Activation at Student weights in R^d: the gap that one large neuron makes.

    `C_d = E χ_d³/√π · E[|u_1|³ J(1/u_1² − 1)]`, u uniform on the sphere of R^d, `J(q) = ∫_0^∞ 2 cosh y sinh² y (1 −
    1/√(1 + q/cosh⁴ y)) dy`, by the trapezoid rule. The law lies within 2 % of it for N > 10⁵ d. 0 at d = 1.
    """
    if d == 1:
        return 0.0
    u, beside, p = sphere_coordinate(d)
    step = 0.1
    y = np.arange(step, 45.0, step)
    bends = np.multiply.outer((beside / u) ** 2, np.cosh(y) ** -4.0)
    J = 2 * step * (-np.expm1(-np.log1p(bends) / 2) @ (np.cosh(y) * np.sinh(y) ** 2))
    return 2**1.5 * float(scipy.special.poch(d / 2, 1.5) * (p @ (u**3 * J))) / sqrt(pi)
