"""Worst directions where they are not certified: the least α_∞ found, an upper bound of the infimum.

`uniform` and `laplace` at (1, s, …, s); `sparse` at e_1 + ε y, where μ is `½ q e_1 + (1 − q) μ(y)`, so that the worst
y is the one with the longest μ, a fixed point of `y ← μ(y)`.
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

GRID = 256  # the lattice sums want rationals


def least_two_level(name: str, d: int) -> tuple[float, Float[Array, " d"]]:
    """(α_∞, x): the least over (1, s, …, s)."""

    def x(rest: float) -> Array:
        return np.array([1.0] + [rest / sqrt(d - 1)] * (d - 1))

    found = minimize_scalar(lambda rest: gbp_limit(FAMILIES[name], x(rest)).value, bounds=(0.1, 1.0), method="bounded")
    return float(found.fun), x(float(found.x))


def sparse_peak(d: int, most: int = 100) -> tuple[float, Float[Array, " d"]]:
    """(f, x̂) where `f = E relu(w·x̂)` is as large as an ascent from a falling sequence finds it.

    f is convex and μ = ∇f, so `x ← μ(x)` never lowers it; x is rounded to a grid; the ascent ends when that
    stops it.
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
    """The least α_∞ approached at e_1: `(q/2)/√((q/2)² + (1 − q)² M²)`, M the longest μ in d − 1 dimensions, d ≥ 3."""
    first, rest = SPARSE_RATE / 2, (1 - SPARSE_RATE) * sparse_peak(d - 1)[0]
    return first / sqrt(first**2 + rest**2)
