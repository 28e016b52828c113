"""A small real network: bias-free, dense, trained on scikit-learn's digits in seconds; one seed, one set of bits."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np

from nfrlab.simulations.dense.network import Network

WIDTHS = (64, 24, 12, 10)


@cache
def digits_network(seed: int = 0, steps: int = 600) -> tuple[Network, float]:
    """The network 64–24–12–10 after `steps` of Adam on 1,400 digits, and its accuracy on the other 397."""
    rng = np.random.default_rng(seed)
    from sklearn.datasets import load_digits

    data, labels = load_digits(return_X_y=True)
    order = rng.permutation(len(data))
    x, y = data[order] / 16.0, labels[order]
    train, test = slice(0, 1400), slice(1400, None)
    weights = [rng.standard_normal((m, n)) * np.sqrt(2 / m) for m, n in pairwise(WIDTHS)]
    first, second = [np.zeros_like(W) for W in weights], [np.zeros_like(W) for W in weights]
    for step in range(1, steps + 1):
        batch = rng.integers(1400, size=128)
        for W, g, m, v in zip(
            weights, _gradients(weights, x[train][batch], y[train][batch]), first, second, strict=True
        ):
            m += 0.1 * (g - m)  # Adam's usual constants: β₁ = 0.9, β₂ = 0.999, ε = 1e-8; its rate is 0.01
            v += 0.001 * (g * g - v)
            W -= 0.01 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    accuracy = float(np.mean(np.argmax(_activations(weights, x[test])[-1], axis=1) == y[test]))
    return Network(tuple(weights)), accuracy


def _activations(weights: list[np.ndarray], x: np.ndarray) -> list[np.ndarray]:
    layers = [x]
    for W in weights[:-1]:
        layers.append(np.maximum(layers[-1] @ W, 0))
    return [*layers, layers[-1] @ weights[-1]]


def _gradients(weights: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Gradients of the mean cross-entropy."""
    layers = _activations(weights, x)
    exp = np.exp(layers[-1] - layers[-1].max(axis=1, keepdims=True))
    delta = exp / exp.sum(axis=1, keepdims=True)
    delta[np.arange(len(y)), y] -= 1
    gradients = []
    for W, below in zip(reversed(weights), reversed(layers[:-1]), strict=True):
        gradients.append(below.T @ delta / len(y))
        delta = (delta @ W.T) * (below > 0)
    return gradients[::-1]
