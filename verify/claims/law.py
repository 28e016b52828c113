"""What the paper calls “sufficiently large”: the law of α at every N and d, rule by rule, against exact sampling."""

from __future__ import annotations

from dataclasses import replace

from theory import law_proofs
from theory.law import KAPPA, AlignmentLaw, alignment_law
from verify.claim import BrokenPremise, Claim, Examination
from verify.claims.common import derived
from verify.evidence import Evidence, Kind
from verify.law_evidence import law_evidence

QUICK = (2, 1), (2, 14), (27, 27), (27, 2700), (784, 8), (784, 784), (150_528, 1505)
FULL = (*QUICK, (2, 2), (2, 20), (2, 20_000), (3, 5), (27, 270_000), (784, 78_400), (150_528, 150_528))
TITLES = {
    "grad": "The plain gradient aligns with nothing",
    "constant": "How α grows with the width: constant weights",
    "gbp": "How α grows with the width: GBP",
    "activation": "How α grows with the width: Activation",
}


HAAR = (27, 9), (784, 784), (150_528, 1505)
WHOLE = 2, 14  # where matching is worst; also sampled with weights drawn whole


def points(rule: str, full: bool) -> tuple[tuple[int, int], ...]:
    """(d, N) of the Gaussian layers examined. The gradient's law is exact, the same at every N, and dear at d = 2."""
    chosen = FULL if full else QUICK
    return tuple((d, N) for d, N in chosen if d > 2 and N <= 784) if rule == "grad" else chosen


def laws(exam: Examination, rule: str) -> list[AlignmentLaw]:
    """The rule's law at every point, for Gaussian weights and, where there is one, for a Haar frame."""
    found = [alignment_law(rule, "gaussian", d, N) for d, N in points(rule, exam.pick(False, True))]
    return found + [alignment_law(rule, "haar", d, N) for d, N in HAAR if rule == "activation"]


def follows(exam: Examination, rule: str) -> list[Evidence]:
    """The derivation, and the law against sampling."""
    return [
        derived(law_proofs.alignment_law),
        *law_evidence(exam, laws(exam, rule), direct=[alignment_law(rule, "gaussian", *WHOLE)]),
    ]


def wrong_constant(exam: Examination, rule: str) -> list[Evidence]:
    """κ smaller by 2 %, where α feels it most: at α = 1/√3."""
    chosen = [alignment_law(rule, "gaussian", d, round(KAPPA[rule] * (d - 1) / 2)) for d in (27, 784)]
    return law_evidence(exam, [replace(law, c=1.02 * law.c) for law in chosen])


def mean_relevance(exam: Examination, rule: str) -> list[Evidence]:
    """The same law claimed where r = |N(0, 1)|."""
    return law_evidence(exam, laws(exam, rule), relevance="absolute")


def claim(rule: str) -> Claim:
    """`law-<rule>`."""
    return Claim(
        f"law-{rule}",
        TITLES[rule],
        "makes Theorem 1's 'N sufficiently large' a law",
        "α of r_0 follows theory.law.alignment_law at the points examined: mean within 0.002, distribution within 0.02",
        (
            "one hidden layer, i.i.d. Gaussian weights (Activation: also one Haar frame, N ≤ d)",
            "hidden relevance i.i.d. N(0, 1), independent of the weights; constant: r = 1; Activation: r = A",
            "given R ≠ 0",
            "examined at (d, N) = " + ", ".join(f"({d:,}, {N:,})" for d, N in points(rule, False)),
        ),
        (Kind.DERIVATION, Kind.MONTE_CARLO),
        lambda exam: follows(exam, rule),
        BrokenPremise("relevance of non-zero mean", lambda exam: mean_relevance(exam, rule))
        if rule == "grad"
        else BrokenPremise("the constant wrong by 2 %", lambda exam: wrong_constant(exam, rule)),
    )


CLAIMS = tuple(claim(rule) for rule in TITLES)
