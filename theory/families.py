"""The weight families as laws, each with all that is stated of it; `theory.family` says what a fact means.

Samplers: `simulations.dense.weights`.
"""

from __future__ import annotations

from math import exp, gamma, inf, lgamma, pi, sqrt

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.family import ROUNDING, Band, Family, HalfSpaceMean, coordinatewise, evenly, isotropic
from nfrlab.theory.numerics import quadrature
from nfrlab.theory.numerics.vectors import Array


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
    return HalfSpaceMean(shift * scipy.stats.norm.cdf(level) + unit * scipy.stats.norm.pdf(level), ROUNDING)


def _root_radius(d: int) -> float:
    return sqrt(d)


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        isotropic(
            "gaussian",
            "entries i.i.d. N(0, 1)",
            mean_radius=_gaussian_radius,
            second_moment=float,
            band=None,
            independent_entries=True,
        ),
        isotropic(
            "sphere",
            "uniform on the sphere of radius √d",
            mean_radius=_root_radius,
            second_moment=float,
            band=Band(1.0, 1.0),
        ),
        isotropic(
            "ring",
            "uniform direction, radius uniform in [0.8, 1.2]·√d",
            mean_radius=_root_radius,
            second_moment=lambda d: d * (1 + 0.04 / 3),
            band=Band(0.8, 1.2),
        ),
        isotropic(
            "student",
            "multivariate t, 3 degrees of freedom",
            mean_radius=_student_radius,
            second_moment=lambda d: 3.0 * d,
            band=None,
            moments=3,
        ),
        isotropic(
            "haar",
            "orthonormal frames × √d in blocks of d",
            mean_radius=_root_radius,
            second_moment=float,
            band=Band(1.0, 1.0),
            frame_cosine=0.0,
        ),
        isotropic(
            "tilted",
            "equal norms √d, cosine ½ within blocks of d",
            mean_radius=_root_radius,
            second_moment=float,
            band=Band(1.0, 1.0),
            frame_cosine=0.5,
            # the number k of active neurons of a block is uniform on 0, …, d, and their sum has the squared length
            # d (k + k(k − 1)/2): on average (d + 2)/3 times d k
            crowding=lambda d: (d + 2) / 3,
        ),
        coordinatewise(
            "uniform",
            "entries i.i.d. U[−1, 1]",
            half_space=lambda x: _box(x, -1, 1),
            second_moment=lambda d: d / 3,
            mean_abs=0.5,
        ),
        coordinatewise(
            "uniform01",
            "entries i.i.d. U[0, 1]",
            half_space=lambda x: _box(x, 0, 1),
            second_moment=lambda d: d / 3,
            mean_abs=0.5,
            mean=0.5,
        ),
        coordinatewise(
            "laplace",
            "entries i.i.d. Laplace(1)",
            half_space=lambda x: HalfSpaceMean(*quadrature.laplace_trapezoid(x)),
            second_moment=lambda d: 2.0 * d,
            mean_abs=1.0,
        ),
        coordinatewise(
            "cauchy",
            "entries i.i.d. Cauchy",
            half_space=_cauchy,
            second_moment=lambda d: inf,
            mean_abs=inf,
            moments=1,
        ),
        coordinatewise(
            "sparse",
            "entries i.i.d. ±1 with probability 0.05 each, else 0",
            half_space=_sparse,
            second_moment=lambda d: 0.1 * d,
            mean_abs=0.1,
            lattice=True,
        ),
        Family(
            name="axis",
            statement="±√d e_i, i and sign uniform",
            rotation_invariant=False,
            independent_entries=False,
            zero_mean=True,
            isotropic_second_moment=True,
            symmetric=True,
            frame_cosine=None,
            band=None,
            lattice=False,
            moments=inf,
            second_moment=float,
            covariance=evenly(float),
            mean_abs=lambda d: np.full(d, 1 / sqrt(d)),
            crowding=lambda d: 1.0,
            half_space=_axis,
        ),
        Family(
            name="powerlaw",
            statement="Gaussian, diagonal covariance ∝ 1/i of trace d",
            rotation_invariant=False,
            independent_entries=True,
            zero_mean=True,
            isotropic_second_moment=False,
            symmetric=True,
            frame_cosine=None,
            band=None,
            lattice=False,
            moments=inf,
            second_moment=float,
            covariance=lambda d: (float(powerlaw_variances(d)[0]), float(d)),
            mean_abs=lambda d: np.sqrt(2 / pi * powerlaw_variances(d)),
            crowding=lambda d: 1.0,
            half_space=_powerlaw,
        ),
        Family(
            name="shifted",
            statement="entries i.i.d. N(¼, 1)",
            rotation_invariant=False,
            independent_entries=True,
            zero_mean=False,
            isotropic_second_moment=False,
            symmetric=False,
            frame_cosine=None,
            band=None,
            lattice=False,
            moments=inf,
            second_moment=lambda d: d * (1 + 0.25**2),
            covariance=lambda d: (1.0, float(d)),
            mean_abs=lambda d: np.full(d, 2 * scipy.stats.norm.pdf(0.25) + 0.25 * (2 * scipy.stats.norm.cdf(0.25) - 1)),
            crowding=lambda d: 1.0,
            half_space=_shifted,
        ),
    )
}


def find_family(name: str) -> Family:
    """The family called `name`. Raises `ValueError` for an unknown one."""
    if name not in FAMILIES:
        raise ValueError(f"unknown weight family '{name}'; known families: {', '.join(FAMILIES)}")
    return FAMILIES[name]
