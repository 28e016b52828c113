"""What two relevances become in one random stack, against its law: mean cosines and mean |cos|."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.converging import stack_sizes
from nfrlab.simulations.dense.propagate import Rule, rule
from nfrlab.simulations.dense.reduced.converging import means_between, pair_means
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.statistics import bets_evidence, median_evidence

MARGIN = 0.01
"""Within which a mean cosine is claimed."""
SLACK = 0.25
"""How far a law may be off, as a share of its margin, for the planned power to hold."""
PILOT, VECTORS = 300, 4
"""Stacks of a pilot sample; relevances that enter each stack, whose pairs make one observation."""
PAIRED = 64
"""Relevances in each of the two sets of which one stack's mean |cos| is taken."""
OUTSIDE = 0.1
"""The share of stacks that may lie outside the margin on one side, for the planned power to hold."""
Widths = tuple[int, ...]
Rows = Float[Array, "n layers"]


@dataclass(frozen=True)
class Met:
    """Relevances of one random stack, carried down by a rule: the mean of `cos^power` over their pairs, by layer.

    Attributes
    ----------
    rule, widths
        The backward rule, and the widths from the input up; the relevances N(mean, I) enter at the last.
    power, mean
        The power of the cosine, 1 or 2, and the mean of an entry.
    between
        Whether the pairs are of two stacks instead, at their common input.
    """

    rule: str
    widths: Widths
    power: int = 1
    mean: float = 0.0
    between: bool = False

    @property
    def title(self) -> str:
        """Rule and widths; what is printed and what seeds are derived from."""
        return f"{self.rule}{', two stacks' if self.between else ''}, {'–'.join(map(str, self.widths))}"

    @property
    def low(self) -> float:
        """The least that one observation can be: v unit vectors have no mean cosine below −1/(v − 1)."""
        if self.between:
            return -1.0
        return 0.0 if self.power == 2 else -1 / (VECTORS - 1)

    def sample(self, exam: Examination, part: str, n: int) -> Rows:
        """Return the layers' means in n stacks, a row each."""
        rng = exam.rng(f"{part} {self.title} {self.power}")
        if self.between:
            return means_between(self.rule, self.widths, VECTORS, n, rng)
        return pair_means(self.rule, self.widths, VECTORS, n, rng, self.mean, self.power)


def exactly(value: float) -> Claimed:
    """A mean cosine within 0.01 of the law's."""
    return Claimed.within(value, MARGIN)


def at_most(value: float) -> Claimed:
    """A mean that the law bounds from above, and that is no more than 0.01 below: tried to 0.01."""
    return Claimed.between(value - MARGIN, value, MARGIN)


def cosines_evidence(
    exam: Examination,
    trial: Sequence[tuple[Met, Sequence[float] | Array]],
    share: float = 1.0,
    claimed: Callable[[float], Claimed] = exactly,
) -> list[Evidence]:
    """For each stack and layer, from L − 1 down to 0, the mean against the law's value there.

    n is planned from a pilot sample, 20 % added to its standard deviations: where the law is off by at most a quarter
    of the margin the interval ends inside it with probability ≥ 0.99. All points together spend `share` of the budget.
    """
    miss, found = exam.budget.spend(sum(len(values) for _, values in trial), share), list[Evidence]()
    for met, values in trial:
        pilot = met.sample(exam, "pilot", PILOT)
        n = max(
            intervals.bets_plan(miss, value, 1.2 * float(column.std()), (1 - SLACK) * MARGIN, met.low)
            for value, column in zip(values, pilot.T, strict=True)
        )
        text = "E cos²" if met.power == 2 else "E cos"
        for layer, (value, column) in enumerate(zip(values, met.sample(exam, "trial", n).T, strict=True), start=1):
            found.append(
                bets_evidence(
                    f"{text} {'=' if claimed is exactly else '≤'} {value:.4f}: {layer} below the top, {met.title}",
                    column,
                    claimed(value),
                    miss,
                    met.low,
                    power=0.99,
                    details={"law": value, "sampled mean": float(column.mean())},
                )
            )
    return found


@dataclass(frozen=True)
class Sizes:
    """Mean |cos| of relevances of one random stack under LRP-αβ.

    Attributes
    ----------
    widths
        From the input up.
    betas
        α − 1 of each rule that is tried; 0 is z⁺.
    """

    widths: Widths
    betas: tuple[float, ...]

    @property
    def title(self) -> str:
        """The widths; what is printed and what seeds are derived from."""
        return "–".join(map(str, self.widths))

    def sample(self, exam: Examination, n: int) -> Float[Array, "n rules layers"]:
        """Return, for n stacks, the layers' means under each rule."""
        rng = exam.rng(self.title)
        rules = [share_out(beta) for beta in self.betas]
        return np.array([stack_sizes(rules, self.widths, PAIRED, rng) for _ in range(n)])


def share_out(beta: float) -> Rule:
    """LRP-αβ, α = β + 1; z⁺ at β = 0."""
    return rule("lrp-alpha-beta", alpha=1 + beta) if beta else rule("zplus")


def sizes_evidence(
    exam: Examination,
    trial: Sequence[tuple[Sizes, Sequence[Sequence[float | None] | Array]]],
    falling: bool = False,
    outside: float = OUTSIDE,
) -> list[Evidence]:
    """A stack's mean |cos| under each rule at each layer, its median over stacks, against the law's value.

    n is planned as if a share `outside` of stacks lay outside the margin on one side. Points whose value is None are
    left out. With `falling` the median of how much it changes from each β to the next,
    in the same stacks, at every layer, is held against ≤ 0 too.
    """
    tried = sum(value is not None for _, values in trial for row in values for value in row)
    steps = sum(len(values[0]) * (len(values) - 1) for _, values in trial) if falling else 0
    miss = exam.budget.spend(tried + steps)
    n, found = intervals.median_plan(miss, outside), list[Evidence]()
    for sizes, values in trial:
        rows = sizes.sample(exam, n)
        for beta, law, columns in zip(sizes.betas, values, rows.transpose(1, 2, 0), strict=True):
            for layer, (value, column) in enumerate(zip(law, columns, strict=True), start=1):
                if value is not None:
                    point = f"{layer} below the top, β = {beta:g}, {sizes.title}"
                    found.append(size_evidence(f"mean |cos| = {value:.4f}: {point}", column, exactly(value), miss))
        if falling:
            for (beta, less), (more, greater) in pairwise(zip(sizes.betas, rows.transpose(1, 2, 0), strict=True)):
                for layer, column in enumerate(greater - less, start=1):
                    text = f"from β = {beta:g} to {more:g} |cos| does not rise: {layer} below the top, {sizes.title}"
                    found.append(size_evidence(text, column, Claimed.between(-1, 0), miss))
    return found


def size_evidence(statement: str, column: Float[Array, " n"], claimed: Claimed, miss: float) -> Evidence:
    """The median of one number over stacks."""
    details = {"median": float(np.median(column)), "mean": float(column.mean())}
    return median_evidence(statement, column, claimed, miss, details=details)
