"""What can go wrong in the dense laboratory, one change each; theory and judge stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from nfrlab.simulations.dense import measure, montecarlo, network, propagate, rules, weights
from nfrlab.simulations.dense.arrays import Array, negative_part, relu
from nfrlab.simulations.dense.reduced import invariant, pairs, polar, sampler, stacks
from nfrlab.verify.breaks.exchange import constant, entry, exchanged

Change = Callable[[], AbstractContextManager[None]]
"""Makes one change for as long as its context lasts."""
Function = Callable[..., Any]


class Leaky(invariant.Weighting):
    """A weighting that is to pass a share of what it filters."""


def leak(share: Fraction) -> tuple[Change, ...]:
    """GBP passes this share of negative relevance: `W M (relu(r) + ε min(r, 0))`; 1 makes it the plain gradient."""

    def dense(original: Function) -> Function:
        return lambda layer, r: rules.grad(layer, relu(r) + of(r, share) * negative_part(r) if layer.rectified else r)

    def reduced(original: Function) -> Function:
        def relevance(self: Any, c: Array, negative: Array, mask: Array) -> Array:
            r: Array = original(self, c, negative, mask)
            return np.where(negative, float(share) * r, r) if isinstance(self.weighting, Leaky) else r

        return relevance

    return (
        partial(exchanged, rules.gbp, dense),
        partial(exchanged, stacks.guided, lambda _: lambda A, r, n: relu(r) + float(share) * negative_part(r)),
        partial(entry, pairs.WEIGHTINGS, "gbp", lambda A, r: (A > 0) * (relu(r) + float(share) * negative_part(r))),
        partial(entry, invariant.INVARIANT_RULES, "gbp", Leaky),
        partial(exchanged, sampler.Layers.relevance, reduced),
    )


def of(r: Array, share: Fraction) -> Fraction | float:
    """A share as the kind of number that an array holds."""
    return share if r.dtype == object else float(share)


def zplus_leak(share: Fraction) -> tuple[Change, ...]:
    """z⁺ passes this share of negative parts, in all of its forms."""

    def filtered(original: Function) -> Function:
        return lambda layer, r: original(layer, r) + of(layer.W, share) * (negative_part(layer.W) @ (layer.mask * r))

    def carried(original: Function) -> Function:
        return lambda layer, rho: (
            original(layer, rho) + of(layer.W, share) * (rules.grad(layer, rho) - original(layer, rho))
        )

    def relevance(original: Function) -> Function:
        return lambda layer, R: original(layer, R) + of(layer.W, share) * (rules.lrp_z(layer, R) - original(layer, R))

    return (
        partial(exchanged, rules.zplus_filter, filtered),
        partial(exchanged, rules.zplus_gradient, carried),
        partial(exchanged, rules.zplus, relevance),
    )


def mask_at_zero() -> tuple[Change, ...]:
    """The ReLU's mask is `z ≥ 0` for `z > 0`."""

    def closed(original: Function) -> Function:
        return lambda self: np.asarray(self.z >= 0) if self.rectified else original(self)

    return (partial(exchanged, vars(network.Layer)["mask"].fget, closed),)


def quantile(off: Fraction) -> tuple[Change, ...]:
    """RectGrad's threshold is the quantile of level q − `off`."""

    def lower(q: Any) -> Any:
        return max(q - (off if isinstance(q, Fraction) else float(off)), 0 * q)

    def dense(original: Function) -> Function:
        return lambda layer, r, q=0.9: original(layer, r, lower(q))

    def stack(original: Function) -> Function:
        return lambda A, r, n, q=0.9: original(A, r, n, lower(q))

    return (
        partial(exchanged, rules.rectgrad_quantile, dense),
        partial(exchanged, stacks.rectified, stack),
        partial(entry, invariant.INVARIANT_RULES, "rectgrad", lambda q=0.9: invariant.Weighting(quantile=lower(q))),
    )


def cascade_off_by_one() -> tuple[Change, ...]:
    """The cascade of N levels replaces N + 1 of them, and Activation enters one layer deeper."""

    def dense(original: Function) -> Function:
        return lambda layers, rule, level, r=None: original(layers, rule, min(level + 1, len(layers)), r)

    def deeper(original: Function) -> Function:
        return lambda layers, layer: original(layers, max(0, layer - 1))

    def reduced(original: Function) -> Function:
        def shifted(*args: Any, **named: Any) -> Array:
            rows: Array = original(*args, **named)
            return np.hstack([rows[:, 1:], rows[:, -1:]])

        return shifted

    return (
        partial(exchanged, propagate.cascade, dense),
        partial(exchanged, propagate.activation, deeper),
        partial(exchanged, stacks.cascade_alignments, reduced),
    )


def stretched(factor: float) -> tuple[Change, ...]:
    """The first coordinate of every weight vector is longer by this factor."""

    def family(original: Function) -> Function:
        def sample(d: int, N: int, rng: np.random.Generator) -> Array:
            W: Array = original(d, N, rng)
            return np.concatenate([factor * W[:1], W[1:]])

        return sample

    return tuple(partial(exchanged, draw, family) for draw in weights.FAMILIES.values() if draw not in BUILT_ON)


BUILT_ON = {weights.ring, weights.student, weights.powerlaw, weights.shifted}
"""Samplers that call another one, and would be changed twice."""


def activation_weighting(by: Function) -> tuple[Change, ...]:
    """Activation puts in `by(A)` for A."""

    def dense(original: Function) -> Function:
        def put_in(layers: tuple[network.Layer, ...], layer: int) -> Array:
            at = layers[layer - 1].act if layer else layers[0].a
            return propagate.backward(layers, propagate.GRAD, by(at) if layer else at, start=layer)

        return put_in

    def reduced(original: Function) -> Function:
        def relevance(self: Any, c: Array, negative: Array, mask: Array) -> Array:
            r: Array = original(self, c, negative, mask)
            return np.where(r > 0, by(r), 0.0) if self.weighting.by_activation else r

        return relevance

    return (
        partial(exchanged, propagate.activation, dense),
        partial(exchanged, stacks.own_activation, lambda _: lambda A, r, n: np.where(A > 0, by(A), 0.0)),
        partial(exchanged, sampler.Layers.relevance, reduced),
        partial(entry, pairs.WEIGHTINGS, "activation", lambda A, r: np.where(A > 0, by(A), 0.0)),
    )


def one(A: Array) -> Array:
    """1 where a neuron is active, as the kind of number that an array holds."""
    return np.where(A > 0, 0 * A + 1, 0 * A)


def root(A: Array) -> Array:
    """√A; of Fractions the nearest fraction of 40 binary digits."""
    if A.dtype != object:
        return np.sqrt(np.abs(A))
    return np.array([Fraction(round(abs(float(a)) ** 0.5 * 2**40), 2**40) for a in A.ravel()], object).reshape(A.shape)


def biased(share: Fraction) -> tuple[Change, ...]:
    """A layer without biases has some: each this share of the mean length of its weights' columns, L¹."""

    def with_bias(original: Function) -> Function:
        def layer(a: Array, W: Array, b: Array | None = None, rectified: bool = True) -> Any:
            bias = of(W, share) * np.abs(W).sum(axis=0) / (1 if W.dtype == object else np.sqrt(len(W)))
            return original(a, W, bias if b is None and rectified else b, rectified)

        return layer

    return (partial(exchanged, network.layer, with_bias),)


def smaller_alpha(factor: float) -> tuple[Change, ...]:
    """Every measured α is smaller by this factor."""

    def scaled(original: Function) -> Function:
        return lambda *args, **named: factor * original(*args, **named)

    def parts(original: Function) -> Function:
        def turned(*args: Any, **named: Any) -> tuple[Array, Array]:
            along, across = original(*args, **named)
            length = np.hypot(along, across)
            return factor * along, np.sqrt(np.maximum(length**2 - (factor * along) ** 2, 0))

        return turned

    return (
        *(
            partial(exchanged, function, scaled)
            for function in (measure.alignment, pairs.alignments, stacks.cascade_alignments)
        ),
        *(partial(exchanged, function, parts) for function in (sampler.parts, montecarlo.parts)),
    )


def drawn_from(family: str, other: str, scale: float) -> tuple[Change, ...]:
    """The weights of a family are those of another, times `scale`, which keeps their second moment."""

    def exchange(original: Function) -> Function:
        return lambda d, N, rng: scale * weights.FAMILIES[other](d, N, rng)

    return (partial(exchanged, weights.FAMILIES[family], exchange),)


def off_centre(mean: float) -> tuple[Change, ...]:
    """The hidden relevance N(0, 1) has this mean."""
    return (partial(exchanged, montecarlo.normal, lambda original: lambda N, rng: mean + original(N, rng)),)


def constants(name: str, value: Any) -> tuple[Change, ...]:
    """A constant of the weight families, in every module that draws from it."""
    return tuple(partial(constant, module, name, value) for module in (weights, polar) if hasattr(module, name))
