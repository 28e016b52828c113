"""What follows from the cascade law: Activation lies above every rule at every level."""

from __future__ import annotations

from nfrlab.theory.cascade.proofs import order as proofs
from nfrlab.verify.claims.premises import GAUSSIAN_STACKS, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.gaussian_stacks import (
    FALLS,
    QUICK,
    SMALL,
    SMALL_UNEVEN,
    Stack,
    difference_evidence,
    largest_difference,
)

RULES = "gbp", "rectgrad"
STACKS = 10_000
"""Stacks of each rule and shape."""
DELTA = 0.02
"""Resolution of a mean lead."""


def lead_evidence(exam: Examination, sign: int = 1) -> list[Evidence]:
    """The mean lead of Activation over each rule at levels 1 … L − 1, from independent stacks, held against ≥ 0.

    With `sign` −1 the lead is claimed not to be positive.
    """
    shapes = (SMALL, SMALL_UNEVEN, *exam.pick((), (QUICK["bottleneck"], FALLS)))
    miss = exam.budget.spend(len(RULES) * sum(len(widths) - 1 for widths in shapes))
    found = []
    for widths in shapes:
        by_activation = Stack("", "activation", widths).sample(exam, "other", STACKS)
        for rule in RULES:
            by_rule = Stack("", rule, widths).sample(exam, "rule", STACKS)
            for N in range(1, len(widths)):
                shape, order = "–".join(map(str, widths)), "≥" if sign > 0 else "≤"
                text = f"{shape}: E[α of Activation − α of {rule}] {order} 0 at level {N}"
                leads = sign * (by_activation - by_rule)[:, N]
                found.append(difference_evidence(text, leads, miss, DELTA, largest_difference(rule, 1)))
    return found


def examine_dominance(exam: Examination) -> list[Evidence]:
    """The derivation, and samples of stacks small and wide."""
    return [derivation_evidence(proofs.dominance), *lead_evidence(exam)]


CLAIMS = (
    Claim(
        id="cascade-activation-dominates",
        title="In Gaussian stacks Activation aligns better than every rule that filters relevance, at every width",
        source=f"{PAPER}, Sec. IV-A, Fig. 2a; proven for Gaussian stacks",
        statement=(
            "α of Activation at layer L − N is stochastically at least that of the N-level cascade of any rule that "
            "hands W_l s_l down, s_l zero off the ReLU mask and a function of z_l and of what comes from above alone "
            "(so not z⁺, nor a rule that reads W_l), 1 ≤ N < L, at every width."
        ),
        premises=(GAUSSIAN_STACKS, "sampled: GBP and RectGrad"),
        examine=examine_dominance,
        control=BrokenPremise(
            premise="Activation claimed to be below", examine=lambda exam: lead_evidence(exam, sign=-1)
        ),
    ),
)
