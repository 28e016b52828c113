"""The command `nfrlab show`: all there is to know of one claim, rule or weight family."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from nfrlab.simulations.dense import RULES
from nfrlab.theory.families import FAMILIES
from nfrlab.verify.commands.console import OUT, console, folder, refusals, say, shown
from nfrlab.verify.proceedings import store
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.report.cards import Card, claim_card, family_card, rule_card


def show(
    name: Annotated[str, typer.Argument(help="A claim, a backward rule or a weight family.")],
    out: Annotated[Path, folder("--out", "Folder where the verdicts are stored.")] = OUT,
) -> None:
    """Print all there is to know of one claim, rule or weight family.

    Of a claim: its statement, premises and evidence, where its examination is, its last verdict, and the command that
    reaches the verdict again. Of a backward rule: its equation. Of a weight family: what the theory states of it.
    """
    with refusals():
        card = card_of(name, out)
    console.print(f"[bold]{name}[/]", highlight=False)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", style="dim", no_wrap=True)
    commands = [text for title, text in card if title == "run again"]
    for title, text in card:
        if title != "run again":
            grid.add_row(title, shown(text))
    console.print(grid)
    for command in commands:  # on one line, to be pasted
        say(f"run again  {command}")


def card_of(name: str, out: Path) -> Card:
    """The card of what has this name.

    Raises `ValueError` for an unknown name, and for stored verdicts that cannot be read.
    """
    if name in FAMILIES:
        return family_card(FAMILIES[name])
    if name in RULES:
        return rule_card(name)
    if name in REGISTRY:
        return claim_card(REGISTRY[name], store.read(out).get(name), out)
    raise ValueError(
        f"unknown claim, rule or family '{name}'; 'nfrlab claims' lists the claims, the rules are {', '.join(RULES)}, "
        f"the families {', '.join(FAMILIES)}"
    )
