"""Beta laws, symbolically: the share of one χ² variable in the sum of two, and its moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def chi_square_density(t: sp.Expr, k: sp.Expr) -> sp.Expr:
    """The density of χ²_k at t > 0."""
    return t ** (k / 2 - 1) * sp.exp(-t / 2) / (2 ** (k / 2) * sp.gamma(k / 2))


def is_share(a: sp.Expr, b: sp.Expr, first: sp.Expr, second: sp.Expr) -> bool:
    """Whether `X/(X + Y) ~ Beta(a, b)` for independent `X ~ χ²_first`, `Y ~ χ²_second`.

    The joint density of `u = X/(X + Y)` and `S = X + Y`, with the Jacobian S, has to be that of χ² at S times
    `u^{a−1} (1 − u)^{b−1} / B(a, b)`.
    """
    S, u, v = sp.symbols("S u v", positive=True)  # v = 1 − u
    joint = chi_square_density(S * u, first) * chi_square_density(S * v, second) * S
    beta = u ** (a - 1) * v ** (b - 1) * sp.gamma(a + b) / (sp.gamma(a) * sp.gamma(b))
    whole = chi_square_density(S, first + second)
    ratio = sp.log(joint / (whole * beta))
    return bool(sp.simplify(sp.expand(sp.expand_log(ratio, force=True)).subs(v, 1 - u)) == 0)


def beta_moment(a: sp.Expr, b: sp.Expr, p: sp.Expr) -> sp.Expr:
    """`E u^p = B(a + p, b) / B(a, b) = (Γ(a + p)/Γ(a)) / (Γ(a + b + p)/Γ(a + b))` of u ~ Beta(a, b)."""
    t = sp.symbols("t", positive=True)
    rising = sp.gammasimp(sp.gamma(t + p) / sp.gamma(t))
    return rising.subs(t, a) / rising.subs(t, sp.expand(a + b))
