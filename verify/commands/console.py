"""What the commands share: the console, refusals, and the options that mean one thing in all of them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

console = Console()
OUT = Path("results")
MOST = {"seed": 2**128 - 1, "seeds": 100_000, "count": 10**9}
"""What an option may be: seeds that generators tell apart, draws that take days, more images than anybody has."""


def folder(option: str, help: str) -> Any:
    """An option that names a folder; an empty name, which would be the working folder, ends the command."""

    def named(text: str | Path) -> Path:
        if text == "":
            raise refuse(f"{option} '' names no folder; name one, or leave the option out")
        return Path(text)

    return typer.Option(parser=named, metavar="FOLDER", help=help)


Seed = Annotated[int, typer.Option(help="Root of all random numbers, a non-negative integer.")]
Jobs = Annotated[int, typer.Option(help="Worker processes, at most one per core; 0 for as many.")]
Images = Annotated[
    Path | None,
    folder(
        "--images", "A folder of your own images, instead of scikit-learn's photographs; transparency is put on white."
    ),
]


def refuse(reason: str) -> typer.Exit:
    """Print one sentence on standard error; the exception that ends the command with exit status 2."""
    tell(f"{reason}{nearest(reason)}")
    return typer.Exit(2)


def tell(sentence: str) -> None:
    """Print one sentence on standard error."""
    print(f"nfrlab: {printable(sentence)}", file=sys.stderr)


def printable(text: str) -> str:
    """A text from outside in one line: control characters, which a terminal would obey, are spelled out."""
    line = " ".join(text.split("\n"))
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in line)


def nearest(reason: str) -> str:
    """`; did you mean 'gbp'?` for a sentence on an unknown name, from the names that it says are known."""
    found = re.match(r"(?:unknown [^']*'|no law of α for )([^' ]*)(.*)", reason, re.DOTALL)
    near = get_close_matches(found[1], re.findall(r"[\w.-]+", found[2]), 1) if found else []
    return f"; did you mean '{near[0]}'?" if near else ""


@contextmanager
def refusals(kinds: tuple[type[Exception], ...] = (ValueError, OSError)) -> Iterator[None]:
    """Turn a `ValueError`, or what the disk refuses, into one sentence and exit status 2; or other `kinds`."""
    try:
        yield
    except kinds as error:
        raise refuse(str(error)) from error


def check_images(folder: Path | None, at_least: int = 8) -> str:
    """Look at every image before any work is done, and say what was done to some of them; "" without a folder.

    Raises `ValueError` as `image_set` and `ImageSet.check` do.
    """
    from nfrlab.simulations.images import image_set, shown
    from nfrlab.verify.commands.progress import progress

    if folder is None:
        return ""
    images = image_set(folder)
    with progress("images", len(images.kept)) as bar:
        remarks = images.check(at_least, bar.update)
    told = "".join(f"; {count} {remark}" for remark, count in sorted(remarks.items()))
    found = "1 image" if len(images.kept) == 1 else f"{len(images.kept)} images"
    return f"{shown(folder)}: {found}{told}"


def say(sentence: str) -> None:
    """Print a sentence with names from outside, where there is one, in one line that can be copied."""
    if sentence:
        console.print(printable(sentence), highlight=False, markup=False, soft_wrap=True)


def shown(text: str) -> Text:
    """A text from outside as the cell of a table: what looks like rich's markup is none."""
    return Text(printable(text))


def require_counts(**options: int) -> None:
    """Raises `ValueError` that names an option which is negative or larger than it may be."""
    for name, value in options.items():
        if value < 0:
            raise ValueError(f"--{name} must be a non-negative integer, got {value}")
        if value > MOST.get(name, value):
            raise ValueError(f"--{name} may be {MOST[name]:,} at most, got {value}")


def require_jobs(jobs: int) -> None:
    """Raises `ValueError` for a negative number of workers."""
    if jobs < 0:
        raise ValueError(f"--jobs must be a positive integer, or 0 for one per core, got {jobs}")


def wide_console() -> Console:
    """The console; off a terminal one that does not fold tables."""
    return console if console.is_terminal else Console(width=200)


def print_paths(*paths: Path) -> None:
    """One path a line, never folded, so that it can be copied."""
    for path in paths:
        say(str(path))
