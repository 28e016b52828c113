"""Stated draws: inputs, weights and relevances from random laws, real images and a real network, on dyadic grids.

Everything is rounded to multiples of 2⁻⁸ (weights 2⁻¹⁰), so that exact arithmetic on the draws stays fast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nfrlab.simulations.dense import backward, rule, sample
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.propagate import start_at_output
from nfrlab.simulations.dense.trained import digits_network
from nfrlab.simulations.images import ImageSet, digit, normalise
from nfrlab.verify.examine.exact.search import Draw, Parameters


def dyadic(values: Array, bits: int = 8) -> Array:
    """Rounded to multiples of 2^−bits."""
    return np.round(values * (1 << bits)) / (1 << bits)


def random_signed(rng: np.random.Generator, images: ImageSet) -> Array:
    """x ~ N(0, I₁₂)."""
    return dyadic(rng.standard_normal(12))


def image_patch(rng: np.random.Generator, images: ImageSet) -> Array:
    """A 2×2 colour patch of a real image, in [0, 1]."""
    return dyadic(images.patch(2, rng))


def signed_patch(rng: np.random.Generator, images: ImageSet) -> Array:
    """A 2×2 colour patch under ImageNet's normalisation: signed."""
    return dyadic(normalise(images.patch(2, rng)))


Input = Callable[[np.random.Generator, ImageSet], Array]
INPUTS: Mapping[str, Input] = {
    "Gaussian x": random_signed,
    "image patches": image_patch,
    "normalised patches": signed_patch,
}


def one_layer(x_of: Input, positive_relevance: bool = False, N: int = 8, **extra: Any) -> Draw:
    """x from `x_of`, Gaussian weights, relevance N(0, 1) or its absolute value, and fixed extra parameters."""

    def draw(rng: np.random.Generator, images: ImageSet) -> Parameters:
        x = x_of(rng, images)
        r = rng.standard_normal(N)
        W = dyadic(sample("gaussian", len(x), N, rng) / np.sqrt(len(x)), 10)
        return {"x": x, "W": W, "r": dyadic(np.abs(r) if positive_relevance else r), **extra}

    return draw


def trained_layer(rule_name: str, level: int = 2, **extra: Any) -> Draw:
    """Layer `level` of the bias-free network trained on digits, with the relevance `rule_name` brings to it."""

    def draw(rng: np.random.Generator, images: ImageSet) -> Parameters:
        network, _ = digits_network()
        layers = network.forward(digit(rng))
        used = rule(rule_name)
        k = int(np.argmax(layers[-1].z))
        r = backward(layers, used, start_at_output(layers, used, k), stop=level)
        at = layers[level - 1]
        return {"x": dyadic(at.a), "W": dyadic(at.W, 10), "r": dyadic(r), **extra}

    return draw
