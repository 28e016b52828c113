"""The command `nfrlab figures`: figures from a seed and the images, and those of the bridge from its stored results."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from nfrlab.simulations.files import require_space
from nfrlab.simulations.images import image_set
from nfrlab.simulations.resumable import Stopped, exclusive_folder
from nfrlab.verify.commands.console import (
    OUT,
    Images,
    Seed,
    check_images,
    console,
    folder,
    print_paths,
    refuse,
    require_counts,
    say,
)
from nfrlab.verify.exhibits import DRAWN, STORED
from nfrlab.verify.proceedings.store import MEASUREMENTS

NAMES = (*DRAWN, *STORED)
SPACE = 2**21
"""Bytes of a figure, as SVG and PNG; the animation is the largest."""


def figures(
    names: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(NAMES)}; all by default.")] = None,
    images: Images = None,
    seed: Seed = 0,
    out: Annotated[Path, folder("--out", "Folder for the figures.")] = Path("results/figures"),
    results: Annotated[Path, folder("--results", "Folder of what 'nfrlab bridge' stored.")] = OUT / MEASUREMENTS,
) -> None:
    """Draw the figures of the paper and of this laboratory.

    From a seed and the images: Fig. 1 and its animation, isotropy, Theorem 2's ordering over N/d, the cascade law. From
    what 'nfrlab bridge' stored: Table I and Fig. 2 to 7. By default all are drawn whose data are there, as SVG and PNG.
    """
    chosen = names or list(NAMES)
    for name in chosen:
        if name not in NAMES:
            raise refuse(f"unknown figure '{name}'; known figures: {', '.join(NAMES)}")
    from nfrlab.paper_figs.deep.stored import MissingResults
    from nfrlab.verify.exhibits import stored

    def left_out(name: str, reason: MissingResults) -> None:
        """Refuse a figure that was asked for by name; say that another one is left out."""
        if names:
            raise reason
        console.print(f"{name} left out: {reason}", highlight=False)

    try:
        require_counts(seed=seed)
        require_space(out, SPACE * len(chosen), "the figures")
        say(check_images(images))
        photographs = image_set(images)
        with exclusive_folder(out, (), lambda: "the figures before it are kept", lambda error: None):
            for name in chosen:
                if name in DRAWN:
                    with console.status(name):
                        print_paths(*import_module(DRAWN[name]).draw(out, photographs, seed))
            if of_bridge := [name for name in chosen if name in STORED]:
                with console.status("bridge"):
                    print_paths(*stored.draw(results, out, of_bridge, left_out))
    except MissingResults as error:
        raise refuse(f"{error}, or name its folder with --results: there is none in {results}") from error
    except (ValueError, Stopped) as error:
        raise refuse(str(error)) from error
