"""How far the refutations reach: for each refuted claim the share of stated draws in which it fails as printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.paper_figs.render import render

Rows = list[tuple[str, str, float, float, float]]


def rows(verdicts: Sequence[Mapping[str, Any]]) -> Rows:
    """(claim, draw, rate, lower, upper): of each refuted claim and draw the statement that fails most often."""
    found: dict[tuple[str, str], tuple[float, float, float]] = {}
    for verdict in verdicts:
        if verdict["status"] != "REFUTED":
            continue
        for piece in verdict["evidence"]:
            details = piece["details"]
            if piece["kind"] != "reach" or details["rate"] is None:
                continue
            key = verdict["id"], details["draw"]
            found[key] = max(found.get(key, (-1.0, 0.0, 0.0)), (details["rate"], *piece["interval"]))
    return [(*key, *value) for key, value in found.items()]


def figure(data: Rows) -> Figure:
    """One line a claim and draw: the share with its interval."""
    drawing = Figure(figsize=(8.2, 0.6 + 0.19 * len(data) + 0.15 * len({row[0] for row in data})))
    draw_rows(drawing.add_subplot(), data)
    return drawing


def draw_rows(axes: Axes, data: Rows) -> None:
    """Points with intervals, grouped by claim, the draw beside each."""
    position = 0.0
    ticks = []
    for claim in dict.fromkeys(row[0] for row in data):
        of_claim = [row for row in data if row[0] == claim]
        ticks.append((position + (len(of_claim) - 1) / 2, claim))
        for _, name, rate, low, high in of_claim:
            axes.plot([low, high], [position, position], color="C0", linewidth=1.6)
            axes.plot(rate, position, "o", color="C1", markersize=4.5, clip_on=False, zorder=3)
            axes.text(1.03, position, name, va="center", fontsize=7, color="0.35")
            position += 1
        axes.axhline(position - 0.1, color="0.85", linewidth=0.6)
        position += 0.8
    axes.set_yticks([tick for tick, _ in ticks], [claim for _, claim in ticks])
    axes.set_ylim(position - 0.6, -0.8)
    axes.set_xlim(-0.01, 1.0)
    axes.set_xlabel("share of draws in which the printed statement fails")
    axes.grid(False, axis="y")


def svg(verdicts: Sequence[Mapping[str, Any]]) -> str:
    """The figure as SVG text, the same bytes for the same verdicts; empty where no reach was measured."""
    data = rows(verdicts)
    if not data:
        return ""
    text = render(lambda: figure(data))["svg"].decode()
    return text[text.index("<svg") :]
