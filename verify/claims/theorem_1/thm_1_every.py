"""Theorem 1 as worded: "the results of the NFR", whatever the filter. One that drops a single neuron is an NFR."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nfrlab.simulations.dense import Layer, Rule, rule
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.rules import grad
from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.verify.claims.premises import ONE_WIDE_LAYER, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence, Finding
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.inequality_13 import Filtering, passed, unfiltered_matrix
from nfrlab.verify.examine.exact.integer_layers import small_layer
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case
from nfrlab.verify.examine.limit_direction import aligned_rate_evidence, limit_evidence, points


def all_but_worst(contributions: Array) -> Array:
    """Which neurons to keep: all but the one of most negative contribution `a_j r_j`, or all where none is negative."""
    worst = np.argmin(contributions)
    return np.asarray((np.arange(len(contributions)) != worst) | (contributions >= 0))


def drop_worst(layer: Layer, r: Array) -> Array:
    """The map of `F(WM) = W M diag(keep)`: a filtering rule that drops at most one neuron."""
    return grad(layer, r * all_but_worst(layer.act * r))


DROP_WORST = Rule("drop-worst", drop_worst)
NETWORKS = 60
"""From which an alignment rate is taken."""


def drop_worst_filter(case: Case) -> Array:
    """The matrix `F(WM)` of `drop_worst`."""
    WM = unfiltered_matrix(case)
    return np.asarray(WM * all_but_worst((WM.T @ case["x"]) * case["r"]))


def nfr_evidence(exam: Examination) -> list[Evidence]:
    """Def. 2 holds for the rule strictly, as printed: a search for a violation has to fail."""
    filtering = Filtering(drop_worst_filter, lambda case: drop_worst(passed(case), case["r"]))
    return search(filtering.printed("drop-worst is an NFR (Def. 2, strict)", small_layer()), exam, "nfr")


def printed(exam: Examination) -> list[Evidence]:
    """An NFR that drops one neuron only, at the width at which GBP aligns and at three times that; GBP beside it."""
    nfr = nfr_evidence(exam)
    if any(piece.finding is Finding.REFUTES for piece in nfr):  # no NFR after all, so it proves nothing here
        return [replace(piece, finding=Finding.UNDECIDED) for piece in nfr]
    rates = [piece for factor in (1, 3) for piece in alignment_rates(exam, DROP_WORST, 0.25, factor)]
    return [*nfr, *rates, *alignment_rates(exam, rule("gbp"), 0.25)]


def alignment_rates(exam: Examination, tried: Rule, share: float, factor: int = 1) -> list[Evidence]:
    """How often maps of a rule align, at `factor` times the width at which GBP's do, at image patches.

    Weights are Gaussian; all rates together spend `share` of the budget.
    """
    trial = [point for point in points(exam, tried, ("gaussian",)) if "image patch" in point.name]
    return [
        piece
        for point in trial
        for piece in aligned_rate_evidence(
            exam, [replace(point, name=f"{tried.name}, {point.name}")], factor, NETWORKS, share / len(trial)
        )
    ]


def examine_without_filter(exam: Examination) -> list[Evidence]:
    """The plain gradient, F(WM) = WM, which satisfies Def. 2 vacuously."""
    return alignment_rates(exam, rule("grad"), 1.0)


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and two filters that judge each neuron by itself and pass positive relevance alone.

    They are GBP, and RectGrad with τ = 0.
    """
    rules = (rule("gbp"), rule("rectgrad-constant", tau=0.0))
    trial = [point for tried in rules for point in points(exam, tried, ("gaussian",), bottom=False)]
    return [derivation_evidence(direction_proofs.isotropic_half_space_mean), *limit_evidence(exam, trial)]


CLAIMS = (
    Claim(
        id="thm-1-every-nfr",
        title="Theorem 1 for every NFR",
        source=f"{PAPER}, Theorem 1: 'the results of the NFR'",
        statement=(
            "One hidden layer, random isotropic weights with zero mean: for N large the map of any negative filtering "
            "rule is the input up to scale."
        ),
        premises=ONE_WIDE_LAYER,
        examine=printed,
        control=BrokenPremise(premise="no filter at all: F(WM) = WM", examine=examine_without_filter),
    ),
    Claim(
        id="thm-1-every-nfr-repair",
        title="Theorem 1 for filters that keep positive contributions only",
        source="repair of Theorem 1: 'the results of the NFR'",
        statement=(
            "Under the premises of Theorem 1 r_0 tends to x in direction if the filter passes s_j = g(a_j, r_j) ≥ 0, "
            "not always 0: each neuron judged by itself, no negative relevance passed (GBP; RectGrad with τ ≥ 0). "
            "Ineq. 13 alone is not enough."
        ),
        premises=ONE_WIDE_LAYER,
        examine=repair,
        control=BrokenPremise(premise="the filter drops one neuron only", examine=printed),
        repairs="thm-1-every-nfr",
    ),
)
