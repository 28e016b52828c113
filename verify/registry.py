"""The one list of claims, in the order of the paper: it drives the tests, the table, the report and the docs."""

from verify.claim import Claim
from verify.claims import (
    activation,
    cascade,
    cascade_law,
    cascade_rises,
    frames,
    gram,
    gram_sharp,
    gram_width,
    isotropy,
    isotropy_tails,
    law,
    limit_families,
    lrp_z,
    nfi,
    ordering,
    prop_1,
    prop_2,
    prop_3,
    spread,
    thm_1_every,
    thm_1_gbp,
    thm_1_premise,
    thm_1_raw,
    thm_1_rectgrad,
    thm_1_zplus,
    thm_2,
    thm_2_equality,
    thm_2_premise,
    zplus_stacks,
)
from verify.claims.deep import eq_13, fig_2a, fig_2bc, fig_4, fig_5, fig_6, fig_7, homogeneity, premises, table_1

MODULES = (
    prop_1,
    prop_2,
    prop_3,
    lrp_z,
    nfi,
    thm_1_gbp,
    thm_1_rectgrad,
    thm_1_zplus,
    zplus_stacks,
    thm_1_every,
    thm_1_premise,
    thm_1_raw,
    law,
    limit_families,
    isotropy,
    isotropy_tails,
    spread,
    thm_2,
    thm_2_equality,
    thm_2_premise,
    frames,
    gram,
    gram_sharp,
    gram_width,
    ordering,
    cascade,
    activation,
    cascade_law,
    cascade_rises,
    table_1,
    fig_2a,
    fig_2bc,
    fig_4,
    fig_5,
    fig_6,
    fig_7,
    eq_13,
    homogeneity,
    premises,
)

REGISTRY: dict[str, Claim] = {claim.id: claim for module in MODULES for claim in module.CLAIMS}


def find_claim(id: str) -> Claim:
    """The claim called `id`. Raises `ValueError` for an unknown one."""
    if id not in REGISTRY:
        raise ValueError(f"unknown claim '{id}'; 'nfrlab claims' lists all {len(REGISTRY)}")
    return REGISTRY[id]
