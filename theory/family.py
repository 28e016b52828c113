"""What a weight family is: the premises it satisfies, its moments, and its half-space mean `μ(x) = E[w 1(w·x > 0)]`.

`μ(x) = ∇ₓ E relu(w·x)` is all that the limit direction of a one-hidden-layer map depends on. A neuron vector `w ∈ R^d`
is scaled as the samplers scale it: `E‖w‖² ∝ d`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, lgamma, pi, sqrt

import numpy as np
from jaxtyping import Float

from nfrlab.theory.numerics.vectors import Array

ROUNDING = 1e-14


@dataclass(frozen=True)
class HalfSpaceMean:
    """`μ(x)` and a bound on the absolute error of each entry."""

    value: Float[Array, " d"]
    error: float


@dataclass(frozen=True)
class Band:
    """The law of `‖w‖/√d`, apart from the direction: uniform between two numbers; fixed where they are equal."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Family:
    """A law of the neuron vector w ∈ R^d: what the theorems ask of it, and the moments that the laws are made of.

    Every fact has to be given. Raises `ValueError` for facts that contradict one another.

    Parameters
    ----------
    name, statement
        As it is called, and the law in words.
    rotation_invariant, zero_mean, symmetric
        Of w: its law is that of Uw for every rotation U; `E w = 0`; it is that of −w.
    independent_entries
        The entries of w are independent.
    isotropic_second_moment
        `E wwᵀ ∝ I`.
    frame_cosine
        The cosine of any two neurons of a block of d, drawn together; None where neurons are independent.
    band
        The law of the length where directions are uniform; None where w is a Gaussian scale mixture, or no such thing.
    lattice
        The entries are integers times a constant, so that μ(x) is an exact sum for x of small rationals.
    moments
        The supremum of the p with `E‖w‖^p < ∞`.
    second_moment, mean_abs
        `E‖w‖²` and the vector `E|w_i|`, by d.
    covariance
        (largest eigenvalue, from above, and trace) of `E wwᵀ`, of its centred part where w has a mean, by d: what the
        widths of layers are planned from.
    crowding
        By how much the summed active neurons of a block are longer than independent ones, in the mean of the square.
    half_space
        `μ(x)`, for a finite x ≠ 0; raises `ValueError` where w has no mean.
    """

    name: str
    statement: str
    rotation_invariant: bool
    independent_entries: bool
    zero_mean: bool
    isotropic_second_moment: bool
    symmetric: bool
    frame_cosine: float | None
    band: Band | None
    lattice: bool
    moments: float
    second_moment: Callable[[int], float]
    covariance: Callable[[int], tuple[float, float]]
    mean_abs: Callable[[int], Float[Array, " d"]]
    crowding: Callable[[int], float]
    half_space: Callable[[Float[Array, " d"]], HalfSpaceMean]

    def __post_init__(self) -> None:
        if self.rotation_invariant and not (self.zero_mean and self.isotropic_second_moment and self.symmetric):
            raise ValueError(f"{self.name}: a rotation-invariant law is symmetric, of mean zero, and E wwᵀ ∝ I")
        if self.band is not None and not self.rotation_invariant:
            raise ValueError(f"{self.name}: a law of the length alone needs uniform directions")

    @property
    def independent_neurons(self) -> bool:
        """Whether different columns are independent."""
        return self.frame_cosine is None

    @property
    def orthonormal(self) -> bool:
        """Whether the neurons of a block are orthogonal, and of one length."""
        return self.frame_cosine == 0

    @property
    def gaussian(self) -> bool:
        """Whether it is N(0, σ²I): by Maxwell's theorem the one rotation-invariant law with independent entries."""
        return self.rotation_invariant and self.independent_entries

    @property
    def scale_mixture(self) -> bool:
        """Whether w is a Gaussian vector times an independent length."""
        return self.rotation_invariant and self.independent_neurons and self.band is None

    @property
    def radial(self) -> bool:
        """Whether neurons are independent, of uniform directions and of lengths in a band."""
        return self.independent_neurons and self.band is not None

    @property
    def heavy_tailed(self) -> bool:
        """Whether a scale mixture has infinite moments."""
        return self.scale_mixture and self.moments < inf

    def half_space_mean(self, x: Float[Array, " d"]) -> HalfSpaceMean:
        """`μ(x)`; raises `ValueError` for a zero x or one with NaN or infinite entries."""
        if not np.all(np.isfinite(x)) or not np.any(x):
            raise ValueError("the half-space mean needs a finite, non-zero x")
        return self.half_space(x)


def sphere_mean_abs(d: int) -> float:
    """`E|u_1|` for u uniform on the unit sphere of R^d: `Γ(d/2) / (√π Γ((d+1)/2))`."""
    return exp(lgamma(d / 2) - lgamma((d + 1) / 2)) / sqrt(pi)


def isotropic(
    name: str,
    statement: str,
    *,
    mean_radius: Callable[[int], float],
    second_moment: Callable[[int], float],
    band: Band | None,
    independent_entries: bool = False,
    moments: float = inf,
    frame_cosine: float | None = None,
    crowding: Callable[[int], float] = lambda d: 1.0,
) -> Family:
    """A rotation-invariant family: `μ(x) = ½ E‖w‖ E|u_1| · x/‖x‖`, whatever the law of the length is.

    `mean_radius(d)` is `E‖w‖`; the other arguments are the fields of `Family`.
    """

    def mean_abs(d: int) -> Array:
        return np.full(d, mean_radius(d) * sphere_mean_abs(d))

    def half_space(x: Array) -> HalfSpaceMean:
        c = mean_radius(len(x)) * sphere_mean_abs(len(x)) / 2
        return HalfSpaceMean(c * x / np.linalg.norm(x), ROUNDING * c)

    return Family(
        name=name,
        statement=statement,
        rotation_invariant=True,
        independent_entries=independent_entries,
        zero_mean=True,
        isotropic_second_moment=True,
        symmetric=True,
        frame_cosine=frame_cosine,
        band=band,
        lattice=False,
        moments=moments,
        second_moment=second_moment,
        covariance=evenly(second_moment),
        mean_abs=mean_abs,
        crowding=crowding,
        half_space=half_space,
    )


def coordinatewise(
    name: str,
    statement: str,
    *,
    half_space: Callable[[Array], HalfSpaceMean],
    second_moment: Callable[[int], float],
    mean_abs: float,
    mean: float = 0.0,
    moments: float = inf,
    lattice: bool = False,
) -> Family:
    """Independent, identically distributed entries that are not N(0, σ²), symmetric about `mean`.

    `mean_abs` is `E|w_i|`. Where w has no mean or no variance, the facts that speak of them do not hold.
    """
    return Family(
        name=name,
        statement=statement,
        rotation_invariant=False,
        independent_entries=True,
        zero_mean=mean == 0 and moments > 1,
        isotropic_second_moment=mean == 0 and moments > 2,
        symmetric=mean == 0,
        frame_cosine=None,
        band=None,
        lattice=lattice,
        moments=moments,
        second_moment=second_moment,
        covariance=evenly(lambda d: second_moment(d) - d * mean**2),
        mean_abs=lambda d: np.full(d, mean_abs),
        crowding=lambda d: 1.0,
        half_space=half_space,
    )


def evenly(second_moment: Callable[[int], float]) -> Callable[[int], tuple[float, float]]:
    """(eigenvalue, trace) of an `E wwᵀ` that is a multiple of I."""

    def covariance(d: int) -> tuple[float, float]:
        total = second_moment(d)
        return total / d, total

    return covariance
