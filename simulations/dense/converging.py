"""Many relevances carried down one random stack, or through a chain of random matrices, drawn whole: mean |cos|.

The size of a cosine of two such relevances turns on the sums of their entries at the top. So there are two sets of
them, independent of one another, in each of which the sums are drawn one from each of equally probable intervals; each
relevance is still N(0, I), and a pair, one from either set, as two independent ones are, in the mean over all pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
import scipy
from jaxtyping import Float32, Float64

from nfrlab.simulations.dense.arrays import Array, negative_part, relu
from nfrlab.simulations.dense.network import Network
from nfrlab.simulations.dense.propagate import Rule

Rows = Float64[Array, "rules layers"]


def stratified(n: int, vectors: int, rng: np.random.Generator) -> Float32[Array, "n vectors"]:
    """Columns N(0, I), the sums of their entries drawn one from each of as many equally probable intervals."""
    v = rng.standard_normal((n, vectors), dtype=np.float32)
    sums = scipy.special.ndtri((rng.permutation(vectors) + rng.random(vectors)) / vectors)
    return np.asarray(v - v.mean(axis=0) + (sums / np.sqrt(n)).astype(np.float32))


def two_sets(n: int, vectors: int, rng: np.random.Generator) -> Float32[Array, "n both"]:
    """Two independent `stratified` sets beside one another."""
    return np.hstack([stratified(n, vectors, rng) for _ in range(2)])


def directions(R: Float32[Array, "n many"]) -> Float32[Array, "n many"]:
    """Columns of length 1; 0 stays 0."""
    lengths = np.linalg.norm(R, axis=0)
    return np.asarray(R / np.where(lengths > 0, lengths, 1))


def mean_size_between(R: Float32[Array, "n both"]) -> float:
    """The mean |cos| of one of the first half of the columns with one of the second."""
    units = directions(R)
    half = units.shape[1] // 2
    return float(np.abs(units[:, :half].T @ units[:, half:]).mean())


def stack_sizes(rules: Sequence[Rule], widths: tuple[int, ...], vectors: int, rng: np.random.Generator) -> Rows:
    """Mean |cos| under each rule at the layers L − 1, …, 0 of one random stack, at a normal input.

    Parameters
    ----------
    rules
        Those that carry relevance, many at once: z⁺, LRP-αβ, LRP-z.
    widths
        Of the input and of the layers; the relevances enter at the last.
    vectors
        How many are in each of the two sets.
    """
    weights = [rng.standard_normal((below, above), dtype=np.float32) for below, above in pairwise(widths)]
    scaled = tuple(np.float32(np.sqrt(2 / len(W))) * W for W in weights)
    layers = Network(scaled).forward(rng.standard_normal(widths[0], dtype=np.float32))
    entering = two_sets(widths[-1], vectors, rng)

    def down(back: Rule) -> Iterable[float]:
        R = entering
        for number, each in reversed([*enumerate(layers, start=1)]):
            R = directions(back.step_at(number)(each, R))
            yield mean_size_between(R)

    return np.array([[*down(back)] for back in rules])


def column_stochastic(W: Float32[Array, "m n"]) -> Float32[Array, "m n"]:
    """`|W|`, each column divided by its sum."""
    return np.asarray(np.abs(W) / np.abs(W).sum(axis=0))


def parts_of(beta: float) -> Callable[[Array], Array]:
    """`αW⁺ + βW⁻` of LRP-αβ, α = β + 1: W⁻ keeps its sign."""
    return lambda W: np.asarray((1 + beta) * relu(W) + beta * negative_part(W))


def chain_sizes(
    matrices: Sequence[Callable[[Array], Array]],
    widths: tuple[int, ...],
    vectors: int,
    rng: np.random.Generator,
) -> Rows:
    """Mean |cos| after every matrix of chains that are made of one sequence of random matrices.

    Parameters
    ----------
    matrices
        What each chain makes of the Gaussian matrices.
    widths
        Of the vectors, in the order in which they are met.
    vectors
        How many are in each of the two sets.
    """
    entering, found = two_sets(widths[0], vectors, rng), list[list[float]]()
    carried = [entering for _ in matrices]
    for before, after in pairwise(widths):
        W = rng.standard_normal((after, before), dtype=np.float32)
        carried = [directions(made(W) @ V) for made, V in zip(matrices, carried, strict=True)]
        found.append([mean_size_between(V) for V in carried])
    return np.array(found).T
