"""Monte Carlo against a law of α: its mean within 0.002, its whole distribution within 0.02, at d = 2 within 0.025."""

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
from nfrlab.verify.examine.statistics import POINTS, distribution_evidence, mean_evidence, sequential_evidence

DELTA, DELTA_CDF = 0.002, 0.02
DELTA_PLANE = 0.025  # of distributions at d = 2
CLOSE = 0.88  # of a mean's margin: how far off a law may be that a second look tells from one that misses it
SLOPE_AT, SLOPE_TRIALS, DELTA_SLOPE = (4, 400, 4000), 12_000, 0.1
CHUNK = 1 << 20
BLOCK = 1000


def margins(law: AlignmentLaw) -> tuple[float, float]:
    """Of the mean and of the distribution."""
    return DELTA, DELTA_PLANE if law.d == 2 else DELTA_CDF


def sample(exam: Examination, law: AlignmentLaw, name: str, n: int, relevance: str) -> Array:
    """About n alignments from the reduced sampler, those of zero maps left out."""
    found = []
    for block, first in enumerate(range(0, n, CHUNK)):
        trials, rng = min(CHUNK, n - first), exam.rng(name, block)
        alpha = reduced.alignments(law.rule, law.family, law.d, law.N, trials, rng, relevance)
        found.append(alpha[~np.isnan(alpha)])
    return np.concatenate(found)


def sample_block(exam: Examination, law: AlignmentLaw, name: str, block: int) -> Array:
    """One of many blocks of α."""
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
    at most a quarter of its mean's margin and `allowed` of its distribution's, the intervals end inside them with
    probability ≥ 0.99. The distributions of the laws in `direct` are also held against weights drawn whole.
    """
    laws, witnesses = list(laws), list(direct)
    miss = exam.budget.spend(2 * len(laws) + len(witnesses), share)
    found = [piece for law in laws for piece in reduced_evidence(exam, law, miss, relevance)]
    return found + [direct_evidence(exam, law, miss) for law in witnesses]


def means_evidence(exam: Examination, laws: list[AlignmentLaw], share: float) -> list[Evidence]:
    """For each law |E α − predicted| ≤ 0.001 with a margin of 0.001, by betting: layers too large for many samples."""
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


def reduced_evidence(exam: Examination, law: AlignmentLaw, miss: float, relevance: str) -> list[Evidence]:
    """Mean and distribution against the reduced sampler.

    The mean may take a second look, at half the error probability each, where the first leaves it undecided: fresh
    layers, so many that a law that is off by `CLOSE` of the margin is still told from one that misses it.
    """
    name = f"{law.rule}, {law.family}, d = {law.d}, N = {law.N}"
    low = -1.0 if law.signed or law.rule == "rectgrad" else 0.0  # RectGrad: all A r may be negative
    delta, width = margins(law)

    def sampled(share: float, at_least: int, again: str = "") -> Array:
        n = max(at_least, intervals.bernstein_plan(miss / 2, 1.1 * law.sd, 1 - low, share * delta))
        return sample(exam, law, name + again, int(n / (1 - law.undefined) * 1.01), relevance)

    values = sampled(0.75, planned(miss, width, allowed(exam, law)))
    moment = mean_of(law, name, values, miss / 2, low, delta)
    if moment.finding is Finding.UNDECIDED and exam.profile == "full":
        moment = mean_of(law, name, sampled(1 - CLOSE, 0, ", second look"), miss / 2, low, delta)
    return [moment, distribution(name, values, law, miss)]


def mean_of(law: AlignmentLaw, name: str, values: Array, miss: float, low: float, delta: float) -> Evidence:
    """`E α` within δ of the prediction."""
    return mean_evidence(
        f"E α = {law.mean:.5f} ± {delta}: {name}",
        values,
        Claimed.within(law.mean, delta),
        miss,
        low,
        power=0.99,
        details={"predicted mean": law.mean, "predicted s.d.": law.sd, "undefined": law.undefined, "exact": law.exact},
    )


def distribution(name: str, values: Array, law: AlignmentLaw, miss: float) -> Evidence:
    """`sup |F − predicted F|` within its margin."""
    margin = margins(law)[1]
    claimed = Claimed.between(0.0, margin)
    return distribution_evidence(f"sup |P(α ≤ a) − predicted| ≤ {margin}: {name}", values, law, claimed, miss)


def direct_evidence(exam: Examination, law: AlignmentLaw, miss: float) -> Evidence:
    """Distribution against networks whose weights are drawn and multiplied: no formula of the law is in them."""
    name = f"{law.rule}, {law.family}, d = {law.d}, N = {law.N}, weights drawn whole"
    n = int(planned(miss, margins(law)[1], allowed(exam, law)) / (1 - law.undefined) * 1.01)
    along, across = montecarlo.parts(law.rule, law.family, np.ones(law.d), law.N, n, exam.rng(name))
    length = np.hypot(along, across)
    return distribution(name, along[length > 0] / length[length > 0], law, miss)


def allowed(exam: Examination, law: AlignmentLaw) -> float:
    """The error of the law, as a share of the margin of its distribution, for which samples are planned: more where few
    neurons or heavy tails make matching two moments coarse.
    """
    return exam.pick(0.05, 0.6 if law.N < 100 or FAMILIES[law.family].heavy_tailed else 0.1)


def planned(miss: float, margin: float, share: float) -> int:
    """The n at which a distribution is decided though the law is off by this share of the margin."""
    return intervals.distribution_plan(miss, (1 - share) * margin, POINTS)


def slope_evidence(exam: Examination, rule: str, family: str, slope: float, share: float) -> Evidence:
    """`d log(1 − median α) / d log N` over a decade, N/d from 100 to 1000: `slope` ± 0.1.

    At 12,000 trials each median's interval is ± 7 % of the gap, the slope's ± 0.06; curvature takes up to 0.03.
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
