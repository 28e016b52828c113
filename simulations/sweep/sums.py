"""Mergeable sums: what is kept of a million alignments, of fixed size.

`z = artanh α` (Fisher's) is the scale of the histogram: it resolves 1 − α as well as α. Cells are dyadic, `[k, k + 1) ·
2^−level`, so that two histograms always have a common refinement of the coarser level, and merging loses no more than a
histogram of the whole would have lost.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt
from jaxtyping import Float

Floats = npt.NDArray[np.float64]
FINEST = 20  # cells of 2^−20
CELLS = 512  # at most, from the first occupied to the last
BEYOND = 8.0  # |z| is cut there: 1 − |α| = 2e−7


@dataclass(frozen=True)
class Histogram:
    """Counts of consecutive cells of width 2^−level, the first of them starting at `first · 2^−level`."""

    level: int = FINEST
    first: int = 0
    counts: tuple[int, ...] = ()

    @staticmethod
    def of(z: Float[Floats, " n"]) -> Histogram:
        """The finest histogram of at most `CELLS` cells."""
        if len(z) == 0:
            return Histogram()
        cells = np.floor(np.clip(z, -BEYOND, BEYOND) * 2.0**FINEST).astype(np.int64)
        level = FINEST
        while cells.max() - cells.min() >= CELLS:
            cells, level = cells >> 1, level - 1
        first = int(cells.min())
        return Histogram(level, first, tuple(np.bincount(cells - first).tolist()))

    def coarsened(self, level: int) -> Histogram:
        """The counts in the wider cells of `level`."""
        if not self.counts:
            return Histogram(level)
        first = self.first >> (self.level - level)
        cells = (np.arange(self.first, self.first + len(self.counts)) >> (self.level - level)) - first
        counts = np.zeros(int(cells[-1]) + 1, dtype=np.int64)
        np.add.at(counts, cells, self.counts)
        return Histogram(level, first, tuple(counts.tolist()))

    def merged(self, other: Histogram) -> Histogram:
        """The counts of both histograms, in the finest cells that hold them."""
        if not self.counts or not other.counts:
            return other if not self.counts else self
        level = min(self.level, other.level)
        while True:
            a, b = self.coarsened(level), other.coarsened(level)
            first = min(a.first, b.first)
            cells = max(a.first + len(a.counts), b.first + len(b.counts)) - first
            if cells <= CELLS:
                break
            level -= 1
        counts = np.zeros(cells, dtype=np.int64)
        for part in (a, b):
            counts[part.first - first : part.first - first + len(part.counts)] += part.counts
        return Histogram(level, first, tuple(counts.tolist()))

    def quantile(self, p: float) -> float:
        """α below which a share p lies, linear within a cell; off by less than the cell. NaN of nothing."""
        if not self.counts:
            return float("nan")
        upto = np.concatenate(([0], np.cumsum(self.counts)))
        edges = (self.first + np.arange(len(upto))) * 2.0**-self.level
        return float(np.tanh(np.interp(p * upto[-1], upto, edges)))


@dataclass(frozen=True)
class Sums:
    """n alignments by their mean, `M2 = Σ (α − mean)²`, extremes and histogram.

    `undefined` counts maps that were zero, which have no alignment and are not among the n.
    """

    n: int = 0
    undefined: int = 0
    mean: float = 0.0
    M2: float = 0.0
    min: float = inf
    max: float = -inf
    histogram: Histogram = field(default_factory=Histogram)

    @staticmethod
    def of(along: Float[Floats, " n"], across: Float[Floats, " n"]) -> Sums:
        """The sums of `α = along / √(along² + across²)`."""
        length = np.hypot(along, across)
        seen = length > 0
        along, across, length = along[seen], across[seen], length[seen]
        undefined = len(seen) - len(along)
        if len(along) == 0:
            return Sums(undefined=undefined)
        alpha = along / length
        with np.errstate(divide="ignore", over="ignore"):
            z = np.arcsinh(along / across)  # artanh α without the cancellation in 1 − α
        mean = float(alpha.mean())
        M2 = float(((alpha - mean) ** 2).sum())
        return Sums(len(alpha), undefined, mean, M2, float(alpha.min()), float(alpha.max()), Histogram.of(z))

    def merged(self, other: Sums) -> Sums:
        """The sums of both samples (Chan, Golub & LeVeque 1983)."""
        n, undefined = self.n + other.n, self.undefined + other.undefined
        if self.n == 0 or other.n == 0:
            some = other if self.n == 0 else self
            return Sums(n, undefined, some.mean, some.M2, some.min, some.max, some.histogram)
        gap = other.mean - self.mean
        return Sums(
            n,
            undefined,
            self.mean + gap * other.n / n,
            self.M2 + other.M2 + gap * gap * self.n * other.n / n,
            min(self.min, other.min),
            max(self.max, other.max),
            self.histogram.merged(other.histogram),
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values; every float survives `repr` unchanged."""
        return asdict(self)

    @staticmethod
    def from_json(stored: dict[str, Any]) -> Sums:
        """What `as_json` gave."""
        cells = stored["histogram"]
        return Sums(**{**stored, "histogram": Histogram(cells["level"], cells["first"], tuple(cells["counts"]))})
