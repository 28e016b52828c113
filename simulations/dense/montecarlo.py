"""Random one-hidden-layer networks by the thousand: the maps of a rule for one input."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array, relu
from nfrlab.simulations.dense.network import Network, layer
from nfrlab.simulations.dense.propagate import GRAD, Rule, attribution, rule
from nfrlab.simulations.dense.weights import sample

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


def ones(N: int, rng: np.random.Generator) -> Float[Array, " N"]:
    """The constant 1: every active neuron weighs the same."""
    return np.ones(N)


def laplace_relevance(N: int, rng: np.random.Generator) -> Float[Array, " N"]:
    """Hidden relevance i.i.d. Laplace(1): symmetric, not normal."""
    return rng.laplace(size=N)


RELEVANCES: dict[str, Relevance] = {
    "normal": normal,
    "rectified": rectified,
    "absolute": absolute,
    "constant": ones,
    "laplace": laplace_relevance,
}


def hidden_maps(
    back: Rule,
    family: str,
    x: Float[Array, " d"],
    N: int,
    trials: int,
    rng: np.random.Generator,
    relevance: Relevance = normal,
    bottom: bool = True,
) -> Float[Array, "trials d"]:
    """`trials` maps of `back` at x, each through fresh weights `W ∈ R^{d×N}` and fresh relevance at the N neurons.

    Parameters
    ----------
    family
        Where the weights are drawn from, one of `weights.FAMILIES`.
    relevance
        Draws the hidden relevance, `relevance(N, rng)`.
    bottom
        False leaves `r_0`, without the rule's bottom process.
    """
    maps = np.empty((trials, len(x)))
    for trial in range(trials):
        hidden = layer(x, sample(family, len(x), N, rng))
        maps[trial] = attribution((hidden,), back, relevance(N, rng), bottom=bottom)
    return maps


def parts(
    name: str,
    family: str,
    x: Float[Array, " d"],
    N: int,
    trials: int,
    rng: np.random.Generator,
    relevance: str = "normal",
    **parameters: Any,
) -> tuple[Float[Array, " trials"], Float[Array, " trials"]]:
    """`(⟨R, x̂⟩, ‖R − ⟨R, x̂⟩ x̂‖)` of the maps `r_0` of any rule at any x, from weights drawn whole.

    Parameters
    ----------
    name
        A rule, or "constant" (r = 1) or "activation" (r = A), through the gradient.
    family
        Where the weights are drawn from, one of `weights.FAMILIES`.
    N
        Neurons of the hidden layer.
    trials
        Layers, each with fresh weights and fresh relevance.
    relevance
        The law of the hidden relevance, one of `RELEVANCES`; "constant" and "activation" do without.
    parameters
        Those of the rule, such as `q`.
    """
    weighted = name in ("constant", "activation")
    back = GRAD if weighted else rule(name, **parameters)
    unit = x / np.linalg.norm(x)
    along, across = np.empty(trials), np.empty(trials)
    for trial in range(trials):
        hidden = layer(unit, sample(family, len(x), N, rng))
        r = hidden.act if name == "activation" else RELEVANCES["constant" if weighted else relevance](N, rng)
        R = attribution((hidden,), back, r, bottom=False)
        along[trial] = R @ unit
        across[trial] = np.linalg.norm(R - along[trial] * unit)
    return along, across


def gaussian_stack(widths: tuple[int, ...], rng: np.random.Generator) -> Network:
    """A bias-free dense ReLU stack with i.i.d. N(0, 2/d_{l−1}) weights."""
    return Network(tuple(rng.standard_normal((below, above)) * np.sqrt(2 / below) for below, above in pairwise(widths)))
