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
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Kind
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limit_direction import DELTA, ISOTROPIC, limit_evidence, points

EXACT: Rule = rule("zplus-gradient")
"""The rule of eq. 16, one γ per neuron."""
FILTER: Rule = rule("zplus-filter")
"""Its filter form, one scalar γ, which a direction does not see."""
SMALL_INPUTS = ((1, 2), (1, 0), (1, -2))


def small_input_evidence() -> list[Evidence]:
    """The limit alignment of the filter form at small integer inputs, in ball arithmetic, held against 1."""
    evidence = []
    for x in SMALL_INPUTS:
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
    with_bottom = points(exam, EXACT, ("gaussian", "ring"), relevance=rectified)
    without = [replace(p, name=f"{p.name}, without bottom", bottom=False) for p in with_bottom if p.family == "ring"]
    return [*small_input_evidence(), *limit_evidence(exam, with_bottom, 0.5), *limit_evidence(exam, without, 0.5)]


def filter_direction(family: str, x: Array) -> Array:
    """1 + x̂ up to scale: the theory's limit direction of the filter form."""
    return direction.zplus_filter_direction(FAMILIES[family], x)


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and the filter form without bottom process held against 1 + x̂."""
    trial = points(exam, FILTER, ISOTROPIC, target=filter_direction, relevance=rectified, bottom=False)
    return [derivation_evidence(direction_proofs.zplus_limit), *limit_evidence(exam, trial)]


def examine_wrong_direction_of_filter(exam: Examination) -> list[Evidence]:
    """The filter form held against 1 + 4x̂."""
    trial = points(
        exam,
        FILTER,
        ("gaussian",),
        target=lambda _, x: 1 + 4 * x / np.linalg.norm(x),
        relevance=rectified,
        bottom=False,
    )
    return limit_evidence(exam, trial)


def examine_zplus_on_axis_weights(exam: Examination) -> list[Evidence]:
    """The rule itself on neurons along single axes, claimed to tend to x."""
    return limit_evidence(exam, points(exam, EXACT, ("axis",), relevance=rectified))


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
        control=BrokenPremise(premise="isotropy destroyed: w = ±√d e_i", examine=examine_zplus_on_axis_weights),
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
        control=BrokenPremise(premise="a constant wrong: 1 + 4x̂", examine=examine_wrong_direction_of_filter),
        repairs="thm-1-zplus",
    ),
)
