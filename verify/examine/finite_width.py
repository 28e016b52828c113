"""Monte Carlo against a law of α: its mean within 0.002, its whole distribution within 0.02, at d = 2 within 0.025.

In layers so wide that every α is near 1 the median of 1 − α is held against the law's instead, as a ratio.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import log

import numpy as np

from nfrlab.simulations.dense import montecarlo, reduced
from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.finite_width.law import alignment_law
from nfrlab.theory.finite_width.mixture import AlignmentLaw
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind
from nfrlab.verify.examine.statistics import (
    POINTS,
    distribution_evidence,
    mean_evidence,
    median_evidence,
    proportion_evidence,
    sequential_evidence,
)

DELTA, DELTA_CDF = 0.002, 0.02
"""Margins of the mean and of the distribution."""
DELTA_PLANE = 0.025
"""Margin of the distribution at d = 2."""
CLOSE = 0.88
"""How far off a law may be, in units of the mean's margin, for a second look to tell it from one beyond the margin."""
SLOPE_AT, SLOPE_TRIALS, DELTA_SLOPE = (4, 400, 4000), 12_000, 0.1
"""(d, N, N′) between which a slope is measured, layers at each width, and the slope's resolution."""
GAP = 0.4, 0.1
"""How near to 1 the ratio of a sampled median of 1 − α to the predicted one has to be, in profiles quick and full."""
SMALLEST = 0.005
"""The share of layers whose α is the smallest: it is tried to a factor of 2."""
CHUNK = 1 << 20
"""Layers drawn at once by the reduced sampler; it bounds memory."""
BLOCK = 1000
"""Layers in one block of a sequential examination."""


def margins(law: AlignmentLaw) -> tuple[float, float]:
    """The margins of the mean and of the distribution at the law's dimension."""
    return DELTA, DELTA_PLANE if law.d == 2 else DELTA_CDF


def sample(exam: Examination, law: AlignmentLaw, name: str, n: int, relevance: str) -> Array:
    """About n alignments of the layers that a law describes, from the reduced sampler; zero maps are left out.

    `name` is what the random numbers are derived from, `relevance` the law of the hidden relevance.
    """
    drawn = []
    for block, first in enumerate(range(0, n, CHUNK)):
        trials, rng = min(CHUNK, n - first), exam.rng(name, block)
        alpha = reduced.alignments(law.rule, law.family, law.d, law.N, trials, rng, relevance)
        drawn.append(alpha[~np.isnan(alpha)])
    return np.concatenate(drawn)


def sample_block(exam: Examination, law: AlignmentLaw, name: str, block: int) -> Array:
    """The alignments of block number `block`, of `BLOCK` layers, for a sequential examination."""
    return sample(exam, law, f"{name}, block {block}", BLOCK, "normal")


def law_evidence(
    exam: Examination,
    laws: Iterable[AlignmentLaw],
    relevance: str = "normal",
    direct: Iterable[AlignmentLaw] = (),
    share: float = 1.0,
) -> list[Evidence]:
    """For each law two statements: |E α − predicted| and sup |F − predicted F| are within `margins`.

    Sample sizes follow from 1.1 times the predicted standard deviation and from DKW's radius: where the law is off by
    at most a quarter of its mean's margin and by `allowed_error` of its distribution's, the intervals end inside them
    with probability ≥ 0.99.

    Parameters
    ----------
    exam
        The examination.
    laws
        What is claimed, each held against the reduced sampler.
    relevance
        The law of the hidden relevance that is sampled.
    direct
        Laws whose distributions are also held against weights drawn whole.
    share
        The share of the budget that all of this may spend.
    """
    laws, direct = list(laws), list(direct)
    miss = exam.budget.spend(2 * len(laws) + len(direct), share)
    evidence = [piece for law in laws for piece in reduced_evidence(exam, law, miss, relevance)]
    return evidence + [direct_evidence(exam, law, miss) for law in direct]


def means_evidence(exam: Examination, laws: list[AlignmentLaw], share: float) -> list[Evidence]:
    """For each law |E α − predicted| ≤ 0.001 with resolution 0.001, by betting: layers too large to sample many of."""
    miss, found = exam.budget.spend(len(laws), share), []
    for law in laws:
        name = f"{law.rule}, {law.family}, d = {law.d:,}, N = {law.N:,}"
        low, high = law.mean - DELTA / 2, law.mean + DELTA / 2
        found.append(
            sequential_evidence(
                f"E α = {law.mean:.5f} ± {DELTA}: {name}",
                partial(sample_block, exam, law, name),
                (-1.0 if law.rule == "rectgrad" else 0.0, 1.0),
                Claimed.between(low, high, resolution=DELTA / 2),
                miss,
                1.1 * law.sd,
            )
        )
    return found


def gap_evidence(exam: Examination, laws: list[AlignmentLaw], share: float) -> list[Evidence]:
    """For each law: the median of 1 − α over the predicted one is 1 ± `GAP`, n planned for power 0.99."""
    miss, delta, found = exam.budget.spend(len(laws), share), exam.pick(*GAP), []
    for law in laws:
        name = f"{law.rule}, {law.family}, d = {law.d:,}, N = {law.N:,}"
        gap = 1 - law.quantile(0.5)
        wrong = max(law.cdf(1 - gap * (1 + delta)), 1 - law.cdf(1 - gap * (1 - delta)))
        values = sample(exam, law, name, intervals.median_plan(miss, wrong), "normal")
        found.append(
            median_evidence(
                f"median of 1 − α = {gap:.3g} × (1 ± {delta:g}): {name}",
                (1 - values) / gap,
                Claimed.exactly(1.0, delta),
                miss,
                power=0.99,
                details={"predicted median of 1 − α": gap, "N/d": law.N / law.d},
            )
        )
    return found


def tail_evidence(exam: Examination, laws: list[AlignmentLaw], share: float) -> list[Evidence]:
    """For each law: P(α ≤ a) is `SMALLEST` to a factor of 2, where a is the quantile that the law gives that share.

    Where single neurons make the smallest α, these make the mean; the distribution's margin does not see them.
    """
    miss, found = exam.budget.spend(len(laws), share), []
    n = intervals.rate_plan(miss, SMALLEST, SMALLEST / 2)
    for law in laws:
        name = f"{law.rule}, {law.family}, d = {law.d}, N = {law.N}"
        a = law.quantile(SMALLEST)
        values = sample(exam, law, f"smallest, {name}", n, "normal")
        found.append(
            proportion_evidence(
                f"P(α ≤ {a:.4f}) = {SMALLEST:.1%}, between half and twice as much: {name}",
                int(np.count_nonzero(values <= a)),
                len(values),
                Claimed.between(SMALLEST / 2, 2 * SMALLEST),
                miss,
                power=0.99,
            )
        )
    return found


def reduced_evidence(exam: Examination, law: AlignmentLaw, miss: float, relevance: str) -> list[Evidence]:
    """Mean and distribution of one law, held against the reduced sampler.

    In profile full the mean may take a second look, at half the error probability each, where the first leaves it
    undecided: at fresh layers, so many that a law off by `CLOSE` of the margin is still told from one beyond it.
    """
    name = f"{law.rule}, {law.family}, d = {law.d}, N = {law.N}"
    low = -1.0 if law.signed or law.rule == "rectgrad" else 0.0  # RectGrad: all A r may be negative
    delta, width = margins(law)

    def draw(share: float, at_least: int, again: str = "") -> Array:
        """As many as the mean needs for its interval to end within `share` of the margin, and `at_least` so many."""
        n = max(at_least, intervals.bernstein_plan(miss / 2, 1.1 * law.sd, 1 - low, share * delta))
        return sample(exam, law, name + again, int(n / (1 - law.undefined) * 1.01), relevance)

    values = draw(0.75, planned_size(miss, width, allowed_error(exam, law)))
    moment = law_mean_evidence(law, name, values, miss / 2, low, delta)
    if moment.finding is Finding.UNDECIDED and exam.profile == "full":
        moment = law_mean_evidence(law, name, draw(1 - CLOSE, 0, ", second look"), miss / 2, low, delta)
    return [moment, law_distribution_evidence(name, values, law, miss)]


def law_mean_evidence(law: AlignmentLaw, name: str, values: Array, miss: float, low: float, delta: float) -> Evidence:
    """`E α` within δ of the prediction, from values in [low, 1]."""
    return mean_evidence(
        f"E α = {law.mean:.5f} ± {delta}: {name}",
        values,
        Claimed.within(law.mean, delta),
        miss,
        low,
        power=0.99,
        details={"predicted mean": law.mean, "predicted s.d.": law.sd, "undefined": law.undefined, "exact": law.exact},
    )


def law_distribution_evidence(name: str, values: Array, law: AlignmentLaw, miss: float) -> Evidence:
    """`sup |F − predicted F|` within its margin, from a sample of α."""
    margin = margins(law)[1]
    claimed = Claimed.between(0.0, margin)
    return distribution_evidence(f"sup |P(α ≤ a) − predicted| ≤ {margin}: {name}", values, law, claimed, miss)


def direct_evidence(exam: Examination, law: AlignmentLaw, miss: float) -> Evidence:
    """The distribution held against networks whose weights are drawn and multiplied, with no formula of the law."""
    name = f"{law.rule}, {law.family}, d = {law.d}, N = {law.N}, weights drawn whole"
    n = int(planned_size(miss, margins(law)[1], allowed_error(exam, law)) / (1 - law.undefined) * 1.01)
    along, across = montecarlo.parts(law.rule, law.family, np.ones(law.d), law.N, n, exam.rng(name))
    length = np.hypot(along, across)
    return law_distribution_evidence(name, along[length > 0] / length[length > 0], law, miss)


def allowed_error(exam: Examination, law: AlignmentLaw) -> float:
    """The error of a law, as a share of the margin of its distribution, for which samples are planned.

    Larger where few neurons, or heavy tails in layers that are not wide, make matching two moments coarse.
    """
    return exam.pick(0.05, 0.6 if (1000 if FAMILIES[law.family].heavy_tailed else 100) > law.N else 0.1)


def planned_size(miss: float, margin: float, share: float) -> int:
    """The n at which a distribution is decided though the law is off by `share` of its margin."""
    return intervals.distribution_plan(miss, (1 - share) * margin, POINTS)


def slope_evidence(exam: Examination, rule: str, family: str, slope: float, share: float) -> Evidence:
    """`d log(1 − median α) / d log N` over a decade, N/d from 100 to 1000, held against `slope` with resolution 0.1.

    With 12,000 layers each median's interval is ± 7 % of the gap 1 − α, the slope's ± 0.06; curvature takes up to 0.03.
    `share` is that of the budget.
    """
    d, *widths = SLOPE_AT
    miss = exam.budget.spend(2, share)
    gaps = []
    for N in widths:
        values = sample(
            exam, alignment_law(rule, family, d, N), f"slope of {rule}, {family}, N = {N}", SLOPE_TRIALS, "normal"
        )
        low, high = intervals.median(values, miss)
        gaps.append((1 - high, 1 - low))
    (first, last), decade = gaps, log(widths[1] / widths[0])
    return Evidence.from_interval(
        Kind.MONTE_CARLO,
        f"slope of log(1 − median α) in log N: {slope:.3f} ± {DELTA_SLOPE}: {rule}, {family}, d = {d}, N = {widths}",
        (log(last[0] / first[1]) / decade, log(last[1] / first[0]) / decade),
        Claimed.exactly(slope, DELTA_SLOPE),
        "distribution-free intervals of the two medians",
        miss=2 * miss,
        n=SLOPE_TRIALS,
    )
