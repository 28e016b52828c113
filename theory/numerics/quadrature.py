"""Half-space means `μ(x) = E[w 1(w·x > 0)]` of i.i.d. entries: exact sums where they exist, else certified quadratures.

The quadratures return the vector with a bound on the absolute error of each entry. Rounding is below 1e-14 times the
size of the terms, and is part of the bound where it matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import factorial, pi, prod

import numpy as np
from jaxtyping import Float

from nfrlab.theory.numerics.vectors import Array

TOLERANCE = 1e-11  # of the truncation, per entry
MOST_NODES = 1 << 23


def box_corners(x: Float[Array, " d"], low: int, high: int) -> Float[Array, " d"]:
    """`μ(x)` of i.i.d. U[low, high] entries, exactly, by a sum over the 2^n corners for n non-zero coordinates of x.

    With the corners `c ∈ {low, high}^n` and `σ = Π ±1` (− at low), the n-fold antiderivative of relu gives

        E relu(w·x) = Σ_c σ (c·x)₊^{n+1} / ((n+1)! Π (high − low) x_k),    E[w 1(w·x > 0)] = ∇ₓ E relu(w·x),

    and a zero coordinate contributes `E w · P(w·x > 0)`. The arithmetic is rational, which is practical up to n = 8.
    """
    return np.array([float(v) for v in box_corners_exact([Fraction(float(t)) for t in x], low, high)])


def box_corners_exact(x: Sequence[Fraction | int], low: int, high: int) -> list[Fraction]:
    """`μ(x)` of i.i.d. U[low, high] entries for a rational x, as rational numbers (see `box_corners`)."""
    support = [k for k, t in enumerate(x) if t != 0]
    n = len(support)
    point = [Fraction(x[k]) for k in support]
    volume = prod(((high - low) * t for t in point), start=Fraction(1))
    ramp = Fraction(0)  # sums over corners of the truncated powers n + 1 and n, and of the latter times the corner
    step = Fraction(0)
    slope = [Fraction(0)] * n
    for corner in product((low, high), repeat=n):
        height = sum((c * t for c, t in zip(corner, point, strict=True)), Fraction(0))
        if height <= 0:
            continue
        sign = -1 if corner.count(low) % 2 else 1
        ramp += sign * height ** (n + 1)
        step += sign * height**n
        slope = [s + sign * height**n * c for s, c in zip(slope, corner, strict=True)]
    mean_relu = ramp / factorial(n + 1) / volume
    out = [Fraction(low + high, 2) * step / factorial(n) / volume] * len(x)
    for k, t, s in zip(support, point, slope, strict=True):
        out[k] = s / factorial(n) / volume - mean_relu / t
    return out


def box_trapezoid(x: Float[Array, " d"], low: float, high: float) -> tuple[Float[Array, " d"], float]:
    """(`μ(x)`, error) of i.i.d. U[low, high] entries by the trapezoid rule, which is *exact* here up to truncation.

    For `0 < |S| < 2π/h`: `sign S = (h/π)(S + 2 Σ_{k≥1} sin(khS)/(kh))`, and `S = w·x` is bounded. With centre c,
    half-width ρ, `φ(u) = sin u / u`, `ψ(u) = (sin u − u cos u)/u²` and `θ = tcΣx`,

        E[w_i sin(tS)] = c sin θ Π_k φ(ρtx_k) + ρ cos θ ψ(ρtx_i) Π_{k≠i} φ(ρtx_k).

    The sum stops at T where the bound `(2/π)(|c| + 2ρ) Π_{ρT|x_k|>1} 1/(ρT|x_k|)` of the rest is below the tolerance.
    Raises `ValueError` when that takes more than 2²³ nodes.
    """
    centre, rho = (low + high) / 2, (high - low) / 2
    drift = centre * float(x.sum())
    h = pi / (abs(drift) + rho * float(np.abs(x).sum()))  # |S| ≤ π/h, within the range where the series is sign S
    T = 16 / (rho * float(np.max(np.abs(x))))
    while (rest := 2 / pi * (abs(centre) + 2 * rho) * _decay(rho * T * np.abs(x))) > TOLERANCE:
        T *= 1.3
        if T / h > MOST_NODES:
            raise ValueError("no certified half-space mean: too few coordinates of x are large; spread x or drop zeros")
    nodes = h * np.arange(1, int(T / h) + 2)
    sign = (centre * drift + x * rho**2 / 3) * h / pi  # E[w_i sign S], its k = 0 term first
    for part in np.array_split(nodes, max(1, len(nodes) * len(x) // 1_000_000)):  # nodes × d has to fit in memory
        u = rho * np.multiply.outer(part, x)
        flat = np.abs(u) < 1e-4  # there sin u − u cos u cancels; the series errs by u³/30 only
        safe = np.where(flat, 1.0, u)
        phi = np.where(flat, 1 - u * u / 6, np.sin(safe) / safe)
        psi = np.where(flat, u / 3, (np.sin(safe) - safe * np.cos(safe)) / safe**2)
        theta = (part * drift)[:, None]
        waves = centre * np.sin(theta) * np.prod(phi, axis=1, keepdims=True) + rho * np.cos(theta) * psi * _others(phi)
        sign = sign + 2 * h / pi * (waves / part[:, None]).sum(axis=0)
    return (centre + sign) / 2, rest + 1e-15 * len(nodes) ** 0.5


def _decay(u: Array) -> float:
    """A bound of `Π_k |φ(u_k)|` by `|φ(u)| ≤ 1/u`; 1 while u is too small for the decay to have begun."""
    return float(np.exp(-np.log(u[u > 1]).sum()))


def _others(factors: Array) -> Array:
    """Row by row, for every entry the product of all others, without dividing: factors may be zero."""
    ones = np.ones((len(factors), 1))
    before = np.cumprod(np.hstack([ones, factors[:, :-1]]), axis=1)
    after = np.cumprod(np.hstack([ones, factors[:, :0:-1]]), axis=1)[:, ::-1]
    return before * after


def laplace_trapezoid(x: Float[Array, " d"]) -> tuple[Float[Array, " d"], float]:
    """(`μ(x)`, error) of i.i.d. Laplace(1) entries by the trapezoid rule for a Fourier integral.

        E[w_i 1(S>0)] = (1/2π) ∫ 2x_i/(1 + t²x_i²) Π_k 1/(1 + t²x_k²) dt.

    The integrand is analytic in `|Im t| < 1/max|x|`. On the line `Im t = a`, `a² max x² = 1/(4n)`, it is bounded by
    `3.6 |x_i| Π_k 1/(1 + s²x_k²)`, so the discretisation error is below `2M / (e^{2πa/h} − 1)` with `M = 3.6 π`; the
    rest beyond T is below twice the integrand times T. Raises `ValueError` when that takes more than 2²³ nodes.
    """
    peak = float(np.max(np.abs(x)))
    n = np.count_nonzero(x)
    a = 1 / (2 * peak * np.sqrt(n))
    h = 2 * pi * a / 34  # so e^{−34} is left of the discretisation: 4e-14, far below the tolerance
    discretisation = 2 * 3.6 * pi / np.expm1(34)
    T = 4 / peak

    def envelope(t: Array) -> Array:
        squares = 1 + np.multiply.outer(t * t, x * x)
        return 2 * x / squares / np.prod(squares, axis=-1, keepdims=True)

    while (rest := float(np.max(2 * T * np.abs(envelope(np.array([T])))))) > TOLERANCE:
        T *= 1.3
        if T / h > MOST_NODES:
            raise ValueError("no certified half-space mean: the coordinates of x differ by too many orders")
    nodes = h * np.arange(1, int(T / h) + 2)
    total = envelope(np.zeros(1))[0] / 2
    for part in np.array_split(nodes, max(1, len(nodes) * len(x) // 1_000_000)):
        total = total + envelope(part).sum(axis=0)
    return total * h / pi, rest + discretisation + 1e-15 * len(nodes) ** 0.5


def lattice_sum(x: Float[Array, " d"], rate: float) -> Float[Array, " d"]:
    """`μ(x)` of sparse ±1 entries (0 with probability 1 − rate), exactly, on the lattice on which x lives.

    From the law of `w·x`: `E[w_i 1(S>0)] = (rate/2) (P(S_i > −x_i) − P(S_i > x_i))`, `S_i = Σ_{k≠i} w_k x_k`. Raises
    `ValueError` for a zero x, and when x, scaled to integers, has `d Σ|x_i| > 2²⁶`: round x to multiples of 2⁻¹² first.
    """
    rational = [Fraction(float(t)) for t in x]
    scale = max(t.denominator for t in rational)
    points = [int(t * scale) for t in rational]
    reach = sum(abs(p) for p in points)
    if reach * len(x) > 1 << 26 or reach == 0:
        raise ValueError("no exact half-space mean: round x to multiples of 2⁻¹², and give it a non-zero entry")
    out = np.zeros(len(x))
    for i, point in enumerate(points):
        law = np.zeros(2 * reach + 1)
        law[reach] = 1
        for k, step in enumerate(points):
            if k != i and step:  # the law of S_i, one entry after another
                law = (1 - rate) * law + rate / 2 * (np.roll(law, step) + np.roll(law, -step))
        at_least = np.append(np.cumsum(law[::-1])[::-1], 0.0)  # at_least[j] = P(S_i ≥ j − reach)
        out[i] = rate / 2 * (at_least[reach - point + 1] - at_least[reach + point + 1])
    return out
