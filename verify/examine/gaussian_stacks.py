"""Monte Carlo against the cascade law: mean α of every level within 0.005."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log, sqrt
from typing import Any

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.reduced.stacks import cascade_alignments
from nfrlab.theory.cascade.recursion import cascade_alphas
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Evidence, Finding, Kind, decide

DELTA = 0.005
CAP = 0.9  # of the stake at which a gambler could lose all
PILOT = 400
METHOD = "bets of a fixed number, planned from a pilot"
Widths = tuple[int, ...]


def bets(values: Float[Array, " n"], alpha: float, low: float, high: float) -> intervals.Interval:
    """Mean of n bounded observations by betting (Waudby-Smith & Ramdas 2023), as `intervals.BettingSequence` but for
    one n, with stakes chosen for it.

    A candidate mean m is ruled out when a gambler's capital `Π (1 ± λ_t (x_t − m))` ever reaches 2/α, where `λ_t =
    √(2 ln(2/α) / n V_{t−1})`, at most `CAP` of what may be staked, and V is the variance seen before. Capitals are
    monotone in m, so both ends are found by bisection, rounded outward to 1 % of their distance from the sample mean.
    Raises `ValueError` for observations outside the bounds.
    """
    if not (np.all(values >= low) and np.all(values <= high)):
        raise ValueError(f"observations must lie in [{low}, {high}]")
    x = (values - low) / (high - low)
    seen = np.arange(1.0, len(x) + 1)
    mean = (0.5 + np.cumsum(x)) / (seen + 1)
    variance = (0.25 + np.cumsum((x - mean) ** 2)) / (seen + 1)
    threshold = log(2 / alpha)
    stake = np.sqrt(2 * threshold / (len(x) * np.concatenate([[0.25], variance[:-1]])))

    def ruled_out(m: float, sign: int) -> bool:
        most = CAP / max(m if sign > 0 else 1 - m, 1e-12)
        return bool(np.cumsum(np.log1p(sign * np.minimum(stake, most) * (x - m))).max() >= threshold)

    def end(sign: int) -> float:
        centre, inside, distance = float(x.mean()), 0.0, sqrt(2 * threshold * variance[-1] / len(x))
        limit = centre if sign > 0 else 1 - centre
        while distance < limit and not ruled_out(centre - sign * distance, sign):
            inside, distance = distance, 2 * distance
        outside = min(distance, limit)
        while outside - inside > 0.01 * outside:
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if ruled_out(centre - sign * middle, sign) else (middle, outside)
        return centre - sign * outside

    return low + (high - low) * max(0.0, end(1)), low + (high - low) * min(1.0, end(-1))


def bets_plan(alpha: float, mean: float, sd: float, delta: float, low: float = 0.0, high: float = 1.0) -> int:
    """An n at which `bets` ends within δ of the true mean with probability ≥ 0.99, for observations of this mean and
    standard deviation: δ pays for the stakes, `max(σ√(2ℓ/n), 2ℓ m/(CAP n))` with `ℓ = ln(2/α)`, and for the sample
    mean's own error, `σ√(2 ln 400/n)`.
    """
    mean, sd, delta = (mean - low) / (high - low), sd / (high - low), delta / (high - low)
    logs, own = log(2 / alpha), sd * sqrt(2 * log(400))
    free = (sd * sqrt(2 * logs) + own) / delta
    capped = 2 * logs * max(mean, 1 - mean) / CAP
    root = (own + sqrt(own**2 + 4 * capped * delta)) / (2 * delta)  # capped/n + own/√n = δ
    return ceil(max(free, root) ** 2)


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
    alpha = exam.ledger.draw(sum(len(own) for _, own in trial), share)
    found = []
    for stack, own in trial:
        pilot = stack.sample(exam, "pilot", PILOT)
        n = max(bets_plan(alpha, p.value, 1.2 * float(p.of(pilot).std()), (1 - p.slack) * p.margin, p.low) for p in own)
        rows = stack.sample(exam, "trial", n)
        found += [_level(stack, p, p.of(rows), alpha) for p in own]
    return found


def _level(stack: Stack, predicted: Prediction, values: Float[Array, " n"], alpha: float) -> Evidence:
    interval = bets(values, alpha, predicted.low, 1.0)
    claimed = predicted.value - predicted.margin, predicted.value + predicted.margin
    name = f"level {predicted.level} of {len(stack.widths)}, {stack.title}"
    return Evidence(
        Kind.MONTE_CARLO,
        f"{'E α' if predicted.signed else 'E |α|'} = {predicted.value:.4f} ± {predicted.margin:.4g}: {name}",
        decide(interval, claimed, 0.0),
        METHOD,
        alpha=alpha,
        delta=0.0,
        n=len(values),
        interval=interval,
        claimed=claimed,
        power=0.99,
        details={
            "predicted mean": predicted.value,
            "sampled mean": float(values.mean()),
            "deviation": float(values.mean()) - predicted.value,
        },
    )


def difference_evidence(
    statement: str,
    values: Float[Array, " n"],
    alpha: float,
    delta: float,
    reach: float,
    power: float | None = None,
) -> Evidence:
    """The mean of differences of alignments, in [−reach, reach], against [0, reach] with margin δ; `power` at δ where n
    was planned for it.
    """
    interval, claimed = bets(values, alpha, -reach, reach), (0.0, reach)
    return Evidence(
        Kind.MONTE_CARLO,
        statement,
        decide(interval, claimed, delta),
        METHOD,
        alpha=alpha,
        delta=delta,
        n=len(values),
        interval=interval,
        claimed=claimed,
        power=power,
        details={"sampled mean": float(values.mean())},
    )


def exponent(small: Evidence, large: Evidence, ratio: float, claimed: intervals.Interval) -> Evidence:
    """The exponent of the error in the width, `log(e/e′) / log(n′/n)`, from the intervals of two errors of one sign."""
    errors = [sorted(float(e.details["predicted mean"]) - end for end in e.interval or ()) for e in (small, large)]
    (a, b), (c, d) = errors
    if min(a, c) <= 0:
        interval, finding = (-np.inf, np.inf), Finding.UNDECIDED
    else:
        interval = log(a / d) / log(ratio), log(b / c) / log(ratio)
        finding = decide(interval, claimed, 0.0)
    return Evidence(
        Kind.MONTE_CARLO,
        f"the error of the law falls with the width like n^−b, {claimed[0]} ≤ b ≤ {claimed[1]}",
        finding,
        "from the two intervals above",
        delta=0.0,
        n=small.n + large.n,
        interval=interval,
        claimed=claimed,
        details={"widths": [small.statement, large.statement]},
    )
