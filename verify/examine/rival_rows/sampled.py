"""Random networks of one layer: sampled once, by `nfrlab rivals`, and stored beside its measurements."""

from __future__ import annotations

import numpy as np
import xarray as xr

from nfrlab.simulations.bridge.rival_settings import RIVALS
from nfrlab.verify.examine.rival_rows import one_convolution, one_layer

SAMPLED = f"{RIVALS}one-layer"
"""The name under which they are stored."""


def sample_layers(seed: int) -> xr.Dataset:
    """The numbers of one dense layer and of one convolution, network by network; of fewer networks the last are NaN."""
    dense, convolution = one_layer.alphas(seed), one_convolution.numbers(seed)
    longest = max(dense.sizes["draw"], convolution.sizes["draw"])
    padded = (found.pad(draw=(0, longest - found.sizes["draw"])) for found in (dense, convolution))
    numbers = ("draw", np.arange(longest))
    found = xr.merge(padded).assign_coords(network=numbers, image=numbers)
    return found.assign_attrs(network=SAMPLED, weights="random", title="one layer, gaussian", seed=seed)
