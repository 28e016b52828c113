"""The law of α at finite N: one hidden layer of rotation-invariant weights, and any number of neurons.

With hidden weights s_j on the K neurons that pass, `c_j = w_j·x̂ > 0` and b_j the size of w_j beside x̂, `α = T / √(T² +
H)`, `T = Σ s_j c_j / √Σ s_j² b_j²`: the rest of the map is a vector of d − 1 dimensions beside x̂. For a Gaussian scale
mixture H ~ χ²_{d−1}, whatever s is. So α depends on d through H alone, and on rule and N through T. Gaussian weights:

    activation  s = z          T² ~ χ²_K                                                             exact
    constant    s = 1          E T = √(2K/π),                            E T² = 1 + (2/π)(K − 1)
    gbp         s = |r|        E T = (√2/π) K Γ(K/2) / Γ((K + 1)/2),     E T² = 1 + (4/π²)(K − 1)
    rectgrad    s = r, A r > τ: of n = N − 1 − ⌊q(N − 1)⌋ neurons, independent given the largest A r not passed

Elsewhere the moments of T are those of a self-normalised sum, by quadrature (`theory.selfnormalised`); where d < 12 and
weights are no scale mixture, T is rescaled to E α over hyperplanes (`theory.hyperplanes`). Given K, T² is taken to be
the Gamma variable with the two moments of T. K is Bin(N, ½), for gbp Bin(N, ¼). The gradient's map is isotropic for
every such layer: `α² ~ Beta(½, (d − 1)/2)`, exact. One Haar frame and Activation: `α² ~ Beta(K/2, (d − K)/2)`, exact.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import exp, isfinite, log, pi, sqrt

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import poch, roots_hermitenorm

from theory import hyperplanes
from theory.mixture import PASSING, AlignmentLaw, Parts, matched, passing, rescaled
from theory.neurons import FEW, MIXTURES, RADIAL, largest_scale, neuron, student_scale
from theory.rectgrad import least_layer, rectgrad
from theory.selfnormalised import Moments, moments
from theory.vectors import Array

MANY = 12  # Student neurons from which the largest is looked at by itself
WIDE = 500  # N/d from which the gap of a sphere or ring is too small to be told from quadrature errors
MOST = 10**12
MOST_HEAVY = 10**7  # Activation at Student neurons
KAPPA = {"activation": 2.0, "constant": pi, "gbp": pi**2}
ISOTROPIC = (*MIXTURES, *RADIAL)
LAWS = (*((rule, family) for rule in PASSING for family in ISOTROPIC), ("grad", "haar"), ("activation", "haar"))


def constant_moments(K: float) -> tuple[float, float]:
    """(E T, E T²) for s = 1 and Gaussian weights."""
    return sqrt(2 * K / pi), 1 + 2 / pi * (K - 1)


def gbp_moments(K: float) -> tuple[float, float]:
    """(E T, E T²) for s = |r|, r i.i.d. N(0, 1), and Gaussian weights."""
    return sqrt(2) / pi * K / float(poch(K / 2, 0.5)), 1 + 4 / pi**2 * (K - 1)


MOMENTS: dict[str, Callable[[float], tuple[float, float]]] = {
    "constant": constant_moments,
    "gbp": gbp_moments,
    "activation": lambda K: (sqrt(2) * float(poch(K / 2, 0.5)), K),
}


def gaussian_parts(rule: str, K: Float[Array, " k"], d: int) -> Parts:
    """(m, h, c) of Gaussian weights from the closed forms."""
    pairs = np.array([MOMENTS[rule](float(k)) for k in K])
    if rule == "activation":
        return K / 2, np.full_like(K, (d - 1) / 2), np.ones_like(K)
    return matched(Moments(pairs[:, 0], pairs[:, 1], 0 * K), d, gaussian=True)


def independent(rule: str, family: str, d: int, N: int) -> AlignmentLaw:
    """Constant weights, Activation or GBP at independent neurons. One neuron alone has `α² ~ Beta(½, (d − 1)/2)`."""
    K, weight, nobody = passing(rule, N)
    law = partial(AlignmentLaw, rule, family, d, N, weight, undefined=nobody)
    if family == "gaussian":
        m, h, c = gaussian_parts(rule, K, d)
        return law(m=m, h=h, c=c, exact=rule == "activation")
    if family in RADIAL and d < FEW and WIDE * d > N:
        m, h, c = gaussian_parts(rule, K, d)
        return (
            rescaled(law(m=m, h=h, c=c), hyperplanes.mean_alignment(rule, family, d, N))
            if d > 1
            else law(m=m, h=h, c=c)
        )
    if (rule, family) == ("activation", "student") and N > MANY:
        return heavy(d, N)
    one = neuron(rule, family, d)
    m, h, c = matched(moments(one, K), d, one.gaussian)
    m, h, c = (np.where(K == 1, alone, part) for alone, part in zip((0.5, (d - 1) / 2, 1.0), (m, h, c), strict=True))
    return law(m=m, h=h, c=c)


def heavy(d: int, N: int) -> AlignmentLaw:
    """Activation at many Student neurons: `s b = λ² z` has no variance, and the largest λ of the layer shapes T; so the
    mixture is over it too. Its nodes, made for K = N/2, have the density `K F^{K−1}` for every other K.
    """
    nodes, weight = roots_hermitenorm(5)
    K = np.maximum(N / 2 + nodes * sqrt(N) / 2, 1)
    found, share = [], []
    for least, F, p in zip(*largest_scale(N / 2), strict=True):
        below = neuron("activation", "student", d, scales=student_scale(least=float(least)))
        top = neuron("activation", "student", d, scales=(np.sqrt(3 / least[None]), np.ones(1)))
        found.append(matched(moments(below, K, top), d, gaussian=True))
        share.append(p * weight * 2 * K / N * F ** (K - N / 2))
    m, h, c = (np.concatenate(part) for part in zip(*found, strict=True))
    total = np.concatenate(share)
    return AlignmentLaw("activation", "student", d, N, total / total.sum(), m, h, c, 0.5**N)


def alignment_law(rule: str, family: str, d: int, N: int, q: float = 0.9) -> AlignmentLaw:
    """The law of α for a rule (`r_0`, hidden relevance i.i.d. N(0, 1)) at a layer of N neurons in R^d; q is RectGrad's.

    Where it is not exact its mean is within about 0.002 and its distribution within 0.025 of the truth, worst at d = 2;
    Activation at more than 1,000 Student neurons: 0.005 and 0.02. Raises `ValueError` where there is no law, and for
    an empty shape.
    """
    if (rule, family) not in LAWS:
        known = ", ".join(sorted({family for _, family in LAWS}))
        raise ValueError(f"no law of α for {rule} and {family} weights; rules: {', '.join(PASSING)}; families: {known}")
    if d < 1 or N < 1:
        raise ValueError(f"a layer needs d ≥ 1 and N ≥ 1, got d = {d}, N = {N}")
    if (most := MOST_HEAVY if (rule, family) == ("activation", "student") else MOST) < N:
        raise ValueError(f"the law of {rule} and {family} weights is computed up to N = {most:,}, got {N:,}")
    if rule == "grad":
        half, nobody = np.full(1, 0.5), 0.5**N
        return AlignmentLaw(
            rule, family, d, N, np.ones(1), half, half * (d - 1), np.ones(1), nobody, signed=True, exact=True
        )
    if family == "haar":
        return frame(d, N)
    return rectgrad(family, d, N, q) if rule == "rectgrad" else independent(rule, family, d, N)


def frame(d: int, N: int) -> AlignmentLaw:
    """Activation at one Haar frame: `α² ~ Beta(K/2, (d − K)/2)`. Raises `ValueError` for N > d."""
    if d < N:
        raise ValueError(f"the law of one Haar frame needs N ≤ d, got d = {d}, N = {N}")
    K, weight, nobody = passing("activation", N)
    return AlignmentLaw("activation", "haar", d, N, weight, K / 2, (d - K) / 2, np.ones_like(K), nobody, exact=True)


def least_width(mean: Callable[[int], float], target: float, least: int = 1, most: int = MOST) -> int:
    """The least N ≥ `least` at which a rising mean reaches the target: a root in log N, then the last steps one by one.

    Raises `ValueError` unless 0 < target < 1, and where no N ≤ `most` reaches it.
    """
    if not (isfinite(target) and 0 < target < 1):
        raise ValueError(f"the target is a mean α strictly between 0 and 1, got {target}")
    low = high = least
    while high < most and mean(high) < target:
        low, high = high, min(8 * high, most)
    if mean(high) < target:
        raise ValueError(f"no N ≤ {most} reaches a mean α of {target}")
    if high > low:
        root = brentq(lambda log_N: mean(round(exp(log_N))) - target, log(low), log(high), xtol=0.1 / high)
        high = max(round(exp(root)), low + 1)
    while mean(high) < target:
        high += 1
    while high > least and mean(high - 1) >= target:
        high -= 1
    return high


def required_neurons(target: float, rule: str, family: str, d: int, q: float = 0.9) -> int:
    """The least N whose mean α reaches `target`.

    Raises `ValueError` unless 0 < target < 1, for a rule whose mean does not rise, and where no N for which there is a
    law reaches it.
    """
    if rule == "grad":
        raise ValueError("the plain gradient has mean α = 0 at every N: no width is enough")
    least = least_layer(q) if rule == "rectgrad" else 1
    most = d if family == "haar" else MOST_HEAVY if (rule, family) == ("activation", "student") else MOST
    return least_width(lambda N: alignment_law(rule, family, d, N, q).mean, target, least, most)
