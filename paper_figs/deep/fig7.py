"""Fig. 7: each layer's own activation carried down to the pixels: which information of the image is left."""

from __future__ import annotations

import numpy as np
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.paper_figs.deep.stored import (
    Floats,
    Stored,
    add_legend,
    add_title,
    draw_band,
    heading,
    images,
    main_settings,
    map_image,
    set_alpha_axis,
)

COMPONENTS = {
    "image": ("the whole image", "k", "-"),
    "luminance": ("luminance", "0.5", "-"),
    "colour": ("colour", "C1", "-"),
    "coarse": ("luminance, coarse: below 1/8 of the Nyquist frequency, without its mean", "C0", (0, (5, 2))),
    "middle": ("middle: to 1/2", "C2", (0, (5, 2))),
    "fine": ("fine: above", "C3", (0, (5, 2))),
}
GAP = 0.04


def figure(stored: Stored) -> Figure:
    """For every setting the image and the map of every layer's activation, draw 0, and below them α between the
    components of map and image against the layer.

    Raises `MissingResults` where no setting has both.
    """
    names = main_settings(stored.settings(["kept"], ["activation_map", "photograph"]))
    drawing = Figure(figsize=(12.0, 0.9 + 3.1 * len(names)))
    ratios = [height for name in names for height in (strip_height(stored, name), 2.0)]
    grid = drawing.subplots(2 * len(names), 1, height_ratios=ratios, squeeze=False)[:, 0]
    for name, above, below in zip(names, grid[::2], grid[1::2], strict=True):
        draw_strip(above, stored.pictures[name])
        below.sharex(above)
        draw_curves(below, stored.numbers[name]["kept"])
        above.set_title(f"{heading(stored, name)}; {images(stored.numbers[name])}", fontsize=8.5)
    add_legend(drawing, grid[1:2], 3)
    add_title(
        drawing, "Fig. 7. Activation from every layer, maps of draw 0, grey is 0; medians, 10–90 % of the n draws"
    )
    return drawing


def strip_height(stored: Stored, name: str) -> float:
    """Height of a strip whose tiles are about square."""
    return 11.0 / (stored.pictures[name].sizes["layer"] + 1)


def with_border(image: Float[Floats, "H W 3"]) -> Float[Floats, "h w 3"]:
    """The image with a white border, 4 % of its side."""
    gap = max(1, round(GAP * image.shape[1]))
    return np.pad(image, ((0, 0), (gap, gap), (0, 0)), constant_values=1.0)


def draw_strip(axes: Axes, pictures: xr.Dataset) -> None:
    """The image at 0 and the map of every layer above its number on the axis."""
    maps = [map_image(R) for R in pictures["activation_map"].values]
    shown = np.concatenate([with_border(image) for image in (pictures["photograph"].values, *maps)], axis=1)
    axes.imshow(shown, extent=(-0.5, len(maps) + 0.5, 0, 1), aspect="auto", interpolation="nearest")
    axes.set_yticks([])
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(bottom=False, labelbottom=False)


def draw_curves(axes: Axes, kept: xr.DataArray) -> None:
    """α between the components of map and image, layer by layer.

    A component of one dimension, as the coarse one of a small image, has α = ±1 whatever the map: it is left out.
    """
    telling = [name for name in COMPONENTS if np.any(np.abs(kept.sel(component=name)) < 1 - 1e-9)]
    for component in telling:
        label, colour, dashes = COMPONENTS[component]
        draw_band(
            axes, kept["layer"].values, kept.sel(component=component), color=colour, linestyle=dashes, label=label
        )
    set_alpha_axis([axes], [kept.sel(component=telling)])
    axes.set_ylabel("α with the image's own part", fontsize=7.5)
    axes.set_xlabel("layer l that the activation starts from (0: the image)", fontsize=8)
    axes.set_xticks([0, *kept["layer"].values])
    axes.tick_params(labelsize=7)
