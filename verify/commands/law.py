"""The command `nfrlab law`: α at a given width, and the width for a given α."""

from __future__ import annotations

from math import isfinite
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from nfrlab.theory.families import find_family
from nfrlab.theory.finite_width.law import MOST, alignment_law, least_width, required_neurons
from nfrlab.theory.finite_width.mixture import PASSING, AlignmentLaw
from nfrlab.theory.finite_width.one_neuron import RELEVANCES
from nfrlab.theory.finite_width.rate import kappa, slow_constant
from nfrlab.theory.weighting.frames import WIDEST, FrameLaw, frame_law
from nfrlab.verify.commands.console import refuse, wide_console

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


def law(
    rule: Annotated[str, typer.Argument(help=f"The backward rule: {', '.join(PASSING)}.")],
    d: Annotated[int, typer.Option(help="Input dimension.")],
    N: Annotated[int | None, typer.Option("--N", help="Hidden neurons.")] = None,
    target: Annotated[float | None, typer.Option(help="A mean α: find the least N that reaches it.")] = None,
    family: Annotated[str, typer.Option(help="The weight family: gaussian, student, sphere, ring, haar.")] = "gaussian",
    q: Annotated[float, typer.Option(help="RectGrad's quantile.")] = 0.9,
    relevance: Annotated[str, typer.Option(help=f"GBP's hidden relevance: {', '.join(RELEVANCES)}.")] = "normal",
) -> None:
    """How wide must a layer be before the map is just the input?

    With --N, the law of the input alignment α of the map r_0 in a layer of N neurons: its mean, standard deviation and
    quantiles. With --target, that law at the least N whose mean α reaches the target.
    """
    try:
        if (N is None) is (target is None):
            raise ValueError("give either --N or --target")
        if d > MOST:
            raise ValueError(f"--d may be {MOST:,} at most, got {d}")
        if not 0 < q < 1:
            raise ValueError(f"--q is a quantile level strictly between 0 and 1, got {q}")
        layer = rule, family, d, q, relevance
        found = law_at(*layer, N) if N is not None else law_reaching(*layer, target or 0.0)
    except ValueError as error:
        raise refuse(str(error)) from error
    drawn = "" if relevance == "normal" else f", {relevance} relevance"
    grid = Table.grid(padding=(0, 2))
    grid.add_row("layer", f"{rule}, {family} weights{drawn}, d = {d:,}, N = {found.N:,}, N/d = {found.N / d:.4g}")
    grid.add_row("mean α", f"{found.mean:.5f}, standard deviation {found.sd:.5f}")
    quantiles = zip(SHARES, found.quantiles(np.array(SHARES)), strict=True)
    grid.add_row("quantiles", ", ".join(f"{100 * share:g} %: {a:.5f}" for share, a in quantiles))
    grid.add_row("map is zero", f"with probability {found.undefined:.3g}, then α is undefined")
    if rule != "grad" and not find_family(family).orthonormal and d > 1:
        constant = kappa(rule, family, d, q, relevance)
        wide = f"{constant:.4g} (d − 1) / 2N" if isfinite(constant) else f"{slow_constant(d):.4g} / √N in the mean"
        grid.add_row("for N ≫ d", f"1 − α ≈ {wide}")
    matched = "exact in mean and deviation, else a" if is_one_frame(rule, family) else "a"
    tried = f"{matched} match of two moments; claim {claim_of(rule, family)} tries it"
    grid.add_row("the law is", "exact" if found.exact else tried)
    wide_console().print(grid, highlight=False)


def law_at(rule: str, family: str, d: int, q: float, relevance: str, N: int) -> AlignmentLaw | FrameLaw:
    """The law of α in a layer of N neurons: of one frame, or of independent neurons.

    `q` is RectGrad's quantile, `relevance` names the law of GBP's hidden relevance.
    """
    if is_one_frame(rule, family) and relevance == "normal":
        return frame_law(rule, d, N)
    return alignment_law(rule, family, d, N, q, relevance)


def law_reaching(rule: str, family: str, d: int, q: float, relevance: str, target: float) -> AlignmentLaw | FrameLaw:
    """The law of α at the least N whose mean α reaches the target; arguments as in `law_at`."""
    if is_one_frame(rule, family) and relevance == "normal":
        return frame_law(rule, d, least_width(lambda N: frame_law(rule, d, N).mean, target, most=min(d, WIDEST)))
    N = required_neurons(target, rule, family, d, q, relevance)
    return alignment_law(rule, family, d, N, q, relevance)


def is_one_frame(rule: str, family: str) -> bool:
    """Whether the layer is one Haar frame whose law depends on the frame."""
    return find_family(family).orthonormal and rule in ("constant", "gbp", "activation")


def claim_of(rule: str, family: str) -> str:
    """The id of the claim that tries the law."""
    return f"haar-law-{rule}" if is_one_frame(rule, family) else f"law-{rule}"
