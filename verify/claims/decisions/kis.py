"""What Key Information Sufficiency is by its definition: maximal for the input, unbounded below, and its zero."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import numpy as np

from nfrlab.simulations.dense.sufficiency import as_input, sufficiency
from nfrlab.theory.decisions.proofs import sufficiency_by_definition
from nfrlab.theory.decisions.sufficiency import of_multiple, of_small_output
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.decided import HIDDEN, decided_on, fractions, scores
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.cases import exact_cases

SOURCE = "Sec. V-B, eq. 20"
BLIND = "Nothing is propagated here: what breaks rules, weights or inputs changes nothing."


def input_evidence(exam: Examination, sign: int) -> list[Evidence]:
    """Whether the map `± a x + b` scores 1 in every reading, in random networks of whole numbers."""

    def holds(rng: np.random.Generator) -> bool:
        first, last, bias, x = decided_on(rng)
        R = sign * Fraction(int(rng.integers(1, 20)), 7) * x + Fraction(int(rng.integers(-9, 10)), 5)
        return all(S == 1 for S in scores(first, last, bias, x, as_input(R, x)))

    found = exact_cases(f"R = {'' if sign > 0 else '−'}a x + b: S = 1 in every reading", holds, exam)
    return [derivation_evidence(sufficiency_by_definition), found] if sign > 0 else [found]


def unbounded_evidence(exam: Examination, small: bool) -> list[Evidence]:
    """Whether S falls below −M for every M that is drawn; outputs as small as need be, or 1/10 and larger."""

    def holds(rng: np.random.Generator) -> bool:
        bound = int(rng.integers(20, 10**6))
        f = Fraction(1, bound + 3) if small else Fraction(int(rng.integers(1, 11)), 10)
        S = sufficiency(np.array([f]), np.array([Fraction(1)]))
        return S == of_small_output(f) < -bound

    words = "S < −M for every M" + ("" if small else ", f ≥ 1/10")
    found = exact_cases(words, holds, exam)
    return [derivation_evidence(sufficiency_by_definition), found] if small else [found]


def zero_evidence(exam: Examination, factor: int) -> list[Evidence]:
    """Whether S is 0 where features vanish and where they are multiplied by a factor, in every element-wise reading."""

    def holds(rng: np.random.Generator) -> bool:
        parts = fractions(rng, HIDDEN)
        if not np.any(parts):
            return True
        each = [sufficiency(parts, c * parts) for c in (Fraction(0), Fraction(factor))]
        return each == [0, 0] and [of_multiple(Fraction(c)) for c in (0, factor)] == [0, 0]

    found = exact_cases(f"A* = 0 and A* = {factor} A: S = 0", holds, exam)
    return [derivation_evidence(sufficiency_by_definition), found] if factor == 2 else [found]


CLAIMS = (
    Claim(
        id="kis-input",
        title="KIS is largest for a map that is the input",
        source=SOURCE,
        statement=(
            "R = a x + b with a > 0 gives R̃ = x and S = 1, the largest value, in every reading: the metric rewards a "
            "map for being the image, of whatever network."
        ),
        premises=("x is not constant, and is what R̃ takes the range of", "‖v ⊙ A‖₁ > 0"),
        examine=partial(input_evidence, sign=1),
        control=BrokenPremise(premise="a > 0: the negative of the input", examine=partial(input_evidence, sign=-1)),
        blind=BLIND,
    ),
    Claim(
        id="kis-unbounded",
        title="KIS has no lower bound",
        source=SOURCE,
        statement=(
            "Scalar products: for every M there are v, A and A*, none of their entries larger than 1, with S < −M; so "
            "S and its mean say as much of small outputs as of maps."
        ),
        premises=("v A = f > 0 may be as small as one likes",),
        examine=partial(unbounded_evidence, small=True),
        control=BrokenPremise(
            premise="f may be as small as one likes: it is 1/10 or more",
            examine=partial(unbounded_evidence, small=False),
        ),
        blind=BLIND,
    ),
    Claim(
        id="kis-zero",
        title="S = 0 means: as far from the decision as no decision is",
        source=SOURCE,
        statement="S = 0 for features that vanish, and for features that double: it is no level of chance.",
        premises=("products are element-wise, the class is kept", "‖v ⊙ A‖₁ > 0"),
        examine=partial(zero_evidence, factor=2),
        control=BrokenPremise(premise="the features double: they triple", examine=partial(zero_evidence, factor=3)),
        blind=BLIND,
    ),
)
