"""A derivation as evidence."""

from collections.abc import Callable
from functools import cache

from nfrlab.theory.numerics.proof import Derivation
from nfrlab.verify.court.evidence import Evidence, Finding, Kind


@cache
def _checked_derivation(derive: Callable[[], Derivation]) -> Derivation:
    """Run a derivation once, for all claims that rest on it: SymPy takes seconds."""
    return derive()


def derivation_evidence(derive: Callable[[], Derivation]) -> Evidence:
    """A derivation of the theory as evidence: it supports its statement if every step checks out, else it is undecided.

    `derive` takes no arguments; functions of `nfrlab.theory.….proofs` are meant.
    """
    derivation = _checked_derivation(derive)
    return Evidence(
        kind=Kind.DERIVATION,
        statement=derivation.statement,
        finding=Finding.SUPPORTS if derivation.holds else Finding.UNDECIDED,
        method="written argument; its computable steps verified by SymPy",
        n=len(derivation.steps),
        details={"argument": derivation.argument, "steps": [text for text, _ in derivation.steps]},
    )
