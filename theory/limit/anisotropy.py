"""What has to be isotropic: `f(x) = E relu(w·x)`, and the number `A = max f / min f` over unit x that bounds every α_∞.

`μ = ∇f` and `⟨μ, x⟩ = f`, so tan of the angle between μ and x is the slope of log f along the sphere. Hence

    α_∞(x) = 1 for every x   ⇔   A = 1
    α_∞(x) ≥ 1/A for every x with f(x) > 0; and inf α_∞ ≤ 1/√(1 + (ln A / D)²)

with D the largest distance on the sphere between where f is least and largest: π, and π/2 where f is even (E w = 0).
`A = 1` says: E w = 0, and the directions of w, each weighted by ‖w‖, are uniform once ±w are put together. Nothing is
asked of the radii alone, of second moments, or of symmetry. Derivations: `theory.limit.proofs.anisotropy`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf, log, pi, sqrt

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.families import FAMILIES, powerlaw_variances
from nfrlab.theory.family import Family, HalfSpaceMean, sphere_mean_abs
from nfrlab.theory.limit import worst_alignment
from nfrlab.theory.limit.worst_searched import descend, sparse_peak
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


def powerlaw_extremes(d: int) -> Extremes:
    """`f = √(x̂ᵀΣx̂/2π)`: along the last and the first axis."""
    variance = powerlaw_variances(d) / (2 * pi)
    return Extremes(sqrt(variance[-1]), sqrt(variance[0]), np.eye(d)[-1], np.eye(d)[0])


def uniform01_extremes(d: int) -> Extremes:
    """All entries are positive: f vanishes at −1 and is `E w·x̂` at 1."""
    return Extremes(0.0, sqrt(d) / 2, -diagonal(d), diagonal(d))


def shifted_extremes(d: int) -> Extremes:
    """`f = t Φ(t) + φ(t)` at `t = m·x̂`, which rises with t: against and along m."""
    t = worst_alignment.SHIFT * sqrt(d)
    normal = scipy.stats.norm
    low, high = (float(s * t * normal.cdf(s * t) + normal.pdf(t)) for s in (-1, 1))
    return Extremes(low, high, -diagonal(d), diagonal(d))


def uniform_extremes(d: int) -> Extremes:
    """f is Schur-convex in the x_i² (derivation: `uniform_floor` in `theory.limit.proofs.bounds`)."""
    axis, even = axis_and_diagonal("uniform", d)
    return Extremes(even, axis, diagonal(d), np.eye(d)[0])


def laplace_extremes(d: int) -> Extremes:
    """f is Schur-concave in the x_i²: Laplace entries are Gaussian mixtures."""
    axis, even = axis_and_diagonal("laplace", d)
    return Extremes(axis, even, np.eye(d)[0], diagonal(d))


def sparse_extremes(d: int) -> Extremes:
    """Least at e_1; the largest is the one that an ascent finds, not proven to be the largest."""
    peak, at = sparse_peak(d)
    return Extremes(axis_and_diagonal("sparse", d)[0], peak, np.eye(d)[0], at, proven=False)


def axis_extremes(d: int) -> Extremes:
    """`f = ‖x̂‖₁/2√d`: least at e_1, largest on the diagonal."""
    axis, even = axis_and_diagonal("axis", d)
    return Extremes(axis, even, np.eye(d)[0], diagonal(d))


def isotropic_extremes(name: str, d: int) -> Extremes:
    """f is constant."""
    axis, _ = axis_and_diagonal(name, d)
    return Extremes(axis, axis, np.eye(d)[0], np.eye(d)[0])


def searched_extremes(name: str, d: int) -> Extremes:
    """The least and the largest f that descents from fixed x find, for a family of which nothing more is known."""
    family = FAMILIES[name]
    low, at_low = descend(lambda x: mean_relu(family, x), d)
    high, at_high = descend(lambda x: -mean_relu(family, x), d)
    return Extremes(low, -high, at_low, at_high, proven=False)


def diagonal(d: int) -> Float[Array, " d"]:
    """The unit vector of equal entries."""
    return np.ones(d) / sqrt(d)


def axis_and_diagonal(name: str, d: int) -> tuple[float, float]:
    """f at e_1, and at equal entries."""
    family = FAMILIES[name]
    return mean_relu(family, np.eye(d)[0]), mean_relu(family, np.ones(d))


EXTREMES: dict[str, Callable[[int], Extremes]] = {
    "powerlaw": powerlaw_extremes,
    "uniform01": uniform01_extremes,
    "shifted": shifted_extremes,
    "uniform": uniform_extremes,
    "laplace": laplace_extremes,
    "sparse": sparse_extremes,
    "axis": axis_extremes,
}


def extremes(name: str, d: int) -> Extremes:
    """Where f of a family, by its name, is least and largest over the unit sphere of R^d, d ≥ 2.

    Raises `ValueError` for a family without a mean: f is infinite.
    """
    family = FAMILIES[name]
    if family.moments <= 1:
        raise ValueError(f"{name} weights have no mean: E relu(w·x) is infinite")
    if family.rotation_invariant:
        return isotropic_extremes(name, d)
    return EXTREMES[name](d) if name in EXTREMES else searched_extremes(name, d)


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
    band=None,
    second_moment=lambda d: 1.8 * d,
    covariance=lambda d: (float(compensated_variances(d)[0]), 1.8 * d),
    mean_abs=lambda d: np.full(d, 6 / 5 * sqrt(d) * sphere_mean_abs(d)),
    half_space=compensated_mean,
)
