"""Wide layers: `1 − E α` to leading and to next order in 1/N.

`tan² ≈ κ (d − 1)/N` with `κ = E[s² b²] / (P(pass) (E s c)²)`: it depends on the rule and on the law of the radius. For
a Gaussian scale mixture with scale λ, `η = E λ²/(E λ)²`: constant πη, gbp π²η, activation `2 E λ⁴/(E λ²)²`, infinite
for Student weights with 3 degrees of freedom; there the gap closes more slowly than 1/N. For Gaussian weights `E T⁻² =
(κ/N)(1 + e/N + …)` and `1 − cos = ½ tan² − ⅜ tan⁴ + …`, hence

    1 − E α = κ (d − 1)/2N · [1 + e/N − ¾ κ (d + 1)/N] + O(1/N³) at fixed d,   e = 5, 3π − 5, 3π² − 17

for activation, constant and gbp.
"""

from __future__ import annotations

from math import exp, inf, pi

from scipy.optimize import brentq

from theory.law import KAPPA
from theory.mixture import PASSING
from theory.neurons import neuron
from theory.rectgrad import above_threshold
from theory.selfnormalised import leading_constant

NEXT = {"activation": 5.0, "constant": 3 * pi - 5, "gbp": 3 * pi**2 - 17}


def kappa(rule: str, family: str, d: int, q: float = 0.9) -> float:
    """κ of a rule at isotropic weights in R^d, by quadrature; inf where the gap closes more slowly than 1/N.

    Raises `ValueError` for the gradient, which does not align, and for a family that is no scale of a direction.
    """
    if rule == "grad":
        raise ValueError("the plain gradient has mean α = 0 at every N: it has no κ")
    if (rule, family) == ("activation", "student"):
        return inf
    if rule != "rectgrad":
        return leading_constant(neuron(rule, family, d), PASSING[rule])
    share, passed = above_threshold(family, d), min(1 - q, 0.25)
    V = exp(brentq(lambda log_V: share(exp(log_V)) - passed, -60, 6)) if passed < 0.25 else 0.0
    return leading_constant(neuron(rule, family, d, V), passed)


def expansion(rule: str, d: int, N: int) -> float:
    """E α of Gaussian weights to second order in 1/N."""
    constant = KAPPA[rule]
    return 1 - constant * (d - 1) / (2 * N) * (1 + (NEXT[rule] - 0.75 * constant * (d + 1)) / N)
