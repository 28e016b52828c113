"""Theorem 1 for the z⁺ rule: what it aligns with is 1 + x̂, and the bottom process does the rest."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from nfrlab.simulations.dense import Rule, rule
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import rectified
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit import direction
from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.theory.numerics import balls
from nfrlab.verify.claims.premises import ONE_WIDE_LAYER, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence, Kind
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limits.map_point import MapPoint, stretched, weights
from nfrlab.verify.examine.limits.mean_map import MeanPoint, alignment_evidence
from nfrlab.verify.examine.limits.wide_layers import DELTA, ISOTROPIC, points, wide_evidence

EXACT: Rule = rule("zplus-gradient")
"""The rule of eq. 16, one γ per neuron."""
FILTER: Rule = rule("zplus-filter")
"""Its filter form, one scalar γ, which a direction does not see."""
SMALL_INPUTS = ((1, 2), (1, 0), (1, -2))
EQUAL_INPUTS = ((1, 1), (1, 1, 1), (2, 2, 2, 2))
TWO_LAWS = "gaussian", "ring"
APART, SHARP = np.array([1.0, -1.0]), Claimed.exactly(1.0, 4e-4)
"""An input at which 1 and x̂ are orthogonal, and how closely the limit is held to 1 + x̂ there."""


def small_input_evidence(inputs: tuple[tuple[int, ...], ...]) -> list[Evidence]:
    """The limit alignment of the filter form at small integer inputs, in ball arithmetic, held against 1."""
    evidence = []
    for x in inputs:
        for bottom in (False, True):
            interval = balls.endpoints(balls.zplus_limit_alignment(x, bottom))
            form = "x ⊙ (1 + x̂)" if bottom else "1 + x̂"
            evidence.append(
                Evidence.from_interval(
                    Kind.ENCLOSURE,
                    f"scalar γ, isotropic weights: lim R = {form} is x up to scale, x = {x}",
                    interval,
                    Claimed.exactly(1.0, 1e-12),
                    "Arb",
                    numerical_error=interval[1] - interval[0],
                    counterexample={"x": [str(Fraction(t)) for t in x], "alpha": f"{np.mean(interval):.6f}"},
                )
            )
    return evidence


def printed(exam: Examination) -> list[Evidence]:
    """Small inputs, certified; then networks with the rule itself, with and without its bottom process."""
    return [*small_input_evidence(SMALL_INPUTS), *network_evidence(exam, points(exam, EXACT, TWO_LAWS))]


def network_evidence(exam: Examination, trial: list[MapPoint]) -> list[Evidence]:
    """The rule itself at these points with its bottom process, and for ring weights without."""
    with_bottom = [replace(point, relevance=rectified) for point in trial]
    without = [
        replace(p, name=f"{p.name}, without bottom", bottom=False) for p in with_bottom if "ring" in p.weights.name
    ]
    return wide_evidence(exam, with_bottom + without)


def equal_points(factor: float = 1.0) -> list[MapPoint]:
    """The rule at inputs of equal positive entries, where one axis of the weights is longer by a factor."""
    laws = [stretched(weights(name), factor) if factor > 1 else weights(name) for name in TWO_LAWS]
    inputs = [np.array(x, dtype=float) for x in EQUAL_INPUTS]
    return [MapPoint(f"{w.name}, x = {x.astype(int)}", EXACT, w, x, x) for w in laws for x in inputs]


def examine_equal_entries(exam: Examination) -> list[Evidence]:
    """The same where all entries of x are equal, and 1, x and x² one direction."""
    return [*small_input_evidence(EQUAL_INPUTS), *network_evidence(exam, equal_points())]


def filter_direction(family: str, x: Array) -> Array:
    """1 + x̂ up to scale: the theory's limit direction of the filter form."""
    return direction.zplus_filter_direction(FAMILIES[family], x)


def sharp_evidence(exam: Examination, target: Array, share: float = 1.0) -> list[Evidence]:
    """The direction of the filter form's mean map at x = (1, −1), Gaussian weights, held against a target."""
    point = MapPoint("filter form, gaussian, x = (1, −1)", FILTER, weights("gaussian"), APART, target, rectified, False)
    return alignment_evidence(exam, MeanPoint(point, SHARP), exam.budget.spend(1, share))


def repair(exam: Examination) -> list[Evidence]:
    """The derivation; the filter form without bottom process held against 1 + x̂, in wide layers and in its mean."""
    trial = points(exam, FILTER, ISOTROPIC, target=filter_direction, relevance=rectified, bottom=False)
    return [
        derivation_evidence(direction_proofs.zplus_limit),
        *wide_evidence(exam, trial, 0.5),
        *sharp_evidence(exam, filter_direction("gaussian", APART), 0.5),
    ]


CLAIMS = (
    Claim(
        id="thm-1-zplus",
        title="Theorem 1 for the z⁺ rule",
        source=f"{PAPER}, Theorem 1, eq. 17",
        statement=(
            "One hidden layer, random isotropic weights with zero mean: for N large the z⁺ map is the input up to "
            "scale, with and without the bottom process r_0 ⊙ x."
        ),
        premises=(
            *ONE_WIDE_LAYER[::2],
            "hidden relevance relu of i.i.d. N(0, 1): what z⁺ leaves of random output weights",
        ),
        examine=printed,
        control=BrokenPremise(
            premise="one axis of the weights × 1.5, at inputs that the map does tend to otherwise",
            examine=lambda exam: network_evidence(exam, equal_points(1.5)),
        ),
        restored=RestoredPremise(premise="all entries of x equal and positive", examine=examine_equal_entries),
        blind="Certified limits at small inputs refute it: no break of the simulated networks undoes that.",
    ),
    Claim(
        id="thm-1-zplus-repair",
        title="The z⁺ filter aligns with 1 + x̂",
        source="repair of Theorem 1 for z⁺",
        statement=(
            "Under the premises of Theorem 1 the z⁺ filter's r_0 (scalar γ, no bottom process) tends in direction to "
            f"1 + x̂: the all-ones vector plus the unit input (cosine 1 within δ = {DELTA})."
        ),
        premises=(*ONE_WIDE_LAYER[::2], "hidden relevance non-negative, independent of W"),
        examine=repair,
        control=BrokenPremise(
            premise="a constant wrong by a tenth: 1 + 1.1x̂",
            examine=lambda exam: sharp_evidence(exam, 1 + 1.1 * APART / np.linalg.norm(APART)),
        ),
        notices=("zplus-leaks-5", "alpha-5"),
        blind=(
            "Its limit hardly moves where one axis is longer by a twentieth (cosine 0.99997 at x = (1, −1)), and not "
            "at all with the neurons' length."
        ),
        repairs="thm-1-zplus",
    ),
)
