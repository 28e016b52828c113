"""NumPy networks with one hidden layer, and stacks of dense layers: weights, forward pass, backward rules."""

from nfrlab.simulations.dense.measure import alignment
from nfrlab.simulations.dense.network import Layer, Network, layer
from nfrlab.simulations.dense.propagate import (
    NEED_PATTERNS,
    RULES,
    Rule,
    activation,
    attribution,
    backward,
    cascade,
    rule,
)
from nfrlab.simulations.dense.weights import FAMILIES, sample

__all__ = [
    "FAMILIES",
    "NEED_PATTERNS",
    "RULES",
    "Layer",
    "Network",
    "Rule",
    "activation",
    "alignment",
    "attribution",
    "backward",
    "cascade",
    "layer",
    "rule",
    "sample",
]
