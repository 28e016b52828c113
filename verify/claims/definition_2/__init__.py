"""Definition 2 and Propositions 1 to 3: what a negative filtering rule is, and which rules are one."""

from nfrlab.verify.claims.definition_2 import (
    lrp_z,
    negative_filtering,
    prop_1,
    prop_2,
    prop_3,
    prop_3_gamma,
)

MODULES = (
    prop_1,
    prop_2,
    prop_3,
    prop_3_gamma,
    lrp_z,
    negative_filtering,
)
"""The claims' modules, in the order of the paper."""

CLAIMS = tuple(claim for module in MODULES for claim in module.CLAIMS)

__all__ = ["CLAIMS"]
