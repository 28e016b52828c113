"""Decisions in exact arithmetic: small random networks of whole numbers, and S on them in every reading."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.sufficiency import sufficiency

INPUTS, HIDDEN, CLASSES = 6, 5, 4


def fractions(rng: np.random.Generator, *shape: int) -> Array:
    """Whole numbers from −5 to 5, as fractions."""
    return np.vectorize(Fraction, otypes=[object])(rng.integers(-5, 6, shape))


def decided_on(rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """A network of two layers, its biases, and an input that varies and on which something is decided."""
    while True:
        first, last, bias, x = (
            fractions(rng, *shape) for shape in ((HIDDEN, INPUTS), (CLASSES, HIDDEN), (CLASSES,), (INPUTS,))
        )
        A = features(first, x)
        k = np.argmax(last @ A + bias)
        if np.any(x != x[0]) and np.any(last[k] * A) and last[k] @ A and last[k] @ A + bias[k]:
            return first, last, bias, x


def features(first: Array, x: Array) -> Array:
    """`relu(W x)`."""
    z = first @ x
    return np.asarray(z * (z > 0))


def scores(first: Array, last: Array, bias: Array, x: Array, fed: Array) -> list[object]:
    """S in the eight readings of one space: products, class, bias."""
    A, B = features(first, x), features(first, fed)
    k, anew = np.argmax(last @ A + bias), np.argmax(last @ B + bias)
    found = []
    for star in (k, anew):
        one, other = last[k] * A, last[star] * B
        with_bias = np.append(one, bias[k]), np.append(other, bias[star])
        for before, after in ((one, other), with_bias):
            found += [sufficiency(before, after), sufficiency(before.sum(keepdims=True), after.sum(keepdims=True))]
    return found
