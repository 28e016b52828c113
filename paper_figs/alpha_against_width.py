"""α against the width N: medians and bands of the sampled layers, beside the theory's law and GBP's limit."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.paper_figs.convergence import BANDS, add_legend, band, label_axes, panels, prediction, quantile, title
from nfrlab.paper_figs.palette import series
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.direction import gbp_limit


def figure(sweep: xr.Dataset) -> Figure:
    """α against N, a panel a family: median, 5–95 % and 25–75 % bands of the layers; the theory's law, and GBP's limit.

    `sweep` is what `nfrlab.simulations.sweep.run` returns, with the input x as the variable `input`.
    """
    drawing, axes_of = panels(sweep, 2.4)
    for family, axes in axes_of.items():
        draw_panel(axes, sweep, family)
    label_axes(drawing, "hidden neurons N", "input alignment α")
    add_legend(drawing, axes_of)
    return drawing


def draw_panel(axes: Axes, sweep: xr.Dataset, family: str) -> None:
    """One family, all rules."""
    N = sweep["N"].values.astype(float)
    for number, rule in enumerate(str(rule) for rule in sweep["rule"].values):
        colour, dashes = series(number)
        for low, high in BANDS:
            edges = quantile(sweep, rule, family, low), quantile(sweep, rule, family, high)
            axes.fill_between(N, *edges, color=colour, alpha=0.18, linewidth=0)
        axes.plot(N, quantile(sweep, rule, family, 0.5), color=colour, linestyle=dashes, label=rule)
        if (law := prediction(sweep, rule, family, median=True)) is not None:
            axes.plot(N, law, color="k", linestyle=":", linewidth=1.3, label="theory")
        for edge in band(sweep, rule, family) or ():
            axes.plot(N, edge, color="k", linestyle=":", linewidth=0.6, label="theory: 5 and 95 %")
    if "gbp" in sweep["rule"].values and FAMILIES[family].moments > 1:
        limit = gbp_limit(FAMILIES[family], sweep["input"].values).value
        axes.axhline(limit, color="0.35", linewidth=0.7, label="theory: limit α∞ of GBP")
    axes.set_title(title(family), fontsize=9)
    axes.set_xscale("log", base=2)
    axes.set_ylim(top=1.03)
