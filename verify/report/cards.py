"""What `nfrlab show` prints: one card per claim, rule or weight family, as lines (title, text)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from nfrlab.simulations.dense import FAMILIES as SAMPLERS
from nfrlab.simulations.dense import RULES
from nfrlab.theory.family import Family
from nfrlab.verify.breaks import BREAKS
from nfrlab.verify.court.claim import Claim
from nfrlab.verify.proceedings.record import kinds_of
from nfrlab.verify.report import wording
from nfrlab.verify.report.locations import family_location, location

Card = list[tuple[str, str]]


def claim_card(claim: Claim, verdict: Mapping[str, Any] | None, out: Path) -> Card:
    """What a claim states and how it is examined, its last verdict, and the command that reaches the verdict again.

    `verdict` is the one stored in the folder `out`, None where there is none.
    """
    card = [
        ("title", claim.title),
        ("source", claim.source),
        ("statement", claim.statement),
        ("premises", "; ".join(claim.premises)),
        ("evidence", ", ".join(kinds_of(claim)) or "never tried"),
        ("negative control", claim.control.premise),
        *([("positive control", claim.restored.premise)] if claim.restored else []),
        *([("notices", "; ".join(BREAKS[id].what for id in claim.notices))] if claim.notices else []),
        *([("is blind to", claim.blind)] if claim.blind else []),
        ("repairs", claim.repairs or "—"),
        ("examined in", location(claim.examine)),
    ]
    if verdict is None:
        return [*card, ("verdict", f"none stored in {out}"), ("run again", f"nfrlab verify {claim.id}")]
    found = f"{verdict['status']} (control {verdict['control']['status']}): {wording.ground(verdict)}"
    extent = wording.reach(verdict)
    return [
        *card,
        ("verdict", found),
        *([("reach", extent)] if extent else []),
        *wording.chains(verdict),
        ("run again", wording.rerun(verdict)),
    ]


def family_card(family: Family) -> Card:
    """What the theory states of a weight family, and where its law and its sampler are."""
    premises = {
        "rotation invariant": family.rotation_invariant,
        "independent entries": family.independent_entries,
        "independent neurons": family.independent_neurons,
        "zero mean": family.zero_mean,
        "isotropic second moment": family.isotropic_second_moment,
    }
    return [
        ("family", family.statement),
        ("is", ", ".join(name for name, holds in premises.items() if holds) or "—"),
        ("is not", ", ".join(name for name, holds in premises.items() if not holds) or "—"),
        ("moments", f"finite of every order below {family.moments:g}"),
        ("law in", family_location(family.name)),
        ("sampled in", location(SAMPLERS[family.name])),
    ]


def first_line(function: Callable[..., Any]) -> str:
    """What a function's docstring says first."""
    return str(function.__doc__).strip().split("\n")[0]


def rule_card(name: str) -> Card:
    """The equation of a backward rule's step, what it carries, its bottom process, and where its step is."""
    used = RULES[name](low=-1.0, high=1.0) if name == "dtd" else RULES[name]()
    steps = [("rule", used.step), *([("layer 1", used.first)] if used.first else [])]
    bottom = "The map is the relevance itself." if used.carries == "relevance" else first_line(used.bottom)
    return [
        *((title, first_line(step.func if isinstance(step, partial) else step)) for title, step in steps),
        ("carries", used.carries),
        ("bottom", bottom),
        *((f"{title} in", location(step)) for title, step in steps),
    ]
