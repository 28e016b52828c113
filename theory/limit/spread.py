"""A lower bound of α_∞(x) for i.i.d. symmetric entries of finite variance, which tends to 1 as x spreads.

Entries scaled to E w² = 1, x to length 1, S = w·x, φ the characteristic function of w. With `h(S) = E sgn(S + δ g)`, g
a standard normal independent of S, and every unit u ⊥ x, U = w·u:

    tan ∠(μ, x) = max_u E[U sgn S] / E|S| ≤ (A + B) / E|S|
    A = (Σ x_i² e_i²)^½ ≥ E[U h(S)],         e_i = (1/π) ∫ |q(x_i t)| Π_{k≠i} |φ(x_k t)| e^{−δ²t²/2} dt
    B = ‖U‖_p (E exp(−q S²/2δ²))^{1/q} ≥ E[U (sgn S − h(S))],   1/p + 1/q = 1
    E|S| = (2/π) ∫_0^∞ (1 − φ_S(t)) / t² dt

Only two functions of the law enter: `φ(y) ≤ 1 − (y²/2)(1 − ℓ(y))` with `ℓ(y) = E[w² min(1, |yw|/3)]`, and
`|q(y)| ≤ max(E[w² (1 − sin(yw)/(yw))], y²/2)`. By dominated convergence ℓ(y) → 0 as y → 0, and that is all that is
needed; third or fourth moments bound both. All integrals are replaced by sums that are larger cell by cell, so that the
bound is a proven one, rounding aside, for which 1e-9 is taken off. Also `α_∞ ≥ E|S|` (Bessel), better where x is short.
Derivation: `theory.limit.proofs.spread`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
import scipy
from jaxtyping import Float, Shaped

from nfrlab.theory.numerics.vectors import Array

FIRST, RATIO = 1e-3, 1.02  # the end of the first cell of t, and how much longer each cell is than the one before


@dataclass(frozen=True)
class Tails:
    """What is known of a symmetric law with E w² = 1.

    `excess` and `deficit` are upper bounds, rising in y ≥ 0, of `E[w² min(1, |yw|/3)]` and of
    `E[w² (1 − sin(yw)/(yw))]`; `norm` is a bound of ‖U‖_p for every unit u.
    """

    excess: Callable[[Array], Array]
    deficit: Callable[[Array], Array]
    p: float = 2.0
    norm: float = 1.0


def third_moment(rho: float) -> Tails:
    """What `ρ = E|w|³` says: both bounds are `ρ y/3`."""
    return Tails(lambda y: rho * y / 3, lambda y: rho * y / 3)


def fourth_moment(kurtosis: float) -> Tails:
    """What `E w⁴` says: `E w⁴ y²/12`, `E w⁴ y²/6`, and `E U⁴ = 3 + (E w⁴ − 3) Σ u_i⁴ ≤ max(3, E w⁴)`."""
    return Tails(lambda y: kurtosis * y * y / 12, lambda y: kurtosis * y * y / 6, 4.0, max(3.0, kurtosis) ** 0.25)


def lindeberg(truncated: Callable[[Array], Array]) -> Tails:
    """What the variance alone says: `truncated(y)` is `E[w² min(5/4, |yw|/3)]`, which bounds both."""
    return Tails(truncated, truncated)


def pareto(nu: float) -> Tails:
    """What the variance alone says of symmetric entries with `P(|w| > t) = (c/t)^ν`, 2 < ν < 3: E|w|³ is infinite.

    In units of c, `E w² = ν/(ν − 2)`. With `b = 15/(4y) ≥ 1` the truncated moment is
    `(ν/3) y (b^{3−ν} − 1)/(3 − ν) + (5/4) ν b^{2−ν}/(ν − 2)`. Raises `ValueError` for other ν.
    """
    if not 2 < nu < 3:
        raise ValueError(f"a finite variance and no third moment needs 2 < ν < 3, got {nu}")
    scale = sqrt((nu - 2) / nu)  # the c that makes E w² = 1

    def truncated(y: Array) -> Array:
        b = np.maximum(1.0, 15 / (4 * scale * np.maximum(y, 1e-300)))
        small = nu / 3 * scale * y * (b ** (3 - nu) - 1) / (3 - nu)
        return scale**2 * (small + 1.25 * nu * b ** (2 - nu) / (nu - 2))

    return lindeberg(truncated)


TAILS: dict[str, Tails] = {  # E w⁴/(E w²)² of the families with i.i.d. symmetric entries
    "gaussian": fourth_moment(3.0),
    "uniform": fourth_moment(9 / 5),
    "laplace": fourth_moment(6.0),
    "sparse": fourth_moment(10.0),
}


@dataclass(frozen=True)
class Cells:
    """The cells [start, end] of t, the different sizes |x_i| with their counts, and upper bounds on every cell.

    `whole` bounds |φ_S|, `factor` the factors |φ(x_i t)|, `slope` |q(x_i t)|.
    """

    start: Float[Array, " t"]
    end: Float[Array, " t"]
    size: Float[Array, " i"]
    count: Float[Array, " i"]
    whole: Float[Array, " t"]
    factor: Float[Array, "t i"]
    slope: Float[Array, "t i"]


def cells(x: Float[Array, " d"], tails: Tails) -> Cells:
    """The bounds at x ∈ R^d, on geometric cells from 0 up to √2/min|x_i|.

    Beyond that no factor is known to be below 1. Zero entries are left out, and x is scaled to length 1.
    """
    return cells_of(*np.unique(np.abs(x[x != 0]) / np.linalg.norm(x), return_counts=True), tails)


def cells_of(size: Float[Array, " i"], count: Shaped[Array, " i"], tails: Tails) -> Cells:
    """The bounds at the x, ‖x‖ = 1, that has each `size` |x_i|, in rising order, `count` times.

    Where entries are small beside the largest, the cells end at 10⁶ or √2/max|x_i|: what comes out is still a bound,
    but a worse one.
    """
    last = min(sqrt(2) / size[0], max(1e6, sqrt(2) / size[-1]))
    steps = int(np.log(last / FIRST) / np.log(RATIO)) + 2
    edges = FIRST * RATIO ** np.arange(steps)
    start, end = np.append(0.0, edges[:-1]), edges
    low, high = np.multiply.outer(start, size), np.multiply.outer(end, size)
    known = high <= sqrt(2)  # beyond, 1 − y²/2 < 0 and the bound of φ would say nothing of |φ|
    # on a cell y²/2 is least at the low end and ℓ largest at the high end
    decrease = low**2 / 2 * np.maximum(0.0, 1 - tails.excess(np.minimum(high, sqrt(2))))
    logarithm = np.where(known, np.log1p(-np.minimum(decrease, 1 - 1e-16)), 0.0)
    slope = np.minimum(2.0, np.maximum(tails.deficit(high), high**2 / 2))
    whole = np.exp((logarithm * count).sum(axis=1))  # in logarithms: up to 10^100 equal factors
    return Cells(start, end, size, count.astype(float), whole, np.exp(logarithm), slope)


def mean_abs(known: Cells) -> float:
    """A lower bound of `E|S| = (2/π) ∫ (1 − φ_S)/t²`; the first cell and what lies beyond the last count as 0."""
    gap = 1 / known.start[1:] - 1 / known.end[1:]
    return float(2 / pi * (gap * (1 - known.whole[1:])).sum())


def gaussian_mass(known: Cells, rate: Float[Array, " n"]) -> tuple[Float[Array, "n t"], Float[Array, " n"]]:
    """`∫ e^{−rate² t²} dt` over every cell, and over what lies beyond the last."""
    edge = np.append(known.start, known.end[-1])
    mass = sqrt(pi) / 2 * np.diff(scipy.special.erf(np.multiply.outer(rate, edge)), axis=1) / rate[:, None]
    return mass, sqrt(pi) / 2 * scipy.special.erfc(rate * known.end[-1]) / rate


def smooth_part(known: Cells, delta: Float[Array, " n"]) -> Float[Array, " n"]:
    """A, the bound of `E[U h(S)]` over all unit u ⊥ x, for every δ."""
    mass, rest = gaussian_mass(known, delta / sqrt(2))
    others = np.minimum(1.0, known.whole[:, None] / known.factor)  # Π_{k≠i} |φ(x_k t)|
    e = 2 / pi * (mass @ (known.slope * others) + 2 * rest[:, None])
    return np.asarray(np.sqrt((e**2 * known.size**2) @ known.count))


def rough_part(known: Cells, delta: Float[Array, " n"], tails: Tails) -> Float[Array, " n"]:
    """B, the bound of `E[U (sgn S − h(S))]` over all unit u ⊥ x, for every δ.

    The mean of `exp(−q S²/2δ²)` is an integral over φ_S, as its Fourier transform is `(δ/√(2πq)) e^{−δ²t²/2q}`.
    """
    q = tails.p / (tails.p - 1)
    mass, rest = gaussian_mass(known, delta / sqrt(2 * q))
    mean = 2 * delta / sqrt(2 * pi * q) * (mass @ known.whole + rest)
    return np.asarray(tails.norm * np.minimum(1.0, mean) ** (1 / q))


def spread_bound(x: Float[Array, " d"], tails: Tails) -> float:
    """A proven lower bound of α_∞(x), x ∈ R^d, the best over δ; at least Bessel's `α_∞ ≥ E|S|`.

    Raises `ValueError` for a zero x or one with NaN or infinite entries.
    """
    if not np.all(np.isfinite(x)) or not np.any(x):
        raise ValueError("the bound needs a finite, non-zero x")
    return best_bound(cells(x, tails), tails)


def equal_entries(n: int, tails: Tails) -> float:
    """The bound at n equal entries, up to n = 10^100."""
    return best_bound(cells_of(np.array([n**-0.5]), np.array([float(n)]), tails), tails)


def best_bound(known: Cells, tails: Tails) -> float:
    """The bound from these cells, the best over 60 values of δ."""
    delta = np.geomspace(1 / known.end[-1], 3.0, 60)
    tangent = np.min(smooth_part(known, delta) + rough_part(known, delta, tails)) / (least := mean_abs(known))
    return float(max(least, 1 / sqrt(1 + tangent**2)) - 1e-9)
