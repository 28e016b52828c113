"""Monte Carlo against a law of α: its mean within 0.002, its whole distribution within 0.02."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from simulations.onelayer import reduced
from simulations.onelayer.arrays import Array
from theory.law import AlignmentLaw
from verify import intervals
from verify.claim import Examination
from verify.evidence import Evidence, Kind, decide

DELTA, DELTA_CDF = 0.002, 0.02
LEAST = 100_000  # for the distribution: DKW's radius is then half of its margin
CHUNK = 1 << 20


def sample(exam: Examination, law: AlignmentLaw, name: str, n: int, relevance: str) -> Array:
    """About n alignments from the reduced sampler, those of zero maps left out."""
    found = []
    for block, first in enumerate(range(0, n, CHUNK)):
        trials, rng = min(CHUNK, n - first), exam.rng(name, block)
        alpha = reduced.alignments(law.rule, law.family, law.d, law.N, trials, rng, relevance)
        found.append(alpha[~np.isnan(alpha)])
    return np.concatenate(found)


def law_evidence(exam: Examination, laws: Iterable[AlignmentLaw], relevance: str = "normal") -> list[Evidence]:
    """For each law two statements: |E α − predicted| ≤ 0.002, and sup |F − predicted F| ≤ 0.02.

    Sample sizes follow from the predicted standard deviation: where the law is off by at most 0.001 and 0.005, the
    intervals end inside the margins with probability ≥ 0.99.
    """
    laws = list(laws)
    alpha = exam.ledger.draw(2 * len(laws))
    return [piece for law in laws for piece in _one(exam, law, alpha, relevance)]


def _one(exam: Examination, law: AlignmentLaw, alpha: float, relevance: str) -> tuple[Evidence, Evidence]:
    name = f"{law.rule}, {law.family}, d = {law.d}, N = {law.N}"
    low = -1.0 if law.signed else 0.0
    mean, planned = law.mean, intervals.bernstein_plan(alpha, law.sd, 1 - low, DELTA / 2)
    n = int(max(LEAST, planned) / (1 - law.undefined) * 1.01)
    values = sample(exam, law, name, n, relevance)
    interval = intervals.empirical_bernstein(values, alpha, low, 1.0)
    claimed = mean - DELTA, mean + DELTA
    moment = Evidence(
        Kind.MONTE_CARLO,
        f"E α = {mean:.5f} ± {DELTA}: {name}",
        decide(interval, claimed, 0.0),
        "empirical Bernstein",
        alpha=alpha,
        delta=0.0,
        n=len(values),
        interval=interval,
        claimed=claimed,
        power=0.99,
        details={"predicted mean": mean, "predicted s.d.": law.sd, "undefined": law.undefined, "exact": law.exact},
    )
    some = values[: 4 * LEAST]
    least, most = kolmogorov(some, law)
    radius = intervals.dkw_radius(len(some), alpha)
    around = max(0.0, least - radius), min(1.0, most + radius)
    whole = Evidence(
        Kind.MONTE_CARLO,
        f"sup |P(α ≤ a) − predicted| ≤ {DELTA_CDF}: {name}",
        decide(around, (0.0, DELTA_CDF), 0.0),
        "Dvoretzky–Kiefer–Wolfowitz",
        alpha=alpha,
        delta=0.0,
        n=len(some),
        interval=around,
        claimed=(0.0, DELTA_CDF),
        details={"distance, at least": least, "at most": most},
    )
    return moment, whole


def kolmogorov(values: Array, law: AlignmentLaw, points: int = 400) -> tuple[float, float]:
    """Bounds of `sup |F_n − F|` from F at some of the values: F and F_n rise, so between two points they differ by no
    more than the one at one end from the other at the other end.
    """
    ordered = np.sort(values)
    at = np.unique(ordered[np.linspace(0, len(ordered) - 1, points).astype(int)])
    predicted = np.array([law.cdf(float(a)) for a in at])
    below, upto = (np.searchsorted(ordered, at, side) / len(ordered) for side in ("left", "right"))
    least = max(np.abs(upto - predicted).max(), np.max(predicted - upto), np.max(below - predicted))
    left, right = np.append(0.0, predicted), np.append(predicted, 1.0)  # F at the ends of each gap
    most = max(least, np.max(np.append(below, 1.0) - left), np.max(right - np.append(0.0, upto)))
    return float(least), float(most)
