"""One order statistic of a stream too long to keep: a few passes over it, memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from jaxtyping import Float

from simulations.onelayer.arrays import Array

KEPT = 1 << 15


def order_statistic(stream: Callable[[], Iterable[Float[Array, " n"]]], rank: int, kept: int = KEPT) -> float:
    """The value of 0-based `rank` in the sorted stream, exactly; `stream()` must give the same values at every pass.

    Munro & Paterson 1980: a pass counts what lies below a bracket (low, high] and inside it, and keeps the first `kept`
    values inside. If these are all, the answer is among them; else they place the next, narrower bracket; one that
    misses the rank is replaced by its neighbour. Raises `ValueError` for a rank beyond the stream.
    """
    outer = low, high = -np.inf, np.inf
    while True:
        below, inside, sample, least, most = 0, 0, np.empty(0), np.inf, -np.inf
        for values in stream():
            below += int(np.count_nonzero(values <= low))
            found = values[(values > low) & (values <= high)]
            inside += len(found)
            least, most = min(least, found.min(initial=np.inf)), max(most, found.max(initial=-np.inf))
            sample = np.concatenate((sample, found[: kept - len(sample)]))
        if (low, high) == (-np.inf, np.inf) and not 0 <= rank < inside:
            raise ValueError(f"rank {rank} does not exist among {inside} values")
        if rank < below:
            low, high = outer[0], low
        elif rank >= below + inside:
            low, high = high, outer[1]
        elif inside == len(sample):
            return float(np.sort(sample)[rank - below])
        elif least == most:
            return float(least)
        else:
            outer = low, high
            low, high = narrower(np.sort(sample), (rank - below + 0.5) / inside, low, high)


def narrower(sample: Float[Array, " n"], share: float, low: float, high: float) -> tuple[float, float]:
    """A bracket inside (low, high] that all but surely holds the `share`-quantile: its place in the sorted sample, give
    or take five standard errors.
    """
    n = len(sample)
    reach = 5 * np.sqrt(max(share * (1 - share), 1 / n) * n)
    first, last = int(share * n - reach), int(share * n + reach)
    left = float(sample[first]) if first >= 0 else low
    right = float(sample[last]) if last < n else high
    return (left, right) if left < right else (float(np.nextafter(right, -np.inf)), right)
