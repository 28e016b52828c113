"""The reduced samplers against direct sampling, on one core: `python -m benchmarks.reduced`.

Medians of repeated runs, alternating what is compared. Exit status 1 where a bar is missed.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from nfrlab.simulations.dense import montecarlo, reduced
from nfrlab.simulations.dense.reduced.invariant import INVARIANT_RULES
from nfrlab.simulations.dense.reduced.polar import INVARIANT_FAMILIES

console = Console(width=150)
LAYER = 3072, 4096  # a CIFAR-10 image
HUGE = 150_528, 1_000_000  # an ImageNet image
RATIO, OVERHEAD, GAUSSIAN_MS, RADIAL_MS, DRAWS_PER_MINUTE = 700, 1.25, 60, 150, 1e9


def seconds(*runs: Callable[[], object], repeats: int = 7) -> list[float]:
    """Median time of each, called in turn so that a slow moment meets all of them."""
    times: list[list[float]] = [[] for _ in runs]
    for repeat in range(repeats + 1):
        for run, own in zip(runs, times, strict=True):
            start = time.perf_counter()
            run()
            if repeat:  # the first warms up
                own.append(time.perf_counter() - start)
    return [median(own) for own in times]


def direct_and_floor(rng: np.random.Generator) -> tuple[float, float]:
    """A trial of the direct sampler, and the sum of its unavoidable parts: N·d normals and two mat-vecs."""
    d, N = LAYER
    x, s = rng.standard_normal(d), rng.standard_normal(N)
    W = rng.standard_normal((d, N))
    direct, draw, forward, backward = seconds(
        lambda: montecarlo.parts("gbp", "gaussian", x, N, 1, rng),
        lambda: rng.standard_normal((d, N)),
        lambda: W.T @ x,
        lambda: W @ s,
    )
    return direct, draw + forward + backward


def per_trial(rule: str, family: str, d: int, N: int, trials: int, rng: np.random.Generator) -> float:
    """Seconds for one trial of the reduced sampler."""
    return seconds(lambda: reduced.alignments(rule, family, d, N, trials, rng))[0] / trials


def grid(rng: np.random.Generator) -> Iterator[tuple[str, str, float, float]]:
    """(rule, family, seconds at `LAYER`, seconds at `HUGE`) for every reduced sampler."""
    for rule in INVARIANT_RULES:
        for family in INVARIANT_FAMILIES:
            yield rule, family, per_trial(rule, family, *LAYER, 30, rng), per_trial(rule, family, *HUGE, 1, rng)


def slope(family: str, rng: np.random.Generator) -> float:
    """Exponent of the time in N, fitted from N = 2¹⁴ to 2²²."""
    widths = 2 ** np.arange(14, 23, 2)
    times = [per_trial("gbp", family, HUGE[0], int(N), max(1, 2**18 // int(N)), rng) for N in widths]
    return float(np.polyfit(np.log(widths), np.log(times), 1)[0])


def main() -> int:
    """Measure, print, and say whether every bar is met."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rng = np.random.default_rng(0)
    met = []
    with threadpool_limits(1):
        direct, floor = direct_and_floor(rng)
        met.append(direct <= OVERHEAD * floor)
        console.print(f"{platform.machine()}, one core, Python {platform.python_version()}, NumPy {np.__version__}")
        console.print(
            f"direct sampler, d = {LAYER[0]}, N = {LAYER[1]}: {direct * 1e3:.1f} ms a trial = {direct / floor:.2f} × "
            f"(normals + two mat-vecs), bar {OVERHEAD}"
        )
        listing = Table(
            "rule", "family", f"d = {LAYER[0]}, N = {LAYER[1]}", f"× direct (bar {RATIO})", "", header_style="bold"
        )
        listing.columns[4].header = f"d = {HUGE[0]:,}, N = {HUGE[1]:,}"
        listing.add_column("bar")
        listing.add_column("10⁹ neurons a minute")
        for rule, family, small, large in grid(rng):
            bar = GAUSSIAN_MS if family == "gaussian" else RADIAL_MS
            rate = 60 / large * HUGE[1]
            met += [direct / small >= RATIO, large * 1e3 <= bar, rate >= DRAWS_PER_MINUTE]
            cells = f"{small * 1e6:.0f} µs", f"{direct / small:.0f}", f"{large * 1e3:.1f} ms", f"{bar} ms"
            listing.add_row(rule, family, *cells, f"{rate / 1e9:.1f}")
        console.print(listing)
        for family in INVARIANT_FAMILIES:
            console.print(f"time ∝ N^{slope(family, rng):.3f} for gbp, {family}, d = {HUGE[0]:,}, N = 2¹⁴ … 2²²")
    console.print(f"{sum(met)} of {len(met)} bars met")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
