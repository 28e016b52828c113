"""The paper's rivals: what Sixt, Nie, Binder and Adebayo say, and what decides between them."""

from nfrlab.verify.claims.rivals import sixt, sixt_chains, sixt_law, sixt_theorem, zheng

MODULES = (zheng, sixt, sixt_law, sixt_theorem, sixt_chains)
"""The claims' modules."""

CLAIMS = tuple(claim for module in MODULES for claim in module.CLAIMS)

__all__ = ["CLAIMS"]
