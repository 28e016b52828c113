"""The law of α as a mixture over the number K of neurons that pass.

Given K, `α = T / √(T² + H)` with T along the input and H beside it, independent. T² is taken to be the Gamma variable
that has the two moments of T, H a Gamma variable with moments of its own; then α² is a Beta variable, up to scale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, log, pi, sqrt

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.finite_width.self_normalised import Moments
from nfrlab.theory.numerics.roots import roots
from nfrlab.theory.numerics.vectors import Array

ALL = 400  # up to this N every K is summed over, beyond it Gauss–Hermite nodes stand for them
# probability that a neuron passes; for rectgrad, that A r > 0
PASSING = {"grad": 0.5, "activation": 0.5, "constant": 0.5, "gbp": 0.25, "rectgrad": 0.25}
FARTHEST = 18.0  # artanh α of the largest α below 1
Parts = tuple[Array, Array, Array]  # m, h, c of the mixture


def neurons_passing(rule: str, N: int) -> tuple[Float[Array, " k"], Float[Array, " k"], float]:
    """(K, its probability given K ≥ 1, P(K = 0)): the number K of N neurons that pass, Bin(N, p).

    All K that matter for N ≤ 400, else 21 Gauss–Hermite nodes. Raises `KeyError` for an unknown rule.
    """
    p = PASSING[rule]
    nobody = (1 - p) ** N
    if N <= ALL:
        K = np.arange(1.0, N + 1)
        weight = scipy.special.comb(N, K) * p**K * (1 - p) ** (N - K)
        kept = weight > 1e-16 * weight.max()
        return K[kept], weight[kept] / weight[kept].sum(), nobody
    nodes, weight = scipy.special.roots_hermitenorm(21)
    return N * p + nodes * sqrt(N * p * (1 - p)), weight / weight.sum(), nobody


def gamma_shapes(mean: Float[Array, " k"], square: Float[Array, " k"]) -> Float[Array, " k"]:
    """Each m for which T² ~ Gamma(m, square/m) has `E T = mean`: `Γ(m + ½) / (Γ(m) √m) = E T / √E T²`."""
    ratio = mean / np.sqrt(square)
    spread = 1 - ratio**2
    # where T hardly varies the root is lost in rounding, but the left side squared is 1 − 1/4m + 1/32m² + O(m⁻³)
    narrow = spread < 1e-5
    wanted = np.where(narrow, 0.5, ratio)
    ends = np.full_like(ratio, log(0.02)), np.full_like(ratio, log(1e5))
    log_m = roots(lambda log_m: scipy.special.poch(np.exp(log_m), 0.5) * np.exp(-log_m / 2) - wanted, *ends)
    return np.where(narrow, 1 / (4 * np.where(narrow, spread, 1.0)) - 1 / 8, np.exp(log_m))


def match_moments(found: Moments, d: int, gaussian: bool) -> Parts:
    """(m, h, c) of the law of α for every K: T² is the Gamma variable with the two moments of T.

    H is χ²_{d−1} for neurons that are Gaussian beside x̂. Else H has the same mean, and the smaller variance
    `2(d − 1)(1 − E Σa⁴/(Σa²)²)` of a sum of K vectors of given lengths.

    Parameters
    ----------
    found
        The moments of T, and the concentration `E Σa⁴/(Σa²)²`.
    d
        The dimension of the input.
    gaussian
        Whether neurons are Gaussian beside x̂.
    """
    m = gamma_shapes(found.mean, found.square)
    share = np.full_like(m, 0.5) if gaussian else 0.5 / np.maximum(1 - found.concentration, 1e-9)
    return m, (d - 1) * share, found.square / m * share


@dataclass(frozen=True)
class AlignmentLaw:
    """The law of α given R ≠ 0: a mixture of `α² = c B / (1 − B + c B)`, `B ~ Beta(m, h)`, with probabilities `weight`.

    `undefined` is P(R = 0). `signed`: α has either sign with probability ½. `exact`: no step of the law is an
    approximation, but for the quadrature over K beyond N = 400.
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
    exact: bool = False

    def moment(self, power: int) -> float:
        """`E |α|^power`, by Gauss–Legendre in the probability."""
        nodes, weights = scipy.special.roots_legendre(96)
        u = (nodes + 1) / 2
        # the ends of the probability stretched: there the quantile may be steep
        share, density = np.sin(pi * u / 2) ** 2, pi / 4 * np.sin(pi * u) * weights
        values = self._squares(share[None, :]) ** (power / 2)
        return float(self.weight @ (values @ density))

    def _squares(self, share: Float[Array, "1 p"]) -> Float[Array, "k p"]:
        """α² at these shares, given each component of the mixture."""
        m, h, c = self.m[:, None], self.h[:, None], self.c[:, None]
        B = np.where(h > 0, scipy.special.betaincinv(m, np.maximum(h, 1e-300), share), 1.0)
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
        return float(self._cdf(np.array([a]))[0])

    def quantile(self, p: float) -> float:
        """The α below which a share p lies. Raises `ValueError` unless 0 < p < 1."""
        return float(self.quantiles(np.array([p]))[0])

    def quantiles(self, p: Float[Array, " p"]) -> Float[Array, " p"]:
        """The α below which these shares lie. Raises `ValueError` unless 0 < p < 1."""
        if outside := [share for share in p if not 0 < share < 1]:
            raise ValueError(f"a share lies strictly between 0 and 1, got {outside[0]}")
        least, most = (np.full(len(p), end) for end in (-FARTHEST if self.signed else 0.0, FARTHEST))
        low, high = self._cdf(np.tanh(least)), self._cdf(np.tanh(most))
        inside = np.clip(p, low, high)
        found = np.tanh(roots(lambda z: self._cdf(np.tanh(z)) - inside, least, most))
        return np.where(p > high, 1.0, np.where(p <= low, np.sign(least), found))

    def _cdf(self, a: Float[Array, " a"]) -> Float[Array, " a"]:
        """P(α ≤ a) at every a."""
        inside = self._within(np.abs(a))
        if self.signed:
            return (1 + np.sign(a) * inside) / 2
        return np.where(a > 0, inside, 0.0)

    def _within(self, a: Float[Array, " a"]) -> Float[Array, " a"]:
        """P(|α| ≤ a) at every a ≥ 0."""
        square = np.minimum(a, 1.0)[:, None] ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = square / (1 - square) / self.c
            share = np.where(square < 1, odds / (1 + odds), 1.0)
        below = np.where(self.h > 0, scipy.special.betainc(self.m, np.maximum(self.h, 1e-300), share), 0.0)
        return np.where(a < 1, below @ self.weight, 1.0)


def rescale(law: AlignmentLaw, mean: float) -> AlignmentLaw:
    """The law with T larger by one factor, except where one neuron passes alone, so that E α is `mean`."""
    several = law.m != 0.5  # m = ½ is one neuron, whose law is exact

    def scaled(log_factor: float) -> AlignmentLaw:
        return replace(law, c=np.where(several, law.c * exp(log_factor), law.c))

    if not several.any():
        return law
    log_factor = roots(lambda at: np.array([scaled(float(at[0])).mean - mean]), np.array([-5.0]), np.array([5.0]), 1e-9)
    return scaled(float(log_factor[0]))
