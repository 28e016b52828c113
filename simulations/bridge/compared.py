"""Which maps are compared with one another: an effect asks for more, or for fewer, than the rules of its setting."""

from __future__ import annotations

from nfrlab.simulations.bridge.settings import Setting

PRODUCT = "grad-input"
"""Gradient ⊙ input, of which convergence says nothing new: it is compared as a map beside the rules of a setting."""
RANDOMISED = ("grad", "gbp", "rectgrad:q=0.98", "zplus")
"""Rules whose maps are compared with those of networks with layers changed, of which there are many."""


def compared_rules(setting: Setting) -> tuple[str, ...]:
    """The rules whose maps of two classes are compared."""
    return tuple(dict.fromkeys((PRODUCT, *setting.rules)))


def randomised_rules(setting: Setting) -> tuple[str, ...]:
    """The rules whose maps are compared with those of networks with layers changed."""
    return tuple(rule for rule in compared_rules(setting) if rule == PRODUCT or rule in RANDOMISED)
