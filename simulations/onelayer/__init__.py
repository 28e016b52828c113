"""NumPy networks with one hidden layer, and stacks of dense layers: weights, forward pass, backward rules."""

from simulations.onelayer.measure import alignment
from simulations.onelayer.network import Layer, Network, layer
from simulations.onelayer.propagate import RULES, Rule, activation, attribution, backward, cascade, rule
from simulations.onelayer.weights import FAMILIES, sample

__all__ = [
    "FAMILIES",
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
