"""How well a score tells two groups apart: `AUC = P(S₁ > S₀) + ½ P(S₁ = S₀)`, from disjoint blocks.

A pair of one image of the smaller group and a block of the larger one is used once: the means of blocks are
independent, lie in [0, 1] and have the AUC as their mean, so that every interval of a bounded mean is one of the AUC.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from nfrlab.simulations.dense.arrays import Array
from nfrlab.verify.intervals.fixed import Floats


def auc(score: Float[Floats, " n"], good: Bool[Array, " n"]) -> float:
    """The AUC of a sample: good ones before bad ones. Raises `ValueError` where there are none of a kind."""
    if not (np.any(good) and np.any(~good)):
        raise ValueError("an AUC needs scores of both groups")
    ones, zeros = np.sort(score[good]), score[~good]
    below, upto = np.searchsorted(ones, zeros, "left"), np.searchsorted(ones, zeros, "right")
    return float(np.mean((len(ones) - upto + 0.5 * (upto - below)) / len(ones)))


def blocks(good: Bool[Array, " n"], rng: np.random.Generator) -> list[tuple[int, Int[Array, " m"]]]:
    """Each member of the smaller group with members of the larger one, all of one number, none used twice.

    Raises `ValueError` where there are none of a kind.
    """
    few, many = sorted((np.flatnonzero(good), np.flatnonzero(~good)), key=len)
    if len(few) == 0:
        raise ValueError("blocks need members of both groups")
    few, many = rng.permutation(few), rng.permutation(many)
    size = len(many) // len(few)
    return [(int(one), many[i * size : (i + 1) * size]) for i, one in enumerate(few)]


def block_means(
    score: Float[Floats, " n"], good: Bool[Array, " n"], pairs: list[tuple[int, Int[Array, " m"]]]
) -> Float[Array, " k"]:
    """For every block the share of pairs in which the good one scores higher, ties counting a half."""

    def mean(one: int, others: Int[Array, " m"]) -> float:
        above = np.mean(score[one] > score[others]) + 0.5 * np.mean(score[one] == score[others])
        return float(above if good[one] else 1 - above)

    return np.array([mean(one, others) for one, others in pairs])


def within_strata(
    good: Bool[Array, " n"], stratum: Int[Array, " n"], rng: np.random.Generator
) -> list[tuple[int, Int[Array, " m"]]]:
    """The blocks of every stratum that has members of both groups: who is compared is alike in what strata are made of.

    A stratum is a property of each image, or comes from other numbers than the score.
    """
    found: list[tuple[int, Int[Array, " m"]]] = []
    for value in np.unique(stratum):
        inside = np.flatnonzero(stratum == value)
        if np.any(good[inside]) and not np.all(good[inside]):
            found += [(int(inside[one]), inside[others]) for one, others in blocks(good[inside], rng)]
    return found
