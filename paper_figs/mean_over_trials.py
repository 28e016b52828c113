"""The mean of α over the trials of one run, with a confidence sequence that may be looked at at any time."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.paper_figs.convergence import add_legend, label_axes, panels, title
from nfrlab.paper_figs.palette import series


def figure(prefixes: xr.Dataset) -> Figure:
    """The mean of α over the first n = 2^k trials of one run, with its confidence sequence, valid at all n at once.

    `prefixes` has `mean`, `low` and `high` by (rule, family, n), and the width as its attribute `N`.
    """
    drawing, axes_of = panels(prefixes, 2.2)
    for family, axes in axes_of.items():
        draw_panel(axes, prefixes, family)
    label_axes(drawing, "trials n", f"mean α, N = {prefixes.attrs['N']}")
    add_legend(drawing, axes_of)
    return drawing


def draw_panel(axes: Axes, prefixes: xr.Dataset, family: str) -> None:
    """One family, all rules."""
    n = prefixes["n"].values
    for number, rule in enumerate(str(rule) for rule in prefixes["rule"].values):
        colour, dashes = series(number)
        run = prefixes.sel(rule=rule, family=family)
        axes.fill_between(n, run["low"], run["high"], color=colour, alpha=0.08, linewidth=0)
        for end in ("low", "high"):
            axes.plot(n, run[end], color=colour, linestyle=dashes, linewidth=0.7)
        axes.plot(n, run["mean"], color=colour, linestyle=dashes, marker="o", markersize=2.5, label=rule)
    axes.set_title(title(family), fontsize=9)
    axes.set_xscale("log", base=2)
    axes.set_ylim(-1.03, 1.03)
