"""The command line: thin over the library. Exit status 0: all decided; 1: something inconclusive, or a control that was
not refuted; 2: bad input.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nfrlab.verify.commands.console import console, refuse

COMMANDS = {
    "claims": "List every claim with its source.",
    "show": "Print all there is to know of one claim, rule or weight family.",
    "verify": "Try claims, store and print the verdicts, and write the report.",
    "law": "How wide must a layer be before the map is just the input?",
    "sweep": "Sample α over a grid of rules, families, d, N and seeds.",
    "converge": "Draw how α converges in the width N and in the number of trials.",
    "figures": "Draw the figures of the paper and of this laboratory.",
    "bridge": "Measure the effects on deep networks; try the claims on them.",
    "rivals": "Measure what the paper and its rivals predict differently.",
    "decisions": "Feed maps back to the network: is the map what it used?",
    "failures": "Follow wrong decisions layer by layer: where do they fail?",
    "audit": "What can the saliency maps of a network be trusted for?",
    "train": "Train VGG16 or ResNet18 on CIFAR-10.",
}
"""Name and first sentence of every subcommand; `nfrlab.verify.commands.NAME` has the function of that name."""


class LazyGroup(TyperGroup):
    """Subcommands of which only the one that is asked for is imported, and none for the list of all."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The subcommand of this name, None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(cmd_name)(getattr(import_module(f"nfrlab.verify.commands.{cmd_name}"), cmd_name))
        return typer.main.get_command(alone)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the subcommands, each with its first sentence."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Put the negative-filtering theory of saliency maps on trial.",
)


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
    """Entry point of the command `nfrlab`.

    Letters that the output's encoding lacks are spelled out. What the machine refuses outside any step of a command,
    its standard output or its working folder, is one sentence and exit status 2 as well.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
        named = f" {error.filename}" if error.filename else ""
        sys.exit(refuse(f"the machine refused{named}: {error.strerror or error}").exit_code)
