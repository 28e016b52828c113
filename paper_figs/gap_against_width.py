"""1 − mean α against the width N on log axes: how fast α converges, and where it stops short of 1."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.paper_figs.convergence import fitted_slope, label_axes, panels, prediction, summary, title
from nfrlab.paper_figs.palette import series


def figure(sweep: xr.Dataset) -> Figure:
    """1 − mean α against N, a panel a family, with the slope fitted to the last octaves, and the theory's law."""
    drawing, axes_of = panels(sweep, 2.6)
    for family, axes in axes_of.items():
        draw_panel(axes, sweep, family)
    label_axes(drawing, "hidden neurons N", "1 − mean α")
    return drawing


def draw_panel(axes: Axes, sweep: xr.Dataset, family: str) -> None:
    """One family, all rules."""
    for number, rule in enumerate(str(rule) for rule in sweep["rule"].values):
        colour, dashes = series(number)
        N, mean, error = summary(sweep, rule, family)
        slope, uncertainty = fitted_slope(N, mean, error)
        label = f"{rule}: {slope:+.2f} ± {2 * uncertainty:.2f}".replace("-", "−")
        axes.plot(N, 1 - mean, color=colour, linestyle=dashes, linewidth=1, marker="o", markersize=3, label=label)
        axes.vlines(N, 1 - mean - 2 * error, 1 - mean + 2 * error, color=colour, linewidth=1)
        if (law := prediction(sweep, rule, family, median=False)) is not None:
            axes.plot(N, 1 - law, color="k", linestyle=":", linewidth=1.3, label="theory" if number == 0 else "_")
    axes.set_title(title(family), fontsize=9)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.legend(fontsize=6.5, loc="lower left", title="fitted slope", title_fontsize=6.5)
