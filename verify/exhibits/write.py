"""A figure as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from nfrlab.paper_figs.render import render
from nfrlab.simulations.files import write_atomically


def write(folder: Path, name: str, draw: Callable[[], Figure]) -> list[Path]:
    """Write the figure that `draw` returns as `name.svg` and `name.png` in `folder`, and return their paths.

    `draw` is called within the laboratory's style; the folder is made where there is none. Raises what `draw` raises,
    before anything is written, and `OSError` where the folder cannot be written.
    """
    contents = {folder / f"{name}.{suffix}": content for suffix, content in render(draw).items()}
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in contents.items():
        write_atomically(path, content)
    return list(contents)
