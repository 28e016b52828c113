"""The command line: thin over the library. Exit status 0 decided, 1 inconclusive or a control misbehaved, 2 bad
input.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from nfrlab.simulations.dense import RULES
from nfrlab.simulations.images import image_set
from nfrlab.simulations.workers import default_jobs
from nfrlab.theory.families import FAMILIES
from nfrlab.verify.commands.bridge import bridge
from nfrlab.verify.commands.console import OUT, console, refuse
from nfrlab.verify.commands.converge import converge
from nfrlab.verify.commands.figures import figures
from nfrlab.verify.commands.law import law
from nfrlab.verify.commands.sweep import sweep
from nfrlab.verify.commands.train import train
from nfrlab.verify.commands.verify import hear
from nfrlab.verify.court.claim import PROFILES
from nfrlab.verify.proceedings import store
from nfrlab.verify.proceedings.registry import REGISTRY, find_claim
from nfrlab.verify.proceedings.trial import MEASUREMENTS, measured_in
from nfrlab.verify.report.cards import claim_card, family_card, rule_card

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Put the negative-filtering theory of saliency maps on trial.",
)


@app.command()
def claims() -> None:
    """List every claim with its source."""
    listing = Table(Column("id", no_wrap=True), "title", "source", box=None, header_style="bold")
    for claim in REGISTRY.values():
        listing.add_row(claim.id, claim.title, claim.source)
    console.print(listing)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A claim, a backward rule or a weight family.")],
    out: Annotated[Path, typer.Option(help="Where verdicts are stored.")] = OUT,
) -> None:
    """Print a claim's statement, premises, kinds of evidence, last verdict, and the line that re-runs it alone.

    Of a rule, its equation; of a family, what the theory states of it.
    """
    if name in FAMILIES:
        card = family_card(FAMILIES[name])
    elif name in RULES:
        card = rule_card(name)
    elif name in REGISTRY:
        try:
            card = claim_card(REGISTRY[name], store.read(out).get(name), out)
        except ValueError as error:
            raise refuse(str(error)) from error
    else:
        raise refuse(
            f"unknown claim, rule or family '{name}'; 'nfrlab claims' lists the claims, the rules are "
            f"{', '.join(RULES)}, the families {', '.join(FAMILIES)}"
        )
    console.print(f"[bold]{name}[/]", highlight=False)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", style="dim", no_wrap=True)
    again = [text for title, text in card if title == "run again"]
    for title, text in card:
        if title != "run again":
            grid.add_row(title, Text(text))
    console.print(grid)
    for command in again:
        console.print(
            f"run again  {command}", soft_wrap=True, highlight=False, markup=False
        )  # on one line, to be pasted


@app.command()
def verify(
    ids: Annotated[list[str] | None, typer.Argument(help="Claims to try; all by default.")] = None,
    profile: Annotated[str, typer.Option(help="quick (minutes) or full.")] = "quick",
    seed: Annotated[int, typer.Option(help="Root of all random numbers, a non-negative integer.")] = 0,
    jobs: Annotated[int, typer.Option(help="Worker processes; one per core by default.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for verdicts.json and report.html.")] = OUT,
    images: Annotated[Path | None, typer.Option(help="A folder of images instead of scikit-learn's.")] = None,
) -> None:
    """Try claims, print the verdicts, and write verdicts.json and a self-contained report.html."""
    try:
        chosen = [find_claim(id).id for id in dict.fromkeys(ids or REGISTRY)]
        if profile not in PROFILES:
            raise ValueError(f"unknown profile '{profile}'; choose {' or '.join(PROFILES)}")
        if seed < 0:
            raise ValueError(f"--seed must be a non-negative integer, got {seed}")
        if jobs < 0:
            raise ValueError(f"--jobs must be a positive integer, or 0 for one per core, got {jobs}")
        image_set(images)
        store.prepare(out)
        store.read(out)
        measured_in(out / MEASUREMENTS)
    except ValueError as error:
        raise refuse(str(error)) from error
    raise typer.Exit(0 if hear(chosen, seed, profile, images, jobs or default_jobs(), out) else 1)


app.command()(law)
app.command()(sweep)
app.command()(converge)
app.command()(figures)
app.command()(bridge)
app.command()(train)


def main() -> None:
    """Entry point of the command `nfrlab`."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
