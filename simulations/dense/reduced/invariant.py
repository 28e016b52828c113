"""Rotation-invariant rules: what they let through depends on a neuron only by `c = w·x̂` and its hidden relevance r."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nfrlab.simulations.dense.reduced.polar import Draw, Floats, Shape


def half_normal(shape: Shape, rng: np.random.Generator) -> Floats:
    """|N(0, 1)|."""
    return np.abs(rng.standard_normal(shape))


def exponential(shape: Shape, rng: np.random.Generator) -> Floats:
    """|r| of a Laplace variable."""
    return rng.standard_exponential(shape)


def one(shape: Shape, rng: np.random.Generator) -> Floats:
    """The number 1."""
    return np.ones(shape)


@dataclass(frozen=True)
class Relevance:
    """A law of the hidden relevance r, independent of the weights: P(r > 0), P(r < 0), and a sampler of `|r|` given
    r ≠ 0.
    """

    positive: float
    negative: float
    size: Draw = half_normal


RELEVANCES = {
    "normal": Relevance(0.5, 0.5),
    "rectified": Relevance(0.5, 0.0),
    "absolute": Relevance(1.0, 0.0),
    "constant": Relevance(1.0, 0.0, one),
    "laplace": Relevance(0.5, 0.5, exponential),
}


@dataclass(frozen=True)
class Weighting:
    """What a rule lets through, for an input of length 1: `s = r` where every condition holds, else 0.

    masked: c > 0; filtered: r > 0; tau: A r > τ; quantile: A r > τ, the quantile of A r over all N neurons.
    `by_activation` is Activation, r = A; a `relevance` given here replaces the caller's.
    """

    masked: bool = True
    filtered: bool = False
    by_activation: bool = False
    tau: float | None = None
    quantile: float | None = None
    relevance: Relevance | None = None


def _rectgrad(q: float = 0.9) -> Weighting:
    if not 0 <= q <= 1:
        raise ValueError(f"a quantile level lies in [0, 1], got {q}")
    return Weighting(quantile=q)


INVARIANT_RULES: dict[str, Callable[..., Weighting]] = {
    "grad": Weighting,
    "gbp": lambda: Weighting(filtered=True),
    "deconv": lambda: Weighting(filtered=True, masked=False),
    "rectgrad": _rectgrad,
    "rectgrad-constant": lambda tau=0.0: Weighting(tau=tau, filtered=tau >= 0),
    "constant": lambda: Weighting(relevance=RELEVANCES["constant"]),
    "activation": lambda: Weighting(by_activation=True, relevance=RELEVANCES["constant"]),
}
