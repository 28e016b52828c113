"""The law of α at finite N: a layer of Gaussian weights, or one Haar frame, and any number of neurons.

With hidden weights s_j on the K active neurons that pass, and `z_j = w_j·x̂ > 0`, a Gaussian layer has
`α = T / √(T² + χ²_{d−1})`, `T = Σ_j s_j z_j / ‖s‖`: given s and z the rest of the map is Gaussian beside x̂, of size
‖s‖. So α depends on d only through χ²_{d−1}, and on rule and N only through T:

    grad        s = r signed   T ~ N(0, 1)                                                           exact
    activation  s = z          T² ~ χ²_K                                                             exact
    constant    s = 1          E T = √(2K/π),                            E T² = 1 + (2/π)(K − 1)
    gbp         s = |r|        E T = (√2/π) K Γ(K/2) / Γ((K + 1)/2),     E T² = 1 + (4/π²)(K − 1)

Both moments are exact; given K, `T²` is taken to be the Gamma variable that has them. That is exact for grad,
activation and K = 1, and asymptotically right for the others. Given K, `α²` is then a Beta variable up to a change of
scale. K is Bin(N, ½), for gbp Bin(N, ¼). For N ≫ d, `1 − α ≈ κ (d − 1) / 2N` with κ = 2, π, π² for activation,
constant and gbp. For one Haar frame, N ≤ d, and Activation `α² ~ Beta(K/2, (d − K)/2)`, exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, isfinite, log, pi, sqrt

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import betainc, betaincinv, poch, roots_hermitenorm, roots_legendre
from scipy.stats import binom

from theory.vectors import Array

ALL = 400  # up to this N every K is summed over, beyond it Gauss–Hermite nodes stand for them
PASSING = {"grad": 0.5, "activation": 0.5, "constant": 0.5, "gbp": 0.25}
KAPPA = {"activation": 2.0, "constant": pi, "gbp": pi**2}
EXACT = {("grad", "gaussian"), ("activation", "gaussian"), ("activation", "haar")}
LAWS = (*((rule, "gaussian") for rule in PASSING), ("activation", "haar"))


def constant_moments(K: float) -> tuple[float, float]:
    """(E T, E T²) for s = 1."""
    return sqrt(2 * K / pi), 1 + 2 / pi * (K - 1)


def gbp_moments(K: float) -> tuple[float, float]:
    """(E T, E T²) for s = |r|, r i.i.d. N(0, 1)."""
    return sqrt(2) / pi * K / float(poch(K / 2, 0.5)), 1 + 4 / pi**2 * (K - 1)


MOMENTS: dict[str, Callable[[float], tuple[float, float]]] = {"constant": constant_moments, "gbp": gbp_moments}


def gamma_shape(mean: float, square: float) -> float:
    """The m for which T² ~ Gamma(m, square/m) has `E T = mean`: `Γ(m + ½) / (Γ(m) √m) = E T / √E T²`."""
    ratio = mean / sqrt(square)
    spread = 1 - ratio**2
    if spread < 1e-5:  # the left side squared is 1 − 1/4m + 1/32m² + O(m⁻³)
        return 1 / (4 * spread) - 1 / 8
    return exp(brentq(lambda log_m: poch(exp(log_m), 0.5) * exp(-log_m / 2) - ratio, log(0.4), log(1e5), xtol=1e-13))


@dataclass(frozen=True)
class AlignmentLaw:
    """The law of α given R ≠ 0: a mixture over K of `α² = c B / (1 − B + c B)`, `B ~ Beta(m, h)`; `undefined` is
    P(R = 0).

    `signed`: α has either sign with probability ½.
    """

    rule: str
    family: str
    d: int
    N: int
    weight: Float[Array, " k"]
    m: Float[Array, " k"]
    h: Float[Array, " k"]
    c: Float[Array, " k"]
    undefined: float
    signed: bool = False

    @property
    def exact(self) -> bool:
        """Whether no step of the law is an approximation, but for the quadrature over K beyond N = 400."""
        return (self.rule, self.family) in EXACT

    def moment(self, power: int) -> float:
        """`E |α|^power`, by Gauss–Legendre in the probability, its ends stretched."""
        nodes, weights = roots_legendre(96)
        u = (nodes + 1) / 2
        share, density = np.sin(pi * u / 2) ** 2, pi / 4 * np.sin(pi * u) * weights
        values = self._squares(share[None, :]) ** (power / 2)
        return float(self.weight @ (values @ density))

    def _squares(self, share: Float[Array, "1 p"]) -> Float[Array, "k p"]:
        """α² at these shares, given each K."""
        m, h, c = self.m[:, None], self.h[:, None], self.c[:, None]
        B = np.where(h > 0, betaincinv(m, np.maximum(h, 1e-300), share), 1.0)
        return c * B / (1 - B + c * B)

    @property
    def mean(self) -> float:
        """E α."""
        return 0.0 if self.signed else self.moment(1)

    @property
    def sd(self) -> float:
        """Standard deviation of α."""
        return sqrt(max(0.0, self.moment(2) - self.mean**2))

    def cdf(self, a: float) -> float:
        """P(α ≤ a)."""
        if self.signed:
            inside = self._within(abs(a))
            return (1 + inside) / 2 if a >= 0 else (1 - inside) / 2
        return self._within(a) if a > 0 else 0.0

    def _within(self, a: float) -> float:
        """P(|α| ≤ a)."""
        if a >= 1:
            return 1.0
        odds = a * a / (1 - a * a) / self.c
        below = np.where(self.h > 0, betainc(self.m, np.maximum(self.h, 1e-300), odds / (1 + odds)), 0.0)
        return float(self.weight @ below)

    def quantile(self, p: float) -> float:
        """The α below which a share p lies. Raises `ValueError` unless 0 < p < 1."""
        if not 0 < p < 1:
            raise ValueError(f"a share lies strictly between 0 and 1, got {p}")
        ends = (-18.0 if self.signed else 0.0), 18.0  # in artanh α
        if self.cdf(float(np.tanh(ends[1]))) < p:
            return 1.0
        if self.cdf(float(np.tanh(ends[0]))) >= p:
            return float(np.sign(ends[0]))
        return float(np.tanh(brentq(lambda z: self.cdf(float(np.tanh(z))) - p, *ends, xtol=1e-13)))


def passing(rule: str, N: int) -> tuple[Float[Array, " k"], Float[Array, " k"], float]:
    """(K, its probability given K ≥ 1, P(K = 0)): all that matter for N ≤ 400, else 21 Gauss–Hermite nodes."""
    p = PASSING[rule]
    nobody = (1 - p) ** N
    if N <= ALL:
        K = np.arange(1.0, N + 1)
        weight = binom.pmf(K, N, p)
        kept = weight > 1e-16 * weight.max()
        return K[kept], weight[kept] / weight[kept].sum(), nobody
    nodes, weight = roots_hermitenorm(21)
    return N * p + nodes * sqrt(N * p * (1 - p)), weight / weight.sum(), nobody


def alignment_law(rule: str, family: str, d: int, N: int) -> AlignmentLaw:
    """The law of α for a rule (`r_0`, hidden relevance i.i.d. N(0, 1)) at a layer of N neurons in R^d.

    Raises `ValueError` where there is no law, and for an empty shape.
    """
    if (rule, family) not in LAWS:
        known = ", ".join(f"{rule} of {family} weights" for rule, family in LAWS)
        raise ValueError(f"no law of α for {rule} and {family} weights; there is one for {known}")
    if d < 1 or N < 1:
        raise ValueError(f"a layer needs d ≥ 1 and N ≥ 1, got d = {d}, N = {N}")
    if family == "haar" and d < N:
        raise ValueError(f"the law of one Haar frame needs N ≤ d, got d = {d}, N = {N}")
    K, weight, nobody = passing(rule, N)
    h = np.full_like(K, (d - 1) / 2)
    if rule == "grad":
        return AlignmentLaw(rule, family, d, N, np.ones(1), np.full(1, 0.5), h[:1], np.ones(1), nobody, signed=True)
    if rule == "activation":
        h = (d - K) / 2 if family == "haar" else h
        return AlignmentLaw(rule, family, d, N, weight, K / 2, h, np.ones_like(K), nobody)
    moments = [MOMENTS[rule](float(k)) for k in K]
    m = np.array([gamma_shape(*pair) for pair in moments])
    c = np.array([square for _, square in moments]) / (2 * m)
    return AlignmentLaw(rule, family, d, N, weight, m, h, c, nobody)


def required_neurons(target: float, rule: str, family: str, d: int) -> int:
    """The least N whose mean α reaches `target`.

    Raises `ValueError` unless 0 < target < 1, for a rule whose mean does not rise, and where no N ≤ 10¹² (or, for a
    frame, ≤ d) reaches it.
    """
    if not (isfinite(target) and 0 < target < 1):
        raise ValueError(f"the target is a mean α strictly between 0 and 1, got {target}")
    if rule == "grad":
        raise ValueError("the plain gradient has mean α = 0 at every N: no width is enough")

    def short(N: int) -> bool:
        return alignment_law(rule, family, d, N).mean < target

    most = d if family == "haar" else 10**12
    low, high = 0, 1
    while high < most and short(high):
        low, high = high, min(2 * high, most)
    if short(high):
        raise ValueError(f"no N ≤ {most} reaches a mean α of {target} for {rule} and {family} weights, d = {d}")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if short(middle) else (low, middle)
    return high
