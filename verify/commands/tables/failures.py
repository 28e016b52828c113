"""The table of `nfrlab failures`: what is left of an image layer by layer, of right decisions and of wrong ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table

from nfrlab.verify.commands.console import shown, wide_console
from nfrlab.verify.intervals.separation import auc

if TYPE_CHECKING:
    import xarray as xr


def print_failures(data: xr.Dataset) -> None:
    """Medians of right and wrong decisions, and in a random network, at every layer; how well they tell them apart."""
    good = data["right"].values == 1
    layers = [int(layer) for layer in data["layer"].values]
    title = (
        f"{data.attrs['title']}: {good.mean():.1%} of {len(good):,} decisions are right\nright / wrong / random; AUC"
    )
    listing = Table("", *(f"layer {layer}" for layer in layers), title=title, header_style="bold")

    def cell(values: np.ndarray, random: np.ndarray | None = None) -> str:
        parts = (values[good], values[~good], *([] if random is None else [random]))
        medians = [np.median(part) if len(part) else np.nan for part in parts]
        known = f"; {auc(values, good):.2f}" if 0 < good.sum() < len(good) and np.isfinite(values).all() else ""
        return " / ".join(f"{value:.2f}" for value in medians) + known

    for name in data["information"].values:
        kept, random = (data[each].sel(information=name) for each in ("kept", "kept_random"))
        row = (cell(kept.sel(layer=layer).values, random.sel(layer=layer).values) for layer in layers)
        listing.add_row(shown(str(name)), *row)
    parted, random = data["parted"], data["parted_random"]
    row = (cell(parted.sel(layer=layer).values, random.sel(layer=layer).values) for layer in layers)
    listing.add_row("cosine of two classes", *row)
    if "on_object" in data:
        listing.add_row("share on the object", *(cell(data["on_object"].sel(layer=layer).values) for layer in layers))
    wide_console().print(listing)
