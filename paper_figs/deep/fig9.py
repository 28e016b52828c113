"""Fig. 9: KIS of images with a trigger, four attacks and their training seeds; and of the trigger without any map."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.paper_figs.deep.fig8 import BACKDOORS, BINS
from nfrlab.paper_figs.deep.stored import MissingResults, Stored, add_title

ATTACKS = {"badnet": "BadNet", "dynamic": "Dynamic", "inputaware": "InputAware", "wanet": "WaNet"}
FED = ("trigger on grey", "trigger on another image", "trigger blanked")


def figure(stored: Stored) -> Figure:
    """A column an attack: densities of S, one line a training seed; how often S > 0. Raises `MissingResults`."""
    data = stored.numbers.get(BACKDOORS)
    if data is None or bool(data["scratch"].all()):
        raise MissingResults("decisions of networks with a backdoor: nfrlab train --attack all, nfrlab decisions")
    data = data.isel(model=np.flatnonzero(~data["scratch"].values))
    shown = [attack for attack in ATTACKS if attack in data["attack"].values]
    drawing = Figure(figsize=(3.2 * len(shown) + 0.6, 5.4))
    grid = drawing.subplots(2, len(shown), squeeze=False, height_ratios=(1, 1.1))
    for column, attack in zip(grid.T, shown, strict=True):
        of_attack = data.isel(model=np.flatnonzero(data["attack"].values == attack))
        draw_peaks(column[0], of_attack)
        column[0].set_title(came_to(of_attack, ATTACKS[attack]), fontsize=8)
        draw_shares(column[1], of_attack)
    grid[0, 0].legend(fontsize=7, loc="upper left")
    grid[1, 0].set_ylabel("share of images with S > 0", fontsize=8)
    add_title(
        drawing, "Fig. 9. S of images with a trigger, a line or dot a training seed; below, beside what is no map"
    )
    return drawing


def came_to(data: xr.Dataset, name: str) -> str:
    """The attack, and what its trainings came to, from the worst to the best."""
    hits, n = (data["counted"].sel(outcome="success").isel(of=i).values for i in (0, 1))
    right, all_ = (data["counted"].sel(outcome="clean").isel(of=i).values for i in (0, 1))
    clean, success = 100 * right / all_, 100 * hits / n
    return f"{name}\nclean {clean.min():.1f}–{clean.max():.1f} %, success {success.min():.1f}–{success.max():.1f} %"


def draw_peaks(axes: Axes, data: xr.Dataset) -> None:
    """S of clean images, all networks together, and of triggered ones, network by network."""
    clean = np.clip(data["s_clean"].values.ravel(), BINS[0], BINS[-1])
    axes.hist(clean, BINS, density=True, color="0.8", label="clean images")
    for number, model in enumerate(data["model"].values):
        values = np.clip(data["s"].sel(model=model).values, BINS[0], BINS[-1])
        label = "with trigger" if number == 0 else None
        axes.hist(values, BINS, density=True, histtype="step", color="C3", linewidth=1.1, label=label)
    axes.axvline(0, color="0.5", linewidth=0.8, linestyle=":")
    axes.set_xlabel("S", fontsize=8)
    axes.set_yticks([])


def draw_shares(axes: Axes, data: xr.Dataset) -> None:
    """How often S > 0: of clean images, of the map of triggered ones, and of the trigger without a map."""
    shares = {
        "clean image's map": data["s_clean"],
        "triggered image's map": data["s"],
        **{name: data["s_trigger"].sel(trigger=name) for name in FED},
    }
    for place, (name, values) in enumerate(shares.items()):
        found = (values > 0).mean("image").values
        axes.plot(np.full(len(found), place), found, "o", color="C3" if name.startswith("trigger") else "0.5", ms=4)
    axes.axhline(0.5, color="0.8", linewidth=0.8)
    axes.set_ylim(-0.04, 1.04)
    axes.set_xlim(-0.5, len(shares) - 0.5)
    axes.set_xticks(range(len(shares)), [name.replace(" ", "\n", 1) for name in shares], fontsize=6.5, rotation=40)
