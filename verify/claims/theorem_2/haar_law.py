"""One Haar frame, N ≤ d: the exact law of α for Activation and for weightings that do not look at it; when they tie."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

import numpy as np

from nfrlab.simulations.dense import reduced
from nfrlab.simulations.dense.reduced import pairs
from nfrlab.theory.weighting.frames import FrameLaw, equality, frame_law
from nfrlab.theory.weighting.proofs import frames as frames_proofs
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.statistics import distribution_evidence, predicted_mean, predicted_proportion

QUICK = (5, 3), (27, 9)
FULL = (*QUICK, (9, 9), (27, 27), (784, 196), (784, 784), (150_528, 1505))
"""(d, N) of the frames."""
DELTA, DELTA_CDF = 0.002, 0.02
"""Resolutions of the mean and of the distribution."""
POINTS = 200
"""Number of alignments at which a distribution is compared with its law."""
SMALL = 5, 3
"""(d, N) where equality is frequent enough to be counted."""
WEIGHTS = {
    "constant": "s = 1",
    "gbp": "hidden relevance i.i.d. N(0, 1), independent of the frame",
    "activation": "s = A",
}
TIES = {
    "constant": " α equals Activation's with probability N 2^−N / (1 − 2^−N), both defined: one active neuron.",
    "gbp": " α equals Activation's with probability ½ N 2^−N / (1 − (¾)^N), both defined: one active neuron, passed.",
    "activation": "",
}


def law_evidence(exam: Examination, predicted: Iterable[FrameLaw], fewer: int = 0) -> list[Evidence]:
    """E α and the whole distribution of α, held against the reduced sampler, from one sample a frame.

    The frames are drawn in R^(d − fewer), d that of the law: with `fewer` > 0 the law is wrong.

    Sizes are planned so that, if the law is right, both intervals end inside their margins with probability ≥ 0.99.
    Half of the budget is spent.
    """
    predicted = list(predicted)
    miss = exam.budget.spend(2 * len(predicted), 0.5)
    found = []
    for law in predicted:
        name = f"{law.weighting}, d = {law.d:,}, N = {law.N:,}"
        planned = (
            intervals.bernstein_plan(miss, law.sd, 1.0, DELTA),
            intervals.distribution_plan(miss, DELTA_CDF, POINTS),
        )
        drawn = int(max(planned) / (1 - law.undefined) * 1.02)
        values = reduced.alignments(law.weighting, "haar", law.d - fewer, law.N, drawn, exam.rng(name))
        values = values[~np.isnan(values)]
        found.append(predicted_mean(f"E α: {name}", values, law.mean, DELTA, miss))
        text = f"sup |F_n − F|: {name}{'' if law.exact else ', matched'} = 0 ± {DELTA_CDF}"
        found.append(distribution_evidence(text, values, law, Claimed.exactly(0.0, DELTA_CDF), miss, POINTS))
    return found


def tie_evidence(exam: Examination, weighting: str) -> list[Evidence]:
    """P(R = 0) and P(α = α of Activation | R ≠ 0), on frames drawn whole, held against the theory.

    Two alignments are equal within 1e-12. Half of the budget is spent.
    """
    (d, N), delta = SMALL, exam.pick(0.03, 0.01)
    miss = exam.budget.spend(2, 0.5)
    zero, tied = frame_law(weighting, d, N).undefined, equality(weighting, N)
    n = max(intervals.rate_plan(miss, zero, delta), ceil(1.05 * intervals.rate_plan(miss, tied, delta) / (1 - zero)))
    a, b = pairs.alignments(("activation", weighting), d, N, n, exam.rng("pairs"), "haar", whole=True).T
    defined = ~np.isnan(b)
    equal = np.abs(a[defined] - b[defined]) <= 1e-12
    return [
        predicted_proportion(f"P(R = 0), N = {N}", int(np.sum(~defined)), n, zero, delta, miss),
        predicted_proportion(f"P(α = α of Activation), N = {N}", int(equal.sum()), len(equal), tied, delta, miss),
    ]


def examine_frame_law(exam: Examination, weighting: str) -> list[Evidence]:
    """The derivation, the law at every frame, and how often α equals Activation's."""
    laws = [frame_law(weighting, d, N) for d, N in exam.pick(QUICK, FULL)]
    ties = [] if weighting == "activation" else tie_evidence(exam, weighting)
    return [derivation_evidence(frames_proofs.frame_law), *law_evidence(exam, laws), *ties]


def examine_off_by_one(exam: Examination, weighting: str) -> list[Evidence]:
    """The law of frames in R¹⁰ for frames in R⁹: α 5 % too small."""
    return law_evidence(exam, [frame_law(weighting, 10, 9)], fewer=1)


def claim(weighting: str) -> Claim:
    """The claim `haar-law-<weighting>`."""
    passed = "¼" if weighting == "gbp" else "½"
    angle = "C = 1" if weighting == "activation" else "C = cos(s, A) independent of ρ, its law by recursion in K"
    return Claim(
        id=f"haar-law-{weighting}",
        title=f"How α grows with the width of a frame: {weighting}",
        source="makes Theorem 2 a law",
        statement=(
            f"α = ρ C, ρ² ~ Beta(K/2, (d − K)/2), {angle}; K, the neurons that pass, is Bin(N, {passed}). At the "
            f"points examined E α = E ρ · E C within {DELTA}, the whole distribution within "
            f"{DELTA_CDF}.{TIES[weighting]}"
        ),
        premises=(
            "one Haar frame of N ≤ d neurons",
            WEIGHTS[weighting],
            "given R ≠ 0",
            "examined at (d, N) among " + ", ".join(f"({d:,}, {N:,})" for d, N in FULL),
        ),
        examine=lambda exam: examine_frame_law(exam, weighting),
        control=BrokenPremise(
            premise="the dimension off by one: the law of R¹⁰ for frames in R⁹",
            examine=lambda exam: examine_off_by_one(exam, weighting),
        ),
    )


CLAIMS = tuple(claim(weighting) for weighting in WEIGHTS)
