"""Numbers of one convolution: a random network a draw, at one photograph."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from nfrlab.simulations.dense import reduced
from nfrlab.simulations.dense.convolution import Convolution
from nfrlab.simulations.images import image_set
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.verify.examine.convolutions import Image, Networks, centred

DRAWS, SIDE, FILTERS = 200, 12, 64
LARGE, HIDDEN, LARGE_DRAWS = 64, 70_000, 52
"""Side of the image at which Nie et al. compare filters of 7×7×3 with a dense layer, its neurons, networks of both."""
PLAIN, POOLED = Convolution(), Convolution(window=2, step=2)
OVERLAPPING = Convolution(side=7)


def photograph(side: int, seed: int) -> Image:
    """A photograph of side × side pixels, its mean colour subtracted."""
    rng = np.random.default_rng(seed_sequence(seed, "rivals", "photograph"))
    return centred(image_set(None), side, rng)


def drawn(number: Callable[[np.random.Generator], float], draws: int, seed: int, purpose: str) -> xr.DataArray:
    """A number of so many networks."""
    values = [number(np.random.default_rng(seed_sequence(seed, "rivals", purpose, i))) for i in range(draws)]
    return xr.DataArray(values, dims="draw")


def noise_of_deconv(seed: int) -> xr.DataArray:
    """`|α|` of DeconvNet without pooling."""
    x, networks = photograph(SIDE, seed), Networks(PLAIN, FILTERS)
    return drawn(lambda rng: float(abs(networks.alphas(("deconv",), x, rng)[0])), DRAWS, seed, "deconv")


def deconv_behind_gbp(seed: int) -> xr.DataArray:
    """α of DeconvNet less that of GBP, with maxima over 2×2."""
    x, networks = photograph(SIDE, seed), Networks(POOLED, FILTERS)

    def number(rng: np.random.Generator) -> float:
        deconv, gbp = networks.alphas(("deconv", "gbp"), x, rng)
        return float(deconv - gbp)

    return drawn(number, DRAWS, seed, "pooled")


def dense_ahead(seed: int) -> xr.DataArray:
    """α of GBP in a dense layer less that of the whole map in a convolution of 64 filters."""
    x, networks = photograph(LARGE, seed), Networks(OVERLAPPING, FILTERS)

    def number(rng: np.random.Generator) -> float:
        (dense,) = reduced.alignments("gbp", "gaussian", x.size, HIDDEN, 1, rng)
        return float(dense - networks.alphas(("gbp",), x, rng)[0])

    return drawn(number, LARGE_DRAWS, seed, "dense")


def numbers(seed: int) -> xr.Dataset:
    """`deconv_size(draw)`, `deconv_behind_gbp(draw)` and `dense_ahead(draw)`; of fewer networks the last are NaN."""
    found = {
        "deconv_size": noise_of_deconv(seed),
        "deconv_behind_gbp": deconv_behind_gbp(seed),
        "dense_ahead": dense_ahead(seed),
    }
    return xr.Dataset({name: values.pad(draw=(0, DRAWS - values.size)) for name, values in found.items()})
