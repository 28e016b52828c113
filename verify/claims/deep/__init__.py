"""Deep networks: Table I, Fig. 2 and 4 to 7, ineq. 13, homogeneity, the premises of the theorems, the cascade law."""

from nfrlab.verify.claims.deep import (
    eq_13,
    fig_2,
    fig_2a,
    fig_4,
    fig_5,
    fig_6,
    fig_7,
    homogeneity,
    stack_law,
    table_1,
    theorem_premises,
)

MODULES = (
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
    stack_law,
)
"""The claims' modules, in the order of the paper."""

CLAIMS = tuple(claim for module in MODULES for claim in module.CLAIMS)

__all__ = ["CLAIMS"]
