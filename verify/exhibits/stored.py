"""The figures of deep networks as files, from the bridge's stored results alone; PyTorch is not needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from nfrlab.paper_figs.deep import fig2, fig3, fig4, fig5, fig6, fig7, fig8, fig9, table1
from nfrlab.paper_figs.deep.stored import MissingResults, Stored
from nfrlab.simulations.images import IMAGENET_MEAN, IMAGENET_SD
from nfrlab.verify.examine.decisions import shipped
from nfrlab.verify.exhibits.write import write
from nfrlab.verify.proceedings.store import datasets

PICTURES = "pictures"
FIGURES: dict[str, Callable[[Stored], Figure]] = {
    "table1": table1.figure,
    "fig2": fig2.figure,
    "fig3": fig3.figure,
    "fig4": fig4.figure,
    "fig5": fig5.figure,
    "fig6": fig6.figure,
    "fig7": fig7.figure,
    "fig8": fig8.figure,
    "fig9": fig9.figure,
}

OF_DECISIONS = "fig8", "fig9"
"""Figures of what `nfrlab decisions` measures; of all others the bridge measures the data."""
OF_BRIDGE = tuple(name for name in FIGURES if name not in OF_DECISIONS)


def draw(
    results: Path,
    folder: Path,
    names: Iterable[str] = OF_BRIDGE,
    left_out: Callable[[str, MissingResults], None] = lambda name, reason: None,
) -> list[Path]:
    """Write the named figures as SVG and PNG into `folder` and return the paths.

    A figure whose data are not in `results` is passed to `left_out(name, reason)` instead. Raises `ValueError` for
    stored results that cannot be read, and `OSError` where `folder` cannot be written.
    """
    stored = load(results)
    written: list[Path] = []
    for name in names:
        try:
            written += write(folder, name, partial(FIGURES[name], stored))
        except MissingResults as reason:
            left_out(name, reason)
    return written


def load(results: Path) -> Stored:
    """All stored settings; of decisions those that are shipped, where nothing else is stored.

    Raises `ValueError` naming a file that cannot be read.
    """
    pictures = datasets(results / PICTURES)
    return Stored(
        dict(shipped()) | datasets(results),
        {
            name: data.assign(photograph=photograph(data["image"], as_imagenets(data)))
            for name, data in pictures.items()
            if "image" in data
        },
    )


def as_imagenets(data: xr.Dataset) -> bool:
    """Whether the image was prepared as ImageNet's networks expect it, and not as somebody asked for."""
    return not json.loads(data.attrs.get("identity", "{}")).get("read as")


def photograph(x: xr.DataArray, imagenets: bool = True) -> xr.DataArray:
    """A normalised image, (channel, y, x), as it was: (y, x, colour) in [0, 1].

    Of three channels, ImageNet's mean and standard deviation are put back, where it was prepared with them; else its
    least value becomes 0 and its largest 1, and one channel becomes grey.
    """
    pixels = x.transpose("y", "x", "channel").values.astype(float)
    if pixels.shape[2] == 3 and imagenets:
        shown = pixels * IMAGENET_SD + IMAGENET_MEAN
    else:
        span = float(np.ptp(pixels)) or 1.0
        colours = pixels if pixels.shape[2] == 3 else np.repeat(pixels[..., :1], 3, axis=2)
        shown = (colours - pixels.min()) / span
    return xr.DataArray(np.clip(shown, 0, 1), dims=("y", "x", "colour"))
