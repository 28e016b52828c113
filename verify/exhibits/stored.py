"""The figures of the bridge as files, from its stored results alone; no network is built and torch is not needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from nfrlab.paper_figs.deep import fig2, fig3, fig4, fig5, fig6, fig7, table1
from nfrlab.paper_figs.deep.stored import MissingResults, Stored
from nfrlab.paper_figs.render import render
from nfrlab.simulations.files import write_atomically
from nfrlab.simulations.images import IMAGENET_MEAN, IMAGENET_SD
from nfrlab.verify.proceedings.store import datasets

RESULTS = Path("results/bridge")
PICTURES = "pictures"
FIGURES: dict[str, Callable[[Stored], Figure]] = {
    "table1": table1.figure,
    "fig2": fig2.figure,
    "fig3": fig3.figure,
    "fig4": fig4.figure,
    "fig5": fig5.figure,
    "fig6": fig6.figure,
    "fig7": fig7.figure,
}


def draw(
    results: Path,
    folder: Path,
    names: Iterable[str] = tuple(FIGURES),
    left_out: Callable[[str, MissingResults], None] = lambda name, reason: None,
) -> list[Path]:
    """The figures whose data are in `results`, as SVG and PNG in `folder`; for each other one `left_out(name, reason)`.

    Raises `ValueError` for stored results that cannot be read, and `OSError` where `folder` cannot be written.
    """
    stored, written = load(results), []
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        try:
            contents = render(partial(FIGURES[name], stored))
        except MissingResults as reason:
            left_out(name, reason)
            continue
        for suffix, content in contents.items():
            written.append(folder / f"{name}.{suffix}")
            write_atomically(written[-1], content)
    return written


def load(results: Path) -> Stored:
    """All stored settings. Raises `ValueError` naming a file that cannot be read."""
    pictures = datasets(results / PICTURES)
    return Stored(
        datasets(results),
        {name: data.assign(photograph=photograph(data["image"])) for name, data in pictures.items() if "image" in data},
    )


def photograph(x: xr.DataArray) -> xr.DataArray:
    """A normalised image as it was, (y, x, colour) in [0, 1]: ImageNet's mean and s.d. put back; one channel in grey,
    from its least to its largest value.
    """
    pixels = x.transpose("y", "x", "channel").values.astype(float)
    if pixels.shape[2] == 3:
        shown = pixels * IMAGENET_SD + IMAGENET_MEAN
    else:
        span = float(np.ptp(pixels)) or 1.0
        shown = np.repeat((pixels[..., :1] - pixels.min()) / span, 3, axis=2)
    return xr.DataArray(np.clip(shown, 0, 1), dims=("y", "x", "colour"))
