"""The page on decisions: Fig. 8 and 9, drawn from what was measured here or is shipped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure

from nfrlab.paper_figs.deep import fig8, fig9
from nfrlab.paper_figs.deep.stored import MissingResults, Stored
from nfrlab.paper_figs.render import render
from nfrlab.verify.examine.decisions import shipped
from nfrlab.verify.proceedings.store import MEASUREMENTS, datasets

FIGURES: dict[str, tuple[Callable[[Stored], Figure], str]] = {
    "fig-8": (
        fig8.figure,
        "What is fed back in the place of an image, and how far the decision moves: S = 1 is the same decision, S = 0 "
        "as far as none is. The two peaks of (a) are the two answers to one question: is the class the same? With the "
        "class kept, (d), one is left. For a user: a large S says that the map is given the class of the image, and "
        "hardly whether that class is right; the largest probability, which costs nothing, tells more.",
    ),
    "fig-9": (
        fig9.figure,
        "Four backdoors. Above: S of clean images in grey, of images with the trigger in colour. Below, what no map is "
        "needed for: the trigger on grey, on another image, and the image without the pixels of the trigger. Where the "
        "dots of the trigger on grey lie with those of the map, the peak tells how the backdoor was trained.",
    ),
}


def decisions_figures(out: Path, verdicts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The figures of which `out` has verdicts, each with a sentence on what it means; none where data are missing.

    Raises `ValueError` for stored results that cannot be read.
    """
    wanted = {name for name in FIGURES if any(id.startswith(name) for id in verdicts)}
    if not wanted:
        return []
    stored = Stored(dict(shipped()) | datasets(out / MEASUREMENTS), {})
    found = []
    for name in sorted(wanted):
        draw, words = FIGURES[name]
        try:
            text = render(partial(draw, stored))["svg"].decode()
        except MissingResults:
            continue
        found.append({"id": name, "picture": Markup(text[text.index("<svg") :]), "words": words})
    return found
