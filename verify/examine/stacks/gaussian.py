"""Monte Carlo against the cascade law: mean α of every level within 0.005."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.reduced.stacks import cascade_alignments
from nfrlab.theory.cascade.recursion import cascade_alphas
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind, decide
from nfrlab.verify.examine.statistics import bets_evidence

DELTA = 0.005
"""Margin of a mean α."""
PILOT = 400
"""Stacks from which a standard deviation is estimated, to plan the sample."""
Widths = tuple[int, ...]

QUICK: dict[str, Widths] = {
    "constant, depth 2": (512, 512),
    "constant, depth 4": (512,) * 4,
    "bottleneck": (784, 1024, 512, 1024),
}
FULL: dict[str, Widths] = QUICK | {
    "growing upwards": (784, 512, 1024, 2048),
    "shrinking upwards": (784, 2048, 1024, 512),
    "steep": (784, 512, 2048, 2048),
    "constant, depth 8": (512,) * 8,
    "constant, depth 16": (512,) * 16,
    "constant, depth 16, large input": (3072, *(512,) * 15),
    "small input, depth 6": (27, *(1024,) * 5),
    "small input, depth 7": (10, *(512,) * 6),
}
"""Width profiles from the input up, by name."""

SMALL: Widths = (5, 8, 8, 8)
SMALL_UNEVEN: Widths = (27, 64, 16, 128)
SMALL_EQUAL: Widths = (256,) * 4
FALLS: Widths = (784, 256, 1024, 1024)


@dataclass(frozen=True)
class Stack:
    """What is sampled: the cascades of a rule in random stacks.

    Attributes
    ----------
    name, rule, widths
        A name for the shape, the backward rule, and the widths from the input up.
    positive
        Whether the output weights are |N(0, 1)| instead of N(0, 1): a broken premise.
    options
        Further parameters of the rule: RectGrad's quantile `q`.
    """

    name: str
    rule: str
    widths: Widths
    positive: bool = False
    options: Mapping[str, Any] | None = None

    @property
    def title(self) -> str:
        """Rule, shape and widths, runs of one width abridged; what is printed and what seeds are derived from."""
        runs: list[tuple[int, int]] = []
        for width in self.widths:
            runs = [*runs[:-1], (width, runs[-1][1] + 1)] if runs and runs[-1][0] == width else [*runs, (width, 1)]
        return f"{self.rule}, {self.name}: " + "–".join(f"{w}" if n == 1 else f"{w} (×{n})" for w, n in runs)

    def sample(self, exam: Examination, part: str, n: int) -> Float[Array, "n levels"]:
        """Return α of every level 0 … L in n stacks, a row each, from random numbers that belong to `part`."""
        rng = exam.rng(f"{part} {self.title}")
        return cascade_alignments(self.rule, self.widths, n, rng, self.positive, **(self.options or {}))


@dataclass(frozen=True)
class Prediction:
    """The mean α that the law predicts for one level of a stack.

    Attributes
    ----------
    level, value, margin
        The level, the predicted mean, and the margin within which it is claimed.
    low
        The least that a single α can be.
    slack
        How far the law may be off, as a share of the margin, for the planned power to hold.
    signed
        Whether the mean is that of α, or that of |α|.
    """

    level: int
    value: float
    margin: float = DELTA
    low: float = 0.0
    slack: float = 0.4
    signed: bool = True

    def of(self, rows: Float[Array, "n levels"]) -> Float[Array, " n"]:
        """Return α of this level, or |α|, from the rows of `Stack.sample`."""
        values = rows[:, self.level]
        return values if self.signed else np.abs(values)


def predictions(rule: str, widths: Widths, options: Mapping[str, Any] | None = None) -> list[Prediction]:
    """The law's mean of every level.

    For every rule but Activation level 0 is level 1, the plain gradient, and is left out; there α is 0 by symmetry at
    every width, so that less slack is planned for. Only Activation's α is not negative whatever goes wrong above it.
    """
    means = list(enumerate(cascade_alphas(rule, widths, **(options or {}))))
    if rule == "activation":
        return [Prediction(N, value) for N, value in means]
    return [Prediction(N, value, low=-1.0, slack=0.2 if N == 1 else 0.4) for N, value in means[1:]]


def cascade_law_evidence(
    exam: Examination, trial: Sequence[tuple[Stack, Sequence[Prediction]]], share: float = 1.0
) -> list[Evidence]:
    """For each stack and level |E α − predicted| ≤ margin; one sample a stack serves all its levels.

    n is planned from the standard deviations of a pilot sample, 20 % added: where the law is off by at most `slack` of
    the margin the interval ends inside it with probability ≥ 0.99. All levels together spend `share` of the budget.
    """
    miss = exam.budget.spend(sum(len(levels) for _, levels in trial), share)
    found = []
    for stack, levels in trial:
        pilot = stack.sample(exam, "pilot", PILOT)
        n = max(
            intervals.bets_plan(miss, p.value, 1.2 * float(p.of(pilot).std()), (1 - p.slack) * p.margin, p.low)
            for p in levels
        )
        rows = stack.sample(exam, "trial", n)
        found += [_level(stack, p, p.of(rows), miss) for p in levels]
    return found


def _level(stack: Stack, predicted: Prediction, values: Float[Array, " n"], miss: float) -> Evidence:
    name = f"level {predicted.level} of {len(stack.widths)}, {stack.title}"
    return bets_evidence(
        f"{'E α' if predicted.signed else 'E |α|'} = {predicted.value:.4f} ± {predicted.margin:.4g}: {name}",
        values,
        Claimed.within(predicted.value, predicted.margin),
        miss,
        predicted.low,
        power=0.99,
        details={
            "predicted mean": predicted.value,
            "sampled mean": float(values.mean()),
            "deviation": float(values.mean()) - predicted.value,
        },
    )


def exponent_evidence(small: Evidence, large: Evidence, ratio: float, claimed: Claimed) -> Evidence:
    """The exponent of the law's error in the width, `log(e/e′) / log(n′/n)`, against what is claimed of it.

    Parameters
    ----------
    small, large
        Evidence of E α in a narrow and in a wide stack, from whose intervals those of the errors e and e′ follow.
    ratio
        n′/n, the wide stack's width in units of the narrow one's.
    claimed
        What is claimed of the exponent; undecided where an error may be of either sign.
    """
    errors = [sorted(float(e.details["predicted mean"]) - end for end in e.interval or ()) for e in (small, large)]
    (a, b), (c, d) = errors
    same_sign = min(a, c) > 0
    interval = (log(a / d) / log(ratio), log(b / c) / log(ratio)) if same_sign else (-np.inf, np.inf)
    return Evidence(
        kind=Kind.MONTE_CARLO,
        statement=f"the error of the law falls with the width like n^−b, {claimed.low} ≤ b ≤ {claimed.high}",
        finding=decide(interval, claimed) if same_sign else Finding.UNDECIDED,
        method="from the two intervals above",
        n=small.n + large.n,
        interval=interval,
        claimed=claimed,
        details={"widths": [small.statement, large.statement]},
    )
