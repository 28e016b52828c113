"""Theorem 2 beyond N ≤ d: mean α of four weightings against N/d, and how often one of them beats Activation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.paper_figs import palette
from nfrlab.theory.weighting.ordering import gaussian_law, reversal_limit, reversal_probability

NAMES = {"activation": "Activation, s = A", "constant": "constant, s = 1", "positive": "random positive, s = |N(0, 1)|"}
LEAST = 1e-4  # below this probability the figure shows nothing


@dataclass(frozen=True)
class Samples:
    """What was sampled at points (d, N/d), by weighting: the N, the mean α, and the share lost to the weighting.

    `grid` has the four d of the panels of means, `more` further d at N = d and N = 10d.
    """

    grid: xr.Dataset
    more: xr.Dataset


def widths(d: int, ratios: tuple[float, float], number: int = 25) -> list[int]:
    """N at even steps of log N/d, those that round to the same N once."""
    return sorted({max(1, round(d * ratio)) for ratio in np.geomspace(*ratios, number)})


def figure(data: Samples) -> Figure:
    """Lines: the law. Dots: samples. Left: mean α at four d. Right: the probabilities of beating Activation."""
    drawing = Figure(figsize=(10.5, 5.6))
    grid = drawing.subplots(2, 3)
    for axes, d in zip(grid[:, :2].ravel(), data.grid["d"].values, strict=True):
        draw_means(axes, int(d), data.grid)
    draw_against_width(grid[0, 2], data.grid)
    draw_against_dimension(grid[1, 2], data.more)
    for axes in grid[1, :2]:
        axes.set_xlabel("N/d", fontsize=8)
    for axes in grid[:, 0]:
        axes.set_ylabel("mean α", fontsize=8)
    grid[0, 2].set_xlabel("N/d", fontsize=8)
    grid[1, 2].set_xlabel("d", fontsize=8)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside upper center", ncols=len(labels), fontsize=8)
    return drawing


def draw_means(axes: Axes, d: int, sampled: xr.Dataset) -> None:
    """Mean α against N/d: law as lines, samples as dots."""
    at_d, ratios = sampled.sel(d=d), sampled["ratio"].values
    N = widths(d, (float(ratios.min()), float(ratios.max())))
    for name, label in NAMES.items():
        colour = palette.RULES[name]
        axes.plot([n / d for n in N], [gaussian_law(name, d, n).mean for n in N], color=colour, label=label)
        axes.plot(at_d["N"].values / d, at_d["mean"].sel(weighting=name), "o", color=colour, markersize=3)
    axes.axhline(0, color="0.35", linewidth=0.8, label="plain gradient")
    axes.set_title(f"d = {d}", fontsize=9)
    axes.set_xscale("log")
    axes.set_xlim(0.7 * float(ratios.min()), 1.4 * float(ratios.max()))
    axes.set_ylim(-0.04, 1.04)


def draw_against_width(axes: Axes, sampled: xr.Dataset) -> None:
    """P(constant weights beat Activation) against N/d, one curve a dimension."""
    ratios = sampled["ratio"].values
    for number, d in enumerate(int(d) for d in sampled["d"].values):
        at_d, shade = sampled.sel(d=d, weighting="constant"), f"{0.2 * number:.1f}"
        at_d = at_d.isel(ratio=at_d["N"].values > 1)  # one neuron is a tie
        N = widths(d, (max(2 / d, float(ratios.min())), float(ratios.max())))
        axes.plot([n / d for n in N], [reversal_probability("constant", d, n) for n in N], color=shade)
        axes.plot(at_d["N"].values / d, at_d["lost"], "o", color=shade, markersize=3)
        axes.text(float(ratios.max()) * 1.2, reversal_limit("constant", d), f"d = {d}", fontsize=7, va="center")
    axes.set_xscale("log")
    axes.set_ylim(-0.01, 0.5)
    axes.set_title("P(constant weights beat Activation)", fontsize=9)


def draw_against_dimension(axes: Axes, sampled: xr.Dataset) -> None:
    """P(a weighting beats Activation) against d at N = d, at N = 10d and in the limit N → ∞, for constant and for
    random positive weights; log scale.
    """
    dimensions = np.unique(np.round(np.geomspace(2, 200, 40)).astype(int))
    for name in ("constant", "positive"):
        for ratio, dashes in ((1, ":"), (10, "--"), (np.inf, "-")):
            law = [
                reversal_limit(name, int(d)) if np.isinf(ratio) else reversal_probability(name, int(d), int(ratio * d))
                for d in dimensions
            ]
            label = f"{name}, N → ∞" if np.isinf(ratio) else f"{name}, N = {'' if ratio == 1 else ratio}d"
            axes.plot(dimensions, law, color=palette.RULES[name], linestyle=dashes, label=label)
        for ratio in (1, 10):
            at_ratio = sampled.sel(weighting=name, ratio=ratio)
            seen = at_ratio["lost"].values > 0
            d, lost = at_ratio["d"].values[seen], at_ratio["lost"].values[seen]
            axes.plot(d, lost, "o", color=palette.RULES[name], markersize=3)
    axes.set_yscale("log")
    axes.set_ylim(LEAST, 1)
    axes.set_xscale("log")
    axes.legend(fontsize=6, loc="lower left")
    axes.set_title("P(the weighting beats Activation)", fontsize=9)
