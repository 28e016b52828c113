"""Weights that are not isotropic: does the map deviate from the input?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from nfrlab.simulations.dense import rule
from nfrlab.simulations.dense.montecarlo import rectified
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.limits.map_point import GBP, MapPoint
from nfrlab.verify.examine.limits.mean_map import MeanPoint, alignment_evidence
from nfrlab.verify.examine.limits.wide_layers import (
    ANISOTROPIC,
    NOT_ALIGNED,
    is_visible,
    points,
    wide_evidence,
)

RULES = "gbp", "rectgrad", "zplus-gradient"


def anisotropic_points(exam: Examination, families: Iterable[str], rules: Iterable[str] = RULES) -> list[MapPoint]:
    """GBP, RectGrad's r_0 and z⁺ with its bottom process, at image patches that enough neurons see."""
    trials = {
        "gbp": lambda: points(exam, GBP, families),
        "rectgrad": lambda: points(exam, rule("rectgrad", q=0.9), families, bottom=False),
        "zplus-gradient": lambda: points(exam, rule("zplus-gradient"), families, relevance=rectified),
    }
    named = [replace(point, name=f"{name}, {point.name}") for name in rules for point in trials[name]()]
    return [point for point in named if "image patch" in point.name and is_visible(point)]


def deviation_evidence(exam: Examination, families: Iterable[str], rules: Iterable[str] = RULES) -> list[Evidence]:
    """α held against ≤ 1 − δ, family by family: its limit for GBP, its median in a wide layer for the other rules."""
    families, trial = tuple(families), anisotropic_points(exam, families, rules)
    limits, wide = ([p for p in trial if (p.rule is GBP) is of_gbp] for of_gbp in (True, False))
    miss = exam.budget.spend(len(limits), 0.5)
    found = [piece for point in limits for piece in alignment_evidence(exam, MeanPoint(point, NOT_ALIGNED), miss)]
    return [*found, *(wide_evidence(exam, wide, 0.5, NOT_ALIGNED) if wide else ())]


CLAIMS = (
    Claim(
        id="thm-1-anisotropic",
        title="Without isotropy the map deviates from the input",
        source=f"{PAPER}, Fig. 3 caption and Sec. IV-B",
        statement=(
            "One hidden layer, weights that are not isotropic: for N large the map of an NFR (GBP, RectGrad, z⁺) "
            "deviates from the input, lim α ≤ 0.98, for every such law, U[−1, 1] per entry above all."
        ),
        premises=(
            "neurons independent, a law that is not rotation-invariant, E‖w‖ < ∞",
            "x an image patch, as it is or normalised, seen by enough neurons (n₁ ≤ 30 d)",
            "'deviates' read as: by more than δ = 0.02; RectGrad and z⁺ in a layer 100 n₁ wide, n₁ the noise of GBP",
        ),
        examine=lambda exam: deviation_evidence(exam, ANISOTROPIC),
        control=BrokenPremise(
            premise="isotropic weights (GBP and RectGrad; z⁺ maps are not the input even then)",
            examine=lambda exam: deviation_evidence(exam, ("gaussian",), RULES[:2]),
        ),
        restored=RestoredPremise(
            premise="weights far enough from isotropic: Gaussian, variances ∝ 1, 1/2, 1/3, …",
            examine=lambda exam: deviation_evidence(exam, ("powerlaw",)),
        ),
        blind=(
            "Seven laws under three rules refute it, each by itself: what is wrong with one law or one rule leaves it "
            "refuted."
        ),
    ),
)
