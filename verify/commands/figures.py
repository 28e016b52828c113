"""The command `nfrlab figures`: figures from a seed and the images, and those of the bridge from its stored results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from nfrlab.paper_figs.deep.stored import MissingResults
from nfrlab.simulations.images import ImageSet, image_set
from nfrlab.verify.commands.console import console, refuse
from nfrlab.verify.examine import gaussian_stacks
from nfrlab.verify.exhibits import anisotropy, fig1, ordering, stored

FIGURES: dict[str, Callable[[Path, ImageSet, int], list[Path]]] = {
    "fig1": fig1.draw,
    "isotropy": anisotropy.draw,
    "ordering": ordering.draw,
    "cascade": gaussian_stacks.draw,
}
NAMES = (*FIGURES, *stored.FIGURES)


def figures(
    names: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(NAMES)}; all by default.")] = None,
    images: Annotated[Path | None, typer.Option(help="A folder of images instead of the built-in ones.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Root of all random numbers.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the figures.")] = Path("results/figures"),
    results: Annotated[Path, typer.Option(help="What 'nfrlab bridge' stored.")] = stored.RESULTS,
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
        photographs = image_set(images)
        for name in chosen:
            if name in FIGURES:
                with console.status(name):
                    _show(FIGURES[name](out, photographs, seed))
        if bridge := [name for name in chosen if name in stored.FIGURES]:
            with console.status("bridge"):
                _show(stored.draw(results, out, bridge, _refuse if names else _tell))
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
