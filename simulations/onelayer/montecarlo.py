"""Random one-hidden-layer networks by the thousand: the maps of a rule for one input."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from simulations.onelayer.arrays import Array, relu
from simulations.onelayer.network import Network, layer
from simulations.onelayer.propagate import Rule, attribution
from simulations.onelayer.weights import sample

Relevance = Callable[[int, np.random.Generator], Array]


def normal(N: int, rng: np.random.Generator) -> Float[Array, " N"]:
    """Hidden relevance i.i.d. N(0, 1), independent of the weights: of either sign."""
    return rng.standard_normal(N)


def rectified(N: int, rng: np.random.Generator) -> Float[Array, " N"]:
    """`relu` of i.i.d. N(0, 1): what z⁺ leaves of random output weights."""
    return relu(rng.standard_normal(N))


def absolute(N: int, rng: np.random.Generator) -> Float[Array, " N"]:
    """`|N(0, 1)|`: relevance of non-zero mean."""
    return np.abs(rng.standard_normal(N))


def hidden_maps(
    rule: Rule,
    family: str,
    x: Float[Array, " d"],
    N: int,
    trials: int,
    rng: np.random.Generator,
    relevance: Relevance = normal,
    bottom: bool = True,
) -> Float[Array, "trials d"]:
    """`trials` maps of `rule` at x, each through fresh weights `W ∈ R^{d×N}` and fresh relevance at the N neurons."""
    maps = np.empty((trials, len(x)))
    for trial in range(trials):
        hidden = layer(x, sample(family, len(x), N, rng))
        maps[trial] = attribution((hidden,), rule, relevance(N, rng), bottom=bottom)
    return maps


def noise_share(maps: Float[Array, "trials d"]) -> float:
    """`E‖R − ER‖² / ‖ER‖²`, estimated over the trials."""
    mean = maps.mean(axis=0)
    return float(((maps - mean) ** 2).sum() / (len(maps) - 1) / (mean @ mean))


def gaussian_stack(widths: tuple[int, ...], rng: np.random.Generator) -> Network:
    """A bias-free dense ReLU stack with i.i.d. N(0, 2/d_{l−1}) weights."""
    return Network(tuple(rng.standard_normal((below, above)) * np.sqrt(2 / below) for below, above in pairwise(widths)))
