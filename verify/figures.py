"""The command `nfrlab figures`: figures from a seed and the images, and those of the bridge from its stored results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from paper_figs.bridge import MissingResults
from simulations.images import ImageSet
from verify import cascades, fig1, isotropy, ordering
from verify.bridge import pictures
from verify.console import console, refuse
from verify.trial import images_from

FIGURES: dict[str, Callable[[Path, ImageSet, int], list[Path]]] = {
    "fig1": fig1.draw,
    "isotropy": isotropy.draw,
    "ordering": ordering.draw,
    "cascade": cascades.draw,
}
NAMES = (*FIGURES, *pictures.FIGURES)


def figures(
    names: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(NAMES)}; all by default.")] = None,
    images: Annotated[Path | None, typer.Option(help="A folder of images instead of the built-in ones.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Root of all random numbers.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the figures.")] = Path("results/figures"),
    results: Annotated[Path, typer.Option(help="What 'nfrlab bridge' stored.")] = pictures.RESULTS,
) -> None:
    """The figures: Fig. 1 and its animation, isotropy, Theorem 2's ordering over N/d, the cascade law; and, drawn from
    what the bridge stored, Table I and Fig. 2 to 7.

    By default all, those of the bridge where their data are stored.
    """
    chosen = names or list(NAMES)
    try:
        for name in chosen:
            if name not in NAMES:
                raise ValueError(f"unknown figure '{name}'; known figures: {', '.join(NAMES)}")
        photographs = images_from(images)
        for name in chosen:
            if name in FIGURES:
                with console.status(name):
                    _show(FIGURES[name](out, photographs, seed))
        if bridge := [name for name in chosen if name in pictures.FIGURES]:
            with console.status("bridge"):
                _show(pictures.draw(results, out, bridge, _refuse if names else _tell))
    except MissingResults as error:
        raise refuse(f"{error}, or name its folder with --results: there is none in {results}") from error
    except ValueError as error:
        raise refuse(str(error)) from error
    except OSError as error:
        raise refuse(f"cannot write to {out}: {error.strerror or error}") from error


def _tell(name: str, reason: MissingResults) -> None:
    """A figure that was not asked for by name may be left out."""
    console.print(f"{name} left out: {reason}", highlight=False)


def _refuse(name: str, reason: MissingResults) -> None:
    raise reason


def _show(written: list[Path]) -> None:
    for path in written:
        console.print(path, highlight=False, soft_wrap=True)
