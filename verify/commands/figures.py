"""The command `nfrlab figures`: figures from a seed and the images, and those of the bridge from its stored results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from nfrlab.paper_figs.deep.stored import MissingResults
from nfrlab.simulations.images import ImageSet, image_set
from nfrlab.verify.commands.console import Images, console, print_paths, refuse
from nfrlab.verify.exhibits import anisotropy, cascade_profiles, fig1, ordering, stored

FIGURES: dict[str, Callable[[Path, ImageSet, int], list[Path]]] = {
    "fig1": fig1.draw,
    "isotropy": anisotropy.draw,
    "ordering": ordering.draw,
    "cascade": cascade_profiles.draw,
}
NAMES = (*FIGURES, *stored.FIGURES)


def figures(
    names: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(NAMES)}; all by default.")] = None,
    images: Images = None,
    seed: Annotated[int, typer.Option(min=0, help="Root of all random numbers, a non-negative integer.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the figures.")] = Path("results/figures"),
    results: Annotated[Path, typer.Option(help="Folder of what 'nfrlab bridge' stored.")] = stored.RESULTS,
) -> None:
    """Draw the figures of the paper and of this laboratory.

    From a seed and the images: Fig. 1 and its animation, isotropy, Theorem 2's ordering over N/d, the cascade law. From
    what 'nfrlab bridge' stored: Table I and Fig. 2 to 7. By default all are drawn whose data are there, as SVG and PNG.
    """
    chosen = names or list(NAMES)
    try:
        for name in chosen:
            if name not in NAMES:
                raise ValueError(f"unknown figure '{name}'; known figures: {', '.join(NAMES)}")
        photographs = image_set(images)
        out.mkdir(parents=True, exist_ok=True)
        for name in chosen:
            if name in FIGURES:
                with console.status(name):
                    print_paths(*FIGURES[name](out, photographs, seed))
        if of_bridge := [name for name in chosen if name in stored.FIGURES]:
            with console.status("bridge"):
                print_paths(*stored.draw(results, out, of_bridge, _raise if names else _print_left_out))
    except MissingResults as error:
        raise refuse(f"{error}, or name its folder with --results: there is none in {results}") from error
    except ValueError as error:
        raise refuse(str(error)) from error
    except OSError as error:
        raise refuse(f"cannot write to {out}: {error.strerror or error}") from error


def _print_left_out(name: str, reason: MissingResults) -> None:
    """A figure that was not asked for by name may be left out."""
    console.print(f"{name} left out: {reason}", highlight=False)


def _raise(name: str, reason: MissingResults) -> None:
    """A figure that was asked for by name may not."""
    raise reason
