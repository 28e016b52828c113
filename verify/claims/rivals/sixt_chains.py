"""Sixt's matrix simulation: products of random matrices, before Gaussian vectors, against the law of their cosines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
import scipy

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.converging import chain_sizes, column_stochastic, parts_of
from nfrlab.theory.rivals.matrix_chains import chain_cosines, with_diagonal
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.statistics import median_evidence

WIDTHS = (512, 512, 512, 256, 256, 128)
"""Channels of VGG16 on the way back, each number of them once or twice."""
MARGIN, OUTSIDE, VECTORS = 0.04, 0.15, 64
"""Of the mean |cos|; the share of repeats that may lie outside on one side; vectors in each of two sets."""
PRINTED = 32
"""Their start vectors: with the diagonal 32 of 528 entries of the lower triangle are ones."""
Made = Callable[[Array], Array]
CHAINS: Mapping[str, Made] = {"gaussian": np.asarray, "stochastic": column_stochastic, "absolute": np.abs}
QUICK, FULL = (0.0, 1.0, 4.0, 9.0), (0.0, 1.0, 2.0, 3.0, 4.0, 9.0)
"""β of the chains αW⁺ + βW⁻."""


def folded_uniform(W: Array) -> Array:
    """Entries `|U[−1, 1]|` from Gaussian ones."""
    return np.abs(2 * scipy.special.ndtr(W) - 1)


def repeats(exam: Examination, made: list[Made], widths: tuple[int, ...], n: int) -> Array:
    """Mean |cos| with the diagonal, n repeats × chains × matrices."""
    rng = exam.rng("chains")
    share = PRINTED / (PRINTED * (PRINTED + 1) / 2)  # of the lower triangle, that is ones
    return np.array([share + (1 - share) * chain_sizes(made, widths, VECTORS, rng) for _ in range(n)])


def examine_chains(exam: Examination) -> list[Evidence]:
    """Every chain after every matrix, against its law; and each β against the one before."""
    betas, steps = exam.pick(QUICK, FULL), len(WIDTHS) - 1
    names = [*CHAINS, *(f"αW⁺ + βW⁻, β = {beta:g}" for beta in betas)]
    laws = [chain_cosines(name, WIDTHS) for name in CHAINS] + [chain_cosines("alpha-beta", WIDTHS, b) for b in betas]
    miss = exam.budget.spend(steps * (len(names) + len(betas) - 1))
    made = [*CHAINS.values(), *map(parts_of, betas)]
    columns = repeats(exam, made, WIDTHS, intervals.median_plan(miss, OUTSIDE)).transpose(1, 2, 0)
    found = [
        chain_evidence(f"{name}, after matrix {step}", column, float(cosine), miss)
        for name, law, rows in zip(names, laws, columns, strict=True)
        for step, (cosine, column) in enumerate(zip(law, rows, strict=True), start=1)
    ]
    for (beta, before), (more, after) in pairwise(zip(betas, columns[len(CHAINS) :], strict=True)):
        for step, column in enumerate(after - before, start=1):
            text = f"mean |cos| does not rise from β = {beta:g} to {more:g}, after matrix {step}"
            found.append(median_evidence(text, column, Claimed.between(-1, 0), miss))
    return found


def chain_evidence(point: str, column: Array, cosine: float, miss: float) -> Evidence:
    """The median over repeats of the mean |cos| with the diagonal, against that of a law's cosine."""
    value = float(with_diagonal(cosine, PRINTED))
    details = {"law": value, "median": float(np.median(column))}
    claimed = Claimed.within(value, MARGIN)
    return median_evidence(f"mean |cos| = {value:.3f} ± {MARGIN}: {point}", column, claimed, miss, details=details)


def examine_uniform_entries(exam: Examination) -> list[Evidence]:
    """The law of |N(0, 1)| claimed of |U[−1, 1]|, after the first matrix, where cosines tell."""
    miss, widths = exam.budget.spend(1), WIDTHS[:2]
    (column,) = repeats(exam, [folded_uniform], widths, intervals.median_plan(miss, OUTSIDE)).transpose(1, 2, 0)[0]
    return [chain_evidence("|U[−1, 1]|, after matrix 1", column, chain_cosines("absolute", widths)[0], miss)]


CLAIMS = (
    Claim(
        id="sixt-chains",
        title="Sixt's matrix simulation: how fast random matrices make vectors alike",
        source="Sixt, Granz & Landgraf 2020, matrix simulation; its laws",
        statement=(
            "Of Gaussian vectors put behind products of Gaussian matrices N, of |N| with columns that add up to 1, of "
            "|N|, and of αN⁺ + βN⁻, the mean |cos| after each matrix, over the lower triangle of 32 vectors with its "
            f"diagonal, is that of the law within {MARGIN}; it falls as β grows, after every matrix."
        ),
        premises=(
            f"widths {'–'.join(map(str, WIDTHS))}; α = β + 1, β = {', '.join(f'{b:g}' for b in QUICK)} (full profile: "
            f"{', '.join(f'{b:g}' for b in FULL)})",
            "judged by the median over repeats, as printed; pairs are of two sets of 64, their sums drawn evenly, and "
            "the diagonal is added by its share",
            "left out: trained weights and patterns, and ReLU after each matrix, which is Deconvnet's law",
            "the law's own error, which the margin holds: 0.013",
        ),
        examine=examine_chains,
        control=BrokenPremise(
            premise="entries |U[−1, 1]| in place of |N(0, 1)|, after the first matrix", examine=examine_uniform_entries
        ),
        blind="No break of the world touches products of matrices: they are no network.",
    ),
)
