"""The one list of claims, in the order of the paper: it drives the tests, the table, the report and the docs."""

from verify.claim import Claim
from verify.claims import (
    activation,
    cascade,
    law,
    lrp_z,
    nfi,
    prop_1,
    prop_2,
    prop_3,
    thm_1_every,
    thm_1_gbp,
    thm_1_premise,
    thm_1_raw,
    thm_1_rectgrad,
    thm_1_zplus,
    thm_2,
    thm_2_equality,
    thm_2_premise,
)

MODULES = (
    prop_1,
    prop_2,
    prop_3,
    lrp_z,
    nfi,
    thm_1_gbp,
    thm_1_rectgrad,
    thm_1_zplus,
    thm_1_every,
    thm_1_premise,
    thm_1_raw,
    law,
    thm_2,
    thm_2_equality,
    thm_2_premise,
    cascade,
    activation,
)

REGISTRY: dict[str, Claim] = {claim.id: claim for module in MODULES for claim in module.CLAIMS}


def find_claim(id: str) -> Claim:
    """The claim called `id`. Raises `ValueError` for an unknown one."""
    if id not in REGISTRY:
        raise ValueError(f"unknown claim '{id}'; 'nfrlab claims' lists all {len(REGISTRY)}")
    return REGISTRY[id]
