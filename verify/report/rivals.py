"""The table of the rivals as a reader sees it: on the console, in the report, as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure

from nfrlab.paper_figs import rivals as figure
from nfrlab.paper_figs.render import render
from nfrlab.simulations.bridge.rival_settings import RIVALS
from nfrlab.theory.rivals.predictions import THEORIES
from nfrlab.verify.proceedings.rivals_table import RowResult, Score, row_results, tally
from nfrlab.verify.proceedings.store import MEASUREMENTS, datasets

MARKS = {Score.RIGHT: "✓", Score.WRONG: "✗", Score.OPEN: "?", None: ""}


def cell(row_result: RowResult, theory: str) -> str:
    """What a theory predicts of a row, with a mark for how it fares: `α → 1 ✓`; a dash where it is silent."""
    prediction = row_result.predictions.get(theory)
    if prediction is None:
        return "–"
    return f"{prediction.words} {MARKS[row_result.score(theory)]}".strip()


def measurement(row_result: RowResult) -> str:
    """The median and its interval, or what is missing."""
    if row_result.median is None:
        return f"NOT RUN: {row_result.row.needs}"
    low, high = row_result.interval
    return f"{row_result.median:.3f} [{low:.3f}, {high:.3f}], n = {row_result.n}"


def table(found: Sequence[RowResult]) -> list[dict[str, Any]]:
    """The rows as words: number, experiment, quantity, a cell a theory, what was measured, and on which network."""
    return [
        {
            "number": each.row.number,
            "experiment": each.row.experiment,
            "quantity": each.row.quantity,
            "cells": {theory: cell(each, theory) for theory in THEORIES},
            "measured": measurement(each),
            "network": each.network,
        }
        for each in found
    ]


def markdown(found: Sequence[RowResult]) -> list[str]:
    """The lines of a short table, as the README prints it: marks, and medians; `·` for what was predicted in vain."""

    def mark(each: RowResult, theory: str) -> str:
        return (MARKS[each.score(theory)] or "·") if theory in each.predictions else "–"

    def line(*cells: str) -> str:
        return "| " + " | ".join(each.replace("|", "\\|") for each in cells) + " |"

    counts = [", ".join(str(count[score]) for score in Score) for count in tally(list(found)).values()]
    return [
        line("row", "what is measured", *THEORIES, "median"),
        "|---" * (3 + len(THEORIES)) + "|",
        *(
            line(
                each.row.number,
                f"{each.row.experiment}: {each.row.quantity}",
                *(mark(each, theory) for theory in THEORIES),
                "not run" if each.median is None else f"{each.median:.2f}".replace("-0.00", "0.00").replace("-", "−"),
            )
            for each in found
        ),
        line("", "right, wrong, open", *counts, ""),
    ]


def scores(found: Sequence[RowResult]) -> dict[str, str]:
    """By theory: `5 right, 2 wrong, 1 open`."""
    return {
        theory: ", ".join(f"{count[score]} {score}" for score in Score) for theory, count in tally(list(found)).items()
    }


def drawn(found: Sequence[RowResult]) -> Figure:
    """The figure of the rows that were measured."""
    return figure.figure(
        [
            figure.Bar(
                f"{each.row.number}  {each.row.experiment}: {each.row.quantity}",
                each.median,
                each.interval,
                {theory: (p.low, p.high) for theory, p in each.predictions.items()},
            )
            for each in found
            if each.median is not None
        ]
    )


def rivals_section(out: Path) -> dict[str, Any] | None:
    """What the report shows of the rivals; None where nothing was measured for them.

    Raises `ValueError` for stored results that cannot be read.
    """
    measured = datasets(out / MEASUREMENTS)
    if not any(name.startswith(RIVALS) for name in measured):
        return None
    found = row_results(measured)
    return {"rows": table(found), "scores": scores(found), "figure": Markup(table_figure(found))}


def table_figure(found: Sequence[RowResult]) -> str:
    """The figure as SVG text; "" where no row was measured."""
    if all(each.median is None for each in found):
        return ""
    text = render(lambda: drawn(found))["svg"].decode()
    return text[text.index("<svg") :]
