"""Theorem 1 for RectGrad: with its bottom process the map tends to x², without it to x."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from nfrlab.simulations.dense import Rule, rule
from nfrlab.simulations.dense.arrays import relu
from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.verify.claims.premises import ONE_WIDE_LAYER, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import NON_NEGATIVE, SMALL, Shapes, as_case, parameters, vector
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, Draw, ExactStatement, signed_square_alignment, to_alignment
from nfrlab.verify.examine.limit_direction import ISOTROPIC, limit_evidence, points
from nfrlab.verify.examine.stated_draws import INPUTS, Input

RECTGRAD: Rule = rule("rectgrad", q=0.9)


def input_parameters(entries: range) -> Shapes:
    """The parameters of an input alone: x ∈ Z^d, d = 1, 2, 3."""
    return tuple(parameters(x=vector(d, entries)) for d in (1, 2, 3))


def input_draw(x_of: Input) -> Draw:
    """The draw of an input alone."""
    return lambda rng, images: {"x": x_of(rng, images)}


def input_draws(*names: str) -> dict[str, Draw]:
    """The draws of the stated inputs of these names."""
    return {name: input_draw(INPUTS[name]) for name in names}


def squared_input_statement(text: str, entries: range, draws: dict[str, Draw]) -> ExactStatement:
    """The statement that relu(x ⊙ x), which R tends to as r_0 → x, is parallel to x; entries of x from `entries`."""

    def squared_alpha(case: Case) -> Fraction | None:
        x = case["x"]
        return signed_square_alignment(relu(x * x), x)

    return ExactStatement(
        text,
        input_parameters(entries),
        as_case,
        lambda case: any(case["x"] != 0),
        holds=lambda case: squared_alpha(case) == 1,
        sides=lambda case: {"alpha": f"{to_alignment(squared_alpha(case)):.6f}"},
        size=lambda case: 1 - to_alignment(squared_alpha(case)),
        perturbed=("x",),
        draws=draws,
    )


def printed(exam: Examination) -> list[Evidence]:
    """Exact searches for an x that the limit map relu(x ⊙ x) is not parallel to; then the networks themselves."""
    signed, real = input_draws("Gaussian x", "normalised patches"), input_draws("image patches")
    text = "r_0 → x: lim α(relu(x ⊙ r_0), x) = 1"
    return [
        *search(squared_input_statement(f"{text}, any x", SMALL, signed), exam, "any x", 0.25),
        *search(squared_input_statement(f"{text}, x ≥ 0", NON_NEGATIVE, real), exam, "x ≥ 0", 0.25),
        *limit_evidence(exam, points(exam, RECTGRAD, ("gaussian", "ring")), 0.5),
    ]


def repair(exam: Examination) -> list[Evidence]:
    """The derivation; r_0 held against x for every isotropic family; the final map held against x²."""
    to_input = points(exam, RECTGRAD, ISOTROPIC, bottom=False)
    final = points(exam, RECTGRAD, ("gaussian", "ring"), target=lambda _, x: x * x)
    to_square = [replace(point, name=f"{point.name}, final map against x²") for point in final]
    proven = derivation_evidence(direction_proofs.isotropic_half_space_mean)
    return [proven, *limit_evidence(exam, to_input, 0.5), *limit_evidence(exam, to_square, 0.5)]


def examine_rectgrad_on_axis_weights(exam: Examination, bottom: bool) -> list[Evidence]:
    """RectGrad on neurons along single axes, claimed to tend to x."""
    return limit_evidence(exam, points(exam, RECTGRAD, ("axis",), bottom=bottom))


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
            premise="isotropy destroyed: w = ±√d e_i", examine=lambda exam: examine_rectgrad_on_axis_weights(exam, True)
        ),
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
        control=BrokenPremise(
            premise="isotropy destroyed: w = ±√d e_i",
            examine=lambda exam: examine_rectgrad_on_axis_weights(exam, False),
        ),
        repairs="thm-1-rectgrad",
    ),
)
