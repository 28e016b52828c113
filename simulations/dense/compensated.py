"""A law that is not rotation invariant: neurons in one quarter of a plane are longer, and rarer in proportion."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.weights import sphere

LENGTH = 3.0


def quarter(w: Float[Array, "d N"]) -> Bool[Array, " N"]:
    """Whether `w_1 > |w_2|`."""
    return np.asarray(w[0] > np.abs(w[1]))


def compensated(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Directions with `w_1 > |w_2|` are a third as dense as on the sphere, and three times as long (3√d instead of √d).

    Drawn on the sphere, kept there with probability 1/3. Raises `ValueError` for d < 2.
    """
    kept, found = [], 0
    while found < N:
        w = on_plane(d, N, rng)
        w = w[:, ~quarter(w) | (rng.random(N) < 1 / LENGTH)]
        kept.append(w)
        found += w.shape[1]
    return lengthened(np.concatenate(kept, axis=1)[:, :N])


def uncompensated(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Lengths as `compensated` gives them, but uniform directions. Raises `ValueError` for d < 2."""
    return lengthened(on_plane(d, N, rng))


def on_plane(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Uniform on the sphere of radius √d, d ≥ 2."""
    if d < 2:
        raise ValueError(f"a quarter of a plane needs d ≥ 2, got {d}")
    return sphere(d, N, rng)


def lengthened(w: Float[Array, "d N"]) -> Float[Array, "d N"]:
    """The neurons, those with `w_1 > |w_2|` three times as long."""
    return w * np.where(quarter(w), LENGTH, 1.0)
