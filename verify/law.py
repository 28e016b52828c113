"""The command `nfrlab law`: α at a given width, and the width for a given α."""

from __future__ import annotations

from math import isfinite
from typing import Annotated

import typer
from rich.table import Table

from theory.law import alignment_law, required_neurons
from theory.mixture import PASSING
from theory.width import kappa
from verify.console import refuse, wide

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


def law(
    rule: Annotated[str, typer.Argument(help=f"{', '.join(PASSING)}.")],
    d: Annotated[int, typer.Option(help="Input dimension.")],
    N: Annotated[int | None, typer.Option("--N", help="Hidden neurons.")] = None,
    target: Annotated[float | None, typer.Option(help="A mean α: print the least N that reaches it.")] = None,
    family: Annotated[
        str, typer.Option(help="gaussian, student, sphere, ring, haar.")
    ] = "gaussian",
    q: Annotated[float, typer.Option(help="RectGrad's quantile.")] = 0.9,
) -> None:
    """How wide must a layer be before the map is just the input? The law of α of r_0, or the N that a mean α needs."""
    try:
        if (N is None) is (target is None):
            raise ValueError("give either --N or --target")
        width = required_neurons(target, rule, family, d, q) if target is not None else N
        assert width is not None
        found = alignment_law(rule, family, d, width, q)
    except ValueError as error:
        raise refuse(str(error)) from error
    grid = Table.grid(padding=(0, 2))
    grid.add_row("layer", f"{rule}, {family} weights, d = {d:,}, N = {width:,}, N/d = {width / d:.4g}")
    grid.add_row("mean α", f"{found.mean:.5f}, standard deviation {found.sd:.5f}")
    grid.add_row("quantiles", ", ".join(f"{100 * share:g} %: {found.quantile(share):.5f}" for share in SHARES))
    grid.add_row("map is zero", f"with probability {found.undefined:.3g}, then α is undefined")
    if rule != "grad" and family != "haar" and isfinite(constant := kappa(rule, family, d, q)):
        grid.add_row("for N ≫ d", f"1 − α ≈ {constant:.4g} (d − 1) / 2N")
    matched = f"approximate: a Gamma law for T² with exact moments; claim law-{rule} tries it"
    grid.add_row("the law is", "exact" if found.exact else matched)
    wide().print(grid, highlight=False)
