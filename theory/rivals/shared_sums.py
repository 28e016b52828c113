"""Two vectors with a common direction in unequal parts: `R_p = N_p u + √y g_p`, N_p ~ N(0, 1).

That is what non-negative matrices make of two Gaussian relevances: N_p is the sum of its entries, u the all-ones
direction, y the square of the noise beside it. The sign of the cosine is that of `N_1 N_2`, its size has in closed form

    |cos| = C_1 C_2,   C_p = |N_p|/√(N_p² + y),   E|cos| = e^y erfc²(√(y/2)) = erfcx²(√(y/2)).

Near one direction `1 − E|cos| ≈ √(8y/π)`, while the median of 1 − |cos| is of order y: where y falls by a factor a
layer, the mean converges at the root of that factor, for a few relevances have a sum near 0. With noises of correlation
ζ ~ N(0, σ²) the cosine is `(N_1 N_2 + y ζ)/√((N_1² + y)(N_2² + y))`.
"""

from __future__ import annotations

from math import asinh, atanh, pi, sqrt

import numpy as np
import scipy

from nfrlab.theory.cascade.recursion import REACH, density, normal_nodes
from nfrlab.theory.numerics.roots import roots
from nfrlab.theory.numerics.vectors import Array


def mean_size(y: float, spread: float = 0.0) -> float:
    """E|cos|. Exact for `spread` = σ² = 0, else within 1e-5, by quadrature over N_1 and N_2. Raises `ValueError` for
    y < 0 and σ² < 0.
    """
    if y < 0 or spread < 0:
        raise ValueError(f"the noise and the spread of its correlation are squares, got {y} and {spread}")
    if spread == 0 or y == 0:
        return float(scipy.special.erfcx(sqrt(y / 2))) ** 2
    N, weight = normal_nodes(sqrt(y))
    norms = np.sqrt(N * N + y)
    m = np.outer(N / norms, N / norms)
    s = sqrt(spread) * y / np.outer(norms, norms)
    size = s * sqrt(2 / pi) * np.exp(-((m / s) ** 2) / 2) + m * scipy.special.erf(m / s / sqrt(2))
    return 4 * float(weight @ size @ weight)


def size_cdf(y: float, x: float) -> float:
    """`P(|cos| ≤ x)` at noises that are orthogonal, by `P(C ≤ c) = erf(√(y/2) c/√(1 − c²))` at c = x/C.

    The integral over C > x runs over s, C = tanh s: `N = √y sinh s`.
    """
    if x >= 1:
        return 1.0
    low, high = atanh(x), asinh(REACH / sqrt(y))
    inside = float(scipy.special.erf(sqrt(y / 2) * x / sqrt((1 - x) * (1 + x))))
    if low >= high:
        return inside
    u, weight = scipy.special.roots_legendre(200)
    s = low + (high - low) * (u + 1) / 2
    c = x / np.tanh(s)
    below = scipy.special.erf(sqrt(y / 2) * c / np.sqrt(np.maximum(1 - c, 1e-300) * (1 + c)))
    mass = 2 * density(sqrt(y) * np.sinh(s)) * sqrt(y) * np.cosh(s) * (high - low) / 2
    return inside + float((weight * mass) @ below)


def median_size(y: float) -> float:
    """The median of |cos| at noises that are orthogonal: what Sixt plots. Raises `ValueError` unless y > 0."""
    if not y > 0:
        raise ValueError(f"the noise is positive, got {y}")

    def excess(z: Array) -> Array:  # x = 1/(1 + e^z): 1 − |cos| may be tiny
        return np.array([size_cdf(y, 1 / (1 + np.exp(at))) - 0.5 for at in z])

    found = roots(excess, np.array([-60.0]), np.array([60.0]))
    return float(1 / (1 + np.exp(found[0])))
