"""The inputs that a sweep can show to layers whose weights or rule are not rotation invariant."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.images import photographs


def normal(d: int, rng: np.random.Generator) -> Float[Array, " d"]:
    """Signed: i.i.d. N(0, 1)."""
    return rng.standard_normal(d)


def uniform(d: int, rng: np.random.Generator) -> Float[Array, " d"]:
    """Non-negative: i.i.d. U[0, 1]."""
    return rng.random(d)


def ones(d: int, rng: np.random.Generator) -> Float[Array, " d"]:
    """All entries equal."""
    return np.ones(d)


def axis(d: int, rng: np.random.Generator) -> Float[Array, " d"]:
    """One entry."""
    return np.eye(1, d)[0]


def photograph(d: int, rng: np.random.Generator) -> Float[Array, " d"]:
    """A colour patch of scikit-learn's photographs, d = 3 · side²."""
    return photographs().patch(isqrt(d // 3), rng)


INPUTS: dict[str, Callable[[int, np.random.Generator], Array]] = {
    one.__name__: one for one in (normal, uniform, ones, axis, photograph)
}


def check_input(x: str, d: int) -> None:
    """Raises `ValueError` where there is no such input of d entries."""
    if x == "photograph" and (3 * isqrt(d // 3) ** 2 != d or isqrt(d // 3) > 400):
        raise ValueError(f"x = 'photograph' needs d = 3 · side² with side ≤ 400, got {d}")


def make(x: str, d: int, rng: np.random.Generator) -> Float[Array, " d"]:
    """The input called `x`, its largest entry ±1, in multiples of 2⁻¹²: there lattice families have exact limits."""
    made = INPUTS[x](d, rng)
    return np.round(made / np.abs(made).max() * 4096) / 4096
