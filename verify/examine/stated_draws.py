"""Stated draws: inputs, weights and relevances of random laws, real images and a real network, on dyadic grids.

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
from nfrlab.verify.examine.exact.statement import Draw, Parameters


def dyadic(values: Array, bits: int = 8) -> Array:
    """The values rounded to multiples of 2^−bits."""
    return np.round(values * (1 << bits)) / (1 << bits)


Input = Callable[[np.random.Generator, ImageSet], Array]


def gaussian_input(d: int) -> Input:
    """x ~ N(0, I_d)."""

    def draw(rng: np.random.Generator, images: ImageSet) -> Array:
        return dyadic(rng.standard_normal(d))

    return draw


def image_patch(rng: np.random.Generator, images: ImageSet) -> Array:
    """A 2×2 colour patch of a real image, x ∈ [0, 1]¹²."""
    return dyadic(images.patch(2, rng))


def normalised_patch(rng: np.random.Generator, images: ImageSet) -> Array:
    """A 2×2 colour patch under ImageNet's normalisation, x ∈ R¹², signed."""
    return dyadic(normalise(images.patch(2, rng)))


INPUTS: Mapping[str, Input] = {
    "Gaussian x": gaussian_input(12),
    "image patches": image_patch,
    "normalised patches": normalised_patch,
}


def random_layer_draw(x_of: Input, positive_relevance: bool = False, N: int = 8, **extra: Any) -> Draw:
    """One random layer of N Gaussian neurons.

    Parameters
    ----------
    x_of
        Draws the input.
    positive_relevance
        Whether the hidden relevance is |N(0, 1)| instead of N(0, 1).
    N
        The number of neurons.
    extra
        Further parameters of the case, fixed.
    """

    def draw(rng: np.random.Generator, images: ImageSet) -> Parameters:
        x = x_of(rng, images)
        r = rng.standard_normal(N)
        W = dyadic(sample("gaussian", len(x), N, rng) / np.sqrt(len(x)), 10)
        return {"x": x, "W": W, "r": dyadic(np.abs(r) if positive_relevance else r), **extra}

    return draw


def trained_layer_draw(rule_name: str, number: int = 2, **extra: Any) -> Draw:
    """Layer `number`, from 1 at the input, of the bias-free network trained on digits, at a random digit.

    The hidden relevance is what the rule `rule_name` brings there from the largest output; `extra` are further
    parameters of the case, fixed.
    """
    backward_rule = rule(rule_name)

    def draw(rng: np.random.Generator, images: ImageSet) -> Parameters:
        network, _ = digits_network()
        layers = network.forward(digit(rng))
        k = int(np.argmax(layers[-1].z))
        r = backward(layers, backward_rule, start_at_output(layers, backward_rule, k), stop=number)
        layer = layers[number - 1]
        return {"x": dyadic(layer.a), "W": dyadic(layer.W, 10), "r": dyadic(r), **extra}

    return draw
