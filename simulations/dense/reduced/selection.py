"""One order statistic of a stream too long to keep: a few passes over it, memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array

KEPT = 1 << 15


def order_statistic(
    stream: Callable[[], Iterable[Float[Array, " n"]]], rank: int, kept: int = KEPT, total: int | None = None
) -> float:
    """The value of 0-based `rank` in the sorted stream, exactly; `stream()` must give the same values at every pass.

    Munro & Paterson 1980: a pass counts what lies below a bracket (low, high] and inside it, and keeps the first `kept`
    values inside. If these are all, the answer is among them; else they place the next, narrower bracket; one that
    misses the rank is replaced by its neighbour. Where the length `total` of the stream is known, its first values
    place the first bracket: a pass less. Raises `ValueError` for a rank beyond the stream.
    """
    if total is not None and not 0 <= rank < total:
        raise ValueError(f"rank {rank} does not exist among {total} values")
    outer = low, high = -np.inf, np.inf  # the rank is known to lie in (outer], and looked for in (low, high]
    if total is not None and total > kept:
        low, high = narrower(np.sort(prefix(stream(), kept)), (rank + 0.5) / total, low, high)
    while True:
        below, inside, sample, least, most = 0, 0, np.empty(0), np.inf, -np.inf
        for values in stream():
            below += int(np.count_nonzero(values <= low))
            found = values[(values > low) & (values <= high)]
            inside += len(found)
            least, most = min(least, found.min(initial=np.inf)), max(most, found.max(initial=-np.inf))
            sample = np.concatenate((sample, found[: kept - len(sample)]))
        if rank < below and low > outer[0]:
            low, high = outer[0], low
        elif rank >= below + inside and high < outer[1]:
            low, high = high, outer[1]
        elif not below <= rank < below + inside:
            raise ValueError(f"rank {rank} does not exist among {below + inside} values")
        elif inside == len(sample):
            return float(np.sort(sample)[rank - below])
        elif least == most:
            return float(least)
        else:
            outer, share, sample = (low, high), (rank - below + 0.5) / inside, np.sort(sample)
            low, high = narrower(sample, share, low, high)
            if not (low >= least or high < most):  # as wide as before: halve it instead
                middle = float(sample[len(sample) // 2])
                edge = middle if middle < most else float(np.nextafter(middle, -np.inf))
                low, high = (outer[0], edge) if share < 0.5 else (edge, outer[1])


def prefix(stream: Iterable[Float[Array, " n"]], kept: int) -> Float[Array, " kept"]:
    """The first `kept` values."""
    sample = np.empty(0)
    for values in stream:
        sample = np.concatenate((sample, values[: kept - len(sample)]))
        if len(sample) == kept:
            break
    return sample


def narrower(sample: Float[Array, " n"], share: float, low: float, high: float) -> tuple[float, float]:
    """A bracket inside (low, high] that all but surely holds the `share`-quantile: its place in the sorted sample, give
    or take five standard errors.
    """
    n = len(sample)
    reach = 5 * np.sqrt(max(share * (1 - share), 1 / n) * n)
    first, last = min(int(share * n - reach), n - 1), int(share * n + reach)
    left = float(sample[first]) if first >= 0 else low
    right = float(sample[last]) if last < n else high
    return (left, right) if left < right else (float(np.nextafter(right, -np.inf)), right)
