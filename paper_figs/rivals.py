"""What each theory predicts, experiment by experiment, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

COLOURS = {"Zheng": "C0", "Sixt": "C1", "Nie": "C2", "Binder": "C3", "Adebayo": "C4"}
APART = 0.13
"""Between the ranges of two theories, of the height of a row."""
LIMITS = (-1.05, 1.05)


@dataclass(frozen=True)
class Bar:
    """One experiment: its label, the median and its interval, and the range that each theory predicts."""

    label: str
    median: float
    interval: tuple[float, float]
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def figure(bars: Sequence[Bar]) -> Figure:
    """A row an experiment: ranges as coloured lines, what was measured in black; beyond ± 1 all is cut off."""
    drawing = Figure(figsize=(8.5, 1.1 + 0.52 * len(bars)))
    axes = drawing.add_subplot()
    for place, bar in enumerate(bars):
        draw_bar(axes, place, bar)
    axes.set_yticks(range(len(bars)), [bar.label for bar in bars], fontsize=8)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_xlim(*LIMITS)
    axes.set_xlabel("measured: median, interval (black)\npredicted: ranges in colour")
    axes.axvline(0, color="0.8", linewidth=0.8, zorder=0)
    for place in range(1, len(bars)):
        axes.axhline(place - 0.5, color="0.92", linewidth=0.8, zorder=0)
    handles = [Line2D([], [], color=colour, linewidth=3, label=theory) for theory, colour in COLOURS.items()]
    axes.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.3, 1.0), ncols=len(COLOURS), frameon=False)
    return drawing


def draw_bar(axes: Axes, place: int, bar: Bar) -> None:
    """One experiment, at its place from the top."""
    for i, theory in enumerate(COLOURS):
        if theory in bar.ranges:
            y = place + APART * (i + 0.5 - len(COLOURS) / 2)
            low, high = bar.ranges[theory]
            axes.plot([low, high], [y, y], color=COLOURS[theory], linewidth=3, solid_capstyle="butt", alpha=0.75)
    low, high = (min(max(end, -2.0), 2.0) for end in bar.interval)
    axes.plot([low, high], [place, place], color="k", linewidth=1.2)
    axes.plot(bar.median, place, "kD", markersize=4.5)
