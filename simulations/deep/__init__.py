"""PyTorch networks of any depth: every rule of the dense laboratory on convolutional and residual networks."""

from nfrlab.simulations.deep.engine.backward import Rule, activation, attribution, backward
from nfrlab.simulations.deep.engine.cascades import cascade, cascades
from nfrlab.simulations.deep.engine.graph import Graph, Trace
from nfrlab.simulations.deep.engine.measure import alignment
from nfrlab.simulations.deep.engine.named_rules import RULES, rule
from nfrlab.simulations.deep.reading.rewrite import rewrite

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
