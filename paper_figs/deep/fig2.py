"""Fig. 2: cascade alignment, and Theorem 2's conditions layer by layer; one column a network."""

from __future__ import annotations

from math import exp, lgamma, pi, sqrt

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nfrlab.paper_figs.deep.stored import (
    COLOURS,
    MEDIANS,
    Stored,
    alpha_axis,
    band,
    heading,
    images,
    legend,
    network,
    rules,
)

DASHES = {"gaussian": "-", "trained": (0, (4, 2))}
SHADES = {"gaussian": "k", "trained": "C3"}
WORDS = {"gaussian": "random", "trained": "trained"}


def figure(stored: Stored) -> Figure:
    """(a) α against the number of substituted layers; (b) |cosine| of neurons; (c) their norms.

    Raises `MissingResults` where no network has α.
    """
    names = stored.settings(["alpha"])
    networks = list(dict.fromkeys(map(network, names)))
    drawn = Figure(figsize=(1.0 + 3.4 * len(networks), 8.2))
    grid = drawn.subplots(3, len(networks), squeeze=False)
    for column, own in zip(grid.T, networks, strict=True):
        mine = {name.rpartition("-")[2]: stored.numbers[name] for name in names if network(name) == own}
        title = "\n".join(heading(stored, f"{own}-{weights}") for weights in mine)
        column[0].set_title(f"{title}\n{images(next(iter(mine.values())))}", fontsize=8)
        alignments(column[0], mine)
        cosines(column[1], mine)
        norms(column[2], mine)
    labels = (
        "(a) input alignment α of $r_0$",
        "(b) mean |cos($w_i$, $w_j$)| of a layer's neurons",
        "(c) norm ‖$w_j$‖, ± s.d. over neurons",
    )
    for axes, label in zip(grid[:, 0], labels, strict=True):
        axes.set_ylabel(label, fontsize=8.5)
    legend(drawn, grid[0], 4)
    drawn.suptitle(f"Fig. 2. {MEDIANS}", fontsize=9)
    return drawn


def alignments(axes: Axes, of: dict[str, xr.Dataset]) -> None:
    """α of the N-level cascades; Activation from layer l stands at N = L − l, the plain gradient being below both."""
    shown = []
    for weights, data in of.items():
        alpha, dashes = data["alpha"], DASHES[weights]
        for rule, label in rules([data]).items():
            shown.append(alpha.sel(rule=rule))
            style = {"color": COLOURS[rule], "linestyle": dashes, "label": f"{label}, {WORDS[weights]}"}
            band(axes, alpha["level"].values, shown[-1], **style)
        if "alpha_activation" in data:
            own = data["alpha_activation"]
            shown.append(own)
            style = {"color": COLOURS["activation"], "linestyle": dashes, "label": f"Activation, {WORDS[weights]}"}
            band(axes, int(alpha["level"].max()) - own["layer"].values, own, **style)
    alpha_axis([axes], shown)
    axes.set_xlabel("substituted layers N, from the output down", fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def cosines(axes: Axes, of: dict[str, xr.Dataset]) -> None:
    """Mean |cosine| of two neurons of a layer, beside that of isotropic directions."""
    for weights, data in of.items():
        if "cosine" in data:
            band(axes, data["layer"].values, data["cosine"], color=SHADES[weights], label=WORDS[weights])
    fan_in = next((data["fan_in"] for data in of.values() if "fan_in" in data), None)
    if fan_in is not None:
        expected = [isotropic(float(d)) for d in fan_in.isel(draw=0)]
        axes.plot(fan_in["layer"], expected, color="C5", linestyle=":", label="isotropic: ≈ √(2/π d)")
        axes.set_yscale("log")
    decorate(axes)


def isotropic(d: float) -> float:
    """E|cos| of two independent isotropic directions in R^d, `Γ(d/2) / (√π Γ((d + 1)/2))`."""
    return exp(lgamma(d / 2) - lgamma((d + 1) / 2)) / sqrt(pi)


def norms(axes: Axes, of: dict[str, xr.Dataset]) -> None:
    """Mean ± s.d. of the norms of a layer's neurons, medians over the draws."""
    for number, (weights, data) in enumerate(of.items()):
        if "norm" in data:
            middle, around = (data[name].median("draw", skipna=True).values for name in ("norm", "norm_sd"))
            style = {"color": SHADES[weights], "label": WORDS[weights], "markersize": 3, "linewidth": 1, "capsize": 2}
            x = data["layer"].values + 0.16 * (number - 0.5)
            axes.errorbar(x, middle, np.nan_to_num(around), fmt="o-", **style)  # type: ignore[arg-type]
    axes.set_ylim(0, 1.1 * axes.get_ylim()[1])
    decorate(axes)


def decorate(axes: Axes) -> None:
    """Layers on the axis, and a legend where there is something."""
    axes.set_xlabel("layer l, from the input up", fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if axes.get_legend_handles_labels()[1]:
        axes.legend(fontsize=7)
