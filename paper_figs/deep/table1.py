"""Table I: the maps of six methods with and without their bottom process, and what they resemble beyond chance."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.paper_figs.deep.stored import (
    Stored,
    add_legend,
    add_title,
    draw_bars,
    draw_map,
    draw_tile,
    heading,
    main_settings,
    set_alpha_axis,
)

METHODS = {
    "grad-input": "Grad ⊙ Input",
    "gbp": "GBP",
    "rectgrad": "RectGrad",
    "zplus": "LRP z⁺",
    "dtd": "DTD",
    "activation": "Activation",
}
BOTTOMS = {"with": "with bottom process", "without": "without: $r_0$"}
TARGETS = {
    "image": ("the image x", "C0", "o", "C0"),
    "other image": ("by chance: other images", "C0", "o", "white"),
    "edges": ("the edges of x, |R|", "C1", "s", "C1"),
    "other edges": ("by chance: other images' edges, |R|", "C1", "s", "white"),
}


def figure(stored: Stored) -> Figure:
    """Left: the maps of draw 0, each with its α with the image. Right: α with the image, with its edges, and with those
    of four other images on average, medians and 10–90 % of the draws.

    Raises `MissingResults` where no setting has both.
    """
    names = main_settings(stored.settings(["alpha_map"], ["map", "photograph"]))
    rows = [(name, bottom) for name in names for bottom in BOTTOMS]
    drawing = Figure(figsize=(11.5, 1.1 + 1.32 * len(rows)))
    grid = drawing.subplots(len(rows), len(METHODS) + 2, width_ratios=[1] * (len(METHODS) + 1) + [3.4])
    for panels, (name, bottom) in zip(grid, rows, strict=True):
        draw_maps(panels[:-1], stored, name, bottom)
        draw_resemblance(panels[-1], stored.numbers[name]["alpha_map"].sel(bottom=bottom))
    for axes, label in zip(grid[0], ("image", *METHODS.values(), "α of the map with …"), strict=True):
        axes.set_title(label, fontsize=8.5)
    grid[-1, -1].set_xticklabels(METHODS.values(), fontsize=6.5, rotation=20)
    set_alpha_axis(grid[:, -1], (stored.numbers[name]["alpha_map"] for name in names))
    add_legend(drawing, grid[:1, -1], 4)
    add_title(
        drawing,
        f"Table I. Images: {stored.images(names)}.\n"
        "Maps of draw 0, grey is 0; right: medians and 10–90 % of the n draws",
    )
    return drawing


def draw_maps(row: list[Axes], stored: Stored, name: str, bottom: str) -> None:
    """The image, and the map of every method."""
    pictures = stored.pictures[name]
    draw_tile(row[0], pictures["photograph"].values)
    row[0].set_ylabel(heading(stored, name, "\n") + f"\n{BOTTOMS[bottom]}", fontsize=7)
    for axes, method in zip(row[1:], METHODS, strict=True):
        R = pictures["map"].sel({"method": method, "bottom": bottom}).values
        draw_map(axes, R, pictures["image"].values)


def draw_resemblance(axes: Axes, alpha: xr.DataArray) -> None:
    """α with every target, method by method."""
    at = np.arange(len(METHODS))
    for number, (target, (label, colour, marker, face)) in enumerate(TARGETS.items()):
        x = at + 0.17 * (number - 1.5)
        draw_bars(
            axes,
            x,
            alpha.sel({"target": target, "method": list(METHODS)}),
            fmt=marker,
            color=colour,
            markerfacecolor=face,
            label=label,
        )
    axes.axhline(0, color="0.6", linewidth=0.7)
    axes.set_xticks(at, [])
    axes.set_ylabel("α", fontsize=8)
    axes.tick_params(labelsize=7)
