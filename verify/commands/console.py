"""What the commands share: the console, refusals, a live display that is silent off a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import typer
from rich.console import Console

console = Console()
OUT = Path("results")


def refuse(reason: str) -> typer.Exit:
    """One sentence on standard error and exit status 2."""
    print(f"nfrlab: {reason}", file=sys.stderr)
    return typer.Exit(2)


def wide() -> Console:
    """The console; off a terminal one that does not fold tables."""
    return console if console.is_terminal else Console(width=200)
