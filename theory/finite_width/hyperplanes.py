"""The mean of α as an average over hyperplanes, for every rotation-invariant layer, however few the dimensions.

For a unit vector R̂ and n uniform on the sphere, `E_n[sign(R̂·n) n·x̂] = E|n_1| · R̂·x̂`. So with τ = n·x̂

    E α = E_τ[τ (2 H(τ) − 1)] / E|n_1|,   H(τ) = P(R·n > 0),

and `R·n = Σ_j s_j w_j·n` is a sum of N independent terms X: `2H − 1 = (2/π) ∫ Im φ_X(κ)^N dκ/κ` (Gil-Pelaez). A zero
map counts as α = 0. Here κ is the frequency of a transform, not the constant of the rate.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import ceil, log, pi, sqrt

import numpy as np
import scipy
from jaxtyping import Complex, Float

from nfrlab.theory.family import sphere_mean_abs
from nfrlab.theory.finite_width.one_neuron import Neuron, band_of, legendre, normalise
from nfrlab.theory.numerics.vectors import Array

NARROW = 6  # d below which the mean of a scale mixture is taken over hyperplanes where neurons are few
LOG_STEP = 0.03  # of κ, where sizes have heavy tails
FINEST = 120.0  # the largest κ, in units of 1/s.d.: with few neurons in few dimensions what lies beyond is the error
RESOLVED = 40.0  # the largest that the nodes of `directions` resolve
Transform = Callable[[float, Float[Array, " k"]], Complex[Array, " k"]]  # of a neuron, at n·x̂ = τ and every κ


def directions(d: int) -> tuple[Array, Array, Array]:
    """(u_1, u_2, probability) of u uniform on the unit sphere of R^d, d ≥ 2, given u_1 > 0, on nodes.

    They are crowded towards u_2 = 0, where the phases of a transform are sorted by sign.
    """
    if d == 2:
        angle, weight = legendre(-pi / 2, pi / 2, 120)
        return np.cos(angle), np.sin(angle), weight / pi
    first, p = normalise(*_latitude(d, 20))
    angle, weight = legendre(0, pi / 2, 28, bend=2)
    angle, weight = np.concatenate([-angle, angle]), np.concatenate([weight, weight])
    second, q = normalise(np.sin(angle), weight * np.cos(angle) ** (d - 3))
    u1, u2 = np.repeat(first, len(second)), np.outer(np.sqrt(1 - first**2), second).ravel()
    return u1, u2, np.outer(p, q).ravel()


def _latitude(d: int, n: int) -> tuple[Array, Array]:
    """(u_1, density up to a factor) of u uniform on the unit sphere of R^d, given u_1 > 0."""
    angle, weight = legendre(0, pi / 2, n)
    return np.sin(angle), weight * np.cos(angle) ** (d - 2)


def relevance_transform(rule: str, X: Float[Array, " n"], kappa: Float[Array, " k"]) -> Complex[Array, "k n"]:
    """`E exp(iκ s y)` at every κ and every y of X, over what is random in s once y is known.

    For gbp that is r = |N(0, 1)|, and the mean is Faddeeva's function; for other rules it is nothing.
    """
    phase = np.multiply.outer(kappa, X)
    return scipy.special.wofz(phase / sqrt(2)) if rule == "gbp" else np.exp(1j * phase)


def neuron_transform(one: Neuron, tau: float, kappa: Float[Array, " k"]) -> Complex[Array, " k"]:
    """`E exp(iκ s w·n)` of a neuron that is Gaussian beside x̂, n·x̂ = τ.

    It is `E exp(iκτ along − κ²(1 − τ²) beside²/2)` over the neuron's (along, beside).
    """
    wave = 1j * tau * np.multiply.outer(kappa, one.along)
    return np.exp(wave - (1 - tau * tau) / 2 * np.multiply.outer(kappa, one.beside) ** 2) @ one.probability


def mean_of_neurons(one: Neuron, d: int, n: int) -> float:
    """E α of n ≥ 2 independent neurons in R^d that all pass, Gaussian beside x̂.

    The quadrature is within 2e-3 for n = 2, within 1e-3 for n = 3 in the plane, else within 1e-4.
    """
    size = sqrt(float(one.probability @ (one.along**2 + one.beside**2)))
    drift = float(one.probability @ one.along)

    def sides(tau: float) -> float:
        kappa = frequencies(size, tau * drift * n, n)
        return gil_pelaez(neuron_transform(one, tau, kappa) ** n, kappa)

    tau, weight = normalise(*_tau(d))
    values = [float(t * w) * sides(float(t)) for t, w in zip(tau, weight, strict=True)]
    return sum(values) / sphere_mean_abs(d)


def mean_of_layer(transform: Transform, drift: float, d: int, N: int, passing: float) -> float:
    """E α given R ≠ 0 of N neurons in R^d, d ≥ 2, each of which passes with probability `passing`.

    The integral is taken in log κ, as sizes may have heavy tails. Within 2e-4 for N from 8 to 300.

    Parameters
    ----------
    transform
        `E exp(iκ s w·n)` of a neuron that passes, Gaussian beside x̂.
    drift
        `E s c` of it.
    d, N
        The dimension of the input and the number of neurons.
    passing
        The probability that a neuron passes.
    """
    kappa = np.exp(np.arange(-9.0 - log(N * passing * drift), log(FINEST), LOG_STEP))

    def sides(tau: float) -> float:
        single = transform(tau, kappa)
        # one neuron alone is taken out: it has α = u_1 exactly
        several = (1 - passing + passing * single) ** N - N * passing * (1 - passing) ** (N - 1) * single
        return float(2 / pi * LOG_STEP * several.imag.sum())

    tau, weight = normalise(*_tau(d, 14))
    several = sum(float(t * w) * sides(float(t)) for t, w in zip(tau, weight, strict=True)) / sphere_mean_abs(d)
    alone = N * passing * (1 - passing) ** (N - 1) * sphere_mean_abs(d)
    return (several + alone) / (1 - (1 - passing) ** N)


def frequencies(size: float, mean: float, neurons: float, finest: float = FINEST) -> Float[Array, " k"]:
    """Midpoints in κ for the transform of a sum of `neurons` terms of root mean square `size`, with this mean.

    They are fine enough for the sum's range, and reach out to where its transform has decayed, or to `finest`.
    """
    step = pi / (abs(mean) + 9 * size * sqrt(neurons) + 3 * size)
    last = min(finest, 12 / sqrt(neurons) + 400 / (2 * neurons) ** 1.5) / size
    return step * (np.arange(ceil(last / step)) + 0.5)


def gil_pelaez(phi: Complex[Array, " k"], kappa: Float[Array, " k"]) -> float:
    """`2H − 1 = (2/π) ∫ Im φ(κ) dκ/κ` on the midpoints κ; the error is the mass beyond π/step."""
    return float(2 / pi * np.sum(phi.imag / kappa) * 2 * kappa[0])


@lru_cache(maxsize=256)
def mean_alignment(rule: str, family: str, d: int, N: int) -> float:
    """E α given R ≠ 0 for constant, activation or gbp and sphere or ring weights, N neurons in R^d, 2 ≤ d ≤ 12.

    One neuron has α = u_1 whatever it weighs; the rest by the formula above. The quadrature errs by less than 2e-4.
    Raises `KeyError` for another family.
    """
    if N == 1:
        return sphere_mean_abs(d)
    passing = 0.25 if rule == "gbp" else 0.5
    low, high = band_of(family)
    radius, q = (np.ones(1), np.ones(1)) if low == high else normalise(*legendre(low, high, 4))
    u1, u2, p = directions(d)
    c, e = np.outer(radius, u1).ravel(), np.outer(radius, u2).ravel()
    probability = np.outer(q, p).ravel()
    tau, weight = normalise(*_tau(d))
    several = sum(
        float(t * w) * _surplus(rule, c, t * c + sqrt(1 - t * t) * e, probability, passing, N)
        for t, w in zip(tau, weight, strict=True)
    )
    alone = N * passing * (1 - passing) ** (N - 1) * sphere_mean_abs(d)
    return (several / sphere_mean_abs(d) + alone) / (1 - (1 - passing) ** N)


def _tau(d: int, n: int = 28) -> tuple[Array, Array]:
    """(τ = |n·x̂|, density up to a factor) on n nodes, crowded towards 0 where H turns."""
    angle, weight = legendre(0, min(pi / 2, 9 / sqrt(d)), n, bend=2)
    return np.sin(angle), weight * np.cos(angle) ** (d - 2)


def _surplus(rule: str, c: Array, y: Array, p: Array, passing: float, N: int) -> float:
    """`2H − 1` from two or more neurons, with c and y = w·n of one neuron on nodes of these probabilities."""
    X = c * y if rule == "activation" else y
    size, mean = sqrt(float(p @ X**2)), float(p @ X) * passing * N
    kappa = frequencies(size, mean, passing * N, RESOLVED)
    pieces = np.array_split(kappa, 1 + len(kappa) * len(X) // 500_000)  # κ × nodes has to fit in the cache
    one = np.concatenate([relevance_transform(rule, X, some) @ p for some in pieces])
    whole = (1 - passing + passing * one) ** N - N * passing * (1 - passing) ** (N - 1) * one
    return gil_pelaez(whole, kappa)
