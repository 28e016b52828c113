"""Exact reduced sampling of many relevances of one random ReLU stack: their cosines at every layer, without weights.

As in `reduced.stacks` the weights of a layer do to what a rule hands down a known part along the activation, and
Gaussian noise beside it. Of many relevances s_p the noise is normal together, with covariances ⟨s_p, s_q⟩: O(Σ n_l)
numbers a relevance, the law of whole stacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.reduced.stacks import WEIGHTINGS, Floats

Carried = Float[Floats, "trials vectors n"]
TILE = 1 << 17


def passed(rule: str, z: Float[Floats, "trials n"], r: Carried) -> Carried:
    """What a rule hands down of each relevance at neurons of pre-activations z.

    Deconvnet drops the forward mask; the others are those of `reduced.stacks`.
    """
    if rule == "deconv":
        return np.maximum(r, 0)
    A = np.maximum(z, 0)
    return np.stack([(z > 0) * WEIGHTINGS[rule](A, r[:, p], z.shape[1]) for p in range(r.shape[1])], axis=1)


def relevances(
    rule: str, widths: tuple[int, ...], vectors: int, trials: int, rng: np.random.Generator, mean: float = 0.0
) -> Iterator[Carried]:
    """Relevances at the layers L − 1, …, 0 of `trials` random stacks, of length 1 each; 0 where nothing passes.

    They enter at layer L as independent N(mean, I). The input is `(1, 0, …, 0)`: a rotation turns it into any other.

    Raises `ValueError` for an unknown rule and for an empty layer.

    Parameters
    ----------
    rule
        "deconv", or one of `reduced.stacks.WEIGHTINGS`.
    widths
        Of the input and of the ReLU layers.
    vectors
        How many enter each stack.
    """
    if rule != "deconv" and rule not in WEIGHTINGS:
        raise ValueError(f"no reduced relevances for '{rule}'; there are for deconv, {', '.join(WEIGHTINGS)}")
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError(f"a stack needs an input and ReLU layers, all of width ≥ 1, got widths {widths}")
    z = rng.standard_normal((trials, widths[-1]))
    r = mean + rng.standard_normal((trials, vectors, widths[-1]))
    for layer in range(len(widths) - 2, -1, -1):
        s = passed(rule, z, r)
        along = s @ z[:, :, None]
        z = rng.standard_normal((trials, widths[layer])) if layer else np.eye(1, widths[0]).repeat(trials, axis=0)
        unit = normalised(np.maximum(z, 0))[:, None, :]
        g = root(s @ s.swapaxes(1, 2)) @ rng.standard_normal((trials, vectors, widths[layer]))
        g += (along - g @ unit.swapaxes(1, 2)) * unit
        r = normalised(g)
        yield r


def root(covariance: Float[Floats, "trials vectors vectors"]) -> Float[Floats, "trials vectors vectors"]:
    """The square root of a covariance, regular or not."""
    squares, axes = np.linalg.eigh(covariance)
    return np.asarray((axes * np.sqrt(np.maximum(squares, 0))[:, None, :]) @ axes.swapaxes(1, 2))


def normalised(r: Float[Floats, "*many n"]) -> Float[Floats, "*many n"]:
    """Vectors of length 1; 0 stays 0."""
    length = np.linalg.norm(r, axis=-1, keepdims=True)
    return r / np.where(length > 0, length, 1)


def in_tiles(draw: Callable[[int], Floats], trials: int, numbers: int) -> Floats:
    """The rows of `trials` trials of so many `numbers` each, drawn some at a time."""
    at_once = max(1, TILE // numbers)
    return np.concatenate([draw(min(at_once, trials - first)) for first in range(0, trials, at_once)])


def pair_means(
    rule: str,
    widths: tuple[int, ...],
    vectors: int,
    trials: int,
    rng: np.random.Generator,
    mean: float = 0.0,
    power: int = 1,
) -> Float[Floats, "trials layers"]:
    """Of every stack, at the layers L − 1, …, 0, the mean of `cos^power` over the pairs of its relevances.

    The mean cosine of v vectors is at least −1/(v − 1). Arguments and errors are those of `relevances`.
    """

    def of(r: Carried) -> Float[Floats, " trials"]:
        cosines = (r @ r.swapaxes(1, 2)) ** power
        return (cosines.sum(axis=(1, 2)) - np.einsum("tvv->t", cosines)) / (vectors * (vectors - 1))

    def draw(size: int) -> Float[Floats, "size layers"]:
        return np.column_stack([of(r) for r in relevances(rule, widths, vectors, size, rng, mean)])

    return in_tiles(draw, trials, vectors * max(widths))


def means_between(
    rule: str, widths: tuple[int, ...], vectors: int, trials: int, rng: np.random.Generator
) -> Float[Floats, "trials 1"]:
    """Of two random stacks that meet one input, the mean cosine of a relevance of one with one of the other, there.

    Arguments and errors are those of `relevances`.
    """

    def draw(size: int) -> Float[Floats, "size 1"]:
        one, other = ([*relevances(rule, widths, vectors, size, rng)][-1].mean(axis=1) for _ in range(2))
        return np.einsum("tn,tn->t", one, other)[:, None]

    return in_tiles(draw, trials, vectors * max(widths))
