"""The command `nfrlab figures`: the figures that need no sweep of their own, each from a seed and the images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from simulations.images import ImageSet
from verify import cascades, fig1, isotropy, ordering
from verify.console import console, refuse
from verify.trial import images_from

FIGURES: dict[str, Callable[[Path, ImageSet, int], list[Path]]] = {
    "fig1": fig1.draw,
    "isotropy": isotropy.draw,
    "ordering": ordering.draw,
    "cascade": cascades.draw,
}


def figures(
    names: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(FIGURES)}; all by default.")] = None,
    images: Annotated[Path | None, typer.Option(help="A folder of images instead of the built-in ones.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Root of all random numbers.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the figures.")] = Path("results/figures"),
) -> None:
    """The figures: Fig. 1 and its animation, isotropy, Theorem 2's ordering over N/d, the cascade law."""
    chosen = names or list(FIGURES)
    try:
        for name in chosen:
            if name not in FIGURES:
                raise ValueError(f"unknown figure '{name}'; known figures: {', '.join(FIGURES)}")
        photographs = images_from(images)
    except ValueError as error:
        raise refuse(str(error)) from error
    try:
        for name in chosen:
            with console.status(name):
                written = FIGURES[name](out, photographs, seed)
            for path in written:
                console.print(path, highlight=False)
    except OSError as error:
        raise refuse(f"cannot write to {out}: {error.strerror or error}") from error
