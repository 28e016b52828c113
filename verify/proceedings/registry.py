"""The one list of claims, in the order of the paper: it drives the tests, the table, the report and the docs.

`ID@NETWORK` is a claim of the list as it is judged on a network of the user's.
"""

from difflib import get_close_matches

from nfrlab.verify.claims import CHAPTERS
from nfrlab.verify.claims import decisions as decision_claims
from nfrlab.verify.claims import rivals as rival_claims
from nfrlab.verify.court.claim import Claim
from nfrlab.verify.examine import measured, rivals

REGISTRY: dict[str, Claim] = {claim.id: claim for chapter in CHAPTERS for claim in chapter.CLAIMS}


def is_on_own_network(id: str) -> bool:
    """Whether `id` is `ID@NETWORK`, not itself in the registry, of a claim on deep networks that is."""
    base, at, network = id.partition("@")
    return bool(at and network) and id not in REGISTRY and base in REGISTRY and REGISTRY[base].on_deep_networks


def is_of_bridge(claim: Claim) -> bool:
    """Whether the claim is judged from what `nfrlab bridge` measures."""
    return claim.on_deep_networks and not is_of_rivals(claim) and not is_of_decisions(claim)


def is_of_rivals(claim: Claim) -> bool:
    """Whether the claim is judged from what `nfrlab rivals` measures."""
    return claim.on_deep_networks and claim in rival_claims.CLAIMS


def is_of_decisions(claim: Claim) -> bool:
    """Whether the claim is judged from what `nfrlab decisions` measures."""
    return claim.on_deep_networks and claim in decision_claims.CLAIMS


def find_claim(id: str) -> Claim:
    """The claim called `id`, or `ID@NETWORK`. Raises `ValueError` for an unknown one."""
    if is_on_own_network(id):
        base, _, network = id.partition("@")
        twin = rivals.rival_claim_on if is_of_rivals(REGISTRY[base]) else measured.claim_on
        return twin(REGISTRY[base], network)
    if id not in REGISTRY:
        near = get_close_matches(id, REGISTRY, 3)
        hint = f"; near it are {', '.join(near)}" if near else ""
        raise ValueError(f"unknown claim '{id}'{hint}; 'nfrlab claims' lists all {len(REGISTRY)}")
    return REGISTRY[id]
