"""Two alignments in the same random stacks: how far the one lies above the other, at every width and by the law.

Both are drawn from the same numbers, so that what they share takes no part in the difference. The law of either one is
untouched by that, hence so are the mean of the difference, and the order of the two laws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.reduced.stacks import cascade_alignments
from nfrlab.theory.cascade.recursion import cascade_alpha
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.stacks.gaussian import PILOT, Widths
from nfrlab.verify.examine.statistics import bets_evidence, order_evidence

NAMES = {"grad": "the gradient", "gbp": "GBP", "rectgrad": "RectGrad", "activation": "Activation", "root": "√A"}
REACH = 2.0
"""How large a difference of two alignments can be, whatever the rules do."""
MOST = 200_000
"""Stacks of one shape; where a plan asks for more, no power is promised."""
FINEST = 5e-4
"""How sharply any mean is to be known at most."""
SLACK = 0.4
"""How far the law may be off, as a share of a margin, for the planned power to hold."""


@dataclass(frozen=True)
class Level:
    """α of one level of one rule's cascade."""

    rule: str
    level: int

    def __str__(self) -> str:
        return f"α of {NAMES[self.rule]} at level {self.level}"


@dataclass(frozen=True)
class Difference:
    """α of one level minus α of another, in the same random stack."""

    above: Level
    below: Level

    def __str__(self) -> str:
        return f"{self.above} − {self.below}"

    def of(self, rows: Mapping[str, Float[Array, "n levels"]]) -> Float[Array, " n"]:
        """Its value in every stack, from α of all levels by rule."""
        return rows[self.above.rule][:, self.above.level] - rows[self.below.rule][:, self.below.level]

    def predicted(self, widths: Widths) -> float:
        """Its mean by the law of wide layers."""
        above, below = (cascade_alpha(end.rule, widths, end.level) for end in (self.above, self.below))
        return above - below


def rises(rule: str, widths: Widths, first: int = 1) -> list[Difference]:
    """`α_{N+1} − α_N` of a rule, `first ≤ N < L`."""
    return [Difference(Level(rule, N + 1), Level(rule, N)) for N in range(first, len(widths))]


@dataclass(frozen=True)
class Shape:
    """Random stacks of some widths, and what is compared in them.

    `options` are further parameters of the rules: RectGrad's quantile `q`.
    """

    widths: Widths
    differences: Sequence[Difference]
    options: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return "–".join(map(str, self.widths))

    def sample(self, exam: Examination, part: str, n: int) -> dict[str, Float[Array, "n levels"]]:
        """α of every level, by rule, in the same n stacks; the random numbers belong to `part`."""
        ends = [end for difference in self.differences for end in (difference.above, difference.below)]
        return {
            rule: cascade_alignments(rule, self.widths, n, exam.rng(f"{part} {self}"), **self._options(rule))
            for rule in dict.fromkeys(end.rule for end in ends)
        }

    def _options(self, rule: str) -> Mapping[str, Any]:
        return (self.options or {}) if rule == "rectgrad" else {}

    def planned(self, exam: Examination, miss: float, within: Callable[[float], float]) -> int:
        """How many stacks it takes for every interval to end within `within(mean)` of its mean with probability ≥ 0.99.

        Means and standard deviations are those of a pilot sample, 20 % added to the latter.
        """
        pilot, needed = self.sample(exam, "pilot", PILOT), [2]
        for difference in self.differences:
            values = difference.of(pilot)
            mean, sd = float(values.mean()), float(values.std())
            needed.append(intervals.bets_plan(miss, mean, 1.2 * sd, max(within(mean), FINEST), -REACH, REACH))
        return max(needed)


Note = Callable[[Shape, Difference], str]
"""What else is said of a difference in its statement."""


def not_negative(exam: Examination, shapes: Sequence[Shape], delta: float) -> list[Evidence]:
    """`E difference ≥ 0` within δ in every shape.

    n is planned so that the interval ends within δ, or half the mean that a pilot has, of the mean: so one of −2δ or
    less is refuted, too.
    """

    def claimed(shape: Shape, each: Difference) -> tuple[str, Claimed]:
        return "≥ 0", Claimed.between(0.0, REACH, resolution=delta)

    return _means(exam, shapes, lambda mean: max(delta, abs(mean) / 2), claimed, 1.0)


def positive(exam: Examination, shapes: Sequence[Shape], share: float = 1.0) -> list[Evidence]:
    """`E difference > 0` in every shape, without a margin: equality is not supported.

    n is planned so that the interval ends within half the mean that a pilot has.
    """

    def claimed(shape: Shape, each: Difference) -> tuple[str, Claimed]:
        return "> 0", Claimed.between(0.0, REACH)

    return _means(exam, shapes, lambda mean: abs(mean) / 2, claimed, share)


def by_the_law(
    exam: Examination,
    shapes: Sequence[Shape],
    margin: float,
    share: float = 1.0,
    note: Note = lambda shape, each: "",
) -> list[Evidence]:
    """`E difference` within `margin` of the law of wide layers in every shape, at the law's own parameters.

    Where the law is off by at most `SLACK` of the margin, the interval ends inside it with probability ≥ 0.99.
    """

    def claimed(shape: Shape, each: Difference) -> tuple[str, Claimed]:
        value = each.predicted(shape.widths)
        return f"= {value:.4f} ± {margin:g}", Claimed.within(value, margin)

    return _means(exam, shapes, lambda mean: (1 - SLACK) * margin, claimed, share, note)


def in_order(exam: Examination, shapes: Sequence[Shape], delta: float, share: float = 1.0) -> list[Evidence]:
    """α of `above` stochastically at least that of `below`: no distribution function exceeds the other by over δ."""
    miss = exam.budget.spend(sum(len(shape.differences) for shape in shapes), share)
    n, found = intervals.order_plan(miss, delta), []
    for shape in shapes:
        rows = shape.sample(exam, "order", n)
        for each in shape.differences:
            above, below = (rows[end.rule][:, end.level] for end in (each.above, each.below))
            text = f"{each.above} is stochastically at least {each.below}: {shape}"
            found.append(order_evidence(text, above, below, delta, miss, power=0.99))
    return found


def _means(
    exam: Examination,
    shapes: Sequence[Shape],
    within: Callable[[float], float],
    claimed: Callable[[Shape, Difference], tuple[str, Claimed]],
    share: float,
    note: Note = lambda shape, each: "",
) -> list[Evidence]:
    """The means of all differences against what is claimed of them; `within` says how sharply one has to be known."""
    miss = exam.budget.spend(sum(len(shape.differences) for shape in shapes), share)
    found = []
    for shape in shapes:
        n = shape.planned(exam, miss, within)
        rows = shape.sample(exam, "trial", min(n, MOST))
        for each in shape.differences:
            (relation, what), values = claimed(shape, each), each.of(rows)
            found.append(
                bets_evidence(
                    f"E[{each}] {relation}: {shape}{note(shape, each)}",
                    values,
                    what,
                    miss,
                    -REACH,
                    REACH,
                    power=0.99 if n <= MOST else None,
                    details={"sampled mean": float(values.mean())},
                )
            )
    return found
