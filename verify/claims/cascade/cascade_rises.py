"""What follows from the cascade law: where α rises with every level, where it falls, and what lies above every rule."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.cascade.proofs import order as proofs
from nfrlab.theory.cascade.recursion import crossing, shares
from nfrlab.verify import intervals
from nfrlab.verify.claims.premises import GAUSSIAN_STACKS, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.gaussian_stacks import (
    FALLS,
    FULL,
    PILOT,
    QUICK,
    SMALL,
    SMALL_EQUAL,
    SMALL_UNEVEN,
    Stack,
    Widths,
    difference_evidence,
    largest_difference,
)

CROSSING, SHARE_OF_A_TENTH = 0.9528, 0.3249
"""k*, and the largest share of a rule that passes a tenth of the neurons, to four digits."""
DELTA, DELTA_SMALL = 0.012, 0.03
"""Resolutions of a mean rise in wide stacks, and in those with a small input."""


def sample_alphas(exam: Examination, rule: str, widths: Widths, miss: float, delta: float) -> Float[Array, "n levels"]:
    """α of every level, a row a stack, in as many stacks as it takes to know the mean rises from level 2 on within δ.

    Their number is planned from the spread in a pilot sample, 20 % added.
    """
    stack = Stack("", rule, widths)
    pilot = np.diff(stack.sample(exam, "pilot", PILOT), axis=1)
    sd = 1.2 * float(pilot[:, 1:].std(axis=0).max())
    return stack.sample(exam, "trial", intervals.bets_plan(miss, 0.0, sd, delta, -1.0, 1.0))


def rise_evidence(exam: Examination, trial: dict[tuple[str, Widths], float], sign: int = 1) -> list[Evidence]:
    """`E[α_{N+1} − α_N]` at every level N ≥ 1 of each (rule, widths), held against ≥ 0 with the δ that `trial` names.

    With `sign` −1 it is held against ≤ 0.
    """
    miss = exam.budget.spend(sum(len(widths) - 1 for _, widths in trial))
    found = []
    for (rule, widths), delta in trial.items():
        rows = sample_alphas(exam, rule, widths, miss, delta)
        for N in range(1, len(widths)):
            text = f"{rule}, {'–'.join(map(str, widths))}: E[α_{N + 1} − α_{N}] {'≥' if sign > 0 else '≤'} 0"
            gain = sign * (rows[:, N + 1] - rows[:, N])
            found.append(difference_evidence(text, gain, miss, delta, largest_difference(rule, N), power=0.99))
    return found


def printed(exam: Examination) -> list[Evidence]:
    """GBP and RectGrad at every level, in a stack of equal widths and in one that widens upwards."""
    shapes = SMALL_EQUAL, FALLS
    return rise_evidence(exam, {(rule, widths): DELTA for rule in ("gbp", "rectgrad") for widths in shapes})


def repair_for_gbp(exam: Examination) -> list[Evidence]:
    """The derivation, and samples of GBP in narrow stacks (full profile: wide ones too)."""
    shapes = (SMALL, SMALL_UNEVEN, *exam.pick((), (QUICK["bottleneck"], FALLS)))
    return [
        derivation_evidence(proofs.rises),
        *rise_evidence(exam, {("gbp", widths): DELTA_SMALL if widths[0] < 100 else DELTA for widths in shapes}),
    ]


def examine_gbp_falling(exam: Examination) -> list[Evidence]:
    """α of GBP claimed to fall."""
    return rise_evidence(exam, {("gbp", SMALL): DELTA_SMALL}, sign=-1)


def change_evidence(exam: Examination, reverse: bool = False) -> list[Evidence]:
    """The sign of every mean change of RectGrad's α, held against that of k* − k; with `reverse` against the other."""
    star, found = crossing(), []
    shapes: tuple[Widths, ...] = (SMALL_EQUAL, FALLS, *exam.pick((), (FULL["constant, depth 8"],)))
    miss = exam.budget.spend(sum(len(widths) - 1 for widths in shapes))
    for widths in shapes:
        rows = sample_alphas(exam, "rectgrad", widths, miss, DELTA)
        for N, (k, _) in enumerate(shares("rectgrad", widths), start=1):
            sign = (1 if k < star else -1) * (-1 if reverse else 1)
            text = (
                f"RectGrad, {'–'.join(map(str, widths))}: α {'rises' if sign > 0 else 'falls'} from level {N} to "
                f"{N + 1}, k = {k:.3f}, k* = {star:.3f}"
            )
            gain = sign * (rows[:, N + 1] - rows[:, N])
            found.append(difference_evidence(text, gain, miss, 0.0, largest_difference("rectgrad", N)))
    return found


def repair_for_rectgrad(exam: Examination) -> list[Evidence]:
    """The derivation, and samples of the sign of every change."""
    return [derivation_evidence(proofs.rectgrad_falls), *change_evidence(exam)]


CLAIMS = (
    Claim(
        id="cascade-rises",
        title="In wide random stacks α rises with every layer of the rule",
        source=f"{PAPER}, Sec. IV-A, corollary of Theorems 1 and 2; in the wide-layer law",
        statement=(
            "Mean α of the (N+1)-level cascade is at least that of the N-level one, for GBP and RectGrad (90 % "
            "quantile), whatever the widths."
        ),
        premises=(GAUSSIAN_STACKS, f"widths {'–'.join(map(str, SMALL_EQUAL))} and {'–'.join(map(str, FALLS))}"),
        examine=printed,
        control=BrokenPremise(premise="GBP claimed to fall", examine=examine_gbp_falling),
    ),
    Claim(
        id="cascade-rises-gbp",
        title="GBP: α rises with every level, at every width",
        source="repair of cascade-rises; holds for every rule that drops only neurons with A_j r_j ≤ 0",
        statement=(
            "In Gaussian stacks of any widths α of GBP's (N+1)-level cascade is stochastically at least that of the "
            "N-level one; in wide layers its mean is strictly larger from level 2 on."
        ),
        premises=(GAUSSIAN_STACKS, "from the first ReLU layer on that the rule meets: 1 ≤ N < L"),
        examine=repair_for_gbp,
        control=BrokenPremise(premise="GBP claimed to fall", examine=examine_gbp_falling),
        repairs="cascade-rises",
    ),
    Claim(
        id="cascade-rises-rectgrad",
        title="RectGrad: α rises where the signal is weak, and falls where it is strong",
        source="repair of cascade-rises",
        statement=(
            f"At the k examined, RectGrad (90 % quantile) at one more layer raises mean α where k < k* = {CROSSING} "
            "and lowers it where k > k*, k² = 2T²/n; it falls, proven, for k > 1.37. No rule that passes a tenth of "
            f"the neurons has a share above {SHARE_OF_A_TENTH}."
        ),
        premises=(GAUSSIAN_STACKS, "wide layers, 1 ≤ N < L; k* from quadrature"),
        examine=repair_for_rectgrad,
        control=BrokenPremise(premise="turned round", examine=lambda exam: change_evidence(exam, reverse=True)),
        repairs="cascade-rises",
    ),
)
