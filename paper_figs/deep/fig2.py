"""Fig. 2: cascade alignment, and Theorem 2's conditions layer by layer; one column a network."""

from __future__ import annotations

from math import exp, lgamma, pi, sqrt

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nfrlab.paper_figs import palette
from nfrlab.paper_figs.deep.stored import (
    MEDIANS,
    WEIGHTS,
    Stored,
    add_legend,
    add_title,
    draw_band,
    heading,
    images,
    network,
    rules,
    set_alpha_axis,
)

ACTIVATIONS = {"activation": "Activation", "activation-pooled": "Activation after pooling"}


def figure(stored: Stored) -> Figure:
    """(a) α against the number of substituted layers; (b) |cosine| of neurons; (c) their norms.

    Raises `MissingResults` where no network has α.
    """
    names = stored.settings(["alpha"])
    networks = list(dict.fromkeys(map(network, names)))
    drawing = Figure(figsize=(1.0 + 3.4 * len(networks), 8.2))
    grid = drawing.subplots(3, len(networks), squeeze=False)
    for column, shown in zip(grid.T, networks, strict=True):
        by_weights = {name.rpartition("-")[2]: stored.numbers[name] for name in names if network(name) == shown}
        title = "\n".join(heading(stored, f"{shown}-{weights}") for weights in by_weights)
        column[0].set_title(f"{title}\n{images(next(iter(by_weights.values())))}", fontsize=8)
        draw_alphas(column[0], by_weights)
        draw_cosines(column[1], by_weights)
        draw_norms(column[2], by_weights)
    labels = (
        "(a) input alignment α of $r_0$",
        "(b) mean |cos($w_i$, $w_j$)| of a layer's neurons",
        "(c) norm ‖$w_j$‖, ± s.d. over neurons",
    )
    for axes, label in zip(grid[:, 0], labels, strict=True):
        axes.set_ylabel(label, fontsize=8.5)
    add_legend(drawing, grid[0], 4)
    add_title(drawing, f"Fig. 2. {MEDIANS}")
    return drawing


def draw_alphas(axes: Axes, by_weights: dict[str, xr.Dataset]) -> None:
    """α of the N-level cascades, for random and for trained weights.

    Activation from layer l stands at N = L − l: below the layers that a rule is used in, and below l, is the gradient.
    It is taken before the layer's pooling; where one follows, a second line takes it after.
    """
    shown = []
    for weights, data in by_weights.items():
        alpha, (_, dashes) = data["alpha"], palette.WEIGHTS[weights]
        for rule, label in rules([data]).items():
            shown.append(alpha.sel(rule=rule))
            style = {"color": palette.RULES[rule], "linestyle": dashes, "label": f"{label}, {WEIGHTS[weights]}"}
            draw_band(axes, alpha["level"].values, shown[-1], **style)
        for rule, activation in activations(data).items():
            shown.append(activation)
            levels = int(alpha["level"].max()) - activation["layer"].values
            label = f"{ACTIVATIONS[rule]}, {WEIGHTS[weights]}"
            draw_band(axes, levels, activation, color=palette.RULES[rule], linestyle=dashes, label=label)
    set_alpha_axis([axes], shown)
    axes.set_xlabel("substituted layers N, from the output down", fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def activations(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """α of Activation before every pooling, and after it where a layer has one."""
    if "alpha_activation" not in data:
        return {}
    before, after = data["alpha_activation"], data["alpha_activation_pooled"]
    same = np.array_equal(before.values, after.values, equal_nan=True)
    return {"activation": before} if same else {"activation": before, "activation-pooled": after}


def draw_cosines(axes: Axes, by_weights: dict[str, xr.Dataset]) -> None:
    """Mean |cosine| of two neurons of a layer, beside that of isotropic directions."""
    for weights, data in by_weights.items():
        if "cosine" in data:
            colour, _ = palette.WEIGHTS[weights]
            draw_band(axes, data["layer"].values, data["cosine"], color=colour, label=WEIGHTS[weights])
    fan_in = next((data["fan_in"] for data in by_weights.values() if "fan_in" in data), None)
    if fan_in is not None:
        expected = [isotropic_cosine(float(d)) for d in fan_in.isel(draw=0)]
        axes.plot(fan_in["layer"], expected, color="C5", linestyle=":", label="isotropic: ≈ √(2/π d)")
        axes.set_yscale("log")
    decorate(axes)


def isotropic_cosine(d: float) -> float:
    """E|cos| of two independent isotropic directions in R^d, `Γ(d/2) / (√π Γ((d + 1)/2))`."""
    return exp(lgamma(d / 2) - lgamma((d + 1) / 2)) / sqrt(pi)


def draw_norms(axes: Axes, by_weights: dict[str, xr.Dataset]) -> None:
    """Mean ± s.d. of the norms of a layer's neurons, medians over the draws."""
    for number, (weights, data) in enumerate(by_weights.items()):
        if "norm" in data:
            middle, around = (data[name].median("draw", skipna=True).values for name in ("norm", "norm_sd"))
            colour, _ = palette.WEIGHTS[weights]
            style = {"color": colour, "label": WEIGHTS[weights], "markersize": 3, "linewidth": 1, "capsize": 2}
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
