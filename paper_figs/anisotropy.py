"""Worst alignment against anisotropy: every weight family between the two proven curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, isnan, pi
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.theory.limit.anisotropy import ceiling, floor


class Row(NamedTuple):
    """The numbers of a weight family.

    `ratio` is its anisotropy A (NaN: without a mean it has none), `worst` its worst α_∞, `median` and `least` those of
    α_∞ at image patches. `centred` says whether its mean is 0, `exact` whether A and the worst value are exact or
    certified; else the worst value, for sparse A too, is what a search found.
    """

    name: str
    ratio: float
    worst: float
    median: float
    least: float
    centred: bool
    exact: bool


@dataclass(frozen=True)
class Anisotropies:
    """All families in one dimension d."""

    rows: Sequence[Row]
    d: int


RIGHT, NONE, EDGE = 16.0, 24.0, 13.0  # where A = ∞ and no A are drawn, and where the axis is broken
BESIDE = {
    "sparse": (7, 4),
    "axis": (7, 4),
    "powerlaw": (7, 4),
    "shifted": (7, -10),
    "uniform": (-3, 10),
    "laplace": (7, -11),
}


def groups(rows: Sequence[Row]) -> list[tuple[str, Row]]:
    """Points with their labels; families that share a point share a label."""
    merged: dict[tuple[float, float], list[Row]] = {}
    for row in rows:
        merged.setdefault((round(place(row), 6), round(row.worst, 6)), []).append(row)
    return [(", ".join(row.name for row in some), some[0]) for some in merged.values()]


def place(row: Row) -> float:
    """Where on the axis a family is drawn."""
    return row.ratio if isfinite(row.ratio) else NONE if isnan(row.ratio) else RIGHT


def figure(data: Anisotropies) -> Figure:
    """The two curves, and every family with its worst α_∞ and that of image patches."""
    drawing = Figure(figsize=(7.2, 4.8))
    axes = drawing.add_subplot()
    draw_curves(axes)
    for label, row in groups(data.rows):
        draw_point(axes, label, row)
    add_markers_to_legend(axes)
    decorate(axes, data.d)
    return drawing


def draw_curves(axes: Axes) -> None:
    """What no worst α_∞ is below, and what it is not above: the band of laws of mean 0, the bound of the others."""
    A = np.geomspace(1, EDGE, 200)
    lower, upper, off_centre = (np.array([bound(a) for a in A]) for bound in (floor, ceiling, lambda a: ceiling(a, pi)))
    some = r"$\inf\,\alpha_\infty \leq 1/\sqrt{1 + (\ln A\,/\,D)^2}$, $D = \pi/2$"
    axes.fill_between(A, lower, upper, color="C0", alpha=0.10, linewidth=0)
    axes.plot(A, upper, color="C0", label=some)
    axes.plot(A, off_centre, color="C0", linestyle=(0, (4, 2)), label=r"the same, $D = \pi$: laws of mean $\neq 0$")
    axes.plot(A, lower, color="C2", label=r"every $x$ has $\alpha_\infty \geq 1/A$")


def draw_point(axes: Axes, label: str, row: Row) -> None:
    """A family: its worst α_∞, filled, and the patches' median, hollow."""
    x = place(row)
    axes.plot([x, x], [row.worst, row.median], color="0.75", linewidth=0.8, zorder=2)
    axes.plot(x, row.median, "o", markerfacecolor="white", markeredgecolor="C1", markersize=5, zorder=4)
    (mark,) = axes.plot(x, row.worst, "o" if row.centred else "s", color="C1" if row.exact else "C4", zorder=5)
    mark.set(markersize=6.5, markeredgecolor="k", markeredgewidth=0.5, clip_on=False)
    annotate(axes, label, row, x)


def annotate(axes: Axes, label: str, row: Row, x: float) -> None:
    """The name beside the worst point, in grey beside the patch; the laws with A = 1 in one column."""
    if row.ratio == 1:
        text, arrow = "A = 1, every x:\n" + label.replace(", ", "\n"), {"arrowstyle": "->", "color": "0.5", "lw": 0.8}
        axes.text(1.025, 0.315, text, fontsize=8, va="bottom", linespacing=1.15)
        axes.annotate("", (x, row.worst - 0.02), (1.04, 0.605), arrowprops=arrow)
        return
    offset = BESIDE.get(row.name, (-7, 6))
    side = "right" if offset == (-7, 6) else "left"
    axes.annotate(label, (x, row.worst), offset, textcoords="offset points", fontsize=8, ha=side, zorder=6)
    if row.median - row.worst > 0.1:
        beside = axes.annotate(row.name, (x, row.median), (-7, 0), textcoords="offset points", fontsize=7)
        beside.set(color="0.45", va="center", ha="right")


def add_markers_to_legend(axes: Axes) -> None:
    """What the colours and shapes of the points mean."""
    marks = (
        ("C1", "o", "worst $x$, exact"),
        ("C4", "o", "worst $x$ (sparse: $A$ too) found by search"),
        ("C1", "s", "worst $x$, law of mean $\\neq 0$ or none"),
    )
    for colour, marker, text in marks:
        axes.plot([], [], marker, color=colour, markeredgecolor="k", markeredgewidth=0.5, label=text)
    axes.plot([], [], "o", markerfacecolor="white", markeredgecolor="C1", label="image patches, median")


def decorate(axes: Axes, d: int) -> None:
    """Axes and legend."""
    axes.set_xscale("log")
    ticks = [1, 1.5, 2, 3, 5, 8, RIGHT]
    axes.set_xticks([*ticks, NONE], [*(f"{t:g}" for t in ticks[:-1]), "∞", "none"])
    axes.minorticks_off()
    axes.set_xlim(0.96, NONE * 1.06)
    axes.set_ylim(-0.02, 1.07)
    axes.set_xlabel(r"anisotropy $A = \max f\,/\,\min f$ over unit $x$, $f(x) = E\,\mathrm{relu}(w\cdot x)$")
    axes.set_ylabel(rf"limit alignment $\alpha_\infty$ of GBP, $d = {d}$")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 0.0), fontsize=7.5)
