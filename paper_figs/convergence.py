"""What the three convergence figures share: panels by family, curves of a sweep, and the theory's law beside them."""

from __future__ import annotations

from functools import cache
from math import ceil

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.theory.families import FAMILIES
from nfrlab.theory.finite_width.law import LAWS, alignment_law
from nfrlab.theory.finite_width.mixture import AlignmentLaw
from nfrlab.theory.limit.direction import gbp_alignment

Floats = npt.NDArray[np.float64]
BANDS = (0.05, 0.95), (0.25, 0.75)
LAST = 4  # octaves that the slope is fitted to
COLUMNS = 3


def families(sweep: xr.Dataset) -> list[str]:
    """The sweep's families, isotropic ones first."""
    names = [str(name) for name in sweep["family"].values]
    return sorted(names, key=lambda name: not FAMILIES[name].rotation_invariant)


def title(name: str) -> str:
    """The title of a family's panel: its name, and whether it is isotropic."""
    return f"{name} ({'isotropic' if FAMILIES[name].rotation_invariant else 'not isotropic'})"


def summary(sweep: xr.Dataset, rule: str, family: str) -> tuple[Floats, Floats, Floats]:
    """(N, mean α, its standard error) along one curve, seeds pooled."""
    some = sweep.sel(rule=rule, family=family).isel(d=0)
    n, mean, M2 = (some[name].transpose("N", "seed").values for name in ("n", "mean", "M2"))
    total = n.sum(axis=1)
    middle = np.where(n > 0, n * mean, 0).sum(axis=1) / np.where(total > 0, total, np.nan)
    squares = np.where(n > 0, M2 + n * (mean - middle[:, None]) ** 2, 0).sum(axis=1)
    return some["N"].values.astype(float), middle, np.sqrt(squares / np.maximum(total - 1, 1) / total)


def quantile(sweep: xr.Dataset, rule: str, family: str, share: float) -> Floats:
    """The quantile of α along one curve, of the first seed."""
    return np.asarray(sweep["quantile"].sel(rule=rule, family=family, share=share).isel(d=0, seed=0).values)


@cache
def known_law(rule: str, family: str, d: int, N: int) -> AlignmentLaw | None:
    """The full law of α of a sweep's rule, for instance `rectgrad(q=0.9)`; None where there is none."""
    name, _, q = rule.rstrip(")").partition("(q=")
    if (name, family) not in LAWS or FAMILIES[family].orthonormal:
        return None
    try:
        return alignment_law(name, family, d, N, float(q or 0.9))
    except ValueError:
        return None


def laws(sweep: xr.Dataset, rule: str, family: str) -> list[AlignmentLaw]:
    """The laws at all the sweep's widths; none where one of them has none: RectGrad's begins at N = 7."""
    found = [known_law(rule, family, int(sweep["d"].values[0]), int(N)) for N in sweep["N"].values]
    return [one for one in found if one] if all(found) else []


def prediction(sweep: xr.Dataset, rule: str, family: str, median: bool) -> Floats | None:
    """The theory's mean or median α at the sweep's widths, for relevance N(0, 1).

    The full law where there is one, else GBP's first order in 1/N, which is that of mean and median; None where there
    is neither.
    """
    if found := laws(sweep, rule, family):
        return np.array([one.quantile(0.5) if median else one.mean for one in found])
    known = FAMILIES[family]
    if rule == "gbp" and known.moments > 1 and known.zero_mean and known.independent_neurons:
        x = sweep["input"].values
        return np.array([gbp_alignment(known, x, float(width)) for width in sweep["N"].values])
    return None


def band(sweep: xr.Dataset, rule: str, family: str) -> tuple[Floats, Floats] | None:
    """The theory's 5 % and 95 % quantiles at the sweep's widths, where there is a full law."""
    found = laws(sweep, rule, family)
    if not found:
        return None
    low, high = np.transpose([one.quantiles(np.array(BANDS[0])) for one in found])
    return low, high


def fitted_slope(N: Floats, mean: Floats, error: Floats) -> tuple[float, float]:
    """Slope of log(1 − α) against log N over the last octaves, and its standard error.

    Each point is weighted by its own standard error. NaN where fewer than two points have 1 − α and its error above 0.
    """
    gap, error = 1 - mean[-LAST:], error[-LAST:]
    seen = (gap > 0) & (error > 0)
    if np.count_nonzero(seen) < 2:
        return float("nan"), float("nan")
    weight = (gap[seen] / error[seen]) ** 2
    u, v = np.log(N[-LAST:][seen]), np.log(gap[seen])
    centre = (weight * u).sum() / weight.sum()
    spread = (weight * (u - centre) ** 2).sum()
    return float((weight * (u - centre) * v).sum() / spread), float(spread**-0.5)


def panels(sweep: xr.Dataset, height: float) -> tuple[Figure, dict[str, Axes]]:
    """A figure with one panel a family, on common axes, and its panels by family."""
    names = families(sweep)
    rows = ceil(len(names) / COLUMNS)
    drawing = Figure(figsize=(9.0, 0.6 + height * rows))
    grid = drawing.subplots(rows, min(COLUMNS, len(names)), sharex=True, sharey=True, squeeze=False)
    for axes in grid.ravel()[len(names) :]:
        axes.set_visible(False)
    return drawing, dict(zip(names, grid.ravel(), strict=False))


def label_axes(drawing: Figure, below: str, beside: str) -> None:
    """What all panels have below and beside them."""
    drawing.supxlabel(below, fontsize=9)
    drawing.supylabel(beside, fontsize=9)


def add_legend(drawing: Figure, axes_of: dict[str, Axes]) -> None:
    """One legend for all panels, above them."""
    entries: dict[str, Artist] = {}
    for axes in axes_of.values():
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    drawing.legend(list(entries.values()), list(entries), loc="outside upper center", ncols=len(entries), fontsize=8)
