"""Nie, Zhang & Patel 2018: O(10³) filters of 3×3×3 are enough for an error below 0.1, in two readings of the error."""

from __future__ import annotations

from functools import partial

import numpy as np

from nfrlab.simulations.dense import reduced
from nfrlab.simulations.dense.arrays import Array
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.over_draws import WRONG
from nfrlab.verify.examine.statistics import median_evidence

SOURCE = "Nie, Zhang & Patel 2018 (arXiv 1805.07039), number of filters"
ERROR = Claimed.between(0.0, 0.1)
SMALL, LARGE = 27, 147
"""Entries of a filter of 3×3×3 and of 7×7×3."""
MOST, SAID, ENOUGH = 9_999, 2_000, 50_000
"""The largest number of filters that is O(10³), one such number, and one for which both errors are small."""
PREMISES = (
    "one patch, filters i.i.d. N(0, I), logits' weights i.i.d. N(0, 1); the map of GBP, whatever the patch",
    f"'O(10³)' read as some number of filters below 10⁴: at most {MOST:,}",
)


def one_less_cosine(alpha: Array) -> Array:
    """`1 − α`."""
    return np.asarray(1 - alpha)


def distance(alpha: Array) -> Array:
    """The distance `√(2 − 2α)` of map and patch, both of length 1."""
    return np.asarray(np.sqrt(2 - 2 * alpha))


ERRORS = {"1 − α": one_less_cosine, "‖R̂ − x̂‖": distance}


def error_evidence(exam: Examination, error: str, N: int, d: int = SMALL) -> list[Evidence]:
    """The median error of GBP's map, held against < 0.1, by the reduced sampler."""
    miss = exam.budget.spend(1)
    alpha = reduced.alignments("gbp", "gaussian", d, N, intervals.median_plan(miss, WRONG), exam.rng(error))
    values = ERRORS[error](np.nan_to_num(alpha))
    text = f"median of {error}: d = {d}, N = {N:,}"
    return [median_evidence(text, values, ERROR, miss, power=0.99, details={"median": float(np.median(values))})]


CLAIMS = (
    Claim(
        id="nie-filters-cosine",
        title="A thousand or so filters of 3×3×3 recover a patch to 0.1, in the cosine",
        source=SOURCE,
        statement=(
            f"For filters of 3×3×3, O(10³) of them give an error 1 − α below 0.1: N = {SAID:,} do. (By the law of GBP "
            "1,000 are too few by a little, 1 − α = 0.108.)"
        ),
        premises=PREMISES,
        examine=partial(error_evidence, error="1 − α", N=SAID),
        control=BrokenPremise(
            premise="filters of 7×7×3", examine=partial(error_evidence, error="1 − α", N=SAID, d=LARGE)
        ),
        notices=("alpha-5", "gbp-leaks-20", "gbp-is-gradient"),
        blind="An error below 0.1 does not say by how much: a small leak, or another isotropic law, leaves it there.",
    ),
    Claim(
        id="nie-filters-length",
        title="A thousand or so filters of 3×3×3 recover a patch to 0.1, in length",
        source=SOURCE,
        statement=(
            f"Of filters of 3×3×3 O(10³), N = {MOST:,}, give an error ‖R̂ − x̂‖ below 0.1, map and patch of length 1."
        ),
        premises=PREMISES,
        examine=partial(error_evidence, error="‖R̂ − x̂‖", N=MOST),
        control=BrokenPremise(
            premise="filters of 7×7×3", examine=partial(error_evidence, error="‖R̂ − x̂‖", N=MOST, d=LARGE)
        ),
        restored=RestoredPremise(
            premise=f"N = {ENOUGH:,}, which is O(10⁴)", examine=partial(error_evidence, error="‖R̂ − x̂‖", N=ENOUGH)
        ),
        notices=("alpha-2", "gbp-leaks-20", "gbp-is-gradient"),
        blind="A second reading of one number: what changes the direction of no map is not seen.",
    ),
)
