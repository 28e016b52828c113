"""One Haar frame, N ≤ d: the law of α for activation weighting and for weightings that do not look at A.

`R = √d F s` with F of N orthonormal columns has `α = ⟨s, c⟩ / ‖s‖`, `c = Fᵀx̂`: the first N coordinates of a uniform
unit vector of R^d, or `c = z/‖g‖`, g ~ N(0, I_d) with z its first N entries. On the K neurons that pass, whatever s is,

    α = ρ C,    ρ = ‖c‖ on them,  ρ² ~ Beta(K/2, (d − K)/2),    C = cos(s, A) on them (`theory.weighting.angles`),

and ρ is independent of C wherever s does not depend on ‖c‖: both laws are exact, C's by recursion in K. Activation has
C = 1. So `E α^p = E ρ^p · E C^p`, exactly; with T of `theory.finite_width.law` this is `E T^p / E χ_d^p`. K is
`Bin(N, ½)`, for GBP `Bin(N, ¼)`; R = 0 where K = 0.

Activation and another weighting are equally aligned iff C = 1. Where s has no reason to be parallel to A (a constant,
or a continuous law independent of A) that is K = 1, almost surely: means agree for N = 1 only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.numerics.vectors import Array
from nfrlab.theory.weighting.angles import MOST, cosines, moments
from nfrlab.theory.weighting.orthant import cosine_cdf

ANGLE = {"constant": "constant", "positive": "positive", "gbp": "positive", "activation": None}
PASSING = {"constant": 0.5, "positive": 0.5, "gbp": 0.25, "activation": 0.5}  # probability that a neuron passes
WIDEST = 10**6
"""Columns of a frame: some seconds, with the square root of N numbers of neurons that pass."""


@dataclass(frozen=True)
class FrameLaw:
    """The law of α given R ≠ 0: a mixture over the numbers K of neurons that pass, with the probabilities `weight`.

    `undefined` is P(R = 0) = (1 − p)^N, p the probability that a neuron passes.
    """

    weighting: str
    d: int
    N: int
    K: Float[Array, " k"]
    weight: Float[Array, " k"]
    undefined: float

    def moment(self, power: int) -> float:
        """`E α^power = E ρ^power · E C^power`, exact. Raises `ValueError` unless the power is 1, 2 or 4."""
        if power not in (1, 2, 4):
            raise ValueError(f"exact moments are those of order 1, 2 and 4, not {power}")
        angle = ANGLE[self.weighting]
        cosine = np.array([1.0 if angle is None else moments(angle, k)[power // 2] for k in self.K])
        radius = scipy.special.poch(self.K / 2, power / 2) / scipy.special.poch(self.d / 2, power / 2)
        return float(self.weight @ (radius * cosine))

    @property
    def mean(self) -> float:
        """E α, exact."""
        return self.moment(1)

    @property
    def sd(self) -> float:
        """Standard deviation of α, exact."""
        return sqrt(max(0.0, self.moment(2) - self.mean**2))

    def cdf(self, a: float) -> float:
        """`P(α ≤ a) = E P(ρ² ≤ a²/C²)`: exact for Activation and for K ≤ 64, else with the matched law of C."""
        if not 0 < a < 1:
            return float(a >= 1)
        K, C, weight = self._nodes
        below = scipy.special.betainc(K / 2, (self.d - K) / 2, np.minimum(1.0, (a / C) ** 2))
        return float(weight @ below) + self._on_the_sphere(a)

    def quantile(self, p: float) -> float:
        """The α below which a share p lies. Raises `ValueError` unless 0 < p < 1."""
        if not 0 < p < 1:
            raise ValueError(f"a share lies strictly between 0 and 1, got {p}")
        return float(scipy.optimize.brentq(lambda a: self.cdf(a) - p, 0.0, 1.0, xtol=1e-12))

    def quantiles(self, p: Float[Array, " p"]) -> Float[Array, " p"]:
        """The α below which these shares lie. Raises `ValueError` unless 0 < p < 1."""
        return np.array([self.quantile(float(share)) for share in p])

    @property
    def exact(self) -> bool:
        """Whether the whole distribution is exact, not only the mean and the standard deviation."""
        return ANGLE[self.weighting] is None or self.N <= MOST

    @cached_property
    def _nodes(self) -> tuple[Float[Array, " n"], Float[Array, " n"], Float[Array, " n"]]:
        """K < d, values of C given K, and their weights: what the distribution of α is integrated with."""
        angle, inside = ANGLE[self.weighting], self.d > self.K
        K, weight = self.K[inside], self.weight[inside]
        if angle is None:
            return K, np.ones_like(K), weight
        nodes = [cosines(angle, float(k)) for k in K]
        often = [len(C) for C, _ in nodes]
        C, share = (np.concatenate([np.empty(0), *part]) for part in zip(*nodes, strict=True)) if nodes else (K, K)
        return np.repeat(K, often), C, np.repeat(weight, often) * share

    def _on_the_sphere(self, a: float) -> float:
        """`P(α ≤ a, K = d)`: there ρ = 1, and α is C itself."""
        angle, whole = ANGLE[self.weighting], float(self.weight[self.d == self.K].sum())
        return whole * float(cosine_cdf(angle, self.d, a)) if whole and angle and self.d > 1 else 0.0


def frame_law(weighting: str, d: int, N: int) -> FrameLaw:
    """The law of α of one Haar frame of N columns in R^d.

    The weighting is constant, positive (s = |N(0, 1)|), gbp (hidden relevance i.i.d. N(0, 1)) or activation. Raises
    `ValueError` for another weighting, unless 1 ≤ N ≤ d, and for N beyond a million.
    """
    if weighting not in PASSING:
        raise ValueError(f"no law of α for '{weighting}' and Haar frames; there is one for {', '.join(PASSING)}")
    if not 1 <= N <= d:
        raise ValueError(f"one Haar frame needs 1 ≤ N ≤ d, got d = {d}, N = {N}")
    if N > WIDEST:
        raise ValueError(f"the law of a Haar frame is computed to N = {WIDEST:,}, got N = {N:,}; beyond, α is its mean")
    p = PASSING[weighting]
    K = np.arange(1.0, N + 1)
    weight = scipy.stats.binom.pmf(K, N, p)
    kept = weight > 1e-16 * weight.max()  # the rest is below rounding, and every K costs a recursion
    return FrameLaw(weighting, d, N, K[kept], weight[kept] / weight[kept].sum(), (1 - p) ** N)


def equality(weighting: str, N: int) -> float:
    """P(α = α of Activation, given that both are defined): one active neuron, and it passes.

    `N 2^−N / (1 − 2^−N)` for constant and positive weights, `N 2^−N ½ / (1 − (¾)^N)` for GBP; 1 for Activation. Raises
    `KeyError` for another weighting.
    """
    if weighting == "activation":
        return 1.0
    return N * 0.5**N * PASSING[weighting] / 0.5 / (1 - (1 - PASSING[weighting]) ** N)
