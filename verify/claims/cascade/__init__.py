"""The cascade corollary in dense stacks, and the law that it lacks."""

from nfrlab.verify.claims.cascade import (
    activation,
    cascade,
    cascade_activation,
    cascade_law,
    cascade_rises,
)

MODULES = (
    cascade,
    activation,
    cascade_law,
    cascade_rises,
    cascade_activation,
)
"""The claims' modules, in the order of the paper."""

CLAIMS = tuple(claim for module in MODULES for claim in module.CLAIMS)

__all__ = ["CLAIMS"]
