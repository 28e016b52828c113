"""What follows from the cascade law: Activation lies above every rule at every level."""

from __future__ import annotations

from nfrlab.theory.cascade.proofs import order as proofs
from nfrlab.verify.claims.premises import GAUSSIAN_STACKS, PAPER, WITHOUT_WEIGHTS
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.stacks.differences import Difference, Level, Shape, by_the_law, in_order, positive
from nfrlab.verify.examine.stacks.gaussian import FALLS, QUICK, SMALL, SMALL_UNEVEN, Widths

RULES = "gbp", "rectgrad"
MARGIN = 0.01
"""Margin within which the law gives the mean leads in wide stacks."""
DELTA_ORDER = 0.03
"""Resolution of a stochastic order: by how much a distribution function may exceed the other."""


def leads(rule: str, widths: Widths, further: int = 0) -> list[Difference]:
    """Activation at layer L − N, 1 ≤ N < L, over the cascade of a rule of `further` levels more than N."""
    L = len(widths)
    return [Difference(Level("activation", N), Level(rule, N + further)) for N in range(1, L) if N + further <= L]


def examine_dominance(exam: Examination) -> list[Evidence]:
    """The derivation; order and strictness in narrow stacks, where √A at the same layer comes closest; the law's leads
    in wide ones.
    """

    def over_rules(widths: Widths) -> list[Difference]:
        return [lead for rule in RULES for lead in leads(rule, widths)]

    narrow = [
        Shape(SMALL, [*over_rules(SMALL), *leads("root", SMALL, further=1)]),
        Shape(SMALL_UNEVEN, over_rules(SMALL_UNEVEN)),
    ]
    wide = (QUICK["constant, depth 4"], *exam.pick((), (QUICK["bottleneck"], FALLS)))
    return [
        derivation_evidence(proofs.dominance),
        *positive(exam, narrow, 1 / 3),
        *in_order(exam, narrow, DELTA_ORDER, 1 / 3),
        *by_the_law(exam, [Shape(widths, over_rules(widths)) for widths in wide], MARGIN, 1 / 3),
    ]


def examine_one_layer_further(exam: Examination) -> list[Evidence]:
    """√A one layer below Activation."""
    shapes = [Shape(SMALL, leads("root", SMALL, further=2))]
    return [*positive(exam, shapes, 1 / 2), *in_order(exam, shapes, DELTA_ORDER, 1 / 2)]


CLAIMS = (
    Claim(
        id="cascade-activation-dominates",
        title="In Gaussian stacks Activation aligns better than every rule that filters relevance, at every width",
        source=f"{PAPER}, Sec. IV-A, Fig. 2a; proven for Gaussian stacks",
        statement=(
            "α of Activation at layer L − N is stochastically at least that of the N-level cascade of any rule that "
            "hands W_l s_l down, s_l zero off the ReLU mask and a function of z_l and of what comes from above alone "
            "(so not z⁺, nor a rule that reads W_l), 1 ≤ N < L, at every width; so it is where the rule acts at layer "
            f"L − N, too. The mean is larger, in wide layers by what the cascade law says, within {MARGIN}."
        ),
        premises=(
            GAUSSIAN_STACKS,
            "sampled: the cascades of GBP and RectGrad, and √A put in at layer L − N",
            "strictly larger where s_l is not proportional to A_l",
        ),
        examine=examine_dominance,
        control=BrokenPremise(
            premise="a rule that acts one layer further down: √A put in below Activation",
            examine=examine_one_layer_further,
        ),
        notices=(
            "alpha-5",
            "quantile-85",
            "alpha-20",
            "gbp-leaks-20",
            "quantile-70",
            "cascade-off-by-one",
            "activation-is-one",
            "activation-is-root",
            "gbp-is-gradient",
        ),
        blind="an α smaller by 2 %, and GBP that leaks 5 %, which the margin admits; " + WITHOUT_WEIGHTS,
    ),
)
