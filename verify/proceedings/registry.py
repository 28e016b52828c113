"""The one list of claims, in the order of the paper: it drives the tests, the table, the report and the docs."""

from nfrlab.verify.claims.cascade import activation, cascade, cascade_law, cascade_rises
from nfrlab.verify.claims.deep import (
    eq_13,
    fig_2,
    fig_2a,
    fig_4,
    fig_5,
    fig_6,
    fig_7,
    homogeneity,
    table_1,
    theorem_premises,
)
from nfrlab.verify.claims.definition_2 import lrp_z, negative_filtering, prop_1, prop_2, prop_3
from nfrlab.verify.claims.theorem_1 import (
    isotropy,
    isotropy_infinite,
    law,
    limit,
    spread,
    thm_1_every,
    thm_1_gbp,
    thm_1_premise,
    thm_1_raw,
    thm_1_rectgrad,
    thm_1_zplus,
    zplus,
)
from nfrlab.verify.claims.theorem_2 import (
    gram,
    gram_sharp,
    gram_width,
    haar_law,
    ordering,
    thm_2,
    thm_2_equality,
    thm_2_premise,
)
from nfrlab.verify.court.claim import Claim

MODULES = (
    prop_1,
    prop_2,
    prop_3,
    lrp_z,
    negative_filtering,
    thm_1_gbp,
    thm_1_rectgrad,
    thm_1_zplus,
    zplus,
    thm_1_every,
    thm_1_premise,
    thm_1_raw,
    law,
    limit,
    isotropy,
    isotropy_infinite,
    spread,
    thm_2,
    thm_2_equality,
    thm_2_premise,
    haar_law,
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
    fig_2,
    fig_4,
    fig_5,
    fig_6,
    fig_7,
    eq_13,
    homogeneity,
    theorem_premises,
)

REGISTRY: dict[str, Claim] = {claim.id: claim for module in MODULES for claim in module.CLAIMS}


def find_claim(id: str) -> Claim:
    """The claim called `id`. Raises `ValueError` for an unknown one."""
    if id not in REGISTRY:
        raise ValueError(f"unknown claim '{id}'; 'nfrlab claims' lists all {len(REGISTRY)}")
    return REGISTRY[id]
