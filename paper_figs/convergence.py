"""How α converges: against the width N, on the way to its limit, and over the trials of one run."""

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
from nfrlab.theory.limit.direction import gbp_alignment, gbp_limit

Floats = npt.NDArray[np.float64]
BANDS = (0.05, 0.95), (0.25, 0.75)
LAST = 4  # octaves that the slope is fitted to
COLUMNS = 3
DASHES = ("-", (0, (4, 2)), "-", (0, (1, 1)))  # so that a curve shows beneath one that it coincides with


def families(sweep: xr.Dataset) -> list[str]:
    """Isotropic families first."""
    names = [str(name) for name in sweep["family"].values]
    return sorted(names, key=lambda name: not FAMILIES[name].rotation_invariant)


def kind(name: str) -> str:
    """What the title of a family's panel says."""
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
    """The full law of α of a sweep's rule, "rectgrad(q=0.9)" for one, or None where there is none."""
    name, _, q = rule.rstrip(")").partition("(q=")
    if (name, family) not in LAWS or family == "haar":
        return None
    try:
        return alignment_law(name, family, d, N, float(q or 0.9))
    except ValueError:
        return None


def laws(sweep: xr.Dataset, rule: str, family: str) -> list[AlignmentLaw]:
    """The laws at all the sweep's widths; none where one of them has none: RectGrad's begins at N = 7."""
    found = [known_law(rule, family, int(sweep["d"].values[0]), int(N)) for N in sweep["N"].values]
    return [one for one in found if one] if all(found) else []


def law(sweep: xr.Dataset, rule: str, family: str, median: bool) -> Floats | None:
    """The theory's mean or median α at the sweep's widths, for relevance N(0, 1): the full law where there is one, else
    GBP's first order in 1/N, the same for both; None where there is neither.
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
    low, high = (np.array([one.quantile(share) for one in found]) for share in BANDS[0])
    return (low, high) if found else None


def fitted_slope(N: Floats, mean: Floats, error: Floats) -> tuple[float, float]:
    """Slope of log(1 − α) against log N over the last octaves, and its standard error; each point weighted by its
    own. NaN where fewer than two points have 1 − α and its error above 0.
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
    """One panel a family, on common axes."""
    names = families(sweep)
    rows = ceil(len(names) / COLUMNS)
    figure = Figure(figsize=(9.0, 0.6 + height * rows))
    grid = figure.subplots(rows, min(COLUMNS, len(names)), sharex=True, sharey=True, squeeze=False)
    for axes in grid.ravel()[len(names) :]:
        axes.set_visible(False)
    return figure, dict(zip(names, grid.ravel(), strict=False))


def alpha_against_width(sweep: xr.Dataset) -> Figure:
    """α against N: median, 5–95 % and 25–75 % bands of the layers; the theory's law, and GBP's limit."""
    figure, axes_of = panels(sweep, 2.4)
    for name, axes in axes_of.items():
        N = sweep["N"].values.astype(float)
        for number, rule in enumerate(str(rule) for rule in sweep["rule"].values):
            for low, high in BANDS:
                edges = quantile(sweep, rule, name, low), quantile(sweep, rule, name, high)
                axes.fill_between(N, *edges, color=f"C{number}", alpha=0.18, linewidth=0)
            dashes = DASHES[number % len(DASHES)]
            axes.plot(N, quantile(sweep, rule, name, 0.5), color=f"C{number}", linestyle=dashes, label=rule)
            if (predicted := law(sweep, rule, name, median=True)) is not None:
                axes.plot(N, predicted, color="k", linestyle=":", linewidth=1.3, label="theory")
            for edge in band(sweep, rule, name) or ():
                axes.plot(N, edge, color="k", linestyle=":", linewidth=0.6, label="theory: 5 and 95 %")
        if "gbp" in sweep["rule"].values and FAMILIES[name].moments > 1:
            limit = gbp_limit(FAMILIES[name], sweep["input"].values).value
            axes.axhline(limit, color="0.35", linewidth=0.7, label="theory: limit α∞ of GBP")
        axes.set_title(kind(name), fontsize=9)
        axes.set_xscale("log", base=2)
        axes.set_ylim(top=1.03)
    _finish(figure, axes_of, "hidden neurons N", "input alignment α")
    return figure


def gap_against_width(sweep: xr.Dataset) -> Figure:
    """1 − mean α against N on log axes, with the slope fitted to the last octaves, and the theory's law."""
    figure, axes_of = panels(sweep, 2.6)
    for name, axes in axes_of.items():
        for number, rule in enumerate(str(rule) for rule in sweep["rule"].values):
            N, mean, error = summary(sweep, rule, name)
            slope, uncertainty = fitted_slope(N, mean, error)
            label = f"{rule}: {slope:+.2f} ± {2 * uncertainty:.2f}".replace("-", "−")
            dashes = DASHES[number % len(DASHES)]
            axes.plot(
                N, 1 - mean, color=f"C{number}", linestyle=dashes, linewidth=1, marker="o", markersize=3, label=label
            )
            axes.vlines(N, 1 - mean - 2 * error, 1 - mean + 2 * error, color=f"C{number}", linewidth=1)
            if (predicted := law(sweep, rule, name, median=False)) is not None:
                named = "theory" if number == 0 else "_"
                axes.plot(N, 1 - predicted, color="k", linestyle=":", linewidth=1.3, label=named)
        axes.set_title(kind(name), fontsize=9)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.legend(fontsize=6.5, loc="lower left", title="fitted slope", title_fontsize=6.5)
    figure.supxlabel("hidden neurons N", fontsize=9)
    figure.supylabel("1 − mean α", fontsize=9)
    return figure


def mean_over_trials(prefixes: xr.Dataset) -> Figure:
    """The mean of α over the first n = 2^k trials of one run, with its confidence sequence, valid at all n at once."""
    figure, axes_of = panels(prefixes, 2.2)
    n = prefixes["n"].values
    for name, axes in axes_of.items():
        for number, rule in enumerate(str(rule) for rule in prefixes["rule"].values):
            own = prefixes.sel(rule=rule, family=name)
            dashes = DASHES[number % len(DASHES)]
            axes.fill_between(n, own["low"], own["high"], color=f"C{number}", alpha=0.08, linewidth=0)
            for end in ("low", "high"):
                axes.plot(n, own[end], color=f"C{number}", linestyle=dashes, linewidth=0.7)
            axes.plot(n, own["mean"], color=f"C{number}", linestyle=dashes, marker="o", markersize=2.5, label=rule)
        axes.set_title(kind(name), fontsize=9)
        axes.set_xscale("log", base=2)
        axes.set_ylim(-1.03, 1.03)
    _finish(figure, axes_of, "trials n", f"mean α, N = {prefixes.attrs['N']}")
    return figure


def _finish(figure: Figure, axes_of: dict[str, Axes], below: str, beside: str) -> None:
    """Common labels and one legend."""
    figure.supxlabel(below, fontsize=9)
    figure.supylabel(beside, fontsize=9)
    entries: dict[str, Artist] = {}
    for axes in axes_of.values():
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    figure.legend(list(entries.values()), list(entries), loc="outside upper center", ncols=len(entries), fontsize=8)
