"""PyTorch networks of any depth: every rule of the one-layer laboratory on convolutional and residual networks."""

from simulations.deep.backward import RULES, Rule, activation, attribution, backward, cascade, cascades, rule
from simulations.deep.graph import Graph, Trace
from simulations.deep.measure import alignment
from simulations.deep.rewrite import rewrite

__all__ = [
    "RULES",
    "Graph",
    "Rule",
    "Trace",
    "activation",
    "alignment",
    "attribution",
    "backward",
    "cascade",
    "cascades",
    "rewrite",
    "rule",
]
