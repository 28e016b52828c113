"""Fig. 6: only the largest, or only the smallest, activations of a layer carried down from there."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nfrlab.paper_figs.deep.stored import (
    MEDIANS,
    Stored,
    add_legend,
    add_title,
    draw_band,
    heading,
    images,
    rules,
    set_alpha_axis,
)

PARTS = {
    "top": ("largest 10 % of the non-zero activations", "C1", "-"),
    "bottom": ("smallest 10 %", "C0", "-"),
    "all": ("all", "k", (0, (4, 2))),
}


def figure(stored: Stored) -> Figure:
    """A row a setting, a column a rule: α of the maps r_0 of the two parts and of all, and the cosine between the two.

    Raises `MissingResults` where no setting has them.
    """
    names = stored.settings(["alpha_part", "between"])
    shown = rules(stored.numbers[name] for name in names)
    drawing = Figure(figsize=(1.2 + 2.8 * len(shown), 1.0 + 2.1 * len(names)))
    grid = drawing.subplots(len(names), len(shown), squeeze=False)
    for row, name in zip(grid, names, strict=True):
        data = stored.numbers[name]
        for axes, rule in zip(row, shown, strict=True):
            draw_panel(axes, data[["alpha_part", "between"]].sel(rule=rule).dropna("layer", how="all"))
        set_alpha_axis(row, (data[variable].sel(rule=list(shown)) for variable in ("alpha_part", "between")))
        row[0].set_ylabel(f"{heading(stored, name)}\n{images(data)}\n\nα or cosine", fontsize=7)
    for axes, label in zip(grid[0], shown.values(), strict=True):
        axes.set_title(label, fontsize=9)
    for axes in grid[-1]:
        axes.set_xlabel("layer l that the activations start from", fontsize=8)
    add_legend(drawing, grid[0, :1], 4)
    add_title(drawing, f"Fig. 6. Maps $r_0$ from a part of a layer's activations. {MEDIANS}")
    return drawing


def draw_panel(axes: Axes, data: xr.Dataset) -> None:
    """One setting, one rule."""
    for part, (label, colour, dashes) in PARTS.items():
        of_part = data["alpha_part"].sel(part=part)
        draw_band(axes, of_part["layer"].values, of_part, color=colour, linestyle=dashes, label=f"α: {label}")
    between = {
        "color": "C2",
        "linestyle": (0, (1, 1)),
        "label": "cosine between the maps of the largest and the smallest",
    }
    draw_band(axes, data["between"]["layer"].values, data["between"], **between)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
