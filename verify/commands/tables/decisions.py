"""The table of `nfrlab decisions`: every number beside its nulls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table

from nfrlab.verify.commands.console import shown, wide_console
from nfrlab.verify.examine.decisions import BACKDOORS, BEGINNING
from nfrlab.verify.intervals.separation import auc

if TYPE_CHECKING:
    import xarray as xr

SCORES = (
    ("probability", "largest probability"),
    ("margin", "margin of the two largest outputs"),
    ("alignment", "α of the map with the image"),
    ("insertion", "RISE insertion"),
    ("deletion", "RISE deletion"),
    ("aopc", "AOPC"),
)
AXES = (("s", "reading", "S of the map"), ("s_fed", "input", "S of"), ("s_kept", "mask", "S where is kept:"))


def print_decisions(found: Mapping[str, xr.Dataset]) -> None:
    """What was measured on every network: of each number its median, how often it is positive, and its AUC."""
    for name, data in found.items():
        if not name.startswith(BEGINNING):
            continue
        table = backdoors(data) if name == BACKDOORS else scores(data)
        wide_console().print(table)


def scores(data: xr.Dataset) -> Table:
    """The scores of one network: right against wrong decisions."""
    good = data["right"].values == 1
    title = f"{data.attrs['title']}: {good.mean():.1%} of {len(good):,} decisions are right"
    listing = Table("", "median", "> 0", "AUC", title=title, header_style="bold")

    def add(words: str, values: np.ndarray) -> None:
        there = np.isfinite(values)
        if not np.any(there):
            return
        values, right = values[there], good[there]
        known = auc(values, right) if 0 < right.sum() < len(right) else float("nan")
        listing.add_row(shown(words), f"{np.median(values):.2f}", f"{np.mean(values > 0):.0%}", f"{known:.3f}")

    for name, words in SCORES:
        if name in data:
            add(words, data[name].values)
    for variable, axis, words in AXES:
        for label in data[axis].values:
            add(f"{words} {label}", data[variable].sel({axis: label}).values)
    return listing


def backdoors(data: xr.Dataset) -> Table:
    """One line for every network with a backdoor."""
    names = "clean", "attack", "S > 0", "clean S > 0", *data["trigger"].values, "map in trigger", "pixels"
    listing = Table("", *map(str, names), title="Networks with a backdoor", header_style="bold")
    for model in data["model"].values:
        row = data.sel(model=model)
        hits, n = row["counted"].values.T
        rates = [f"{h / m:.1%}" for h, m in zip(hits[:2], n[:2], strict=True)]
        positive = [row["s"], row["s_clean"], *(row["s_trigger"].sel(trigger=each) for each in row["trigger"].values)]
        shares = [f"{float((values > 0).mean()):.0%}" for values in positive]
        inside = [f"{float(row[each].mean()):.2f}" for each in ("inside", "pixels")]
        listing.add_row(shown(str(model)), *rates, *shares, *inside)
    return listing
