"""Sixt's matrix simulation: products of random matrices, without activations, put before Gaussian vectors.

A chain of widths `n_0, n_1, …` in backward order multiplies v ~ N(0, I_{n_0}) by matrices of i.i.d. entries. Those of
mean μ ≠ 0 and variance tμ² make of v_1, v_2 what `theory.rivals.shared_sums` describes. With V the square of a sum's
part along v's own, U = V + B that of all that both have in common, and `τ = y U` the noise, a matrix of n columns takes

    V ← V + (B + τ)/n,   B ← t (V + B)/n,   τ ← t τ/n,   y = τ/(V + B),   from V = 1, B = 0, τ = t.

The noise of one matrix adds to the sums that the next one sees, `(B + τ)/n`; where columns add up to 1 it does not.

    column-stochastic |N|, |N|    t = π/2 − 1
    max(0, N)                     t = π − 1
    αW⁺ + βW⁻, α = β + 1          t = π − 1 + 2πβ(β + 1)
    N                             no mean: y = ∞, the cosine is that of its noise
    N, then relu                  `deconv_pair`, from the second matrix on

The correlation of the noises has the variance Σ 1/n over all widths. Within 0.01 of the sampled mean |cos| along a
chain of VGG16's widths.
"""

from __future__ import annotations

from math import inf, pi

import numpy as np
from jaxtyping import Float

from nfrlab.theory.numerics.vectors import Array
from nfrlab.theory.rivals.alpha_beta import noise_share
from nfrlab.theory.rivals.pairs import deconv_pair
from nfrlab.theory.rivals.shared_sums import mean_size

CHAINS = "gaussian", "rectified", "stochastic", "absolute", "positive", "alpha-beta"


def entry_noise(chain: str, beta: float = 0.0) -> float:
    """`t = Var/E²` of an entry; inf where it has no mean. Raises `ValueError` for an unknown chain and for β < 0."""
    if chain not in CHAINS:
        raise ValueError(f"unknown chain '{chain}'; known: {', '.join(CHAINS)}")
    if chain in {"stochastic", "absolute"}:
        return pi / 2 - 1
    if chain in {"positive", "alpha-beta"}:
        return noise_share(beta if chain == "alpha-beta" else 0.0)
    return inf


def chain_cosines(chain: str, widths: tuple[int, ...], beta: float = 0.0) -> Float[Array, " steps"]:
    """E|cos| of two vectors after every matrix of a chain; E cos, before the relu, for `rectified`.

    Raises `ValueError` as `entry_noise` does, and for a chain without a matrix.

    Parameters
    ----------
    chain
        One of `CHAINS`.
    widths
        Of the vectors, in the order in which they are met.
    beta
        Of `alpha-beta`; α = β + 1.
    """
    t = entry_noise(chain, beta)
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError(f"a chain needs vectors before and after a matrix, all of width ≥ 1, got widths {widths}")
    if chain == "rectified":
        c, found = 0.0, []
        for _ in widths[1:]:
            found.append(c)
            c = deconv_pair(c)
        return np.array(found)
    spreads = np.cumsum([1 / n for n in widths])[1:]
    if t == inf:
        return np.sqrt(2 / pi * spreads)
    return np.array([mean_size(y, spread) for y, spread in zip(chain_noises(t, widths, chain), spreads, strict=True)])


def chain_noises(t: float, widths: tuple[int, ...], chain: str) -> list[float]:
    """y after every matrix of a chain."""
    V, B, tau = 1.0, 0.0, t
    found = [t]
    for n in widths[1:-1]:
        V, B, tau = V + (B + tau) / n * (chain != "stochastic"), t * (V + B) / n, t * tau / n
        found.append(tau / (V + B))
    return found


def with_diagonal(cosine: float, vectors: int = 32) -> float:
    """The mean over the lower triangle with the diagonal, as Sixt's notebook takes it: a share 2/(k + 1) is ones."""
    return (2 + (vectors - 1) * cosine) / (vectors + 1)
