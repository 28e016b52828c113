"""Every way to a saliency map by name: the backward rules, and the methods that are more than one way down."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Any

from torch import Tensor

from nfrlab.simulations.deep import maps
from nfrlab.simulations.deep.engine.named_rules import RULES, rule
from nfrlab.simulations.deep.methods.contrastive import contrastive_excitation_bp
from nfrlab.simulations.deep.methods.estimates import Estimate
from nfrlab.simulations.deep.methods.gradcam import gradcam, guided_gradcam
from nfrlab.simulations.deep.methods.integrated_gradients import integrated_gradients
from nfrlab.simulations.deep.methods.smoothgrad import smoothgrad

Method = Callable[..., Tensor]
"""From a network, images and, if one is meant, the class explained (`maps.attribution`) to maps shaped like the images.
"""


def _by_rule(name: str, **switches: Any) -> Method:
    used = rule(name, **switches)
    return lambda network, x=None, target=None: maps.attribution(network, x, used, target)


def _with_switches(function: Callable[..., Tensor | Estimate], **switches: Any) -> Method:
    """The map of this function. Raises `TypeError` for a switch that it does not have."""
    signature(function).bind(None, None, None, **switches)

    def made(network: maps.Network, x: Tensor | None = None, target: maps.Target = None) -> Tensor:
        found = function(network, x, target, **switches)
        return found.map if isinstance(found, Estimate) else found

    return made


METHODS: dict[str, Callable[..., Method]] = {
    **{name: partial(_by_rule, name) for name in RULES},
    "contrastive-excitation-bp": partial(_with_switches, contrastive_excitation_bp),
    "integrated-gradients": partial(_with_switches, integrated_gradients),
    "smoothgrad": partial(_with_switches, smoothgrad),
    "gradcam": partial(_with_switches, gradcam),
    "guided-gradcam": partial(_with_switches, guided_gradcam),
}


def method(name: str, **switches: Any) -> Method:
    """The method called `name`, one of `METHODS`; `switches` are those of the rule, or arguments of the function.

    What it gives is called with a network, images and, if one is meant, a class, as `attribution` is, and returns maps
    shaped like the images. Raises `ValueError` for an unknown name or switch.
    """
    if name not in METHODS:
        raise ValueError(f"unknown method '{name}'; known methods: {', '.join(METHODS)}")
    try:
        return METHODS[name](**switches)
    except TypeError as error:
        raise ValueError(f"method '{name}': {error}") from error
