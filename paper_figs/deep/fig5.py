"""Fig. 5: the top layers randomised, or most of their weights removed."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.paper_figs.deep.stored import (
    RULES,
    Stored,
    add_legend,
    add_title,
    draw_bars,
    draw_map,
    draw_tile,
    heading,
    main_settings,
    rules,
    set_alpha_axis,
)

CHANGES = {
    "random": ("randomised", "C0", "o"),
    "cross": ("removal: first row and column kept", "C1", "s"),
    "corner": ("removal: corner kept", "C3", "^"),
    "matrix": ("removal: first neuron and channel kept", "C4", "D"),
}
SHORT = {
    "random": "randomised",
    "cross": "removal:\nrow and column",
    "corner": "removal:\ncorner",
    "matrix": "removal:\nmatrix",
}


def figure(stored: Stored) -> Figure:
    """Left: maps of draw 0 as they were and with the top layers changed. Right: α against the number of changed layers,
    zero maps left out and their share below the dot.

    Raises `MissingResults` where no setting has both.
    """
    names = main_settings(stored.settings(["alpha_changed"], ["map", "changed_map", "photograph"]))
    rows = [(name, rule) for name in names for rule in rules([stored.numbers[name]])]
    drawing = Figure(figsize=(11.0, 1.2 + 1.45 * len(rows)))
    grid = drawing.subplots(len(rows), len(CHANGES) + 3, width_ratios=[1] * (len(CHANGES) + 2) + [2.6])
    for panels, (name, rule) in zip(grid, rows, strict=True):
        draw_maps(panels[:-1], stored, name, rule)
        draw_alphas(panels[-1], stored.numbers[name]["alpha_changed"].sel(rule=rule))
    for axes, label in zip(grid[0], ("image x", "untouched", *SHORT.values(), "α of $r_0$ with x"), strict=True):
        axes.set_title(label, fontsize=8.5)
    grid[-1, -1].set_xlabel("changed layers, from the output down", fontsize=8)
    set_alpha_axis(grid[:, -1], (stored.numbers[name]["alpha_changed"].sel(rule=rule) for name, rule in rows))
    add_legend(drawing, grid[:1, -1], 4)
    removed = {int(stored.pictures[name].attrs["removed"]) for name in names}
    add_title(
        drawing,
        f"Fig. 5. Images: {stored.images(names)}.\nMaps $r_0$ of draw 0, top {' or '.join(map(str, sorted(removed)))} "
        "layers changed, grey is 0; right: medians and 10–90 % of the n draws",
    )
    return drawing


def draw_maps(row: list[Axes], stored: Stored, name: str, rule: str) -> None:
    """The image, the rule's map, and its map after every change."""
    pictures = stored.pictures[name]
    x = pictures["image"].values
    draw_tile(row[0], pictures["photograph"].values)
    row[0].set_ylabel(heading(stored, name, "\n") + f"\n{RULES[rule]}", fontsize=7)
    draw_map(row[1], pictures["map"].sel({"method": rule, "bottom": "without"}).values, x)
    for axes, change in zip(row[2:], CHANGES, strict=True):
        draw_map(axes, pictures["changed_map"].sel(rule=rule, change=change).values, x)


def draw_alphas(axes: Axes, alpha: xr.DataArray) -> None:
    """α against the number of changed layers, and how many of the draws had a zero map."""
    changed = alpha["changed"].values
    at = np.arange(len(changed))
    for number, (change, (label, colour, marker)) in enumerate(CHANGES.items()):
        of_change = alpha.sel(change=change)
        x = at + 0.1 * (number - 1.5)
        draw_bars(axes, x, of_change, fmt=f"{marker}-", color=colour, label=label)
        share = np.isnan(of_change.values).mean(axis=of_change.dims.index("draw"))
        for where, zero in zip(x, share, strict=True):
            if zero > 0:
                below = axes.text(where, 0.04, f"{100 * zero:.0f} % zero", color=colour)
                below.set(fontsize=5.5, rotation=90, ha="center", va="bottom")
    axes.axhline(0, color="0.6", linewidth=0.7)
    axes.set_xlim(-0.3, len(at) - 0.7)
    axes.set_xticks(at, changed)
    axes.tick_params(labelsize=7)
