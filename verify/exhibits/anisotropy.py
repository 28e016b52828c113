"""The data of the figure on isotropy: every family's anisotropy, its worst α_∞, and α_∞ at image patches."""

from __future__ import annotations

from math import nan
from pathlib import Path

import numpy as np

from nfrlab.paper_figs import anisotropy as picture
from nfrlab.paper_figs.anisotropy import Anisotropies, Row
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.images import ImageSet
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit import anisotropy, bulk_alignment, worst_alignment, worst_searched
from nfrlab.theory.limit.direction import gbp_limit
from nfrlab.verify.examine.stated_draws import dyadic
from nfrlab.verify.exhibits.write import write

SIDE, PATCHES = 2, 25
DIMENSION = 3 * SIDE**2


def worst_value(name: str, d: int) -> tuple[float, bool]:
    """(worst α_∞ over all x, whether it is exact or certified); for shifted and uniform01 signed x are included."""
    if name == "uniform01":
        return 0.0, True
    if name in bulk_alignment.BULK:
        return worst_searched.least_two_level(name, d)[0], False
    if name == "sparse":
        return worst_searched.sparse_near_axis(d), False
    return worst_alignment.worst(name, d).low, True


def rows(images: ImageSet, seed: int) -> list[Row]:
    """One row a family, and one for the compensated law; the image patches are common to all.

    Cauchy entries have no mean: their limit, in probability, is that of `axis`, as is the worst value.
    """
    rng = np.random.default_rng(seed_sequence(seed, "figure isotropy"))
    patches = [dyadic(images.patch(SIDE, rng), 8) for _ in range(PATCHES)]
    found = [row(name, patches) for name in FAMILIES if FAMILIES[name].moments > 1]
    aligned = [gbp_limit(anisotropy.COMPENSATED, x).value for x in patches]
    axis = next(one for one in found if one.name == "axis")
    cauchy = axis._replace(name="cauchy", ratio=nan, centred=False)
    return [*found, cauchy, Row("compensated", 1.0, 1.0, float(np.median(aligned)), min(aligned), True, True)]


def row(name: str, patches: list[Array]) -> Row:
    """A family's numbers."""
    known, (worst, exact) = FAMILIES[name], worst_value(name, DIMENSION)
    ends = anisotropy.extremes(name, DIMENSION)
    alpha = [gbp_limit(known, x).value for x in patches]
    proven = exact and ends.proven
    return Row(name, ends.ratio, worst, float(np.median(alpha)), float(np.min(alpha)), known.zero_mean, proven)


def draw(folder: Path, images: ImageSet, seed: int) -> list[Path]:
    """Write `isotropy.svg` and `isotropy.png` into the folder and return their paths."""
    data = Anisotropies(rows(images, seed), DIMENSION)
    return write(folder, "isotropy", lambda: picture.figure(data))
