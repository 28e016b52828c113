"""Numbers of one wide layer of dense weights: one layer and one patch of a photograph a draw."""

from __future__ import annotations

import numpy as np
import xarray as xr

from nfrlab.simulations.dense import alignment, attribution, layer, rule, sample
from nfrlab.simulations.images import image_set
from nfrlab.simulations.seeds import seed_sequence

SIDE, TIMES, DRAWS = 3, 500, 300
"""Of the patches; how many times as many neurons as inputs there are; layers."""
FAMILIES = ("gaussian", "uniform")
RULES = ("gbp", "grad")


def alphas(seed: int) -> xr.Dataset:
    """`layer_alpha(draw, family, rule)` of r_0 in one layer: the same patch and relevance for every family and rule."""
    images, found = image_set(None), []
    for draw in range(DRAWS):
        rng = np.random.default_rng(seed_sequence(seed, "rivals", "one layer", draw))
        x = images.patch(SIDE, rng)
        N = TIMES * len(x)
        r = rng.standard_normal(N)
        of_family = {family: layer(x, sample(family, len(x), N, rng)) for family in FAMILIES}
        found.append([[alignment(attribution((of_family[f],), rule(name), r), x) for name in RULES] for f in FAMILIES])
    return xr.Dataset({"layer_alpha": (("draw", "family", "rule"), found)}).assign_coords(
        family=list(FAMILIES), rule=list(RULES)
    )


def entries() -> int:
    """How many a patch has."""
    return 3 * SIDE * SIDE
