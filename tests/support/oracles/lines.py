"""Integrated Gradients of a dense ReLU network in exact rationals: the line is cut at every kink of the network.

Between two kinks no ReLU changes its state, and the gradient is constant. Layers are as in `rules`, the last linear.
With Fractions throughout, every result is exact.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from tests.support.oracles.rules import Matrix, Scalar, Vector, forward

Layers = Sequence[tuple[Matrix, Vector]]


def pre_activations(layers: Layers, x: Vector) -> list[list[Scalar]]:
    """z of every layer."""
    found: list[list[Scalar]] = []
    a = list(x)
    for W, b in layers:
        z, a = forward(W, b, a)
        found.append(z)
    return found


def gradient(layers: Layers, x: Vector, k: int) -> list[Scalar]:
    """`∂f_k/∂x`, the derivative of a ReLU at 0 taken as 0."""
    states = pre_activations(layers, x)
    r: list[Scalar] = [int(j == k) for j in range(len(states[-1]))]
    for depth in reversed(range(len(layers))):
        W, _ = layers[depth]
        last = depth == len(layers) - 1
        passed = [r[j] if last or states[depth][j] > 0 else 0 for j in range(len(r))]
        r = [sum((W[i][j] * passed[j] for j in range(len(passed))), Fraction(0)) for i in range(len(W))]
    return r


def on_line(start: Vector, end: Vector, t: Fraction) -> list[Scalar]:
    """`x₀ + t (x − x₀)`."""
    return [a + t * (b - a) for a, b in zip(start, end, strict=True)]


def kinks(layers: Layers, start: Vector, end: Vector) -> list[Fraction]:
    """Every t in [0, 1] at which the z of a hidden neuron changes its sign or leaves 0, the ends included, in order.

    Between kinks of the layers below, z is affine in t: its root follows from its values at both.
    """
    found = [Fraction(0), Fraction(1)]
    for depth in range(len(layers) - 1):
        fresh = set(found)
        for low, high in pairwise(found):
            below, above = (pre_activations(layers, on_line(start, end, t))[depth] for t in (low, high))
            for z0, z1 in zip(below, above, strict=True):
                if z0 * z1 < 0:
                    fresh.add(low + (high - low) * Fraction(z0) / Fraction(z0 - z1))
        found = sorted(fresh)
    return found


def integral(layers: Layers, start: Vector, end: Vector, k: int) -> list[Scalar]:
    """`∫₀¹ ∂f_k/∂x (x₀ + t (x − x₀)) dt`: lengths of the pieces times the gradient in the middle of each."""
    total: list[Scalar] = [Fraction(0) for _ in start]
    for low, high in pairwise(kinks(layers, start, end)):
        inside = gradient(layers, on_line(start, end, (low + high) / 2), k)
        total = [sofar + (high - low) * g for sofar, g in zip(total, inside, strict=True)]
    return total
