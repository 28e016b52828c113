"""The z⁺ rule of eq. 16 beside its filter form `γ W diag(1[W > 0]) M`, with γ and without, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from nfrlab.simulations.dense import rules
from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.filtering import margins
from nfrlab.verify.examine.exact.inequality_13 import Filtering, passed, unfiltered_matrix
from nfrlab.verify.examine.exact.integer_layers import NON_NEGATIVE, POSITIVE, SHAPES, as_case, small_layer
from nfrlab.verify.examine.exact.statement import Case, Draw, ExactStatement, once
from nfrlab.verify.examine.stated_draws import INPUTS, random_layer_draw, trained_layer_draw

ONE_NEURON = (1, 1), (2, 1), (3, 1), (4, 1)
"""Shapes (d, N)."""
NON_NEGATIVE_DRAWS: dict[str, Draw] = {
    "image patches, r ≥ 0": random_layer_draw(INPUTS["image patches"], positive_relevance=True),
    "layer 2 of a digits network": trained_layer_draw("zplus-gradient"),
}


@once
def conserving_gamma(case: Case) -> Fraction | None:
    """The scalar γ that conserves relevance, by the theory's formula; None where none exists."""
    gamma = margins.conserving_gamma(case["x"], case["W"], case["r"])
    return None if gamma is None else Fraction(gamma)


@once
def filter_without_gamma(case: Case) -> Array:
    """The filter with γ dropped, `W diag(1[W > 0]) M`."""
    return np.asarray(unfiltered_matrix(case) * (case["W"] > 0))


@once
def map_without_gamma(case: Case) -> Array:
    """The simulation's map of the filter form, γ dropped, without bottom process."""
    return rules.zplus_filter(passed(case), case["r"])


def zplus_margin(case: Case) -> Fraction:
    """The theory's margin with γ dropped."""
    return Fraction(margins.zplus_margin(case["x"], case["W"], case["r"]))


WITHOUT_GAMMA = Filtering(filter_without_gamma, map_without_gamma, zplus_margin)
"""The filter form with γ dropped."""
WITH_GAMMA = Filtering(
    lambda case: np.asarray(Fraction(conserving_gamma(case) or 0) * filter_without_gamma(case)),
    lambda case: np.asarray(rules.conserving_gamma(passed(case), case["r"]) * map_without_gamma(case)),
    lambda case: Fraction(margins.zplus_margin(case["x"], case["W"], case["r"], conserving_gamma(case) or Fraction(0))),
)
"""The filter form with the γ that conserves relevance: the theory's in the matrix, the simulation's in the rule."""


@once
def exact_map(case: Case) -> Array:
    """The z⁺ relevance of eq. 16, for `R_l = A ⊙ r`."""
    return rules.zplus(passed(case), passed(case).act * case["r"])


@once
def filter_map(case: Case) -> Array:
    """The map of the filter form, γ dropped, with its bottom process: `x ⊙ W⁺ M r`."""
    return np.asarray(case["x"] * map_without_gamma(case))


def are_parallel(u: Array, v: Array) -> bool:
    """Whether `u = γ v` for one number γ: every 2×2 minor vanishes, and v = 0 only with u = 0."""
    minors = np.multiply.outer(u, v) - np.multiply.outer(v, u)
    return not np.any(minors != 0) and (bool(np.any(v != 0)) or not np.any(u != 0))


def one_minus_cosine(case: Case) -> float:
    """`1 − cos` of the angle between the rule's map and the filter's map; 1 where one is zero."""
    u, v = exact_map(case).astype(float), filter_map(case).astype(float)
    norms = float(np.linalg.norm(u) * np.linalg.norm(v))
    return 1 - float(u @ v) / norms if norms else 1.0


def not_negative(case: Case) -> bool:
    """Whether x ≥ 0 and r ≥ 0, the favourable case."""
    return bool(np.all(case["x"] >= 0) and np.all(case["r"] >= 0))


def maps_vanish(case: Case) -> bool:
    """Whether both maps are zero, and nothing is compared."""
    return not np.any(exact_map(case) != 0) and not np.any(filter_map(case) != 0)


def filter_form_statement(shapes: Sequence[tuple[int, int]] = SHAPES) -> ExactStatement:
    """The first half of the proposition as printed: eq. 16 *is* the filter form for some scalar γ."""
    return ExactStatement(
        "eq. 16 equals x ⊙ γ W diag(1[W>0]) M r for one scalar γ (x, r ≥ 0)",
        small_layer(x=NON_NEGATIVE, r=NON_NEGATIVE, lead={"x": [POSITIVE], "r": [POSITIVE]}, shapes=shapes),
        as_case,
        not_negative,
        holds=lambda case: are_parallel(exact_map(case), filter_map(case)),
        tied=maps_vanish,
        sides=lambda case: {"rule": [str(v) for v in exact_map(case)], "filter": [str(v) for v in filter_map(case)]},
        size=one_minus_cosine,
        perturbed=("x", "W", "r"),
        draws=NON_NEGATIVE_DRAWS,
    )
