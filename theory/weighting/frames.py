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
from math import sqrt

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.numerics.vectors import Array
from nfrlab.theory.weighting.angles import MOST, cosines, moments
from nfrlab.theory.weighting.orthant import cosine_cdf

ANGLE = {"constant": "constant", "positive": "positive", "gbp": "positive", "activation": None}
PASSING = {"constant": 0.5, "positive": 0.5, "gbp": 0.25, "activation": 0.5}  # probability that a neuron passes


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
        return float(sum(w * self._below(a, float(k)) for k, w in zip(self.K, self.weight, strict=True)))

    def quantile(self, p: float) -> float:
        """The α below which a share p lies. Raises `ValueError` unless 0 < p < 1."""
        if not 0 < p < 1:
            raise ValueError(f"a share lies strictly between 0 and 1, got {p}")
        return float(scipy.optimize.brentq(lambda a: self.cdf(a) - p, 0.0, 1.0, xtol=1e-12))

    @property
    def exact(self) -> bool:
        """Whether the whole distribution is exact, not only the mean and the standard deviation."""
        return ANGLE[self.weighting] is None or self.N <= MOST

    def _below(self, a: float, k: float) -> float:
        """`P(α ≤ a | K = k)`."""
        angle = ANGLE[self.weighting]
        if k == self.d:  # ρ = 1: α is C itself
            return float(cosine_cdf(angle, int(k), a)) if angle and k > 1 else 0.0
        C, weight = (np.ones(1), np.ones(1)) if angle is None else cosines(angle, k)
        return float(weight @ scipy.special.betainc(k / 2, (self.d - k) / 2, np.minimum(1.0, (a / C) ** 2)))


def frame_law(weighting: str, d: int, N: int) -> FrameLaw:
    """The law of α of one Haar frame of N columns in R^d.

    The weighting is constant, positive (s = |N(0, 1)|), gbp (hidden relevance i.i.d. N(0, 1)) or activation. Raises
    `ValueError` for another weighting and unless 1 ≤ N ≤ d.
    """
    if weighting not in PASSING:
        raise ValueError(f"no law of α for '{weighting}' and Haar frames; there is one for {', '.join(PASSING)}")
    if not 1 <= N <= d:
        raise ValueError(f"one Haar frame needs 1 ≤ N ≤ d, got d = {d}, N = {N}")
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
