"""Worst directions where they are not certified: the least α_∞ found, an upper bound of the infimum.

`uniform` and `laplace` are searched at (1, s, …, s). `sparse` is searched at e_1 + ε y, where μ is
`½ q e_1 + (1 − q) μ(y)`, so that the worst y is the one with the longest μ, a fixed point of `y ← μ(y)`.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize_scalar

from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.chambers import SPARSE_RATE
from nfrlab.theory.limit.direction import gbp_limit
from nfrlab.theory.numerics.vectors import Array

GRID = 256  # x is rounded to multiples of 1/256: the exact lattice sums take rationals of small denominator


def least_two_level(name: str, d: int) -> tuple[float, Float[Array, " d"]]:
    """(α_∞, x): the least over x = (1, s, …, s) ∈ R^d, for a family by its name."""

    def x(rest: float) -> Array:
        return np.array([1.0] + [rest / sqrt(d - 1)] * (d - 1))

    found = minimize_scalar(lambda rest: gbp_limit(FAMILIES[name], x(rest)).value, bounds=(0.1, 1.0), method="bounded")
    return float(found.fun), x(float(found.x))


def sparse_peak(d: int, most: int = 100) -> tuple[float, Float[Array, " d"]]:
    """(f, x̂): the largest `f = E relu(w·x̂)` of `sparse` in R^d that an ascent from a falling sequence finds.

    f is convex and μ = ∇f, so `x ← μ(x)` never lowers it. As x is rounded to a grid, the ascent ends where rounding
    stops it, or after `most` steps.
    """
    x, best, at = np.linspace(1.0, 0.5, d), 0.0, np.ones(d)
    for _ in range(most):
        x = np.round(np.abs(x) / np.abs(x).max() * GRID) / GRID
        mean = FAMILIES["sparse"].half_space_mean(x).value
        value = float(mean @ x / np.linalg.norm(x))
        if value <= best + 1e-13:
            break
        best, at, x = value, x / np.linalg.norm(x), mean
    return best, at


def sparse_near_axis(d: int) -> float:
    """The least α_∞ of `sparse` approached at e_1 in R^d, d ≥ 3: `(q/2)/√((q/2)² + (1 − q)² M²)`.

    M is the longest μ in d − 1 dimensions.
    """
    first, rest = SPARSE_RATE / 2, (1 - SPARSE_RATE) * sparse_peak(d - 1)[0]
    return first / sqrt(first**2 + rest**2)
