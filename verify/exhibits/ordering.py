"""The map of Theorem 2's ordering over N/d: samples for `paper_figs.ordering`, and the figure as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from nfrlab.paper_figs import ordering
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.reduced import pairs
from nfrlab.simulations.images import ImageSet
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.verify.exhibits.write import write

DIMENSIONS = 2, 3, 27, 784
RATIOS = 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0
MORE = 2, 3, 5, 9, 17, 27, 40
BUDGET = 2_000_000  # numbers drawn at a point: how many networks it has
NAMES = tuple(ordering.NAMES)


def sample(dimensions: tuple[int, ...], ratios: tuple[float, ...], seed: int) -> xr.Dataset:
    """Mean α of each weighting on common networks, and how often it beats Activation, at N = ratio · d; NaN where there
    is no such N.
    """
    shape = len(dimensions), len(ratios), len(NAMES)
    N, mean, lost = np.full(shape[:2], np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    for i, d in enumerate(dimensions):
        for j, ratio in enumerate(ratios):
            if ratio * d < 0.75:
                continue
            N[i, j] = round(ratio * d)
            alpha = alphas(d, int(N[i, j]), seed)
            mean[i, j], lost[i, j] = alpha.mean(axis=0), (alpha > alpha[:, :1] + 1e-12).mean(axis=0)
    axes = "d", "ratio", "weighting"
    data = {"N": (axes[:2], N), "mean": (axes, mean), "lost": (axes, lost)}
    coordinates = {"d": list(dimensions), "ratio": list(ratios), "weighting": list(NAMES)}
    return xr.Dataset(data, coordinates, {"seed": seed})


def alphas(d: int, N: int, seed: int) -> Array:
    """α of the weightings, (networks, weightings), in as many networks as the budget allows; those without an active
    neuron are left out.
    """
    n = int(np.clip(BUDGET / N, 60, 20_000))
    rng = np.random.default_rng(seed_sequence(seed, "ordering", d, N))
    alpha = pairs.alignments(NAMES, d, N, n, rng)
    return alpha[~np.isnan(alpha).any(axis=1)]


def draw(folder: Path, images: ImageSet, seed: int) -> list[Path]:
    """Sample, draw and write the figure; `images` play no part, as Gaussian layers treat every input alike."""
    data = ordering.Samples(sample(DIMENSIONS, RATIOS, seed), sample(MORE, (1.0, 10.0), seed))
    return write(folder, "ordering", lambda: ordering.figure(data))
