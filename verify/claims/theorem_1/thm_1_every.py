"""Theorem 1 as worded: "the results of the NFR", whatever the filter. One that drops a single neuron is an NFR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nfrlab.simulations.dense import Rule, rule
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.rules import grad
from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.verify.claims.premises import ONE_WIDE_LAYER, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence, Finding
from nfrlab.verify.court.verdict import Status, judge
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.inequality_13 import Filtering, passed, unfiltered_matrix
from nfrlab.verify.examine.exact.integer_layers import NON_POSITIVE, small_layer
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case
from nfrlab.verify.examine.limits.map_point import weights
from nfrlab.verify.examine.limits.wide_layers import points, turn_evidence, wide_evidence


def all_but_worst(contributions: Array) -> Array:
    """Which neurons to keep: all but the one of most negative contribution `a_j r_j`, or all where none is negative."""
    worst = np.argmin(contributions)
    return np.asarray((np.arange(len(contributions)) != worst) | (contributions >= 0))


def none_negative(contributions: Array) -> Array:
    """Which neurons to keep: those of contribution `a_j r_j` ≥ 0, each judged by itself."""
    return np.asarray(contributions >= 0)


@dataclass(frozen=True)
class Selection:
    """A filtering rule `F(WM) = W M diag(keep)`, `keep` chosen by the contributions `a_j r_j` of all neurons."""

    name: str
    keep: Callable[[Array], Array]

    @property
    def rule(self) -> Rule:
        """The rule's map of a layer."""
        return Rule(self.name, lambda layer, r: grad(layer, r * self.keep(layer.act * r)))

    def matrix(self, case: Case) -> Array:
        """`F(WM)`."""
        WM = unfiltered_matrix(case)
        return np.asarray(WM * self.keep((WM.T @ case["x"]) * case["r"]))


DROP_WORST = Selection("drop-worst", all_but_worst)
DROP_NEGATIVE = Selection("drop-negative", none_negative)


def nfr_evidence(exam: Examination, tried: Selection) -> list[Evidence]:
    """Def. 2 holds for the rule strictly, as printed: a search for a violation has to fail."""
    filtering = Filtering(tried.matrix, lambda case: tried.rule.step(passed(case), case["r"]))
    layers = small_layer(lead={"r": [NON_POSITIVE]})
    return search(filtering.printed(f"{tried.name} is an NFR (Def. 2, strict)", layers), exam, "nfr")


def nfr_aligns_evidence(exam: Examination, tried: Selection) -> list[Evidence]:
    """A rule that is an NFR, in wide layers and in layers three times as wide; GBP beside it.

    It proves nothing where the rule is no NFR after all, nor where GBP itself does not align: such layers are not wide.
    """
    nfr = nfr_evidence(exam, tried)
    beside = patches_evidence(exam, rule("gbp"), 0.2)
    found = [piece for times in (1, 3) for piece in patches_evidence(exam, tried.rule, 0.4, times)]
    premises = all(piece.finding is not Finding.REFUTES for piece in nfr) and judge(beside) is Status.CONFIRMED
    if not premises:
        nfr, beside, found = (
            [replace(p, finding=Finding.UNDECIDED) for p in pieces] for pieces in (nfr, beside, found)
        )
    return [*nfr, *found, *beside]


def patches_evidence(exam: Examination, tried: Rule, share: float = 1.0, times: int = 1) -> list[Evidence]:
    """How well the maps of a rule align with image patches, Gaussian weights; `times` as wide as else."""
    trial = [point for point in points(exam, tried, ("gaussian",)) if "image patch" in point.name]
    named = [replace(point, name=f"{tried.name}, {point.name}") for point in trial]
    return wide_evidence(exam, named, share, times=times)


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and two filters that judge each neuron by itself and pass positive relevance alone.

    They are GBP, and RectGrad with τ = 0.
    """
    rules = rule("gbp"), rule("rectgrad-constant", tau=0.0)
    trial = [point for tried in rules for point in points(exam, tried, ("gaussian",), bottom=False)]
    return [
        derivation_evidence(direction_proofs.isotropic_half_space_mean),
        *wide_evidence(exam, [replace(p, name=f"{p.rule.name}, {p.name}") for p in trial], 0.5),
        *(piece for tried in rules for piece in turn_evidence(exam, tried, [weights("gaussian")], 0.25)),
    ]


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
        examine=lambda exam: nfr_aligns_evidence(exam, DROP_WORST),
        control=BrokenPremise(
            premise="no filter at all: F(WM) = WM", examine=lambda exam: patches_evidence(exam, rule("grad"))
        ),
        restored=RestoredPremise(
            premise="the filter drops every negative contribution, each neuron judged by itself",
            examine=lambda exam: nfr_aligns_evidence(exam, DROP_NEGATIVE),
        ),
        notices=("alpha-5", "gbp-is-gradient"),
        blind="A rule that drops one neuron aligns with nothing, whatever the width and the law of the weights.",
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
        control=BrokenPremise(
            premise="the filter drops one neuron only", examine=lambda exam: patches_evidence(exam, DROP_WORST.rule)
        ),
        notices=("axis-5", "alpha-5", "gbp-is-gradient"),
        blind="A leak of the filter leaves the direction of the limit as it is; law-gbp sees it in the rate.",
        repairs="thm-1-every-nfr",
    ),
)
