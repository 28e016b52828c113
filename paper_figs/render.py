"""Figures to bytes: one style, and the same bytes for the same data."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import matplotlib
from matplotlib.figure import Figure

STYLE = Path(__file__).parent / "nfrlab.mplstyle"
FORMATS: tuple[Literal["svg", "png"], ...] = ("svg", "png")


def render(draw: Callable[[], Figure]) -> dict[str, bytes]:
    """The figure that `draw` returns, as SVG and as PNG, by suffix; without dates or names of machines.

    `draw` is called within the laboratory's style, so that nothing depends on the user's matplotlib settings.
    """
    with matplotlib.rc_context(fname=STYLE):
        figure = draw()
        rendered: dict[str, bytes] = {}
        for format in FORMATS:
            buffer = io.BytesIO()
            figure.savefig(buffer, format=format, metadata={"svg": {"Date": None, "Creator": None}, "png": {}}[format])
            rendered[format] = buffer.getvalue()
    return rendered
