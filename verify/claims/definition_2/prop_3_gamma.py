"""The text after Proposition 3: γ does not matter to the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.filtering import proofs
from nfrlab.verify.claims.premises import NO_BIAS, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import (
    NON_NEGATIVE,
    POSITIVE,
    SHAPES,
    SMALL,
    as_case,
    parameters,
    short_vector,
    small_layer,
)
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import ExactStatement
from nfrlab.verify.examine.exact.zplus_filter import (
    NON_NEGATIVE_DRAWS,
    ONE_NEURON,
    exact_map,
    filter_form_statement,
    filter_map,
    not_negative,
)


def rescale_to_unit_range(R: Array) -> Array | None:
    """`(R − min R)/(max R − min R)`; None for a constant map."""
    low, high = min(R), max(R)
    return None if low == high else (R - low) / (high - low)


def same_picture(u: Array, v: Array) -> bool:
    """Whether two maps give one picture after normalisation to [0, 1]; so do two constant ones."""
    first, second = rescale_to_unit_range(u), rescale_to_unit_range(v)
    if first is None or second is None:
        return first is None and second is None
    return bool(np.all(first == second))


def picture_statement(shapes: Sequence[tuple[int, int]] = SHAPES, x: range = NON_NEGATIVE) -> ExactStatement:
    """The statement that eq. 16 and its γ-free filter form give one picture; entries of x drawn from `x`."""
    return replace(
        filter_form_statement(),
        text="the map of eq. 16 and its γ-free form coincide after normalisation to [0, 1] (x, r ≥ 0)",
        parameters=small_layer(x=x, r=NON_NEGATIVE, lead={"r": [POSITIVE]}, shapes=shapes),
        admissible=not_negative if x is NON_NEGATIVE else lambda case: bool(np.all(case["r"] >= 0)),
        holds=lambda case: same_picture(exact_map(case), filter_map(case)),
        draws=NON_NEGATIVE_DRAWS if x is NON_NEGATIVE else {},
    )


def scalar_gamma_statement(entries: range) -> ExactStatement:
    """The statement that one scalar γ leaves the picture unchanged, γ drawn from `entries`."""
    return ExactStatement(
        "the map γR gives the same picture as R",
        (parameters(R=short_vector(4), gamma=entries),),
        as_case,
        lambda case: True,
        holds=lambda case: same_picture(case["gamma"] * case["R"], case["R"]),
        tied=lambda case: case["gamma"] == 1 or rescale_to_unit_range(case["R"]) is None,
        sides=lambda case: {},
        size=lambda case: 1.0,
        perturbed=("R", "gamma"),
    )


def repair_gamma(exam: Examination) -> list[Evidence]:
    """A scalar γ > 0: the derivation, and a search that has to fail."""
    return [derivation_evidence(proofs.scalar_gamma), *search(scalar_gamma_statement(POSITIVE), exam, "scalar")]


CLAIMS = (
    Claim(
        id="prop-3-gamma",
        title="γ does not impact the results",
        source=f"{PAPER}, text after Prop. 3",
        statement="After normalisation to [0, 1] the z⁺ map of eq. 16 is the one without γ.",
        premises=(NO_BIAS, "x ≥ 0", "r ≥ 0"),
        examine=lambda exam: search(picture_statement(), exam, "picture"),
        control=BrokenPremise(
            premise="signed inputs", examine=lambda exam: search(picture_statement(x=SMALL), exam, "picture")
        ),
        restored=RestoredPremise(
            premise="one neuron, of which γ is the scalar",
            examine=lambda exam: search(replace(picture_statement(ONE_NEURON), draws={}), exam, "picture"),
        ),
    ),
    Claim(
        id="prop-3-gamma-repair",
        title="One scalar γ > 0 does not impact the picture",
        source="repair of the text after Prop. 3",
        statement=(
            "Multiplying a whole map by one γ > 0 leaves it unchanged after normalisation to [0, 1]; the γ_j of eq. "
            "16 differ by neuron."
        ),
        premises=("γ is one positive number",),
        examine=repair_gamma,
        control=BrokenPremise(
            premise="γ < 0", examine=lambda exam: search(scalar_gamma_statement(range(-3, 0)), exam, "scalar")
        ),
        repairs="prop-3-gamma",
    ),
)
