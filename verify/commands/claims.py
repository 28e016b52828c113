"""The command `nfrlab claims`: what is on trial."""

from __future__ import annotations

from rich.table import Column, Table

from nfrlab.verify.commands.console import console
from nfrlab.verify.proceedings.registry import REGISTRY


def claims() -> None:
    """List every claim with its source."""
    listing = Table(Column("id", no_wrap=True), "title", "source", box=None, header_style="bold")
    for claim in REGISTRY.values():
        listing.add_row(claim.id, claim.title, claim.source)
    console.print(listing)
