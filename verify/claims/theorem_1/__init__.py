"""Theorem 1: in a wide layer the map is the input; how wide, how isotropic, and for which rules."""

from nfrlab.verify.claims.theorem_1 import (
    isotropy,
    isotropy_infinite,
    law,
    limit,
    spread,
    thm_1_anisotropic,
    thm_1_every,
    thm_1_gbp,
    thm_1_limit,
    thm_1_premise,
    thm_1_raw,
    thm_1_rectgrad,
    thm_1_zplus,
    zplus,
)

MODULES = (
    thm_1_gbp,
    thm_1_anisotropic,
    thm_1_limit,
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
)
"""The claims' modules, in the order of the paper."""

CLAIMS = tuple(claim for module in MODULES for claim in module.CLAIMS)

__all__ = ["CLAIMS"]
