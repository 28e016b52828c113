"""A derivation as evidence."""

from collections.abc import Callable
from functools import cache

from nfrlab.theory.numerics.proof import Derivation
from nfrlab.verify.court.evidence import Evidence, Finding, Kind


@cache
def _derivation(derive: Callable[[], Derivation]) -> Derivation:
    """Computed once, for all claims that rest on it."""
    return derive()


def derived(derive: Callable[[], Derivation]) -> Evidence:
    """A derivation as evidence: it supports its statement if every step checks out, else nothing is decided."""
    derivation = _derivation(derive)
    return Evidence(
        kind=Kind.DERIVATION,
        statement=derivation.statement,
        finding=Finding.SUPPORTS if derivation.holds else Finding.UNDECIDED,
        method="written argument; its computable steps verified by SymPy",
        n=len(derivation.steps),
        details={"argument": derivation.argument, "steps": [text for text, _ in derivation.steps]},
    )
