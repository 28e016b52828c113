"""Sums over any number of entries, symbolically: what is a polynomial in the entries becomes one in power sums.

`Σ_i Σ_j a_i² s_j²` is `(Σ a²)(Σ s²)` whatever the number of entries: an identity between polynomials in power sums is
one in every dimension.
"""

from __future__ import annotations

from itertools import chain
from math import prod
from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def power_sum(*exponents: int) -> sp.Symbol:
    """`Σ_i a_i^p b_i^q …` as a symbol, for real entries; with exponents 0 the number of entries."""
    even = all(p % 2 == 0 for p in exponents)
    return sp.Symbol(f"S_{'_'.join(map(str, exponents))}", real=True, nonnegative=True if even else None)


def summed(term: sp.Expr, *entries: tuple[sp.Symbol, ...]) -> sp.Expr:
    """`Σ_i Σ_j … term`, a polynomial in the entries of index i, of index j, …, by power sums.

    `entries` holds for every index the symbols that depend on it, in one order: `(a_i, s_i), (a_j, s_j)`.
    """
    width = len(entries[0])
    terms = sp.Poly(sp.expand(term), *chain(*entries)).terms()
    return sp.Add(
        *(
            c * prod(power_sum(*exponents[k : k + width]) for k in range(0, len(exponents), width))
            for exponents, c in terms
        )
    )


def lagrange_gap(factor: object = 1) -> bool:
    """Whether `factor ‖A‖²‖s‖² − ⟨A, s⟩² = ½ Σ_ij (A_i s_j − A_j s_i)²` for any number of entries.

    With the factor 1 that is Lagrange's identity.
    """
    (a, s), (b, t) = pair, other = sp.symbols("a s", real=True), sp.symbols("b t", real=True)
    squares = summed((a * t - b * s) ** 2, pair, other) / 2
    gap = sp.sympify(factor) * power_sum(2, 0) * power_sum(0, 2) - power_sum(1, 1) ** 2
    return bool(sp.expand(squares - gap) == 0)
