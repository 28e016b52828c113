"""What has to be isotropic: `f(x) = E relu(w·x)`, and the number `A = max f / min f` over unit x that bounds every α_∞.

`μ = ∇f` and `⟨μ, x⟩ = f`, so tan of the angle between μ and x is the slope of log f along the sphere. Hence

    α_∞(x) = 1 for every x   ⇔   A = 1
    α_∞(x) ≥ 1/A for every x with f(x) > 0; and inf α_∞ ≤ 1/√(1 + (ln A / D)²)

with D the largest distance on the sphere between where f is least and largest: π, and π/2 where f is even (E w = 0).
`A = 1` says: E w = 0, and the directions of w, each weighted by ‖w‖, are uniform once ±w are put together. Nothing is
asked of the radii alone, of second moments, or of symmetry. Derivations: `theory.limit.proofs.anisotropy`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, log, pi, sqrt

import numpy as np
from jaxtyping import Float
from scipy.stats import norm

from nfrlab.theory.families import FAMILIES, Family, HalfSpaceMean, powerlaw_variances, sphere_mean_abs
from nfrlab.theory.limit import worst_alignment
from nfrlab.theory.limit.worst_searched import sparse_peak
from nfrlab.theory.numerics.vectors import Array


@dataclass(frozen=True)
class Extremes:
    """`low ≤ f ≤ high` over the unit x of R^d, and where each is attained.

    `proven` says whether `high` is known to be the largest value, not only the largest that was found.
    """

    low: float
    high: float
    at_low: Float[Array, " d"]
    at_high: Float[Array, " d"]
    proven: bool = True

    @property
    def ratio(self) -> float:
        """A; infinite where f vanishes."""
        return self.high / self.low if self.low > 0 else inf


def mean_relu(family: Family, x: Float[Array, " d"]) -> float:
    """`f(x̂) = ⟨μ(x), x̂⟩` for x ∈ R^d. Raises `ValueError` where `Family.half_space_mean` does."""
    return float(family.half_space_mean(x).value @ x) / float(np.linalg.norm(x))


def extremes(name: str, d: int) -> Extremes:
    """Where f of a family, by its name, is least and largest over the unit sphere of R^d, d ≥ 2.

    For i.i.d. symmetric entries these are e_1 and the diagonal: f is Schur-convex in the x_i² for U[−1, 1] (proof:
    `uniform_floor` in `theory.limit.proofs.bounds`) and Schur-concave for Laplace entries, which are Gaussian mixtures.
    For `sparse` the largest is the one that an ascent finds, not proven to be the largest. Raises `ValueError` for
    `cauchy`: f is infinite.
    """
    axis, diagonal = np.eye(d)[0], np.ones(d) / sqrt(d)
    family = FAMILIES[name]
    if name == "cauchy":
        raise ValueError("Cauchy entries have no mean: E relu(w·x) is infinite")
    if name == "powerlaw":
        variance = powerlaw_variances(d) / (2 * pi)
        return Extremes(sqrt(variance[-1]), sqrt(variance[0]), np.eye(d)[-1], axis)
    if name == "uniform01":
        return Extremes(0.0, sqrt(d) / 2, -diagonal, diagonal)
    if name == "shifted":
        t = worst_alignment.SHIFT * sqrt(d)
        low, high = (float(s * t * norm.cdf(s * t) + norm.pdf(t)) for s in (-1, 1))
        return Extremes(low, high, -diagonal, diagonal)
    ends = mean_relu(family, axis), mean_relu(family, np.ones(d))
    if family.rotation_invariant:
        return Extremes(ends[0], ends[0], axis, axis)
    if name == "uniform":
        return Extremes(ends[1], ends[0], diagonal, axis)
    if name == "sparse":
        peak, at = sparse_peak(d)
        return Extremes(ends[0], peak, axis, at, proven=False)
    return Extremes(ends[0], ends[1], axis, diagonal)


def floor(ratio: float) -> float:
    """`α_∞(x) ≥ 1/A` at every x, for the ratio A."""
    return 1 / ratio


def ceiling(ratio: float, distance: float = pi / 2) -> float:
    """`inf α_∞ ≤ 1/√(1 + (ln A / D)²)`, for the ratio A and the distance D."""
    return 1 / sqrt(1 + (log(ratio) / distance) ** 2)


def compensated_mean(x: Float[Array, " d"]) -> HalfSpaceMean:
    """`μ(x)` of the compensated law: length ρ(u) √d, direction of density ∝ 1/ρ(u), ρ = 3 where `u_1 > |u_2|`, else 1.

    The density is `(6/5)/ρ`, so lengths cancel: `μ(x) = (6/5) √d · ½ E|u_1| x̂`.
    """
    c = 6 / 5 * sqrt(len(x)) * sphere_mean_abs(len(x)) / 2
    return HalfSpaceMean(c * x / np.linalg.norm(x), 1e-14 * c)


def compensated_variances(d: int) -> Float[Array, " d"]:
    """The diagonal of `E wwᵀ` of the compensated law: `(6/5)(3/2 + 1/π, 3/2 − 1/π, 3/2, …)`, d ≥ 2 entries.

    They are unequal, so the law is not rotation invariant. `E wwᵀ = (6/5) d E[ρ uuᵀ]`, and over the quarter
    `u_1 > |u_2|` of the sphere `E u_1² = (1 + 2/π)/d`, `E u_2² = (1 − 2/π)/d`.
    """
    return 6 / 5 * (1.5 + np.concatenate([[1 / pi, -1 / pi], np.zeros(d - 2)]))


COMPENSATED = replace(
    FAMILIES["sphere"],
    name="compensated",
    statement="length 3√d where w_1 > |w_2|, else √d; directions less dense in proportion",
    rotation_invariant=False,
    isotropic_second_moment=False,
    symmetric=False,
    second_moment=lambda d: 1.8 * d,
    mean_abs=lambda d: np.full(d, 6 / 5 * sqrt(d) * sphere_mean_abs(d)),
    half_space=compensated_mean,
)
