"""What follows from the cascade law: Activation lies above every rule at every level."""

from __future__ import annotations

from nfrlab.theory.cascade import proofs
from nfrlab.verify.claims.premises import GAUSSIAN_STACKS, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derived
from nfrlab.verify.examine.gaussian_stacks import FALLS, QUICK, SMALL, Stack, difference_evidence, reach


def above(exam: Examination, sign: int = 1) -> list[Evidence]:
    """Activation minus each rule at the levels 1 … L − 1, from independent stacks."""
    shapes = exam.pick((SMALL, (27, 64, 16, 128)), (SMALL, (27, 64, 16, 128), QUICK["bottleneck"], FALLS))
    rules = "gbp", "rectgrad"
    miss = exam.budget.spend(len(rules) * sum(len(widths) - 1 for widths in shapes))
    found = []
    for widths in shapes:
        best = Stack("", "activation", widths).sample(exam, "other", 10_000)
        for rule in rules:
            rows = Stack("", rule, widths).sample(exam, "rule", 10_000)
            for N in range(1, len(widths)):
                shape, order = "–".join(map(str, widths)), "≥" if sign > 0 else "≤"
                text = f"{shape}: E[α of Activation − α of {rule}] {order} 0 at level {N}"
                found.append(difference_evidence(text, sign * (best - rows)[:, N], miss, 0.02, reach(rule, 1)))
    return found


def dominates(exam: Examination) -> list[Evidence]:
    """The derivation, and stacks small and wide."""
    return [derived(proofs.dominance), *above(exam)]


CLAIMS = (
    Claim(
        id="cascade-activation-dominates",
        title="Activation is above every rule that filters relevance, in Gaussian stacks, at every width",
        source=f"{PAPER}, Sec. IV-A, Fig. 2a; proven for Gaussian stacks",
        statement=(
            "α of Activation at layer L − N is stochastically at least that of the N-level cascade of any rule that "
            "hands W_l s_l down, s_l zero off the ReLU mask and a function of z_l and of what comes from above alone "
            "(so not z⁺, nor a rule that reads W_l), 1 ≤ N < L, at every width."
        ),
        premises=(GAUSSIAN_STACKS, "sampled: GBP and RectGrad"),
        examine=dominates,
        control=BrokenPremise(premise="Activation claimed to be below", examine=lambda exam: above(exam, sign=-1)),
    ),
)
