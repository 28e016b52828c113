"""Theorem 2: the activation is the best weighting; what replaces orthogonality."""

from nfrlab.verify.claims.theorem_2 import (
    gram,
    gram_sharp,
    gram_width,
    haar_law,
    ordering,
    thm_2,
    thm_2_equality,
    thm_2_premise,
    thm_2_zplus,
)

MODULES = (
    thm_2,
    thm_2_zplus,
    thm_2_equality,
    thm_2_premise,
    haar_law,
    gram,
    gram_sharp,
    gram_width,
    ordering,
)
"""The claims' modules, in the order of the paper."""

CLAIMS = tuple(claim for module in MODULES for claim in module.CLAIMS)

__all__ = ["CLAIMS"]
