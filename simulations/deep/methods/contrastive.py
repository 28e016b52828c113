"""Contrastive Excitation BP (Zhang et al. 2016): what speaks for a class less what speaks against it."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from nfrlab.simulations.deep.engine.backward import descend, start_at_output
from nfrlab.simulations.deep.engine.graph import INPUT
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.engine.shares import share
from nfrlab.simulations.deep.maps import Network, Target, classes_of, trace_of

BELOW = rule("excitation-bp")
CLASSIFIER = rule("lrp-alpha-beta", alpha=1.0, beta=1.0, bias="none", sign="weight")


@torch.no_grad()
def contrastive_excitation_bp(
    network: Network, x: Float[Tensor, "B ..."] | None = None, target: Target = None
) -> Float[Tensor, "B ..."]:
    """Excitation BP from the weights W of the classifier less that from −W, relevance 1 at the class in both.

    At the classifier, the last operation with weights, this is `R_i = Σ_j (a_i w_ij⁺/Σ_k a_k w_kj⁺ −
    a_i w_ij⁻/Σ_k a_k w_kj⁻) R_j`, LRP-αβ for α = β = 1; below it the rule is linear in R, and it does not matter where
    the two are subtracted. Negative relevance is kept.

    Takes the first arguments of `attribution`, and raises `ValueError` as it does. A class whose output is exactly 0
    gets no map.
    """
    trace = trace_of(network, x)
    depth = trace.graph.depth
    e = start_at_output(trace, classes_of(trace, target))
    started = {len(trace.graph.nodes) - 1: share(e, trace.output)}
    handed = descend(trace, CLASSIFIER, started, range(depth, depth - 1, -1))
    return trace.x * descend(trace, BELOW, handed, range(depth - 1, 0, -1))[INPUT]
