"""What a run of the bridge prints: α by rule and level, and layer by layer what may break the theory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table

from nfrlab.simulations.bridge.settings import FILTERS
from nfrlab.verify.commands.console import shown, wide_console

GRADIENT = "grad"

if TYPE_CHECKING:
    import xarray as xr


def print_alphas(found: Mapping[str, xr.Dataset]) -> None:
    """Median α of every rule, from the gradient to the rule alone, and in how many draws a map has none."""
    listing = Table("network", "rule", "median α at N = 0, 1, …, L", "undefined", header_style="bold")
    for name, data in found.items():
        for rule in measured_rules(data) if "alpha" in data else ():
            listing.add_row(shown(name), shown(rule), *alphas(data["alpha"].sel(rule=rule), "level"))
        if "alpha_activation" in data:
            downwards = data["alpha_activation"].isel(layer=slice(None, None, -1))
            listing.add_row(shown(name), "activation", *alphas(downwards, "layer"))
    wide_console().print(listing)


def measured_rules(data: xr.Dataset) -> list[str]:
    """The rules that were asked for, also where no map has an α."""
    asked = json.loads(data.attrs["setting"])["rules"]
    return [str(rule) for rule in data["rule"].values if rule in asked]


def print_sanity(found: Mapping[str, xr.Dataset]) -> None:
    """By rule the medians of what a map has in common with three others: cosine, rank correlation."""
    for name, data in found.items():
        if "sanity" in data:
            beside = [str(each) for each in data["beside"].values]
            title = shown(f"{name}: maps r_0, median cosine and rank correlation with …")
            listing = Table("rule", *beside, title=title, header_style="bold")
            middle = data["sanity"].median("draw")
            for rule in (GRADIENT, *measured_rules(data)):
                pairs = (middle.sel(rule=rule, beside=each).values for each in beside)
                listing.add_row(shown(str(rule)), *(f"{cosine:+.3f}  {rank:+.3f}" for cosine, rank in pairs))
            wide_console().print(listing)


def alphas(alpha: xr.DataArray, along: str) -> tuple[str, str]:
    """The medians over the draws on one line, and the draws with an undefined one."""
    medians = np.atleast_1d(alpha.median("draw").values)
    return " ".join(f"{value:.3f}" for value in medians), str(int(alpha.isnull().any(along).sum()))


def print_diagnosis(found: Mapping[str, xr.Dataset]) -> None:
    """Layer by layer, medians over the draws.

    Number of neurons and weights of each, cosines and mean in units of chance, variation of the norms, share of active
    neurons, margins of ineq. 13, and α of Activation.
    """
    for name, data in found.items():
        if "cosine" not in data:
            continue
        rules = [rule for rule in FILTERS if "margin" in data and rule in data["rule"].values]
        columns = ("layer", "N", "d", "cosine", "mean", "s.d. ‖w‖", "active", *(f"margin {rule}" for rule in rules))
        listing = Table(*columns, "α Activation", title=shown(f"{name}, layer by layer"), header_style="bold")
        middle = data.median("draw")
        for layer in data["layer"].values:
            at = middle.sel(layer=layer)
            listing.add_row(
                f"{int(layer)}",
                f"{float(at['width']):.0f}",
                f"{float(at['fan_in']):.0f}",
                *(f"{float(at[key]):.2f}" for key in ("cosine_rms", "mean")),
                f"{float(at['norm_sd'] / at['norm']):.2f}",
                f"{float(at['active']):.2f}",
                *(f"{float(at['margin'].sel(rule=rule)):+.1e}" for rule in rules),
                f"{float(at['alpha_activation']):.3f}",
            )
        wide_console().print(listing)
