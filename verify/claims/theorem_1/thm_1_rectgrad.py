"""Theorem 1 for RectGrad: with its bottom process the map tends to x², without it to x."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from nfrlab.simulations.dense import Rule, rule
from nfrlab.simulations.dense.arrays import relu
from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.verify.claims.premises import ONE_WIDE_LAYER, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import (
    NON_NEGATIVE,
    POSITIVE,
    SMALL,
    Shapes,
    as_case,
    parameters,
    vector,
)
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import (
    Case,
    Draw,
    ExactStatement,
    Parameters,
    signed_square_alignment,
    to_alignment,
    to_fractions,
)
from nfrlab.verify.examine.limits.map_point import MapPoint, stretched, weights
from nfrlab.verify.examine.limits.wide_layers import ISOTROPIC, PLANE, points, turn_evidence, wide_evidence
from nfrlab.verify.examine.stated_draws import INPUTS, Input

RECTGRAD: Rule = rule("rectgrad", q=0.9)
TWO_LAWS = "gaussian", "ring"


def input_parameters(entries: range) -> Shapes:
    """The parameters of an input alone: x ∈ Z^d, d = 1, 2, 3."""
    return tuple(parameters(x=vector(d, entries)) for d in (1, 2, 3))


def binary_parameters() -> Shapes:
    """The parameters of an input whose entries are 0 or one number: x = c b, b ∈ {0, 1}^d, d = 4, 8, 12."""
    return tuple(parameters(c=POSITIVE, b=vector(d, range(2))) for d in (4, 8, 12))


def binary_case(drawn: Parameters) -> Case:
    """The case x = c b."""
    return {"x": drawn["c"] * to_fractions(drawn["b"])}


def input_draw(x_of: Input) -> Draw:
    """The draw of an input alone."""
    return lambda rng, images: {"x": x_of(rng, images)}


def input_draws(*names: str) -> dict[str, Draw]:
    """The draws of the stated inputs of these names."""
    return {name: input_draw(INPUTS[name]) for name in names}


def squared_input_statement(
    text: str, shapes: Shapes, draws: dict[str, Draw], build: Callable[[Parameters], Case] = as_case
) -> ExactStatement:
    """The statement that relu(x ⊙ x), which R tends to as r_0 → x, is parallel to x, for x of these shapes."""

    def squared_alpha(case: Case) -> Fraction | None:
        x = case["x"]
        return signed_square_alignment(relu(x * x), x)

    return ExactStatement(
        text,
        shapes,
        build,
        lambda case: any(case["x"] != 0),
        holds=lambda case: squared_alpha(case) == 1,
        sides=lambda case: {"alpha": f"{to_alignment(squared_alpha(case)):.6f}"},
        size=lambda case: 1 - to_alignment(squared_alpha(case)),
        perturbed=("x",),
        draws=draws,
    )


def tried_inputs(exam: Examination) -> list[MapPoint]:
    """RectGrad with its bottom process, Gaussian and ring weights, at every input."""
    return points(exam, RECTGRAD, TWO_LAWS)


def printed(exam: Examination) -> list[Evidence]:
    """Exact searches for an x that the limit map relu(x ⊙ x) is not parallel to; then the networks themselves."""
    signed, real = input_draws("Gaussian x", "normalised patches"), input_draws("image patches")
    text = "r_0 → x: lim α(relu(x ⊙ r_0), x) = 1"
    return [
        *search(squared_input_statement(f"{text}, any x", input_parameters(SMALL), signed), exam, "any x", 0.25),
        *search(squared_input_statement(f"{text}, x ≥ 0", input_parameters(NON_NEGATIVE), real), exam, "x ≥ 0", 0.25),
        *wide_evidence(exam, tried_inputs(exam), 0.5),
    ]


def examine_binary_inputs(exam: Examination) -> list[Evidence]:
    """The same search and networks where every pixel is 0 or one number, so that x² is parallel to x."""
    binary = [replace(p, x=1.0 * (p.x > np.median(p.x))) for p in tried_inputs(exam)]
    named = [replace(p, name=f"{p.name}, pixels 0 or 1", target=p.x) for p in binary]
    text = "r_0 → x: lim α(relu(x ⊙ r_0), x) = 1, pixels 0 or c"
    statement = squared_input_statement(text, binary_parameters(), {}, binary_case)
    return [*search(statement, exam, "binary", 0.5), *wide_evidence(exam, named, 0.5)]


def examine_stretched_weights(exam: Examination) -> list[Evidence]:
    """The final map at x = (1, 1), which it tends to under isotropic weights, where one axis is 1.5 times as long."""
    broken = [stretched(weights(family), 1.5) for family in TWO_LAWS]
    return wide_evidence(exam, [MapPoint(f"{w.name}, x = (1, 1)", RECTGRAD, w, PLANE, PLANE) for w in broken])


def repair(exam: Examination) -> list[Evidence]:
    """The derivation; r_0 held against x for every isotropic family; the final map held against x²."""
    to_input = points(exam, RECTGRAD, ISOTROPIC, bottom=False)
    final = points(exam, RECTGRAD, TWO_LAWS, target=lambda _, x: x * x)
    to_square = [replace(point, name=f"{point.name}, final map against x²") for point in final]
    return [
        derivation_evidence(direction_proofs.isotropic_half_space_mean),
        *wide_evidence(exam, to_input + to_square, 0.5),
        *turn_evidence(exam, RECTGRAD, map(weights, ISOTROPIC), 0.5),
    ]


def examine_turn_of_stretched_weights(exam: Examination) -> list[Evidence]:
    """To which side of x maps r_0 turn, where one axis of every isotropic family is 1.05 times as long."""
    return turn_evidence(exam, RECTGRAD, [stretched(weights(family), 1.05) for family in ISOTROPIC])


CLAIMS = (
    Claim(
        id="thm-1-rectgrad",
        title="Theorem 1 for RectGrad",
        source=f"{PAPER}, Theorem 1, eq. 17, Table I",
        statement=(
            "One hidden layer, random isotropic weights with zero mean: for N large the RectGrad map relu(x ⊙ r_0) "
            "(90 % quantile) is the input up to scale."
        ),
        premises=ONE_WIDE_LAYER,
        examine=printed,
        control=BrokenPremise(
            premise="one axis of the weights × 1.5, at an input that the map does tend to otherwise",
            examine=examine_stretched_weights,
        ),
        restored=RestoredPremise(
            premise="every pixel of x is 0 or one and the same positive number", examine=examine_binary_inputs
        ),
        blind="Exact searches refute it by the limit alone: no break of the simulated networks undoes that.",
    ),
    Claim(
        id="thm-1-rectgrad-repair",
        title="RectGrad aligns without its bottom process",
        source="repair of Theorem 1 for RectGrad",
        statement=(
            "Under the premises of Theorem 1 RectGrad's r_0 (90 % quantile) tends in direction to x; its final map "
            "relu(x ⊙ r_0) tends to x²."
        ),
        premises=ONE_WIDE_LAYER,
        examine=repair,
        control=BrokenPremise(premise="one axis of the weights × 1.05", examine=examine_turn_of_stretched_weights),
        notices=("axis-5", "alpha-5"),
        blind=(
            "Isotropic weights point to x whatever the quantile, their length or a bias; law-rectgrad sees how fast "
            "that limit is reached, which tells .85 from .9."
        ),
        repairs="thm-1-rectgrad",
    ),
)
