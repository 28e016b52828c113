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
from nfrlab.verify.examine.derivation import derived
from nfrlab.verify.examine.exact import inequality_13
from nfrlab.verify.examine.exact.integer_layers import small_layer
from nfrlab.verify.examine.exact.search import Case, search
from nfrlab.verify.examine.limit_direction import aligned_rate, limit_evidence, points


def all_but_worst(contributions: Array) -> Array:
    """Keeps every neuron but the one of most negative contribution `a_j r_j`; keeps all where none is negative."""
    worst = np.argmin(contributions)
    return np.asarray((np.arange(len(contributions)) != worst) | (contributions >= 0))


def drop_worst(layer: Layer, r: Array) -> Array:
    """`F(WM) = W M diag(keep)`: a filtering rule that drops at most one neuron."""
    return grad(layer, r * all_but_worst(layer.act * r))


DROP_WORST = Rule("drop-worst", drop_worst)


def drop_worst_filter(case: Case) -> Array:
    """The same as a matrix."""
    plain = inequality_13.plain(case)
    return np.asarray(plain * all_but_worst((plain.T @ case["x"]) * case["r"]))


def is_nfr(exam: Examination) -> list[Evidence]:
    """Def. 2 holds for it strictly, as printed: the search for a violation has to fail."""
    statement = inequality_13.as_printed("drop-worst is an NFR (Def. 2, strict)", drop_worst_filter, small_layer())
    return search(statement, exam, "nfr")


def every_nfr(exam: Examination) -> list[Evidence]:
    """An NFR that does not align, at widths at which GBP does; GBP beside it."""
    nfr = is_nfr(exam)
    if any(piece.finding is Finding.REFUTES for piece in nfr):  # no NFR after all, so it proves nothing here
        return [replace(piece, finding=Finding.UNDECIDED) for piece in nfr]
    rates = [piece for factor in (1, 3) for piece in at_width(exam, factor, DROP_WORST, 0.25)]
    return [*nfr, *rates, *at_width(exam, 1, rule("gbp"), 0.25)]


def at_width(exam: Examination, factor: int, used: Rule, share: float) -> list[Evidence]:
    """How often maps of `used` align, at `factor` times the width at which GBP's do; image patches, Gaussian
    weights.
    """
    trial = [point for point in points(exam, used, ("gaussian",)) if "image patch" in point.name]
    return [
        piece
        for point in trial
        for piece in aligned_rate(
            exam, [replace(point, name=f"{used.name}, {point.name}")], factor, 60, share / len(trial)
        )
    ]


def without_one(exam: Examination) -> list[Evidence]:
    """The plain gradient itself: F(WM) = WM satisfies Def. 2 vacuously."""
    return at_width(exam, 1, rule("grad"), 1.0)


def positive_filters(exam: Examination) -> list[Evidence]:
    """A filter that keeps neurons by their own contribution and only positive ones: GBP, and RectGrad with τ = 0."""
    rules = (rule("gbp"), rule("rectgrad-constant", tau=0.0))
    trial = [point for used in rules for point in points(exam, used, ("gaussian",), bottom=False)]
    return [derived(direction_proofs.isotropic_half_space_mean), *limit_evidence(exam, trial)]


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
        examine=every_nfr,
        control=BrokenPremise(premise="no filter at all: F(WM) = WM", examine=without_one),
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
        examine=positive_filters,
        control=BrokenPremise(premise="the filter drops one neuron only", examine=every_nfr),
        repairs="thm-1-every-nfr",
    ),
)
