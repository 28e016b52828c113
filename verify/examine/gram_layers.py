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
    """N Gaussian neurons on a side × side colour patch; r = 1, or the size of N(0, 1)."""

    def draw(rng: np.random.Generator, images: ImageSet) -> tuple[Layer, Array]:
        x = images.patch(side, rng)
        r = np.ones(N) if constant else np.abs(rng.standard_normal(N))
        return layer(x, sample("gaussian", len(x), N, rng)), r

    return draw


def trained_layer(level: int, constant: bool = False) -> Source:
    """Layer `level` of the digits network, with r = 1 or what GBP brings to it."""

    def draw(rng: np.random.Generator, images: ImageSet) -> tuple[Layer, Array]:
        network, _ = digits_network()
        met = network.forward(digits()[rng.integers(len(digits()))])
        back = rule("gbp")
        r = backward(met, back, start_at_output(met, back, int(np.argmax(met[-1].z))), stop=level)
        at = met[level - 1]
        return at, np.ones(len(r)) if constant else np.maximum(r, 0)

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


def layers(name: str, tries: int, rng: np.random.Generator, images: ImageSet) -> dict[str, Array]:
    """κ, tan φ, the tan φ that the condition asks for, α(A) − α(r), and α(A)/α*, of each draw in which both maps are
    defined and at least two neurons are active.
    """
    rows = []
    for _ in range(tries):
        at, r = SOURCES[name](rng, images)
        W, A, s = at.W[:, at.mask], at.act[at.mask], r[at.mask]
        if len(A) < 2 or not np.any(s):
            continue
        values = np.linalg.svd(W, compute_uv=False)
        kappa = (values[0] / values[-1]) ** 2 if len(A) <= len(W) else np.inf
        by_activation, by_r = (alignment(rules.grad(at, v), at.a) for v in (at.act, r))
        nearest = W @ np.linalg.lstsq(W, at.a, rcond=None)[0]
        tangent = np.sqrt(max(0.0, float(gram.square_tangent(A, s))))
        needed = gram.needed_tangent(kappa) if np.isfinite(kappa) else np.inf
        rows.append((kappa, tangent, needed, by_activation - by_r, by_activation / alignment(nearest, at.a)))
    return dict(zip(("kappa", "tangent", "needed", "advantage", "reached"), np.array(rows).T, strict=True))
