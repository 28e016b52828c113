"""Isotropic weights with as heavy a tail as one likes."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.weights import Sampler, gaussian


def multivariate_t(dof: float) -> Sampler:
    """The sampler of `g · √(ν / χ²_ν)`, `P(‖w‖ > t) ~ t^{−ν}`. Raises `ValueError` for ν ≤ 0."""
    if not dof > 0:
        raise ValueError(f"degrees of freedom are positive, got {dof}")

    def sample(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
        return gaussian(d, N, rng) * np.sqrt(dof / rng.chisquare(dof, size=N))

    return sample
