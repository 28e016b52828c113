"""The paper's rivals: what Sixt, Nie, Binder and Adebayo say, and what decides between them."""

from nfrlab.verify.claims.rivals import (
    adebayo,
    binder,
    nie,
    nie_class,
    nie_filters,
    nie_layers,
    nie_noise,
    nie_pooling,
    protocols,
    sixt,
    sixt_above,
    sixt_chains,
    sixt_law,
    sixt_theorem,
    zheng,
)

MODULES = (
    *(zheng, sixt, sixt_above, sixt_law, sixt_theorem, sixt_chains),
    *(nie, nie_noise, nie_pooling, nie_filters, nie_layers, nie_class),
    *(binder, adebayo, protocols),
)
"""The claims' modules."""

CLAIMS = tuple(claim for module in MODULES for claim in module.CLAIMS)

__all__ = ["CLAIMS"]
