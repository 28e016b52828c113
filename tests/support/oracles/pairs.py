"""Every rule of the engine with every switch, beside its counterpart in the Jacobian oracle."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from nfrlab.simulations.deep.effects.common import BLIND
from nfrlab.simulations.deep.engine.backward import Rule
from nfrlab.simulations.deep.engine.named_rules import rule
from tests.support.oracles import jacobian as oracle
from tests.support.oracles.nets import SHAPE

LOW, HIGH = -6.0, 6.0

z_box = partial(oracle.z_box, low=torch.full(SHAPE, LOW), high=torch.full(SHAPE, HIGH))
PAIRS: dict[str, tuple[Rule, oracle.Rule]] = {
    "grad": (rule("grad"), oracle.GRAD),
    "gbp": (rule("gbp"), oracle.modified_gradient(relu=oracle.guided)),
    "deconv": (rule("deconv"), oracle.modified_gradient(relu=oracle.deconvolved)),
    "rectgrad": (rule("rectgrad"), oracle.modified_gradient(relu=oracle.rectified)),
    "rectgrad q = ½": (rule("rectgrad", q=0.5), oracle.modified_gradient(relu=partial(oracle.rectified, q=0.5))),
    "rectgrad PRR": (
        rule("rectgrad", prr=True),
        oracle.modified_gradient(relu=oracle.rectified, max=oracle.proportional),
    ),
    "rectgrad τ = 0.05": (
        rule("rectgrad-constant", tau=0.05),
        oracle.modified_gradient(relu=partial(oracle.rectified, tau=0.05)),
    ),
    "rectgrad τ < 0, eq. 7": (
        rule("rectgrad-constant", tau=-0.05, mask=False),
        oracle.modified_gradient(relu=partial(oracle.rectified, tau=-0.05, mask=False)),
    ),
    "lrp-z": (rule("lrp-z"), oracle.relevance(oracle.lrp_z)),
    "lrp-z, norm": (rule("lrp-z", residual="norm"), oracle.relevance(oracle.lrp_z, add=oracle.norm_split)),
    "lrp-z, no bias": (rule("lrp-z", bias="none"), oracle.relevance(partial(oracle.lrp_z, bias="none"))),
    "lrp-ε": (rule("lrp-epsilon", eps=0.1), oracle.relevance(partial(oracle.lrp_z, epsilon=0.1))),
    "αβ": (rule("lrp-alpha-beta"), oracle.relevance(partial(oracle.lrp_alpha_beta, alpha=2.0, beta=1.0))),
    "αβ, free": (
        rule("lrp-alpha-beta", alpha=1.0, beta=0.7),
        oracle.relevance(partial(oracle.lrp_alpha_beta, alpha=1.0, beta=0.7)),
    ),
    "αβ, β = 0": (
        rule("lrp-alpha-beta", alpha=2.0, beta=0.0),
        oracle.relevance(partial(oracle.lrp_alpha_beta, alpha=2.0, beta=0.0)),
    ),
    "αβ, no bias": (
        rule("lrp-alpha-beta", alpha=1.5, bias="none"),
        oracle.relevance(partial(oracle.lrp_alpha_beta, alpha=1.5, beta=0.5, bias="none")),
    ),
    "αβ, whole bias": (
        rule("lrp-alpha-beta", bias="full"),
        oracle.relevance(partial(oracle.lrp_alpha_beta, alpha=2.0, beta=1.0, bias="both")),
    ),
    "αβ, ε": (
        rule("lrp-alpha-beta", eps=0.1),
        oracle.relevance(partial(oracle.lrp_alpha_beta, alpha=2.0, beta=1.0, epsilon=0.1)),
    ),
    "z⁺": (rule("zplus"), oracle.relevance(oracle.z_plus)),
    "z⁺, norm": (rule("zplus", residual="norm"), oracle.relevance(oracle.z_plus, add=oracle.norm_split)),
    "z⁺, shared maximum": (
        rule("zplus", pooling="share"),
        oracle.relevance(oracle.z_plus, max=oracle.proportional),
    ),
    "z⁺ by weight": (
        rule("zplus", sign="weight", bias="full"),
        oracle.relevance(oracle.z_plus_by_weight),
    ),
    "Excitation BP": (
        rule("excitation-bp"),
        oracle.relevance(partial(oracle.z_plus_by_weight, bias="none")),
    ),
    "z⁺ filter": (rule("zplus-filter"), oracle.modified_gradient(affine=oracle.z_plus_filter)),
    "dtd": (rule("dtd", low=LOW, high=HIGH), oracle.relevance(oracle.z_plus, first=z_box)),
    "dtd, no bias": (
        rule("dtd", low=LOW, high=HIGH, bias="none"),
        oracle.relevance(partial(oracle.z_plus, bias="none"), first=partial(z_box, bias="none")),
    ),
}


def blind_filter(at: oracle.At, r: Any) -> Any:
    """`M r` at a ReLU, of every second channel or neuron."""
    kept = torch.tensor([i % 2 == 0 for i in range(at.channels)]).repeat_interleave(r.numel() // at.channels)
    return oracle.gradient(at, torch.where(kept, r, 0.0))


UNDER_TEST = {
    "gbp": PAIRS["gbp"][1],
    "rectgrad": PAIRS["rectgrad"][1],
    "zplus": PAIRS["z⁺"][1],
    BLIND: oracle.modified_gradient(relu=blind_filter),
}
"""The rules of the bridge, as the oracle has them."""
