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
PILOT = 400
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
}
"""Width profiles from the input up, by name."""

SMALL: Widths = (5, 8, 8, 8)
SMALL_EQUAL: Widths = (256,) * 4
FALLS: Widths = (784, 256, 1024, 1024)


@dataclass(frozen=True)
class Stack:
    """What is sampled: the cascades of a rule in random stacks of these widths, with the rule's own parameters.

    `positive` output weights and a `rule` that is not the one predicted are broken premises.
    """

    name: str
    rule: str
    widths: Widths
    positive: bool = False
    own: Mapping[str, Any] | None = None

    @property
    def title(self) -> str:
        """Rule, shape and widths."""
        runs: list[tuple[int, int]] = []
        for width in self.widths:
            runs = [*runs[:-1], (width, runs[-1][1] + 1)] if runs and runs[-1][0] == width else [*runs, (width, 1)]
        return f"{self.rule}, {self.name}: " + "–".join(f"{w}" if n == 1 else f"{w} (×{n})" for w, n in runs)

    def sample(self, exam: Examination, part: str, n: int) -> Float[Array, "n levels"]:
        """α of every level in n stacks."""
        rng = exam.rng(f"{part} {self.title}")
        return cascade_alignments(self.rule, self.widths, n, rng, self.positive, **(self.own or {}))


@dataclass(frozen=True)
class Prediction:
    """The mean α of one level of a stack, its range, and how far the law may be off for the power to hold."""

    level: int
    value: float
    margin: float = DELTA
    low: float = 0.0
    slack: float = 0.4
    signed: bool = True

    def of(self, rows: Float[Array, "n levels"]) -> Float[Array, " n"]:
        """α of this level, or its size."""
        values = rows[:, self.level]
        return values if self.signed else np.abs(values)


def predictions(rule: str, widths: Widths, own: Mapping[str, Any] | None = None) -> list[Prediction]:
    """The law's mean of every level; level 0 is level 1 but for Activation, and what is 0 by symmetry has no bias."""
    found = enumerate(cascade_alphas(rule, widths, **(own or {})))
    levels = [Prediction(N, value) for N, value in found if N or rule == "activation"]
    symmetric = rule != "activation"
    return [Prediction(1, 0.0, low=-1.0, slack=0.2) if symmetric and p.level == 1 else p for p in levels]


def law_evidence(
    exam: Examination, trial: Sequence[tuple[Stack, Sequence[Prediction]]], share: float = 1.0
) -> list[Evidence]:
    """For each stack and level |E α − predicted| ≤ margin: one sample a stack serves all its levels.

    n is planned from the standard deviations of a pilot sample, 20 % added: where the law is off by at most `slack` of
    the margin the interval ends inside it with probability ≥ 0.99.
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


def difference_evidence(
    statement: str, values: Float[Array, " n"], miss: float, delta: float, reach: float, power: float | None = None
) -> Evidence:
    """The mean of differences of alignments, in [−reach, reach], against [0, reach] with resolution δ; `power` at δ
    where n was planned for it.
    """
    return bets_evidence(
        statement,
        values,
        Claimed.between(0.0, reach, resolution=delta),
        miss,
        -reach,
        reach,
        power=power,
        details={"sampled mean": float(values.mean())},
    )


def reach(rule: str, N: int) -> float:
    """How large a difference of two alignments can be where that of level N is one of them: from level 2 on GBP's α is
    not negative; RectGrad's is where all contributions of a narrow layer are.
    """
    return 1.0 if N > 1 and rule == "gbp" else 2.0


def exponent(small: Evidence, large: Evidence, ratio: float, claimed: Claimed) -> Evidence:
    """The exponent of the error in the width, `log(e/e′) / log(n′/n)`, from the intervals of two errors of one sign."""
    errors = [sorted(float(e.details["predicted mean"]) - end for end in e.interval or ()) for e in (small, large)]
    (a, b), (c, d) = errors
    told = min(a, c) > 0
    interval = (log(a / d) / log(ratio), log(b / c) / log(ratio)) if told else (-np.inf, np.inf)
    return Evidence(
        kind=Kind.MONTE_CARLO,
        statement=f"the error of the law falls with the width like n^−b, {claimed.low} ≤ b ≤ {claimed.high}",
        finding=decide(interval, claimed) if told else Finding.UNDECIDED,
        method="from the two intervals above",
        n=small.n + large.n,
        interval=interval,
        claimed=claimed,
        details={"widths": [small.statement, large.statement]},
    )
