"""A derivation as evidence."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module

import nfrlab.theory
from nfrlab.theory.numerics.proof import Derivation, derivations
from nfrlab.verify.court.evidence import Evidence, Finding, Kind


@cache
def checked_derivation(derive: Callable[[], Derivation]) -> Derivation:
    """Run a derivation once, for all claims that rest on it: SymPy takes seconds."""
    return derive()


def derivation_evidence(derive: Callable[[], Derivation]) -> Evidence:
    """A derivation of the theory as evidence.

    It supports its statement if no link fails and a clause of the statement is itself checked, else it is undecided.
    `derive` needs no arguments; functions of `nfrlab.theory.….proofs` are meant.
    """
    derivation = checked_derivation(derive)
    clauses = derivation.conclusion
    checked = sum(clause.checked for clause in clauses)
    stated = f"clauses of the statement checked, given the links before them: {checked} of {len(clauses)}"
    return Evidence(
        kind=Kind.DERIVATION,
        statement=derivation.statement,
        finding=Finding.SUPPORTS if derivation.holds else Finding.UNDECIDED,
        method=f"{derivation.tally}; {stated}",
        n=len(derivation.chain),
        details={
            "derivation": getattr(derive, "__name__", ""),
            "premises": derivation.premises,
            "links": [
                {"text": link.text, "how": str(link.how), "holds": link.holds, "clause": link in clauses}
                for link in derivation.chain
            ],
        },
    )


def every_derivation() -> Iterator[tuple[str, Callable[..., Derivation]]]:
    """(module, derivation) of all that the theory derives: its modules named `proofs`, or in a folder of that name."""
    for found in pkgutil.walk_packages(nfrlab.theory.__path__, "nfrlab.theory."):
        if "proofs" in found.name.split("."):
            for derive in derivations(import_module(found.name)):
                yield found.name.removeprefix("nfrlab."), derive
