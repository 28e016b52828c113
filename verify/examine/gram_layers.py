"""Gram matrices of layers as they occur: random ones on real image patches, and those of the trained digits network."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from nfrlab.simulations.dense import Layer, alignment, backward, layer, rule, rules, sample
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.propagate import start_at_output
from nfrlab.simulations.dense.trained import digits_network
from nfrlab.simulations.images import ImageSet, digits
from nfrlab.theory.weighting import gram

Source = Callable[[np.random.Generator, ImageSet], tuple[Layer, Array]]


def random_layer(side: int, N: int, constant: bool = False) -> Source:
    """N Gaussian neurons on a side × side colour patch; with `constant` r = 1, else r = |N(0, 1)|."""

    def draw(rng: np.random.Generator, images: ImageSet) -> tuple[Layer, Array]:
        x = images.patch(side, rng)
        r = np.ones(N) if constant else np.abs(rng.standard_normal(N))
        return layer(x, sample("gaussian", len(x), N, rng)), r

    return draw


def trained_layer(number: int, constant: bool = False) -> Source:
    """Layer `number`, from 1 at the input, of the trained digits network at a random digit.

    With `constant` r = 1, else r is the positive part of what GBP brings there from the largest output.
    """
    gbp = rule("gbp")

    def draw(rng: np.random.Generator, images: ImageSet) -> tuple[Layer, Array]:
        network, _ = digits_network()
        layers = network.forward(digits()[rng.integers(len(digits()))])
        k = int(np.argmax(layers[-1].z))
        r = backward(layers, gbp, start_at_output(layers, gbp, k), stop=number)
        return layers[number - 1], np.ones(len(r)) if constant else np.maximum(r, 0)

    return draw


SOURCES: Mapping[str, Source] = {
    "8 Gaussian neurons on 3×3 patches, r = |N(0, 1)|": random_layer(3, 8),
    "8 Gaussian neurons on 16×16 patches, r = |N(0, 1)|": random_layer(16, 8),
    "8 Gaussian neurons on 16×16 patches, r = 1": random_layer(16, 8, constant=True),
    "64 Gaussian neurons on 16×16 patches, r = 1": random_layer(16, 64, constant=True),
    "layer 1 of the trained digits network, r of GBP": trained_layer(1),
    "layer 2 of the trained digits network, r of GBP": trained_layer(2),
    "layer 1 of the trained digits network, r = 1": trained_layer(1, constant=True),
    "layer 2 of the trained digits network, r = 1": trained_layer(2, constant=True),
}


def sample_layers(name: str, tries: int, rng: np.random.Generator, images: ImageSet) -> dict[str, Array]:
    """Numbers of each of `tries` layers of the source `name` with two or more active neurons and r ≠ 0 on them.

    By name: `kappa` κ of the active neurons' Gram matrix (∞ where it is singular), `tangent` tan φ of the angle between
    A and r, `needed` the tan φ that the condition asks for, `advantage` α(A) − α(r), `reached` α(A)/α*.
    """
    rows = []
    for _ in range(tries):
        drawn, r = SOURCES[name](rng, images)
        W, A, s = drawn.W[:, drawn.mask], drawn.act[drawn.mask], r[drawn.mask]
        if len(A) < 2 or not np.any(s):
            continue
        values = np.linalg.svd(W, compute_uv=False)
        kappa = (values[0] / values[-1]) ** 2 if len(A) <= len(W) else np.inf
        by_activation, by_r = (alignment(rules.grad(drawn, v), drawn.a) for v in (drawn.act, r))
        nearest = W @ np.linalg.lstsq(W, drawn.a, rcond=None)[0]  # the best map: the projection of x onto the neurons
        tangent = np.sqrt(max(0.0, float(gram.square_tangent(A, s))))
        needed = gram.needed_tangent(kappa) if np.isfinite(kappa) else np.inf
        rows.append((kappa, tangent, needed, by_activation - by_r, by_activation / alignment(nearest, drawn.a)))
    return dict(zip(("kappa", "tangent", "needed", "advantage", "reached"), np.array(rows).T, strict=True))
