"""PatternNet and PatternAttribution (Kindermans et al. 2017): what a neuron detects, in place of how it detects it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Shaped

from nfrlab.simulations.dense.arrays import Array, apply, ratio
from nfrlab.simulations.dense.network import Layer, Network


def pattern_net(layer: Layer, r: Shaped[Array, " N"]) -> Shaped[Array, " d"]:
    """PatternNet: `P M r`, the patterns P of the neurons in place of their weights."""
    return apply(pattern_of(layer), layer.mask * r)


def pattern_attribution(layer: Layer, r: Shaped[Array, " N"]) -> Shaped[Array, " d"]:
    """PatternAttribution: `(W ⊙ P) M r`, the weights times the patterns of the neurons in place of the weights."""
    return apply(layer.W * pattern_of(layer), layer.mask * r)


def pattern_of(layer: Layer) -> Shaped[Array, "d N"]:
    """The patterns of a layer's neurons. Raises `ValueError` where it has none."""
    if layer.pattern is None:
        raise ValueError("the layer has no patterns; estimate them from data and put them beside the layers")
    return layer.pattern


def with_patterns(layers: tuple[Layer, ...], patterns: tuple[Array, ...]) -> tuple[Layer, ...]:
    """The layers, each with its patterns. Raises `ValueError` unless there is one for every weight."""
    if [P.shape for P in patterns] != [at.W.shape for at in layers]:
        raise ValueError("patterns are one array per layer, each shaped like the layer's weights")
    return tuple(replace(at, pattern=P) for at, P in zip(layers, patterns, strict=True))


def patterns(network: Network, X: Shaped[Array, "n d"]) -> tuple[Array, ...]:
    """The patterns of every layer, `P ∈ R^{d×N}` by `pattern`, from n inputs; the linear output's are over all n."""
    found: list[Array] = []
    for number, W in enumerate(network.weights, start=1):
        bias = 0 * W[0] if network.biases is None else network.biases[number - 1]
        y, rectified = X @ W, number < network.depth
        counted = np.asarray(y + bias > 0) if rectified else np.ones(y.shape, dtype=bool)
        found.append(pattern(X, y, counted))
        X = np.where(counted, y + bias, 0 * y)
    return tuple(found)


def pattern(X: Shaped[Array, "n d"], y: Shaped[Array, "n N"], counted: Bool[Array, "n N"]) -> Shaped[Array, "d N"]:
    """`(E₊[x y] − E₊[x] E₊[y]) / (E₊[y²] − E₊[y]²)` of every neuron, `y = wᵀx` without its bias.

    E₊ is the mean over the inputs that are counted: those where the neuron is active, bias included. With
    `y = wᵀx` the denominator is `wᵀ` of the numerator. Where y does not vary, as in a neuron that is never active, the
    pattern is 0.
    """
    M = counted + 0 * y
    n = M.sum(axis=0)
    x_mean, y_mean = ratio(X.T @ M, n), ratio((M * y).sum(axis=0), n)
    centred = M * (y - y_mean)
    return ratio(X.T @ centred - x_mean * centred.sum(axis=0), (centred * y).sum(axis=0))
