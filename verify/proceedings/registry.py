"""The one list of claims, in the order of the paper: it drives the tests, the table, the report and the docs."""

from difflib import get_close_matches

from nfrlab.verify.claims import CHAPTERS
from nfrlab.verify.court.claim import Claim

REGISTRY: dict[str, Claim] = {claim.id: claim for chapter in CHAPTERS for claim in chapter.CLAIMS}


def find_claim(id: str) -> Claim:
    """The claim called `id`. Raises `ValueError` for an unknown one."""
    if id not in REGISTRY:
        near = get_close_matches(id, REGISTRY, 3)
        hint = f"; near it are {', '.join(near)}" if near else ""
        raise ValueError(f"unknown claim '{id}'{hint}; 'nfrlab claims' lists all {len(REGISTRY)}")
    return REGISTRY[id]
