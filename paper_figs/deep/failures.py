"""The sheet of a network's failures: each image, and what is left of it layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from matplotlib.figure import Figure

from nfrlab.paper_figs.deep.stored import Floats, add_title, draw_map, draw_tile, plain


@dataclass(frozen=True)
class Case:
    """One failure: the image as it was and as the network reads it, Activation's maps by layer, and two classes."""

    photograph: Float[Floats, "H W 3"]
    x: Float[Floats, "C H W"]
    maps: dict[int, Float[Floats, "C H W"]]
    decided: str
    true: str


def figure(cases: Sequence[Case]) -> Figure:
    """A row a failure."""
    layers = list(cases[0].maps)
    drawing = Figure(figsize=(1.5 * (len(layers) + 1), 1.75 * len(cases) + 0.5))
    grid = drawing.subplots(len(cases), len(layers) + 1, squeeze=False)
    for row, case in zip(grid, cases, strict=True):
        draw_tile(row[0], case.photograph, plain(f"{case.true}, taken for {case.decided}"))
        for axes, (layer, map) in zip(row[1:], case.maps.items(), strict=True):
            draw_map(axes, map, case.x)
            axes.set_title(f"layer {layer}", fontsize=7)
    add_title(drawing, "Failures: the image, and Activation's map from each layer")
    return drawing
