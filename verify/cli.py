"""The command line: thin over the library. Exit status 0: all decided; 1: something inconclusive, or a control that was
not refuted; 2: bad input.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from nfrlab.verify.commands.bridge import bridge
from nfrlab.verify.commands.claims import claims
from nfrlab.verify.commands.console import console
from nfrlab.verify.commands.converge import converge
from nfrlab.verify.commands.figures import figures
from nfrlab.verify.commands.law import law
from nfrlab.verify.commands.show import show
from nfrlab.verify.commands.sweep import sweep
from nfrlab.verify.commands.train import train
from nfrlab.verify.commands.verify import verify

COMMANDS = (claims, show, verify, law, sweep, converge, figures, bridge, train)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Put the negative-filtering theory of saliency maps on trial.",
)
for command in COMMANDS:
    app.command()(command)


def print_version(wanted: bool) -> None:
    """Print the version and end the command, where it was asked for."""
    if wanted:
        from importlib.metadata import version

        console.print(f"nfrlab {version('nfrlab')}", highlight=False)
        raise typer.Exit


@app.callback()
def before_any_command(
    wanted: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """What is done before any command: nothing more than to answer --version."""


def main() -> None:
    """Entry point of the command `nfrlab`."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
