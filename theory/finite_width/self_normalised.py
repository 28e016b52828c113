"""Moments of a self-normalised sum `T = Σ_j p_j / √(Σ_j a_j²)` of K independent neurons (p, a), by Laplace transforms.

From `1/√S = π^{-1/2} ∫ y^{-1/2} e^{−yS} dy` and `1/S = ∫ e^{−yS} dy`, with `L(y) = E e^{−y a²}` and
`M_f(y) = E[f e^{−y a²}]`:

    E T  = π^{-1/2} ∫ y^{-1/2} K M_p L^{K−1} dy
    E T² = ∫ K M_{p²} L^{K−1} + K(K−1) M_p² L^{K−2} dy
    E Σa⁴/(Σa²)² = ∫ y K M_{a⁴} L^{K−1} dy

A special neuron, of another law, multiplies these by its transform. The integrals are taken in log y by the trapezoid
rule, which is exponentially accurate for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi

import numpy as np
from jaxtyping import Float

from nfrlab.theory.finite_width.one_neuron import Neuron
from nfrlab.theory.numerics.vectors import Array

STEP = 0.2  # of log y


@dataclass(frozen=True)
class Moments:
    """`E T`, `E T²`, and the concentration `E Σa⁴/(Σa²)²`, one entry for each K."""

    mean: Float[Array, " k"]
    square: Float[Array, " k"]
    concentration: Float[Array, " k"]


def grid(neuron: Neuron, most: float) -> Float[Array, " y"]:
    """The y at which the integrands are taken, evenly spaced in log y, for up to `most` neurons.

    From well below `1/(K max a²)` to where the integrands have decayed as `y^{-1/2}`.
    """
    squares = neuron.beside**2
    low, high = log(1e-26 / squares.max() / most), log(1e18 / float(neuron.probability @ squares))
    return np.exp(np.arange(low, high, STEP))


def moments(neuron: Neuron, K: Float[Array, " k"], special: Neuron | None = None) -> Moments:
    """The three moments for every number K ≥ 1 of neurons.

    Parameters
    ----------
    neuron
        The law of each neuron.
    K
        The numbers of neurons, not necessarily whole.
    special
        The law of one of the K neurons, where it differs from that of the others.
    """
    y = grid(neuron, float(K.max()))
    k, dy = K[:, None] - (special is not None), STEP * y
    log_L, M1, M2, M4 = _all_transforms(y, neuron)
    log_S, S1, S2, S4 = _all_transforms(y, special) if special else (0 * y, 0 * y, 0 * y, 0 * y)

    def rest(used: int, without: bool = False) -> Array:
        """`L^{k − used}`, k the number of ordinary neurons, times the special neuron's transform or without it."""
        return np.exp((k - used) * log_L + (0 if without else log_S))

    # M and S carry the damping of their own neuron already: it is left out of the rest
    one = k * M1 * rest(1) + S1 * rest(0, without=True)
    squares = k * M2 * rest(1) + S2 * rest(0, without=True)
    pairs = k * (k - 1) * M1**2 * rest(2) + 2 * k * M1 * S1 * rest(1, without=True)
    fourth = k * M4 * rest(1) + S4 * rest(0, without=True)
    return Moments((one / np.sqrt(pi * y)) @ dy, (squares + pairs) @ dy, (y * fourth) @ dy)


def _all_transforms(y: Array, neuron: Neuron) -> tuple[Array, Array, Array, Array]:
    """The transforms of one neuron, in pieces that fit the cache; nodes of the same a are taken together."""
    a, where = np.unique(neuron.beside, return_inverse=True)
    w, wp, wp2 = (np.bincount(where, neuron.probability * neuron.along**k) for k in range(3))
    parts = [_transforms(some, a**2, w, wp, wp2) for some in np.array_split(y, max(1, len(y) * len(a) // 2_000_000))]
    log_L, M1, M2, M4 = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    return log_L, M1, M2, M4


def _transforms(y: Array, a2: Array, w: Array, wp: Array, wp2: Array) -> tuple[Array, Array, Array, Array]:
    """(log L, M_p, M_{p²}, M_{a⁴}) at these y, from P(a), and E p, E p² on each a."""
    exponent = -np.multiply.outer(y, a2)
    damped = np.exp(exponent)
    log_L = np.log(np.maximum(damped @ w, 1e-300))
    near = damped @ w > 0.5  # there 1 − L is what has to be accurate
    log_L[near] = np.log1p(np.expm1(exponent[near]) @ w)
    return log_L, damped @ wp, damped @ wp2, damped @ (w * a2 * a2)


def leading_constant(neuron: Neuron, passing: float) -> float:
    """κ of `tan² → κ (d − 1)/N`, `E a² / (P(pass) (E p)²)`, with `passing` for P(pass)."""
    w = neuron.probability
    return float(w @ neuron.beside**2) / passing / float(w @ neuron.along) ** 2
