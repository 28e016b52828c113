"""Sixt's Theorem 1, products of non-negative matrices tend to rank 1: as printed, and repaired with a rate."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations
from math import isqrt, prod

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.rivals.proofs.rank_one import birkhoff_rate
from nfrlab.theory.rivals.rank_one import hilbert_ratio, least_cross_ratio, scalar_power
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import (
    NON_NEGATIVE,
    NOT_ZERO,
    POSITIVE,
    Entries,
    Shapes,
    parameters,
    vector,
)
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, ExactStatement, Parameters, once, to_fractions

SOURCE = "Sixt, Granz & Landgraf 2020 (arXiv 1912.09818), Theorem 1"
STEPS = 40
"""Factors of a chain of one number."""
SHAPES = (((2, 2),), ((2, 2), (2, 2)), ((2, 3), (3, 2)))
"""Sizes of the factors of the chains that are searched."""


def chains(entries: Entries) -> Shapes:
    """The parameters of chains A_1 A_2 of small matrices, a row of entries each."""
    return tuple(
        parameters(**{f"A{number}": vector(m * n, entries) for number, (m, n) in enumerate(sizes, start=1)})
        for sizes in SHAPES
    )


def squares_of(drawn: Parameters) -> Case:
    """The chain whose entries are squares: of such a matrix √φ, and with it τ, is rational."""
    return {name: matrix * matrix for name, matrix in factors_of(drawn).items()}


def factors_of(drawn: Parameters) -> Case:
    """The chain of the parameters of `chains`, as matrices of Fractions."""
    first, *rest = sorted(drawn)
    n = len(drawn[first]) // 2
    shapes = {first: (2, n)} | {name: (n, len(drawn[name]) // n) for name in rest}
    return {name: to_fractions(drawn[name]).reshape(shape) for name, shape in shapes.items()}


def matrices(case: Case) -> list[Array]:
    """The factors of a chain, in order."""
    return [case[name] for name in sorted(case)]


@once
def product_of(case: Case) -> Array:
    """`P = A_1 A_2 …`."""
    first, *rest = matrices(case)
    for A in rest:
        first = first @ A
    return np.asarray(first)


def column_pairs(P: Array) -> list[tuple[Array, Array]]:
    """Any two columns of a matrix."""
    return [(P[:, k], P[:, other]) for k, other in combinations(range(P.shape[1]), 2)]


def is_rank_one(case: Case) -> bool:
    """Whether P is not 0 and all of its minors of order 2 are."""
    P = product_of(case)
    minors = (u[i] * v[j] - u[j] * v[i] for u, v in column_pairs(P) for i, j in combinations(range(len(P)), 2))
    return bool(P.any()) and not any(minors)


def settles(case: Case) -> bool:
    """Whether the powers of a number tend to one that is not 0: a geometric sequence does where it stays the same."""
    a = case["ratio"][0]
    return bool(prod([a] * STEPS) == prod([a] * (STEPS + 1)) != 0)


def numbers_statement() -> ExactStatement:
    """Theorem 1 for chains of one 1×1 matrix (p/q): premises hold for every p/q > 0."""

    def by_theory(case: Case) -> bool:
        a = Fraction(case["ratio"][0])
        value, rank = scalar_power(a, STEPS)
        return rank == 1 and value == scalar_power(a, STEPS + 1)[0]

    return ExactStatement(
        "A_l = (p/q) for every l: the product tends to a matrix of rank 1",
        (parameters(p=POSITIVE, q=POSITIVE),),
        lambda drawn: {"ratio": np.array([to_fractions(drawn["p"]) / to_fractions(drawn["q"])], dtype=object)},
        admissible=lambda case: case["ratio"][0] > 0,
        holds=settles,
        second=by_theory,
        tied=lambda case: case["ratio"][0] == 1,
        sides=lambda case: {f"P_{STEPS}": f"{float(case['ratio'][0]) ** STEPS:.3g}"},
        size=lambda case: abs(float(case["ratio"][0]) - 1),
        perturbed=("p", "q"),
    )


def finite_statement(entries: Entries, text: str) -> ExactStatement:
    """Theorem 1 for chains of one and two factors, each of a size of its own or the last of its size."""
    positive = entries is POSITIVE
    return ExactStatement(
        f"{text}: a product of finitely many matrices has rank 1",
        chains(entries),
        factors_of,
        admissible=lambda case: all(A.any(axis=0).all() for A in matrices(case)),
        holds=is_rank_one,
        second=(lambda case: least_cross_ratio(product_of(case)) == 1) if positive else None,
        tied=is_rank_one,
        sides=lambda case: {"P": [[str(v) for v in row] for row in product_of(case)]},
        size=lambda case: 1.0,
        perturbed=("A1", "A2"),
    )


def root_of_cross_ratio(A: Array) -> Fraction:
    """√φ of a matrix of squares, over all cross ratios without a 0; 1 where there is none."""
    m, n = A.shape
    found = [
        A[i, k] * A[j, other] / (A[j, k] * A[i, other])
        for i, j in permutations(range(m), 2)
        for k, other in combinations(range(n), 2)
        if A[i, k] * A[j, other] * A[j, k] * A[i, other] != 0
    ]
    least = min(found, default=Fraction(1))
    return Fraction(isqrt(least.numerator), isqrt(least.denominator))


@once
def contraction_of(case: Case) -> Fraction:
    """`x = Π τ(A_l)`, τ = (1 − √φ)/(1 + √φ), exactly."""
    roots = [root_of_cross_ratio(A) for A in matrices(case)]
    return Fraction(prod((1 - s) / (1 + s) for s in roots))


def within_rate(case: Case) -> bool:
    """Whether any two columns of P have `cos ≥ (1 − x²)/(1 + x²)`, compared as squares."""
    x2 = contraction_of(case) ** 2
    pairs = column_pairs(product_of(case))
    return all((u @ v) ** 2 * (1 + x2) ** 2 >= (1 - x2) ** 2 * (u @ u) * (v @ v) for u, v in pairs)


def near_enough(case: Case) -> bool:
    """Whether δ ≤ 4 artanh x for any two columns: their ratio is at most `((1 + x)/(1 − x))²`."""
    x = contraction_of(case)
    pairs = column_pairs(product_of(case))
    return all(max(u / v) / min(u / v) * (1 - x) ** 2 <= (1 + x) ** 2 for u, v in pairs)


def agrees_with_theory(case: Case) -> bool:
    """Whether φ of every factor and the ratio of every two columns are those that the theory computes."""
    return all(least_cross_ratio(A) == root_of_cross_ratio(A) ** 2 for A in matrices(case)) and all(
        hilbert_ratio(u, v) == max(u / v) / min(u / v) for u, v in column_pairs(product_of(case))
    )


def rate_statement(entries: Entries, text: str) -> ExactStatement:
    """The repair for chains of one and two matrices of squares."""
    positive = entries is POSITIVE
    return ExactStatement(
        f"{text}: cos ≥ (1 − x²)/(1 + x²) for any two columns of the product, x = Π τ",
        chains(entries),
        squares_of,
        admissible=lambda case: all(A.any(axis=0).all() for A in matrices(case)),
        holds=lambda case: within_rate(case) and (not positive or near_enough(case)),
        agree=agrees_with_theory if positive else None,
        tied=lambda case: contraction_of(case) == 0,
        sides=lambda case: {"x": str(contraction_of(case)), "P": [[str(v) for v in row] for row in product_of(case)]},
        size=lambda case: 1.0,
        perturbed=(),
    )


def examine_printed(exam: Examination) -> list[Evidence]:
    """Chains of one number, and finite chains."""
    return [
        *search(numbers_statement(), exam, "numbers"),
        *search(finite_statement(POSITIVE, "positive entries, finite depth"), exam, "finite"),
    ]


def examine_signed(exam: Examination) -> list[Evidence]:
    """Finite chains with entries of either sign."""
    return search(finite_statement(NOT_ZERO, "entries of either sign"), exam, "finite")


def examine_repair(exam: Examination) -> list[Evidence]:
    """The derivation, and chains of positive matrices."""
    searched = search(rate_statement(POSITIVE, "positive matrices"), exam, "rate")
    return [derivation_evidence(birkhoff_rate), *searched]


def examine_zeros(exam: Examination) -> list[Evidence]:
    """The rate claimed of matrices with zeros, the cross ratios that meet one left out."""
    return search(rate_statement(NON_NEGATIVE, "zeros, cross ratios that meet one left out"), exam, "rate")


CLAIMS = (
    Claim(
        id="sixt-theorem",
        title="Products of non-negative matrices tend to rank 1",
        source=SOURCE,
        statement=(
            "Let A_1, A_2, … be non-negative matrices of bounded size, no column 0, whose limit exists (for each size, "
            "the terms of that size converge; a size that occurs finitely often counts with its last term), no column "
            "of which is 0 and no two of which are orthogonal. Then A_1 A_2 ⋯ tends to a matrix of rank 1."
        ),
        premises=(
            "A_l = (a), a > 0, for every l; and finite chains, which have a limit by this definition",
            "a chain of one number tends to rank 1 where it tends to a number that is not 0",
        ),
        examine=examine_printed,
        control=BrokenPremise(premise="entries of either sign", examine=examine_signed),
        restored=RestoredPremise(
            premise="directions in place of matrices, all entries positive, a rate in place of a limit",
            examine=examine_repair,
        ),
    ),
    Claim(
        id="sixt-theorem-repair",
        title="Products of positive matrices become one direction, at a known rate",
        source="repair of Sixt's Theorem 1, by Birkhoff 1957",
        statement=(
            "For positive matrices A_1 … A_k, x = Π τ(A_l), τ = (1 − √φ)/(1 + √φ), φ the least (a_ik a_jl)/(a_jk "
            "a_il), any two columns of the product have cos ≥ (1 − x²)/(1 + x²) and lie within 4 artanh x in Hilbert's "
            "metric; where Σ(1 − τ(A_l)) = ∞ all tend to one direction, whatever follows."
        ),
        premises=(
            "all entries positive; directions, not lengths",
            "searched: matrices of squares of rational numbers, of which τ is rational",
        ),
        examine=examine_repair,
        control=BrokenPremise(premise="entries that are 0, passed over in φ", examine=examine_zeros),
        repairs="sixt-theorem",
    ),
)
