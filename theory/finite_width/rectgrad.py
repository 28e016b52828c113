"""The law of RectGrad's `r_0`: which neurons pass is decided by τ, the q-quantile of `A r` over the layer.

τ lies at or just above the order statistic of rank `⌊q(N − 1)⌋`, so that n = N − 1 − ⌊q(N − 1)⌋ neurons pass. Given the
largest V = A r that does not, they are independent with the law of a neuron with `A r > V`: the law is a mixture over
V. Where fewer than n + 1 neurons have `A r > 0`, these pass, as for GBP.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor, sqrt

import numpy as np
import scipy

from nfrlab.theory.families import FAMILIES
from nfrlab.theory.finite_width import hyperplanes
from nfrlab.theory.finite_width.heavy_tails import Sizes, mixture
from nfrlab.theory.finite_width.mixture import AlignmentLaw, Parts, match_moments, neurons_passing, rescale
from nfrlab.theory.finite_width.one_neuron import FEW, RADIAL, active_neuron, legendre, neuron, relevance_size
from nfrlab.theory.finite_width.self_normalised import moments
from nfrlab.theory.numerics.roots import roots
from nfrlab.theory.numerics.vectors import Array

NEGLECTED = 1e-4  # the probability of a map through neurons of negative A r, above which there is no law
SHARP = 1e6  # the shape of a Gamma variable that hardly varies
CROWD = 12  # passing Student neurons beyond which the largest is treated separately
SEVERAL = 6  # passing neurons up to which their mean α is taken over hyperplanes


def exceedance(family: str, d: int) -> Callable[[Array], Array]:
    """The function `V ↦ P(A r > V)`, entry by entry for V ≥ 0, over all neurons of the layer, r ~ N(0, 1)."""
    c, _, p = active_neuron(family, d)
    return lambda V: scipy.special.erfc(V[:, None] / np.maximum(c, 1e-300) / sqrt(2)) @ p / 4


def thresholds(family: str, d: int, N: int, passed: int, n: int = 7) -> tuple[Array, Array, float]:
    """(V, probability, P(V > 0)): V is the largest `A r` that RectGrad does not pass, on n nodes given V > 0.

    Where `passed` of N neurons pass, `P(A r > V)` is Beta(passed + 1, N − passed), the share above an order statistic;
    V > 0 where it is below ¼. Raises `ValueError` for a family that is neither a Gaussian scale mixture nor radial.
    """
    share = exceedance(family, d)
    positive = float(scipy.special.betainc(passed + 1, N - passed, 0.25))
    u, weight = legendre(0, 1, n)
    levels = scipy.special.betaincinv(passed + 1, N - passed, u * positive) if positive > 0 else np.full(n, 0.25)
    levels = np.minimum(levels, 0.25 - 1e-12)
    log_V = roots(lambda log_V: share(np.exp(log_V)) - levels, np.full(n, -40.0), np.full(n, 6.0))
    return np.exp(log_V), weight, positive


def passing_parts(family: str, d: int, V: float, n: int) -> tuple[Array, Parts]:
    """(probability, (m, h, c)) of n neurons with `A r > V`.

    A single one has `T = c/b`, known node by node; a few of Gaussian weights have their exact mean.
    """
    if FAMILIES[family].heavy_tailed and n > 1:
        return student_parts(d, V, n)
    one = neuron("rectgrad", family, d, V, fine=n == 1)
    if n > 1:
        parts = match_moments(moments(one, np.array([float(n)])), d, one.gaussian)
        if n <= SEVERAL and FAMILIES[family].gaussian and d > 1:
            law = AlignmentLaw("", "", d, n, np.ones(1), *parts, undefined=0.0)
            parts = parts[0], parts[1], rescale(law, hyperplanes.mean_of_neurons(one, d, n)).c
        return np.ones(1), parts
    # one neuron: T² is a constant at each node, that is a Gamma variable of very large shape
    T, where = np.unique(np.round(one.along / one.beside, 9), return_inverse=True)
    probability = np.bincount(where, one.probability)
    m = np.full(len(T), SHARP)
    h = np.full(len(T), (d - 1) / 2 if one.gaussian else SHARP)
    return probability, (m, h, T**2 / m * (0.5 if one.gaussian else h / max(d - 1, 1)))


def student_parts(d: int, V: float, n: int) -> tuple[Array, Parts]:
    """(probability, (m, h, c)) of n ≥ 2 Student neurons with `A r > V`.

    Of many the largest is treated separately; a few have their exact mean in few dimensions.
    """
    sizes, number = Sizes(relevance_size("normal"), threshold=V), np.array([float(n)])
    if n > CROWD:
        return mixture(sizes, d, number, n)
    one = sizes.whole()
    m, h, c = match_moments(moments(one, number), d, gaussian=True)
    if n <= SEVERAL and 1 < d < hyperplanes.NARROW:
        law = AlignmentLaw("", "", d, n, np.ones(1), m, h, c, undefined=0.0)
        drift = float(one.probability @ one.along)
        c = rescale(law, hyperplanes.mean_of_layer(sizes.transform, drift, d, n, 1.0)).c
    return np.ones(1), (m, h, c)


def is_covered(N: int, q: float) -> bool:
    """Whether RectGrad's law covers N neurons at this q.

    It does where a neuron passes, and where one with `A r < 0` passes only with probability below 1e-4.
    """
    if not 0 <= q < 1:
        return False
    rank = floor(q * (N - 1))
    return rank < N - 1 and float(scipy.special.bdtrc(rank + 1, N, 0.25)) < NEGLECTED


def least_layer(q: float) -> int:
    """The least N that the law covers at this q. Raises `ValueError` where there is none up to 10⁴."""
    for N in range(2, 10_000):
        if is_covered(N, q):
            return N
    raise ValueError(f"RectGrad's law needs a quantile level above ¼ and below 1, got q = {q}")


def rectgrad_law(family: str, d: int, N: int, q: float = 0.9) -> AlignmentLaw:
    """The law of RectGrad's `r_0` at N neurons in R^d, τ the q-quantile of `A r`.

    Maps through neurons of negative `A r` are neglected. Raises `ValueError` where these have a probability of 1e-4 or
    more, where no neuron passes, and for a sphere or ring in fewer than 12 dimensions.
    """
    if not is_covered(N, q):
        raise ValueError(f"RectGrad's law needs ¼ < q < 1 and more neurons: N = {N} at q = {q} are too few")
    n = N - 1 - floor(q * (N - 1))
    if family in RADIAL and d < FEW:
        raise ValueError(f"RectGrad's law for {family} weights needs d ≥ {FEW}, got {d}")
    V, share, filled = thresholds(family, d, N, n)
    K, weight, nobody = neurons_passing("rectgrad", N)
    found = [passing_parts(family, d, float(v), n) for v in V]
    pieces = [parts for _, parts in found]
    chances = [filled * v * p for (p, _), v in zip(found, share, strict=True)]
    short = n >= K  # positive A r fewer than n + 1: all of them pass, as for GBP
    if short.any():
        one = neuron("gbp", family, d)
        pieces.append(match_moments(moments(one, K[short]), d, one.gaussian))
        chances.append((1 - nobody) * weight[short])
    m, h, c = (np.concatenate(part) for part in zip(*pieces, strict=True))
    (m, h, c), where = np.unique(np.stack([m, h, c]), axis=1, return_inverse=True)  # one neuron: alike for every V
    total = np.bincount(where.ravel(), np.concatenate(chances))
    return AlignmentLaw("rectgrad", family, d, N, total / total.sum(), m, h, c, nobody)
