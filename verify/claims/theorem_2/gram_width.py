"""How far the sharp condition carries Theorem 2 on Gaussian weights: the N/d that Marchenko and Pastur give."""

from __future__ import annotations

from collections.abc import Callable
from math import asinh, tanh

import numpy as np

from nfrlab.simulations.dense import layer, sample
from nfrlab.theory.weighting import gram
from nfrlab.theory.weighting.ordering import limit_tangent
from nfrlab.theory.weighting.proofs import gram as gram_proofs
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.statistics import proportion_evidence

D = 784
SHARE = {"constant": 0.067, "positive": 0.156}
"""N/d as predicted, to three digits."""
HALF, TWICE = (0.5, Claimed.between(0.75, 1.0)), (2.0, Claimed.between(0.0, 0.25))
"""A width in units of the predicted one, and how often the condition is claimed to hold there."""
QUICK = ("constant", HALF), ("constant", TWICE), ("positive", HALF)
FULL = (*QUICK, ("positive", TWICE))
Width = Callable[[str], float]
"""N/d of a weighting."""
Point = tuple[str, tuple[float, Claimed]]


def predicted_share(weighting: str) -> float:
    """The N/d up to which the condition holds, N/2 neurons active: `2 tanh²(½ arsinh(½ tan φ))` at the limit of φ."""
    return 2 * gram.guaranteed_share(limit_tangent(weighting))


def share_with_root_forgotten(weighting: str) -> float:
    """The N/d that follows with √κ in place of κ: `2 tanh²(arsinh(½ tan φ))`."""
    return 2 * tanh(asinh(limit_tangent(weighting) / 2)) ** 2


def meets_condition(weighting: str, N: int, rng: np.random.Generator) -> bool:
    """Whether one layer of N Gaussian neurons in R^784 meets the condition."""
    x = rng.standard_normal(D)
    passed = layer(x, sample("gaussian", D, N, rng))
    W, A = passed.W[:, passed.mask], passed.act[passed.mask]
    r = np.ones(len(A)) if weighting == "constant" else np.abs(rng.standard_normal(len(A)))
    eigenvalues = np.linalg.eigvalsh(W.T @ W)
    return gram.suffices(float(gram.square_tangent(A, r)), float(eigenvalues[-1] / eigenvalues[0]))


def condition_evidence(exam: Examination, points: tuple[Point, ...], width: Width) -> list[Evidence]:
    """How often the condition holds at each point, at a multiple of the width that `width` predicts."""
    miss, n = exam.budget.spend(len(points)), exam.pick(300, 2000)
    found = []
    for weighting, (factor, claimed) in points:
        N = round(factor * width(weighting) * D)
        rng = exam.rng(f"{weighting} {factor}")
        hits = sum(meets_condition(weighting, N, rng) for _ in range(n))
        found.append(
            proportion_evidence(
                f"the condition holds at {factor:g} of the predicted width, {weighting} weights: d = {D}, N = {N}",
                hits,
                n,
                claimed,
                miss,
                details={"share": hits / n, "predicted N/d": width(weighting)},
            )
        )
    return found


def examine_width(exam: Examination) -> list[Evidence]:
    """The derivation of the condition, and where it ends."""
    return [
        derivation_evidence(gram_proofs.gram_condition),
        *condition_evidence(exam, exam.pick(QUICK, FULL), predicted_share),
    ]


CLAIMS = (
    Claim(
        id="gram-width",
        title="How wide a Gaussian layer the condition covers",
        source="Theorem 2 without orthogonality",
        statement=(
            f"Gaussian layers meet tan φ ≥ √κ − 1/√κ up to N/d = 2 tanh²(½ arsinh(½ tan φ)): {SHARE['constant']} for "
            f"constant weights, {SHARE['positive']} for positive ones. At half of that width at least three quarters "
            "of them do, at twice it at most a quarter."
        ),
        premises=(
            f"i.i.d. Gaussian weights, d = {D}",
            "K active neurons: κ → ((1 + √y)/(1 − √y))², y = K/d (Marchenko–Pastur)",
        ),
        examine=examine_width,
        control=BrokenPremise(
            premise="κ taken for √κ",
            examine=lambda exam: condition_evidence(exam, QUICK[:1], share_with_root_forgotten),
        ),
        blind="It tells a width from its half and its double: smaller changes of weights or activations go unnoticed.",
    ),
)
