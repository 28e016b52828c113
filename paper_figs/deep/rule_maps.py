"""The maps of one network: the image, and the map of every rule that was asked for, with random and other weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from nfrlab.paper_figs.deep.stored import Stored, add_title, draw_map, draw_tile, heading, images, plain

WIDE = 8
"""Tiles in a row."""


def figure(stored: Stored, names: Sequence[str]) -> Figure:
    """Draw 0 of these settings: the image, and `r_0` of every rule with its α with the image; `WIDE` in a row."""
    rules = [str(rule) for rule in stored.pictures[names[0]]["rule_map"].dropna("rule", how="all")["rule"].values]
    high = -(-(len(rules) + 1) // WIDE)
    wide = min(WIDE, len(rules) + 1)
    drawing = Figure(figsize=(0.3 + 1.45 * wide, 0.7 + 2.0 * high * len(names)))
    grid = drawing.subplots(high * len(names), wide, squeeze=False)
    for place, name in enumerate(names):
        data = stored.pictures[name]
        tiles = grid[high * place : high * (place + 1)].ravel()
        draw_tile(tiles[0], data["photograph"].values, heading(stored, name, "\n"))
        x = data["image"].transpose("channel", "y", "x").values
        for axes, rule in zip(tiles[1:], rules, strict=False):
            draw_map(axes, data["rule_map"].sel(rule=rule).transpose("channel", "y", "x").values.astype(np.float64), x)
            axes.set_title(plain(rule).replace(":", "\n"), fontsize=7)
        for axes in tiles[len(rules) + 1 :]:
            axes.set_visible(False)
    add_title(drawing, f"Maps $r_0$ of draw 0, grey is 0. Images: {images(stored.numbers[names[0]])}")
    return drawing
