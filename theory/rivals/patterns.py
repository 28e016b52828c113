"""Patterns of Kindermans et al. where the law of the inputs is known: `a⁺ = Σw / wᵀΣw`.

So where the inputs of a neuron have no direction, PatternNet is the gradient of unit-scaled weights and
PatternAttribution has the weights `w²/‖w‖²`, none of them negative, that sum to 1. What else they show is the
anisotropy of the data.
"""

import numpy as np
from jaxtyping import Float

from nfrlab.theory.numerics.vectors import Array


def isotropic_pattern(w: Float[Array, " d"]) -> Float[Array, " d"]:
    """`a⁺ = w/‖w‖²`, of every rotation-invariant law of the inputs and every bias."""
    return np.asarray(w / (w @ w))


def elliptical_pattern(w: Float[Array, " d"], covariance: Float[Array, "d d"]) -> Float[Array, " d"]:
    """`a⁺ = Σw / wᵀΣw`, of every elliptical law of mean 0 with the covariance Σ, so of N(0, Σ), and every bias."""
    along = covariance @ w
    return np.asarray(along / (w @ along))
