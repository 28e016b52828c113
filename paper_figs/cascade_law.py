"""The cascade law against sampling: α of every N-level cascade, one panel a width profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from nfrlab.paper_figs import palette
from nfrlab.theory.cascade.recursion import cascade_alphas

Floats = npt.NDArray[np.float64]
RULES = {"activation": "Activation", "gbp": "GBP", "rectgrad": "RectGrad, 90 %", "grad": "gradient"}
COLUMNS = 3


@dataclass(frozen=True)
class Sampled:
    """Sampled mean α of the levels 0 … L, and the ends of its intervals."""

    mean: Float[Floats, " levels"]
    low: Float[Floats, " levels"]
    high: Float[Floats, " levels"]


@dataclass(frozen=True)
class Profile:
    """One panel: the widths `n_0 = d, n_1, …, n_{L−1}` and what each rule was sampled to do."""

    name: str
    widths: tuple[int, ...]
    sampled: Mapping[str, Sampled]


def figure(profiles: Sequence[Profile]) -> Figure:
    """Lines: the law, nothing fitted. Dots: sampled means with their intervals."""
    rows = -(-len(profiles) // COLUMNS)
    drawing = Figure(figsize=(9.6, 0.7 + 2.7 * rows))
    grid = drawing.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axes in grid[len(profiles) :]:
        axes.set_visible(False)
    for axes, profile in zip(grid, profiles, strict=False):
        draw_panel(axes, profile)
    drawing.supxlabel("level N of the cascade: layers, from the output down, in which the rule is used", fontsize=9)
    drawing.supylabel("mean input alignment α", fontsize=9)
    handles, labels = grid[0].get_legend_handles_labels()
    handles.append(Line2D([], [], color="k", marker="o", markersize=3.5, linestyle="none"))
    labels.append("sampled, with intervals")
    drawing.legend(handles, labels, loc="outside upper center", ncols=len(labels), fontsize=8)
    return drawing


def draw_panel(axes: Axes, profile: Profile) -> None:
    """One width profile."""
    levels = np.arange(len(profile.widths) + 1)
    for rule, label in RULES.items():
        colour, sampled = palette.RULES[rule], profile.sampled[rule]
        axes.plot(levels, cascade_alphas(rule, profile.widths), color=colour, linewidth=1.3, label=f"{label}: law")
        around = np.array([sampled.mean - sampled.low, sampled.high - sampled.mean])
        axes.errorbar(
            levels, sampled.mean, around, fmt="o", color=colour, markersize=3.5, linewidth=0.9, capsize=2, label="_"
        )
    axes.set_title(f"{profile.name}: {widths_in_words(profile.widths)}", fontsize=7.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(-0.04, 1.04)


def widths_in_words(widths: tuple[int, ...]) -> str:
    """The widths from the input up, `784–512–1024`; a long run of equal ones shortened, `784 – 512 × 7`."""
    if len(widths) > 6 and len(set(widths[1:])) == 1:
        return f"{widths[0]} – {widths[1]} × {len(widths) - 1}"
    return "–".join(map(str, widths))
