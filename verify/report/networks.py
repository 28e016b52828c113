"""The report's sections on single networks: what was measured, how, the numbers and the maps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from nfrlab.verify.proceedings.store import MEASUREMENTS, datasets

if TYPE_CHECKING:
    import xarray as xr

    from nfrlab.paper_figs.deep.stored import Stored

SANITY, GRADIENT = "sanity", "grad"
"""The variable that is measured of networks that `--model` names, and of no other; the rule beside those asked for."""
PROVENANCE = ("network", "weights", "images", "device", "seed", "command")


def sections(out: Path) -> list[dict[str, Any]]:
    """A section for every network that `--model` named: its settings' provenance, remarks and tables, one picture.

    Raises `ValueError` for stored results that cannot be read.
    """
    found = {name: data for name, data in datasets(out / MEASUREMENTS).items() if SANITY in data}
    if not found:
        return []
    from nfrlab.verify.exhibits.stored import load

    stored = load(out / MEASUREMENTS)
    by_network: dict[str, list[str]] = {}
    for name, data in found.items():
        by_network.setdefault(str(data.attrs["network"]), []).append(name)
    return [
        {
            "network": network,
            "settings": [setting(name, found[name]) for name in names],
            "picture": picture(stored, names),
        }
        for network, names in by_network.items()
    ]


def setting(name: str, data: xr.Dataset) -> dict[str, Any]:
    """What the page shows of one setting."""
    return {
        "name": name,
        "title": data.attrs["title"],
        "draws": data.sizes["draw"],
        "images": len(set(data["image"].values.tolist())),
        "attributes": {key: data.attrs[key] for key in PROVENANCE},
        "remarks": str(data.attrs.get("remarks", "")).splitlines(),
        "levels": [int(level) for level in data["alpha"].dropna("level", how="all")["level"].values],
        "alphas": alphas(data),
        "beside": [str(each) for each in data["beside"].values],
        "sanity": sanity(data),
    }


def alphas(data: xr.Dataset) -> dict[str, list[float]]:
    """Median α of every rule by level."""
    middle = data["alpha"].dropna("level", how="all").median("draw")
    return {rule: middle.sel(rule=rule).values.tolist() for rule in asked_for(data)}


def asked_for(data: xr.Dataset) -> list[str]:
    """The rules that were asked for, also where no map has an α."""
    return [rule for rule in json.loads(data.attrs["setting"])["rules"] if rule in data["rule"].values]


def sanity(data: xr.Dataset) -> dict[str, list[tuple[float, float]]]:
    """By rule the median cosine and rank correlation with each of the three others."""
    middle = data[SANITY].median("draw")
    rules = (GRADIENT, *asked_for(data))
    return {rule: [(cosine, rank) for cosine, rank in middle.sel(rule=rule).values.tolist()] for rule in rules}


def picture(stored: Stored, names: list[str]) -> Markup:
    """The maps of the first draws, as SVG; empty where they are not stored."""
    from nfrlab.paper_figs.deep import rule_maps
    from nfrlab.paper_figs.render import render

    pictured = [name for name in names if stored.holds(name, (SANITY,), ("rule_map", "photograph"))]
    if not pictured:
        return Markup("")
    text = render(lambda: rule_maps.figure(stored, pictured))["svg"].decode()
    return Markup(text[text.index("<svg") :])
