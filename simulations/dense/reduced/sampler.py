"""Exact reduced sampling: the alignment of rotation-invariant rules on isotropic layers, without the weights.

`R = Σ_j s_j w_j` where `s_j` depends on `w_j` only through `c_j = w_j·x̂`. Then α depends on a few scalars per neuron
(`simulations.dense.reduced.polar`), and drawing these instead of N·d numbers gives α with the same law: exact in
distribution, O(N) a trial whatever d is, and memory that does not grow with N. Neurons that cannot contribute, because
the mask or the rule's filter closes them, are not even drawn: their number is binomial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from jaxtyping import Float

from nfrlab.simulations.dense.reduced.invariant import INVARIANT_RULES, RELEVANCES, Relevance, Weighting
from nfrlab.simulations.dense.reduced.polar import INVARIANT_FAMILIES, Cloud, Floats, Mask, Radial, Radius, Tile
from nfrlab.simulations.dense.reduced.selection import order_statistic

TILE = 3 << 12  # entries of a rectangle: few enough for cache and heap, enough to forget the interpreter
Counts = npt.NDArray[np.int64]


def alignments(
    rule: str,
    family: str | Radius,
    d: int,
    N: int,
    trials: int,
    rng: np.random.Generator,
    relevance: str = "normal",
    **parameters: Any,
) -> Float[Floats, " trials"]:
    """α of the maps `r_0` of `trials` random layers, each with fresh weights and relevance; NaN where a map is zero.

    Takes what `parts` takes, and raises `ValueError` as it does.
    """
    along, across = parts(rule, family, d, N, trials, rng, relevance, **parameters)
    with np.errstate(invalid="ignore"):
        return along / np.hypot(along, across)


def parts(
    rule: str,
    family: str | Radius,
    d: int,
    N: int,
    trials: int,
    rng: np.random.Generator,
    relevance: str = "normal",
    **parameters: Any,
) -> tuple[Float[Floats, " trials"], Float[Floats, " trials"]]:
    """`(⟨R, x̂⟩, ‖R − ⟨R, x̂⟩ x̂‖)` of the maps `r_0` of `trials` random layers.

    Raises `ValueError` for a rule, family or relevance that has no reduced sampler, and for an empty shape.

    Parameters
    ----------
    rule
        One of `INVARIANT_RULES`.
    family
        One of `INVARIANT_FAMILIES`, or any radial law: `rho(d, shape, rng)` draws ‖w‖, the direction is uniform.
    d, N
        Inputs and neurons of a layer.
    relevance
        The law of the hidden relevance, one of `RELEVANCES`; a rule that brings its own ignores it.
    parameters
        Those of the rule, such as `q`.
    """
    for kind, name, known in (
        ("rule", rule, INVARIANT_RULES),
        ("family", "gaussian" if callable(family) else family, INVARIANT_FAMILIES),
        ("relevance", relevance, RELEVANCES),
    ):
        if name not in known:
            raise ValueError(f"no reduced sampler for the {kind} '{name}'; there is one for {', '.join(known)}")
    if d < 1 or N < 1:
        raise ValueError(f"weights need d ≥ 1 and N ≥ 1, got d = {d}, N = {N}")
    weighting = INVARIANT_RULES[rule](**parameters)
    cloud = partial(Radial, family) if callable(family) else INVARIANT_FAMILIES[family]
    law = weighting.relevance or RELEVANCES[relevance]
    counts, neurons, angles = rng.spawn(3)
    along, across = np.empty(trials), np.empty(trials)
    at_once = max(1, TILE // N)
    for first in range(0, trials, at_once):
        here = slice(first, min(first + at_once, trials))
        some = Layers(weighting, law, N, here.stop - first, counts, neurons, weighting.filtered)
        along[here], across[here] = some.parts(lambda n: cloud(d, n, angles))
    return along, across


@dataclass
class Layers:
    """The contributing neurons of `trials` layers of width N, drawn rectangle by rectangle.

    Layers that fit come many in one rectangle; of one that does not (N > TILE) the groups come one after the other, and
    a group that does not fit (a frame of d > TILE) neuron by neuron.
    """

    weighting: Weighting
    law: Relevance
    N: int
    trials: int
    counts: np.random.Generator
    neurons: np.random.Generator
    filtered: bool  # only r > 0 can contribute

    def parts(self, cloud_of: Callable[[int], Cloud]) -> tuple[Floats, Floats]:
        """(along, across) of `Σ_j s_j w_j` in each layer."""
        cloud, tau = cloud_of(self.trials), self.weighting.tau
        if self.weighting.quantile is not None and self.N > TILE:
            tau = self.threshold(lambda: cloud_of(1))
        for c, r, _, below in self.tiles(cloud):
            if tau is not None:
                r = r * (c * r > tau)
            elif self.weighting.quantile is not None:
                r = r * (c * r > self.thresholds((c * r).reshape(self.trials, -1), below)[:, None, None])
            cloud.add(r, c)
        return cloud.parts()

    def groups(self, size: int) -> Iterator[tuple[Counts, Counts]]:
        """How many neurons contribute with r < 0 and in all, in each group of `size`; as many groups at once as fit."""
        active = 0.5 if self.weighting.masked else 1.0
        below = 0.0 if self.weighting.filtered else active * self.law.negative
        above = active * self.law.positive / (1 - below)  # of the neurons that are left once r < 0 is taken out
        number = -(-self.N // size)
        at_once = number if self.N <= TILE else max(1, TILE // size)
        for first in range(0, number, at_once):
            n = np.full((self.trials, min(at_once, number - first)), size)
            if first + at_once >= number:
                n[:, -1] = self.N - (number - 1) * size
            negative = self.counts.binomial(n, below) if below else np.zeros_like(n)
            positive = self.counts.binomial(n - negative, above)
            yield (np.zeros_like(n), positive) if self.filtered else (negative, negative + positive)

    def tiles(self, cloud: Cloud) -> Iterator[tuple[Tile, Tile, Mask, Counts]]:
        """(c, r, mask, number of r < 0) of the contributing neurons; outside the mask r = 0."""
        for negative, used in self.groups(cloud.frame or min(self.N, TILE)):
            cloud.open(used.shape)
            width = int(used.max())
            step = max(1, width if self.N <= TILE else TILE // used.shape[1])
            for start in range(0, width, step):
                index = np.arange(start, min(start + step, width))
                mask = index < used[:, :, None]
                c = cloud.coordinates(mask, self.neurons)
                if self.weighting.masked:
                    np.abs(c, out=c)
                yield c, self.relevance(c, index < negative[:, :, None], mask), mask, negative.sum(axis=1)
            cloud.close()

    def relevance(self, c: Tile, negative: Mask, mask: Mask) -> Tile:
        """r of the contributing neurons."""
        if self.weighting.by_activation:
            return c * mask
        size = self.law.size(c.shape, self.neurons) * mask
        return size if self.filtered else np.negative(size, where=negative, out=size)

    @property
    def rank(self) -> int:
        """The 0-based rank of the order statistic that RectGrad passes what exceeds.

        Its interpolated quantile lies there, or in the gap above, which holds no value.
        """
        assert self.weighting.quantile is not None
        return int(self.weighting.quantile * (self.N - 1))

    def thresholds(self, values: Float[Floats, "trials n"], negative: Counts) -> Float[Floats, " trials"]:
        """The order statistic `rank` of `A r` over all N neurons, from the contributing ones: all others are zeros."""
        n = values.shape[1]
        place = np.where(self.rank < negative, self.rank, self.rank - self.N + n)
        ordered = np.sort(values, axis=1)
        found = np.take_along_axis(ordered, np.maximum(place, 0)[:, None], axis=1)[:, 0]
        return np.where((self.rank < negative) | (place >= negative), found, 0.0)

    def threshold(self, cloud: Callable[[], Cloud]) -> float:
        """`thresholds` for one layer that does not fit: counted, then selected, from copies of the random numbers.

        Where it is not negative, neurons with r < 0 cannot pass, and are not drawn from here on.
        """

        def again() -> Layers:
            return replace(self, counts=deepcopy(self.counts), neurons=deepcopy(self.neurons))

        negative, used = 0, 0
        for some_negative, some in again().groups(cloud().frame or TILE):
            negative, used = negative + int(some_negative.sum()), used + int(some.sum())
        zeros = self.N - used
        self.filtered = self.filtered or self.rank >= negative
        if negative <= self.rank < negative + zeros:
            return 0.0
        rank = self.rank - zeros - negative if self.filtered else self.rank

        def values() -> Iterator[Floats]:
            return ((c * r)[mask] for c, r, mask, _ in again().tiles(cloud()))

        return order_statistic(values, rank, total=used - negative if self.filtered else used)
