"""The table of the rivals on the console."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from nfrlab.theory.rivals.predictions import THEORIES
from nfrlab.verify.commands.console import shown, wide_console
from nfrlab.verify.proceedings.rivals_table import RowResult
from nfrlab.verify.report.rivals import scores, table


def print_rivals(found: Sequence[RowResult]) -> None:
    """What each theory predicts, what was measured, and how often each is right."""
    listing = Table("", "experiment", *THEORIES, "measured", header_style="bold")
    for row in table(found):
        measured = f"{row['measured']}\n{row['network']}".strip()
        experiment = f"{row['experiment']}: {row['quantity']}"
        listing.add_row(row["number"], shown(experiment), *row["cells"].values(), shown(measured))
    listing.add_row("", "in all", *scores(found).values(), "")
    wide_console().print(listing)
