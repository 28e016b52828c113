"""One Haar frame, N ≤ d: the exact law of α for weightings that do not look at the activation, and when it is A's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import ceil

import numpy as np

from simulations.onelayer import pairs, reduced
from theory import weighting_proofs
from theory.frames import FrameLaw, equality, frame_law
from verify import intervals
from verify.claim import BrokenPremise, Claim, Examination
from verify.claims.common import derived
from verify.evidence import Evidence, Kind
from verify.rates import mean_evidence, rate_evidence, rate_plan

QUICK = (27, 9), (27, 27), (784, 196)
FULL = (*QUICK, (784, 784), (150_528, 1505))
DELTA = 0.002
SMALL = 5, 3  # (d, N) where equality is frequent enough to be counted
OTHER_ANGLE = {"constant": "positive", "gbp": "constant"}  # 2/π for √(2/π), and the reverse


def means(exam: Examination, predicted: Iterable[FrameLaw], rule: str) -> list[Evidence]:
    """E α and E α² against the reduced sampler of the rule, from one sample a point.

    If the law is right, the interval of the mean ends inside the margin with probability ≥ 0.99; so does that of the
    square, whose deviation is at most twice as large, with twice the margin.
    """
    predicted = list(predicted)
    alpha = exam.ledger.draw(2 * len(predicted), 0.5)
    found = []
    for law in predicted:
        name = f"{law.weighting}, d = {law.d}, N = {law.N}"
        n = intervals.bernstein_plan(alpha, law.sd, 1.0, DELTA)
        drawn = int(n / (1 - law.undefined) * 1.02)
        values = reduced.alignments(rule, "haar", law.d, law.N, drawn, exam.rng(name))
        values = values[~np.isnan(values)]
        for power in (1, 2):
            found.append(mean_evidence(f"E α^{power}: {name}", values**power, alpha, law.moment(power), power * DELTA))
    return found


def rates(exam: Examination, weighting: str) -> list[Evidence]:
    """P(R = 0), and P(α = α of Activation | both defined), on frames drawn whole; "equal" is within 1e-12."""
    (d, N), delta = SMALL, exam.pick(0.03, 0.01)
    alpha = exam.ledger.draw(2, 0.5)
    zero, same = frame_law(weighting, d, N).undefined, equality(weighting, N)
    n = max(rate_plan(alpha, zero, delta), ceil(1.05 * rate_plan(alpha, same, delta) / (1 - zero)))
    a, b = pairs.alignments(("activation", weighting), d, N, n, exam.rng("pairs"), "haar", whole=True).T
    defined = ~np.isnan(b)
    equal = np.abs(a[defined] - b[defined]) <= 1e-12
    return [
        rate_evidence(f"P(R = 0), N = {N}", int(np.sum(~defined)), n, alpha, zero, delta),
        rate_evidence(f"P(α = α of Activation), N = {N}", int(equal.sum()), len(equal), alpha, same, delta),
    ]


def follows(exam: Examination, weighting: str) -> list[Evidence]:
    """The derivation, moments at every point, and how often α equals Activation's."""
    laws = [frame_law(weighting, d, N) for d, N in exam.pick(QUICK, FULL)]
    return [derived(weighting_proofs.frame_law), *means(exam, laws, weighting), *rates(exam, weighting)]


def wrong_root(exam: Examination, weighting: str) -> list[Evidence]:
    """The law with 2/π where √(2/π) belongs, or the reverse."""
    return means(exam, [replace(frame_law(weighting, 27, 9), weighting=OTHER_ANGLE[weighting])], weighting)


def claim(weighting: str) -> Claim:
    """`haar-law-<weighting>`."""
    passing = "½" if weighting == "constant" else "¼"
    return Claim(
        f"haar-law-{weighting}",
        f"How α grows with the width of a frame: {weighting}",
        "makes Theorem 2 a law",
        "α = ρ C, ρ² ~ Beta(K/2, (d − K)/2) and C = cos(s, A) independent; K, the neurons that pass, is Bin(N, "
        f"{passing}). E α within {DELTA}, E α² within {2 * DELTA} at the points examined. α equals "
        "Activation's with probability "
        + ("N 2^−N / (1 − 2^−N)" if weighting == "constant" else "½ N 2^−N / (1 − (¾)^N)")
        + ", both defined: one active neuron.",
        (
            "one Haar frame of N ≤ d neurons",
            "s = 1" if weighting == "constant" else "hidden relevance i.i.d. N(0, 1), independent of the frame",
            "given R ≠ 0",
            "examined at (d, N) among " + ", ".join(f"({d:,}, {N:,})" for d, N in FULL),
        ),
        (Kind.DERIVATION, Kind.MONTE_CARLO),
        lambda exam: follows(exam, weighting),
        BrokenPremise(
            "2/π for √(2/π) in the angle to A" if weighting == "constant" else "√(2/π) for 2/π in the angle to A",
            lambda exam: wrong_root(exam, weighting),
        ),
    )


CLAIMS = tuple(claim(weighting) for weighting in OTHER_ANGLE)
