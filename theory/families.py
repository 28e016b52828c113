"""Weight families as laws: which premises each one satisfies, and its half-space mean `μ(x) = E[w 1(w·x > 0)]`.

`μ(x) = ∇ₓ E relu(w·x)` is all that the limit direction of a one-hidden-layer map depends on. A neuron vector `w ∈ R^d`
is scaled as the samplers scale it: `E‖w‖² ∝ d`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, gamma, inf, lgamma, pi, sqrt

import numpy as np
from jaxtyping import Float
from scipy.stats import norm

from nfrlab.theory.numerics import quadrature
from nfrlab.theory.numerics.vectors import Array

ROUNDING = 1e-14


@dataclass(frozen=True)
class HalfSpaceMean:
    """`μ(x)` and a bound on the absolute error of each entry."""

    value: Float[Array, " d"]
    error: float


@dataclass(frozen=True)
class Family:
    """A law of the neuron vector w, with the premises that the theorems speak of.

    `moments` is the supremum of p with `E‖w‖^p < ∞`; `second_moment(d)` is `E‖w‖²`; `mean_abs(d)` the vector `E|w_i|`.
    `independent_neurons` speaks of different columns. `half_space_mean` raises `ValueError` where w has no mean.
    """

    name: str
    statement: str
    rotation_invariant: bool
    independent_entries: bool
    zero_mean: bool
    isotropic_second_moment: bool
    symmetric: bool
    moments: float
    second_moment: Callable[[int], float]
    mean_abs: Callable[[int], Float[Array, " d"]]
    half_space: Callable[[Float[Array, " d"]], HalfSpaceMean]
    independent_neurons: bool = True

    def half_space_mean(self, x: Float[Array, " d"]) -> HalfSpaceMean:
        """`μ(x)`; raises `ValueError` for a zero x or one with NaN or infinite entries."""
        if not np.all(np.isfinite(x)) or not np.any(x):
            raise ValueError("the half-space mean needs a finite, non-zero x")
        return self.half_space(x)


def sphere_mean_abs(d: int) -> float:
    """`E|u_1|` for u uniform on the unit sphere of R^d: `Γ(d/2) / (√π Γ((d+1)/2))`."""
    return exp(lgamma(d / 2) - lgamma((d + 1) / 2)) / sqrt(pi)


def _isotropic(
    name: str,
    statement: str,
    mean_radius: Callable[[int], float],
    second_moment: Callable[[int], float],
    independent_entries: bool = False,
    moments: float = inf,
    independent_neurons: bool = True,
) -> Family:
    """Rotation-invariant w: `μ(x) = ½ E‖w‖ E|u_1| · x/‖x‖`."""

    def mean_abs(d: int) -> Array:
        return np.full(d, mean_radius(d) * sphere_mean_abs(d))

    def half_space(x: Array) -> HalfSpaceMean:
        c = mean_radius(len(x)) * sphere_mean_abs(len(x)) / 2
        return HalfSpaceMean(c * x / np.linalg.norm(x), ROUNDING * c)

    return Family(
        name,
        statement,
        True,
        independent_entries,
        True,
        True,
        True,
        moments,
        second_moment,
        mean_abs,
        half_space,
        independent_neurons,
    )


def _coordinatewise(
    name: str,
    statement: str,
    half_space: Callable[[Array], HalfSpaceMean],
    second_moment: Callable[[int], float],
    mean_abs: float,
    symmetric: bool = True,
    isotropic_second_moment: bool = True,
    moments: float = inf,
    zero_mean: bool = True,
) -> Family:
    """Independent, identically distributed entries that are not Gaussian with mean zero."""
    return Family(
        name,
        statement,
        False,
        True,
        zero_mean,
        isotropic_second_moment,
        symmetric,
        moments,
        second_moment,
        lambda d: np.full(d, mean_abs),
        half_space,
    )


def _gaussian_radius(d: int) -> float:
    return sqrt(2) * exp(lgamma((d + 1) / 2) - lgamma(d / 2))


def _student_radius(d: int, dof: float = 3.0) -> float:
    """`E‖w‖ = E‖g‖ · E√(ν/χ²_ν) = E‖g‖ √(ν/2) Γ((ν−1)/2) / Γ(ν/2)`."""
    return _gaussian_radius(d) * sqrt(dof / 2) * gamma((dof - 1) / 2) / gamma(dof / 2)


def _box(x: Array, low: int, high: int) -> HalfSpaceMean:
    """Entries i.i.d. U[low, high]: exact corners for up to 8 non-zero coordinates, else the certified quadrature."""
    if np.count_nonzero(x) <= 8:
        return HalfSpaceMean(quadrature.box_corners(x, low, high), ROUNDING)
    return HalfSpaceMean(*quadrature.box_trapezoid(x, low, high))


def _sparse(x: Array) -> HalfSpaceMean:
    return HalfSpaceMean(quadrature.lattice_sum(x, 0.1), 1e-13)


def _axis(x: Array) -> HalfSpaceMean:
    """`±√d e_i`: `μ(x) = sign(x) / (2√d)`, the map forgets everything but the signs."""
    return HalfSpaceMean(np.sign(x) / (2 * sqrt(len(x))), ROUNDING)


def _cauchy(x: Array) -> HalfSpaceMean:
    raise ValueError("Cauchy entries have no mean, so the half-space mean does not exist")


def powerlaw_variances(d: int) -> Float[Array, " d"]:
    """Diagonal of Σ: ∝ 1/i, of trace d."""
    variance = 1 / np.arange(1.0, d + 1)
    return np.asarray(variance * d / variance.sum())


def _powerlaw(x: Array) -> HalfSpaceMean:
    """`N(0, Σ)`: `μ(x) = Σx / √(2π xᵀΣx)`."""
    covariance = powerlaw_variances(len(x))
    return HalfSpaceMean(covariance * x / sqrt(2 * pi * float(x @ (covariance * x))), ROUNDING)


def _shifted(x: Array, shift: float = 0.25) -> HalfSpaceMean:
    """`N(m, I)`, `m = ¼·1`: `μ(x) = m Φ(m·x̂) + x̂ φ(m·x̂)`."""
    unit = x / np.linalg.norm(x)
    level = shift * float(unit.sum())
    return HalfSpaceMean(shift * norm.cdf(level) + unit * norm.pdf(level), ROUNDING)


def _root_radius(d: int) -> float:
    return sqrt(d)


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        _isotropic("gaussian", "entries i.i.d. N(0, 1)", _gaussian_radius, float, independent_entries=True),
        _isotropic("sphere", "uniform on the sphere of radius √d", _root_radius, float),
        _isotropic(
            "ring", "uniform direction, radius uniform in [0.8, 1.2]·√d", _root_radius, lambda d: d * (1 + 0.04 / 3)
        ),
        _isotropic("student", "multivariate t, 3 degrees of freedom", _student_radius, lambda d: 3.0 * d, moments=3),
        _isotropic("haar", "orthonormal frames × √d in blocks of d", _root_radius, float, independent_neurons=False),
        _isotropic(
            "tilted", "equal norms √d, cosine ½ within blocks of d", _root_radius, float, independent_neurons=False
        ),
        _coordinatewise("uniform", "entries i.i.d. U[−1, 1]", lambda x: _box(x, -1, 1), lambda d: d / 3, 0.5),
        _coordinatewise(
            "uniform01",
            "entries i.i.d. U[0, 1]",
            lambda x: _box(x, 0, 1),
            lambda d: d / 3,
            0.5,
            symmetric=False,
            isotropic_second_moment=False,
            zero_mean=False,
        ),
        _coordinatewise(
            "laplace",
            "entries i.i.d. Laplace(1)",
            lambda x: HalfSpaceMean(*quadrature.laplace_trapezoid(x)),
            lambda d: 2.0 * d,
            1.0,
        ),
        _coordinatewise(
            "cauchy",
            "entries i.i.d. Cauchy",
            _cauchy,
            lambda d: inf,
            inf,
            moments=1,
            zero_mean=False,
            isotropic_second_moment=False,
        ),
        _coordinatewise(
            "sparse", "entries i.i.d. ±1 with probability 0.05 each, else 0", _sparse, lambda d: 0.1 * d, 0.1
        ),
        Family(
            "axis",
            "±√d e_i, i and sign uniform",
            False,
            False,
            True,
            True,
            True,
            inf,
            float,
            lambda d: np.full(d, 1 / sqrt(d)),
            _axis,
        ),
        Family(
            "powerlaw",
            "Gaussian, diagonal covariance ∝ 1/i of trace d",
            False,
            True,
            True,
            False,
            True,
            inf,
            float,
            lambda d: np.sqrt(2 / pi * powerlaw_variances(d)),
            _powerlaw,
        ),
        Family(
            "shifted",
            "entries i.i.d. N(¼, 1)",
            False,
            True,
            False,
            False,
            False,
            inf,
            lambda d: d * (1 + 0.25**2),
            lambda d: np.full(d, 2 * norm.pdf(0.25) + 0.25 * (2 * norm.cdf(0.25) - 1)),
            _shifted,
        ),
    )
}


def family(name: str) -> Family:
    """The family called `name`. Raises `ValueError` for an unknown one."""
    if name not in FAMILIES:
        raise ValueError(f"unknown weight family '{name}'; known families: {', '.join(FAMILIES)}")
    return FAMILIES[name]
