"""The derivations behind the premise of Theorem 2: how near to orthogonal two random vectors are, and N of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.proof import Derivation, vanishes

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def pair_orthogonality() -> Derivation:
    """Two vectors: the bound `P(|cos| > ε) ≤ (1 − ε²)^{(d−1)/2}`, and the concentration of norms."""
    u, e = sp.symbols("u epsilon", positive=True)
    steps = []
    for d in (3, 5, 9):
        k = sp.Rational(d - 3, 2)
        tail = sp.integrate((1 - u**2) ** k, (u, e, 1))
        weighted = sp.integrate(u * (1 - u**2) ** k, (u, e, 1))
        steps.append(
            (
                f"∫_ε^1 u(1−u²)^((d−3)/2) = (1−ε²)^((d−1)/2)/(d−1), d = {d}",
                vanishes(weighted - (1 - e**2) ** sp.Rational(d - 1, 2) / (d - 1)),
            )
        )
        samples = [(weighted - e * tail).subs(e, sp.Rational(k2, 10)) for k2 in range(1, 10)]
        steps.append((f"ε ∫_ε^1 (1−u²)^… ≤ ∫_ε^1 u(1−u²)^…, d = {d}", all(value >= 0 for value in samples)))
    return Derivation(
        "For two independent isotropic vectors P(|cos| > ε) ≤ (1 − ε²)^{(d−1)/2} → 0, and Gaussian norms concentrate: "
        "P(|‖w‖²/d − 1| > ε) ≤ 2 exp(−d(ε² − ε³)/4) → 0.",
        "The cosine has density ∝ (1 − u²)^{(d−3)/2}. g(ε) = P(u ≥ ε)/(1 − ε²)^{(d−1)/2} starts at ½ and decreases, "
        "since ε ∫_ε^1 (1 − u²)^{(d−3)/2} ≤ ∫_ε^1 u (1 − u²)^{(d−3)/2} = (1 − ε²)^{(d−1)/2}/(d − 1). Norms: "
        "Chernoff's bound for χ²_d.",
        tuple(steps),
    )


def all_pairs() -> Derivation:
    """N vectors: pairwise they are nearly orthogonal once d ≫ ln N; as a frame only when N ≪ d."""
    N, d = sp.symbols("N d", positive=True)
    frobenius = N * (N - 1) / d + 2 * N / d
    return Derivation(
        "P(max_{i<j} |cos| > ε) ≤ N(N−1)/2 (1 − ε²)^{(d−1)/2}. For unit-variance Gaussian columns G = WᵀW/d has E‖G − "
        "I‖²_F / N = (N + 1)/d, so ‖G − I‖ vanishes only if N/d does; for N > d it is at least 1.",
        "Union bound over pairs. E‖G − I‖²_F sums N(N − 1) squared inner products of mean 1/d and N squared "
        "deviations of χ²_d/d of variance 2/d, and ‖G − I‖² ≥ ‖G − I‖²_F / N. For N > d, G is singular, so −1 is an "
        "eigenvalue of G − I.",
        (("(N(N−1)/d + 2N/d)/N = (N+1)/d", vanishes(frobenius / N - (N + 1) / d)),),
    )
