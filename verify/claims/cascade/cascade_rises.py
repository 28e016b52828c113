"""What follows from the cascade law: where α rises with every level, where it falls, and what lies above every rule."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.cascade import proofs
from nfrlab.theory.cascade.recursion import crossing, shares
from nfrlab.verify import intervals
from nfrlab.verify.claims.premises import GAUSSIAN_STACKS, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derived
from nfrlab.verify.examine.gaussian_stacks import (
    FALLS,
    FULL,
    QUICK,
    SMALL,
    SMALL_EQUAL,
    Stack,
    Widths,
    difference_evidence,
    reach,
)

CROSSING, SHARE_OF_A_TENTH = 0.9528, 0.3249
"""k*, and the largest share of a rule that passes a tenth of the neurons, to four digits."""


def alphas(exam: Examination, rule: str, widths: Widths, miss: float, delta: float) -> Float[Array, "n levels"]:
    """α of every level in as many stacks as differences from level 2 on need to be known within δ."""
    stack = Stack("", rule, widths)
    pilot = np.diff(stack.sample(exam, "pilot", 400), axis=1)
    sd = 1.2 * float(pilot[:, 1:].std(axis=0).max())
    return stack.sample(exam, "trial", intervals.bets_plan(miss, 0.0, sd, delta, -1.0, 1.0))


def rising(exam: Examination, trial: dict[tuple[str, Widths], float], sign: int = 1) -> list[Evidence]:
    """`E[α_{N+1} − α_N]` against [0, ∞) with margin δ, at every level above the first (sign −1: against (−∞, 0])."""
    miss = exam.budget.spend(sum(len(widths) - 1 for _, widths in trial))
    found = []
    for (rule, widths), delta in trial.items():
        rows = alphas(exam, rule, widths, miss, delta)
        for N in range(1, len(widths)):
            text = f"{rule}, {'–'.join(map(str, widths))}: E[α_{N + 1} − α_{N}] {'≥' if sign > 0 else '≤'} 0"
            gain = sign * (rows[:, N + 1] - rows[:, N])
            found.append(difference_evidence(text, gain, miss, delta, reach(rule, N), power=0.99))
    return found


def corollary(exam: Examination) -> list[Evidence]:
    """GBP and RectGrad, every level, in a stack of equal widths and in one that widens upwards."""
    return rising(exam, {(rule, widths): 0.012 for rule in ("gbp", "rectgrad") for widths in (SMALL_EQUAL, FALLS)})


def gbp_rises(exam: Examination) -> list[Evidence]:
    """The derivation, and GBP in narrow stacks (full profile: wide ones too)."""
    shapes = (SMALL, (27, 64, 16, 128), *exam.pick((), (QUICK["bottleneck"], FALLS)))
    return [
        derived(proofs.rises),
        *rising(exam, {("gbp", widths): 0.03 if widths[0] < 100 else 0.012 for widths in shapes}),
    ]


def turned(exam: Examination) -> list[Evidence]:
    """GBP claimed to fall."""
    return rising(exam, {("gbp", SMALL): 0.03}, sign=-1)


def changes(exam: Examination, reverse: bool = False) -> list[Evidence]:
    """RectGrad: the sign of every change is that of k* − k (with `reverse`: the other)."""
    star, found = crossing(), []
    shapes: tuple[Widths, ...] = (SMALL_EQUAL, FALLS, *exam.pick((), (FULL["constant, depth 8"],)))
    miss = exam.budget.spend(sum(len(widths) - 1 for widths in shapes))
    for widths in shapes:
        rows = alphas(exam, "rectgrad", widths, miss, 0.012)
        for N, (k, _) in enumerate(shares("rectgrad", widths), start=1):
            sign = (1 if k < star else -1) * (-1 if reverse else 1)
            text = (
                f"RectGrad, {'–'.join(map(str, widths))}: α {'rises' if sign > 0 else 'falls'} from level {N} to "
                f"{N + 1}, k = {k:.3f}, k* = {star:.3f}"
            )
            gain = sign * (rows[:, N + 1] - rows[:, N])
            found.append(difference_evidence(text, gain, miss, 0.0, reach("rectgrad", N)))
    return found


def rectgrad_changes(exam: Examination) -> list[Evidence]:
    """The derivation, and the sign of every change."""
    return [derived(proofs.rectgrad_falls), *changes(exam)]


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
        examine=corollary,
        control=BrokenPremise(premise="GBP claimed to fall", examine=turned),
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
        examine=gbp_rises,
        control=BrokenPremise(premise="GBP claimed to fall", examine=turned),
        repairs="cascade-rises",
    ),
    Claim(
        id="cascade-rises-rectgrad",
        title="RectGrad: α rises where the signal is weak, and falls where it is strong",
        source="repair of cascade-rises",
        statement=(
            "At the k examined, RectGrad (90 % quantile) at one more layer raises mean α where k < k* = "
            f"{CROSSING} and lowers it where k > k*, k² = 2T²/n; it falls, proven, for k > 1.37. No rule that "
            f"passes a tenth of the neurons has a share above {SHARE_OF_A_TENTH}."
        ),
        premises=(GAUSSIAN_STACKS, "wide layers, 1 ≤ N < L; k* from quadrature"),
        examine=rectgrad_changes,
        control=BrokenPremise(premise="turned round", examine=lambda exam: changes(exam, reverse=True)),
        repairs="cascade-rises",
    ),
)
