"""Worst directions where they are not certified: the least α_∞ found, an upper bound of the infimum.

`uniform` and `laplace` are searched at (1, s, …, s). `sparse` is searched at e_1 + ε y, where μ is
`½ q e_1 + (1 − q) μ(y)`, so that the worst y is the one with the longest μ, a fixed point of `y ← μ(y)`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.chambers import SPARSE_RATE
from nfrlab.theory.limit.direction import gbp_limit
from nfrlab.theory.numerics.vectors import Array

STARTS, DESCENTS = 12, 3  # at which `descend` looks at the sphere, and the lowest of them, from which it searches
EVALUATIONS = 60  # of a descent, by dimension
GRID = 256  # x is rounded to multiples of 1/256: the exact lattice sums take rationals of small denominator


def least_two_level(name: str, d: int) -> tuple[float, Float[Array, " d"]]:
    """(α_∞, x): the least over x = (1, s, …, s) ∈ R^d, for a family by its name."""

    def x(rest: float) -> Array:
        return np.array([1.0] + [rest / sqrt(d - 1)] * (d - 1))

    found = scipy.optimize.minimize_scalar(
        lambda rest: gbp_limit(FAMILIES[name], x(rest)).value, bounds=(0.1, 1.0), method="bounded"
    )
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


def descend(value: Callable[[Float[Array, " d"]], float], d: int) -> tuple[float, Float[Array, " d"]]:
    """(value, x): the least value of a function of directions of R^d that descents from fixed x find.

    They start at the lowest of e_1, the diagonal, a falling sequence and points spread over the sphere, each with signs
    as they fall, and end at a millionth: what is searched is not proven in any case.
    """
    spread = np.cos(np.outer(np.arange(1, STARTS - 2), np.arange(1, d + 1)) ** 2)
    starts = np.vstack([np.eye(d)[0] + 1e-3, np.ones(d), np.linspace(1.0, 0.1, d), spread])

    def along(x: Float[Array, " d"]) -> float:
        return value(x / np.linalg.norm(x))

    lowest = sorted(starts, key=along)[:DESCENTS]
    steps = {"maxfev": EVALUATIONS * d, "xatol": 1e-6, "fatol": 1e-9}
    found = [scipy.optimize.minimize(along, x, method="Nelder-Mead", options=steps) for x in lowest]
    best = min(found, key=lambda end: float(end.fun))
    return float(best.fun), np.asarray(best.x / np.linalg.norm(best.x))


def least_alignment(name: str, d: int) -> tuple[float, Float[Array, " d"]]:
    """(α_∞, x): the least over the x of R^d that a search finds, for a family of which nothing more is known.

    Raises `ValueError` where `Family.half_space_mean` does.
    """
    return descend(lambda x: gbp_limit(FAMILIES[name], x).value, d)
