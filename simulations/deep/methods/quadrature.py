"""Integrals over [0, 1] from values at nodes, and what they may be off by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

Numbers = Float[np.ndarray, " steps"]
Nodes = tuple[Numbers, Numbers]


def gauss(steps: int) -> Nodes:
    """Gauss–Legendre: exact for polynomials of degree 2m − 1."""
    t, w = np.polynomial.legendre.leggauss(steps)
    return (1 + t) / 2, w / 2


def left(steps: int) -> Nodes:
    """Riemann sum, `t_s = s/m` for s = 0 … m − 1."""
    return np.arange(steps) / steps, np.full(steps, 1 / steps)


def right(steps: int) -> Nodes:
    """Riemann sum, `t_s = s/m` for s = 1 … m."""
    return np.arange(1, steps + 1) / steps, np.full(steps, 1 / steps)


def middle(steps: int) -> Nodes:
    """Riemann sum, `t_s = (s − ½)/m` for s = 1 … m."""
    return (np.arange(steps) + 0.5) / steps, np.full(steps, 1 / steps)


def trapezoid(steps: int) -> Nodes:
    """Trapezoids between m nodes, both ends among them: `w = 1/(m − 1)`, half of it at the ends."""
    w = np.full(steps, 1 / (steps - 1))
    w[[0, -1]] /= 2
    return np.linspace(0, 1, steps), w


def mean(steps: int) -> Nodes:
    """The plain mean of m values, both ends among them, as Adebayo et al. take it: the ends count twice too much."""
    return np.linspace(0, 1, steps), np.full(steps, 1 / steps)


QUADRATURES: dict[str, Callable[[int], Nodes]] = {
    each.__name__: each for each in (gauss, left, right, middle, trapezoid, mean)
}


def nodes(quadrature: str, steps: int) -> Nodes:
    """`t_s` and `w_s` of `∫₀¹ g(t) dt ≈ Σ_s w_s g(t_s)`, m = `steps` of them, with t rising and `Σ_s w_s = 1`.

    Raises `ValueError` for an unknown quadrature, and for fewer than two steps.
    """
    if quadrature not in QUADRATURES:
        raise ValueError(f"unknown quadrature '{quadrature}'; choose from {', '.join(QUADRATURES)}")
    if steps < 2:
        raise ValueError(f"a quadrature needs at least 2 steps, got {steps}")
    return QUADRATURES[quadrature](steps)


def gaps(t: Numbers, w: Numbers) -> Float[np.ndarray, " steps+1"]:
    """`D_s = max(|C_s − t_s|, |C_s − t_{s+1}|)` for s = 0 … m, `C_s = Σ_{u≤s} w_u`, `t_0 = 0`, `t_{m+1} = 1`.

    What a step of height 1 between `t_s` and `t_{s+1}` adds to the error at most: the error of Σ w g is `∫ (C − t) dg`
    (Koksma 1942), so that `Σ_s D_s |g(t_{s+1}) − g(t_s)|` bounds it where g is monotone between nodes.
    """
    C, t = np.concatenate([[0.0], np.cumsum(w)]), np.concatenate([[0.0], t, [1.0]])
    return np.maximum(abs(C - t[:-1]), abs(C - t[1:]))
