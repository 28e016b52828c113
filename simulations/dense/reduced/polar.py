"""Rotation-invariant weights seen from the input: the few scalars of `w_1 … w_N` that a map `R = Σ_j s_j w_j` needs.

With e = x/‖x‖ a neuron is `w_j = c_j e + v_j`, v_j ⟂ e. The map has the part `along = Σ_j s_j c_j` on e and the length
`across = ‖Σ_j s_j v_j‖` beside it, and `α = along / √(along² + across²)`. Each class draws the `c_j` of one kind of law
and knows how the `v_j` add up, because their directions are uniform and independent of everything else:

- `Mixture`, `w = σ g` with Gaussian g: given s and σ the sum is Gaussian, `across² = Σ (s_j σ_j)² · χ²_{d−1}`;
- `Radial`, `w = ρ u` with u uniform on the unit sphere: vectors of length `|s_j| ρ_j √(1 − t_j²)`, `t = u·e`, whose
  directions are uniform in R^{d−1}: pairs of them are added by the law of cosines, one random angle a pair;
- `Frames`, √d times orthonormal frames: one frame gives `across² = Σ s_j² − (Σ s_j c_j)²` by Pythagoras; frames add as
  vectors of uniform direction do.

Arrays have shape (trials, groups, neurons). A group is what has to be drawn together: a frame, or any number of
independent neurons. `mask` says which entries stand for a neuron; the others only fill the rectangle.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from jaxtyping import Bool, Float

from nfrlab.simulations.dense.weights import RING_BAND, STUDENT_DOF

Floats = npt.NDArray[np.float64]
Mask = Bool[npt.NDArray[np.bool_], "trials groups neurons"]
Tile = Float[Floats, "trials groups neurons"]
Shape = tuple[int, ...]
Draw = Callable[[Shape, np.random.Generator], Floats]
Radius = Callable[[int, Shape, np.random.Generator], Floats | float]


def chi_square(dof: int | npt.NDArray[np.int64], shape: Shape, rng: np.random.Generator) -> Floats:
    """χ² of `dof` degrees of freedom; 0 where there are none."""
    half = rng.standard_gamma(np.asarray(dof) / 2, shape)
    return np.multiply(half, 2, out=half)


def coordinate(m: int, shape: Shape, rng: np.random.Generator) -> Floats:
    """`t = u·e` for u uniform on the unit sphere of R^m, of density ∝ (1 − t²)^κ, κ = (m − 3)/2; ±1 for m = 1.

    `z / √(z² + χ²_{m−1})`; for m ≥ 8 by rejection from N(0, 1/2κ), which is twice as fast: keep t where an exponential
    E ≥ −κ (log(1 − t²) + t²), as is certain without the logarithm where `2 (1 − t²) E ≥ κ t⁴`.
    """
    z = rng.standard_normal(shape)
    if m < 8:
        square = chi_square(m - 1, shape, rng)
        square += z * z
        return np.divide(z, np.sqrt(square, out=square), out=z)
    kappa = (m - 3) / 2
    z *= (2 * kappa) ** -0.5
    E = rng.standard_exponential(shape)
    v = z * z
    bound = 1 - v
    bound *= E
    bound *= 2 / kappa
    doubtful = np.flatnonzero(bound < v * v)
    v, E = v.flat[doubtful], E.flat[doubtful]
    inside = v < 1
    surplus = E + kappa * (np.log1p(-v, where=inside, out=np.zeros_like(v)) + v)
    kept = inside & (surplus >= 0)
    if not np.all(kept):
        z.flat[doubtful[~kept]] = coordinate(m, (int(np.count_nonzero(~kept)),), rng)
    return z


def square_of_sum(squares: Float[Floats, "trials n"], m: int, rng: np.random.Generator) -> Float[Floats, " trials"]:
    """`‖Σ_j a_j θ_j‖²` for θ_j independent and uniform on the unit sphere of R^m, from the a_j²; m = 0 has no vectors.

    Two at a time, n − 1 angles in all: `‖a + b‖² = a² + b² + 2 √(a² b²) cos φ`, cos φ a coordinate of a uniform
    direction; and the sum of two has a uniform direction again.
    """
    trials, n = squares.shape
    if m == 0 or n == 0:
        return np.zeros(trials)
    cosines, used = coordinate(m, (trials, n - 1), rng), 0
    while n > 1:
        half, odd = divmod(n, 2)
        a, b = squares[:, :half], squares[:, half : 2 * half]
        merged = a * b
        np.sqrt(merged, out=merged)
        merged *= cosines[:, used : used + half]
        merged *= 2
        merged += a
        merged += b
        np.maximum(merged, 0, out=merged)
        squares = np.concatenate((merged, squares[:, 2 * half :]), axis=1) if odd else merged
        n, used = half + odd, used + half
    return squares[:, 0]


class Mixture:
    """Gaussian scale mixtures `w = σ g`, σ drawn per neuron, g ~ N(0, I_d)."""

    frame: int | None = None  # neurons that have to be drawn together, where there are any such

    def __init__(self, sigma: Draw | None, d: int, trials: int, angles: np.random.Generator) -> None:
        self.sigma, self.d, self.angles = sigma, d, angles
        self.along, self.energy = np.zeros(trials), np.zeros(trials)

    def open(self, shape: Shape) -> None:
        """Begin new groups; independent neurons have no memory."""

    def coordinates(self, mask: Mask, rng: np.random.Generator) -> Tile:
        """`c = σ z`, z ~ N(0, 1)."""
        z = rng.standard_normal(mask.shape)
        self.scale = None if self.sigma is None else self.sigma(mask.shape, rng)
        return z if self.scale is None else self.scale * z

    def add(self, s: Tile, c: Tile) -> None:
        """Add `Σ s_j w_j` over the neurons whose coordinates were drawn last."""
        spread = s if self.scale is None else s * self.scale
        self.along += np.einsum("tgn,tgn->t", s, c)
        self.energy += np.einsum("tgn,tgn->t", spread, spread)

    def close(self) -> None:
        """End the groups."""

    def parts(self) -> tuple[Floats, Floats]:
        """(along, across) of each trial."""
        return self.along, np.sqrt(self.energy * chi_square(self.d - 1, self.along.shape, self.angles))


class Radial(Mixture):
    """Any radial law: `w = ρ u`, ρ drawn per neuron, u uniform on the unit sphere of R^d."""

    def __init__(self, rho: Radius, d: int, trials: int, angles: np.random.Generator) -> None:
        super().__init__(None, d, trials, angles)
        self.rho = rho

    def coordinates(self, mask: Mask, rng: np.random.Generator) -> Tile:
        """`c = ρ t`; keeps `ρ² (1 − t²)`, the square of ‖v‖."""
        t = coordinate(self.d, mask.shape, rng)
        rho = self.rho(self.d, mask.shape, rng)
        beside = t * t
        np.subtract(1, beside, out=beside)
        beside *= rho * rho
        self.beside = beside
        t *= rho
        return t

    def add(self, s: Tile, c: Tile) -> None:
        """Add `Σ s_j w_j` over the neurons whose coordinates were drawn last."""
        self.along += np.einsum("tgn,tgn->t", s, c)
        squares = s * s
        squares *= self.beside
        self.join(squares.reshape(len(s), -1))

    def join(self, squares: Float[Floats, "trials n"]) -> None:
        """Add vectors of these squared lengths and uniform directions in the space beside e."""
        self.energy = square_of_sum(np.concatenate((self.energy[:, None], squares), axis=1), self.d - 1, self.angles)

    def parts(self) -> tuple[Floats, Floats]:
        """(along, across) of each trial."""
        return self.along, np.sqrt(self.energy)


class Frames(Radial):
    """√d times Haar orthonormal frames of at most d columns, independent of each other."""

    def __init__(self, d: int, trials: int, angles: np.random.Generator) -> None:
        super().__init__(_sphere, d, trials, angles)
        self.frame = d

    def open(self, shape: Shape) -> None:
        """A new frame per entry: e has the whole of its length still to spend, on d axes."""
        self.rest, self.axes = np.ones(shape), np.full(shape, self.d)
        self.frame_along, self.frame_energy = np.zeros(shape), np.zeros(shape)

    def coordinates(self, mask: Mask, rng: np.random.Generator) -> Tile:
        """`c = √d (e·q_1, e·q_2, …)`: the next coordinates of a unit vector, given those before them in the frame.

        Of squared length `rest` on the remaining `axes`, k coordinates are `√rest · z / √(‖z‖² + χ²_{axes − k})`.
        """
        z = rng.standard_normal(mask.shape) * mask
        square = np.einsum("tgn,tgn->tg", z, z)
        self.axes = self.axes - mask.sum(axis=2)
        others = chi_square(self.axes, square.shape, rng)
        total = np.where(square + others > 0, square + others, 1.0)
        scale = np.sqrt(self.rest * self.d / total)
        self.rest = self.rest * others / total
        return z * scale[:, :, None]

    def add(self, s: Tile, c: Tile) -> None:
        """Add `Σ s_j w_j` within the frames."""
        self.frame_along += np.einsum("tgn,tgn->tg", s, c)
        self.frame_energy += np.einsum("tgn,tgn->tg", s, s)

    def close(self) -> None:
        """Add up the frames: along e as numbers, beside it as vectors of uniform direction."""
        self.along += self.frame_along.sum(axis=1)
        self.join(np.maximum(self.frame_energy * self.d - self.frame_along**2, 0))


def _student(shape: Shape, rng: np.random.Generator) -> Floats:
    return np.sqrt(STUDENT_DOF / rng.chisquare(STUDENT_DOF, shape))


def _sphere(d: int, shape: Shape, rng: np.random.Generator) -> float:
    return float(np.sqrt(d))


def _ring(d: int, shape: Shape, rng: np.random.Generator) -> Floats:
    return np.sqrt(d) * rng.uniform(*RING_BAND, shape)


Cloud = Mixture | Radial | Frames
INVARIANT_FAMILIES: dict[str, Callable[[int, int, np.random.Generator], Cloud]] = {
    "gaussian": lambda d, trials, angles: Mixture(None, d, trials, angles),
    "student": lambda d, trials, angles: Mixture(_student, d, trials, angles),
    "sphere": lambda d, trials, angles: Radial(_sphere, d, trials, angles),
    "ring": lambda d, trials, angles: Radial(_ring, d, trials, angles),
    "haar": lambda d, trials, angles: Frames(d, trials, angles),
}
