"""The derivations behind Theorem 2 for orthogonal neurons: every weighting, the filters, and what filtering gains."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import floor
from operator import ge, gt, le
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    Relation,
    argued,
    certain,
    enumerated,
    false_with,
    symbolic,
    vanishes,
)
from nfrlab.theory.numerics.sums import lagrange_gap, power_sum

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def _length_of_a_map() -> bool:
    """Whether `‖Ws‖² = c²‖s‖²` and `⟨Ws, x⟩ = ⟨s, Wᵀx⟩` where WᵀW = c²I, for matrices of any size."""
    d, n = sp.symbols("d n", integer=True, positive=True)
    c = sp.symbols("c", positive=True)
    W, s, x = sp.MatrixSymbol("W", d, n), sp.MatrixSymbol("s", n, 1), sp.MatrixSymbol("x", d, 1)
    square = ((W * s).T * W * s).doit().subs(W.T * W, c**2 * sp.Identity(n)).doit()
    return bool(square == c**2 * s.T * s and ((W * s).T * x).doit() == (s.T * (W.T * x)).doit())


@false_with(factor=(2, Fraction(1, 2)), side=(-1,), power=(2,))
def lagrange(factor: Exact = 1, side: Exact = 1, power: Exact = 1) -> Derivation:
    """Theorem 2: Lagrange's identity, hence the inequality for every weighting and its equality case."""
    c, size, t = sp.symbols("c X t", positive=True)
    a, b = sp.symbols("A_i A_j", positive=True)
    squares, norms, inner = power_sum(2, 0), power_sum(0, 2), power_sum(1, 1)
    bound = factor * sp.sqrt(squares) / (c * size)
    total = sp.symbols("Q", positive=True)  # ‖A‖²
    weights = side * t  # s = tA: ⟨s, A⟩ = tQ, ‖s‖² = t²Q
    reached = weights * total / (c * sp.sqrt(weights**2 * total) * size)
    return Derivation(
        "Active neurons w_j orthogonal, all of norm c; A_j = ⟨w_j, x⟩ > 0 on them; s ≠ 0.",
        (
            symbolic("⟨Ws, x⟩ = ⟨s, A⟩ and ‖Ws‖ = c‖s‖ as WᵀW = c²I, for any number of neurons.", _length_of_a_map()),
            symbolic("‖A‖²‖s‖² − ⟨A, s⟩² = ½ Σ_ij (A_i s_j − A_j s_i)², for any number of neurons.", lagrange_gap()),
            argued("A square root keeps the order. If all A_i s_j = A_j s_i, then s = (s_1/A_1) A."),
            argued("Inactive neurons play no part."),
        ),
        (
            symbolic(
                "For orthogonal active neurons of equal norm c, α(Σ s_j w_j, x) = ⟨s, A⟩/(c‖s‖‖x‖) ≤ ‖A‖/(c‖x‖), the "
                "alignment of s ∝ A, for every s ≠ 0 whatever its law;",
                # bound² − α² is Lagrange's sum of squares over c²‖s‖²‖x‖²
                lagrange_gap(factor**2)
                and vanishes(
                    (bound**2 - inner**2 / (c**2 * norms * size**2)) * c**2 * norms * size**2
                    - (factor**2 * squares * norms - inner**2)
                ),
            ),
            symbolic(
                "equality holds iff s = tA on the active set with t > 0.",
                # all A_i s_j = A_j s_i, and α is the bound, not minus the bound
                vanishes(a * (t * b**power) - b * (t * a**power)) and vanishes(reached - bound.subs(squares, total)),
            ),
        ),
    )


def _passing(most: int = 9, parts: int = 40) -> bool:
    """Whether `N − 1 − ⌊q(N − 1)⌋` of N different values exceed their linearly interpolated q-quantile.

    By ranks 0, …, N − 1, for N ≤ `most` and all q that are multiples of 1/`parts`.
    """

    def above(N: int, q: Fraction) -> int:
        place = q * (N - 1)
        low = floor(place)
        values = [Fraction(rank) for rank in range(N)]
        quantile = values[low] + (place - low) * (values[min(low + 1, N - 1)] - values[low])
        return sum(value > quantile for value in values)

    return all(
        above(N, q) == N - 1 - floor(q * (N - 1))
        for N in range(1, most)
        for q in (Fraction(part, parts) for part in range(parts + 1))
    )


def _largest_are_best(values: tuple[int, ...] = (1, 2, 3, 5, 8)) -> bool:
    """Whether the k largest squares add up to at least those of any set of at most k: all k, all sets."""
    return all(
        sum(v * v for v in sorted(values)[len(values) - k :]) >= sum(v * v for v in others)
        for k in range(len(values) + 1)
        for size in range(k + 1)
        for others in combinations(values, size)
    )


@false_with(highest=(1,), extra=(1,), order=(gt, le))
def rectgrad_weighting(highest: Exact = 0, extra: int = 0, order: Relation = ge) -> Derivation:
    """Theorem 2 for RectGrad, repaired: τ ≤ 0, or a quantile without ties."""
    below = sp.symbols("delta", nonnegative=True)
    a, c, gap, b = sp.symbols("A c g B", positive=True)
    exchanged, unmatched = sp.symbols("p m", integer=True, nonnegative=True)
    # ‖A_T‖² − ‖A_T′‖²: neurons of T′ ∖ T each against a larger one of T, and those that have no partner
    lead = exchanged * ((a + gap) ** 2 - a**2) + unmatched * b**2 - extra * b**2
    return Derivation(
        "Active neurons orthogonal, all of norm c; r_a = cA, r_b any relevance; RectGrad passes A_j r_j > τ.",
        (
            symbolic("‖A‖²‖s‖² − ⟨A, s⟩² is a sum of squares, for any number of neurons.", lagrange_gap()),
            argued(
                "So on a set T′ of neurons α(R_b) ≤ ‖A_T′‖/(c‖x‖), and α(R_a) = ‖A_T‖/(c‖x‖) on the set T that r_a "
                "passes."
            ),
            enumerated(
                "Without ties exactly k = N − 1 − ⌊q(N − 1)⌋ values exceed the interpolated quantile: N ≤ 8, all q in "
                "fortieths.",
                _passing(),
            ),
            argued(
                "In general the quantile lies in [x_(h), x_(h+1)), h = ⌊q(N − 1)⌋, so the N − 1 − h values after x_(h) "
                "exceed it. Those of r_a, c A_j², are ordered like the A_j; an inactive neuron has A_j r_j = 0, and "
                "where fewer than k are active, all of them pass."
            ),
            argued("T′ has at most as many neurons as T: each of T′ ∖ T is paired with a larger one of T ∖ T′."),
            enumerated(
                "The k largest squares add up to at least those of any set of at most k, among five.",
                _largest_are_best(),
            ),
        ),
        (
            symbolic(
                "With τ ≤ 0 RectGrad passes all of r_a = cA, whose alignment no weighting exceeds.",
                certain(a * (c * a) > highest - below),
            ),
            symbolic(
                "With the quantile, and no two active neurons equally active, it passes the k largest A_j of r_a and "
                "at most k neurons of r_b, so α(R_a) ≥ α(R_b).",
                certain(order(lead, 0)),
            ),
        ),
    )


@false_with(gamma=(2,), sign=(-1,))
def zplus_weighting(gamma: Exact = 1, sign: Exact = 1) -> Derivation:
    """Theorem 2 for z⁺, repaired: non-negative active columns, no bottom process."""
    x, size = sp.symbols("x w", nonnegative=True)
    w, rho, z = sign * size, sp.symbols("rho", real=True), sp.symbols("z", positive=True)
    share = gamma * z / z  # γ_j = a_j/Σ_k z_kj⁺, both z_j
    return Derivation(
        "x ≥ 0, active columns non-negative, orthogonal and of equal norm; no bottom process.",
        (
            symbolic("Σ_k z_kj⁺ = Σ_k x_k w_kj, term by term.", vanishes(sp.Max(x * size, 0) - x * size)),
            argued("On active neurons that is z_j = a_j."),
            argued("Orthogonal non-negative columns have Σ_i w_ij w_ik = 0 with no negative term: disjoint supports."),
        ),
        (
            symbolic(
                "If the active columns are non-negative (hence of disjoint support) and x ≥ 0, the z⁺ rule without "
                "bottom process is the plain rule: W⁺ = W and every γ_j = 1.",
                vanishes(sp.Max(w, 0) * share * rho - w * rho),
            ),
            argued("Theorem 2 then holds for it."),
        ),
    )


@false_with(order=(gt, le), dropped=(-1,))
def filtering_orthogonal(order: Relation = ge, dropped: Exact = 1) -> Derivation:
    """Definition 2 implies alignment for GBP if the active neurons are orthogonal."""
    n, p, T = sp.symbols("n p T", nonnegative=True)
    S = sp.symbols("S", positive=True)
    a, r = sp.symbols("a r", positive=True)
    N, d = sp.symbols("N d", integer=True, positive=True)
    W, relevance, norms = sp.MatrixSymbol("W", d, N), sp.MatrixSymbol("r", N, 1), sp.MatrixSymbol("D", N, N)
    square = ((W * relevance).T * W * relevance).doit().subs(W.T * W, norms)
    return Derivation(
        "Active neurons orthogonal, of any norms; GBP drops those with r_j < 0, and its map is not zero.",
        (
            symbolic(
                "‖R‖² = ⟨r, Dr⟩ with the diagonal D = WᵀW of squared norms: one square per neuron.",
                square.doit() == (relevance.T * norms * relevance).doit(),
            ),
            symbolic("⟨R, x⟩ = Σ a_j r_j gains a_j|r_j| ≥ 0 by a neuron that is dropped.", certain(0 - a * -r > 0)),
            argued("What is kept adds up to ⟨R, x⟩ ≥ 0: an old alignment ≤ 0 is not lowered."),
        ),
        (
            symbolic(
                "If the active neurons are orthogonal (of any norms) GBP never lowers the alignment of a map it does "
                "not annul.",
                # the old alignment n/√(S + T) ≥ 0 against (n + p)/√S: squares, cleared of denominators
                certain(order(sp.expand((n + dropped * p) ** 2 * (S + T) - n**2 * S), 0)),
            ),
        ),
    )
