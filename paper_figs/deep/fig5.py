"""Fig. 5: the top layers randomised, or most of their weights removed."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.paper_figs.deep.stored import RULES, Stored, alpha_axis, bars, few, heading, legend, map_tile, rules, tile

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
    names = few(stored.settings(["alpha_changed"], ["map", "changed_map", "photograph"]))
    rows = [(name, rule) for name in names for rule in rules([stored.numbers[name]])]
    drawn = Figure(figsize=(11.0, 1.2 + 1.45 * len(rows)))
    grid = drawn.subplots(len(rows), len(CHANGES) + 3, width_ratios=[1] * (len(CHANGES) + 2) + [2.6])
    for own, (name, rule) in zip(grid, rows, strict=True):
        maps(own[:-1], stored, name, rule)
        against(own[-1], stored.numbers[name]["alpha_changed"].sel(rule=rule))
    for axes, label in zip(grid[0], ("image x", "untouched", *SHORT.values(), "α of $r_0$ with x"), strict=True):
        axes.set_title(label, fontsize=8.5)
    grid[-1, -1].set_xlabel("changed layers, from the output down", fontsize=8)
    alpha_axis(grid[:, -1], (stored.numbers[name]["alpha_changed"].sel(rule=rule) for name, rule in rows))
    legend(drawn, grid[:1, -1], 4)
    removed = {int(stored.pictures[name].attrs["removed"]) for name in names}
    drawn.suptitle(
        f"Fig. 5. Images: {stored.images(names)}.\nMaps $r_0$ of draw 0, top {' or '.join(map(str, sorted(removed)))} "
        "layers changed, grey is 0; right: medians and 10–90 % of the n draws",
        fontsize=9,
    )
    return drawn


def maps(row: list[Axes], stored: Stored, name: str, rule: str) -> None:
    """The image, the rule's map, and its map after every change."""
    pictures = stored.pictures[name]
    x = pictures["image"].values
    tile(row[0], pictures["photograph"].values)
    row[0].set_ylabel(heading(stored, name, "\n") + f"\n{RULES[rule]}", fontsize=7)
    map_tile(row[1], pictures["map"].sel({"method": rule, "bottom": "without"}).values, x)
    for axes, change in zip(row[2:], CHANGES, strict=True):
        map_tile(axes, pictures["changed_map"].sel(rule=rule, change=change).values, x)


def against(axes: Axes, alpha: xr.DataArray) -> None:
    """α against the number of changed layers, and how many of the draws had a zero map."""
    changed = alpha["changed"].values
    at = np.arange(len(changed))
    for number, (change, (label, colour, marker)) in enumerate(CHANGES.items()):
        own = alpha.sel(change=change)
        x = at + 0.1 * (number - 1.5)
        bars(axes, x, own, fmt=f"{marker}-", color=colour, label=label)
        share = np.isnan(own.values).mean(axis=own.dims.index("draw"))
        for where, zero in zip(x, share, strict=True):
            if zero > 0:
                below = axes.text(where, 0.04, f"{100 * zero:.0f} % zero", color=colour)
                below.set(fontsize=5.5, rotation=90, ha="center", va="bottom")
    axes.axhline(0, color="0.6", linewidth=0.7)
    axes.set_xlim(-0.3, len(at) - 0.7)
    axes.set_xticks(at, changed)
    axes.tick_params(labelsize=7)
