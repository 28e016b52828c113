"""How many neurons a minute a sweep draws, blocks, files and processes included: `python -m benchmarks.sweeps`.

A number beside its bar, and the gain of a second process as a ratio. Exit status 1 where a bar is missed.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from nfrlab.simulations.sweep import Spec, run

console = Console(width=150)
DRAWS_PER_MINUTE = 1e9
DRAWS = 200_000_000


def rate(family: str, N: int, jobs: int) -> float:
    """Neurons drawn per minute by a sweep of GBP over one point, d = 784, of `DRAWS` neurons in all."""
    grid = Spec(("gbp",), (family,), (784,), (N,), trials=DRAWS // N)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run(grid, Path(folder), jobs)
        return DRAWS / (time.perf_counter() - start) * 60


def main() -> int:
    """Measure, print, and say whether every bar is met."""
    rate("gaussian", 4096, 2)  # starts the worker processes
    met = []
    listing = Table(
        "family", "N", "10⁹ neurons a minute, one process", "bar", "two processes / one", header_style="bold"
    )
    for family in ("gaussian", "student", "sphere", "ring", "haar"):
        for N in (16, 4096, 1_000_000):
            one, two = rate(family, N, 1), rate(family, N, 2)
            met.append(one >= DRAWS_PER_MINUTE)
            listing.add_row(family, f"{N:,}", f"{one / 1e9:.1f}", "1.0", f"{two / one:.2f}")
    console.print(listing)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"peak memory of this process {peak:.0f} MiB; {sum(met)} of {len(met)} bars met")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
