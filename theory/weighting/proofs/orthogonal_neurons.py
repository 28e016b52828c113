"""The derivations behind Theorem 2 for orthogonal neurons: every weighting, the filters, and what filtering gains."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.proof import Derivation, vanishes

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def lagrange() -> Derivation:
    """Theorem 2: Lagrange's identity, hence the inequality for every weighting and its equality case."""
    steps = []
    for n in (2, 3, 4):
        A, s = sp.symbols(f"A1:{n + 1}", positive=True), sp.symbols(f"s1:{n + 1}", real=True)
        left = sum(a * a for a in A) * sum(t * t for t in s) - sum(a * t for a, t in zip(A, s, strict=True)) ** 2
        right = sum((A[i] * s[j] - A[j] * s[i]) ** 2 for i, j in combinations(range(n), 2))
        steps.append((f"‖A‖²‖s‖² − ⟨A, s⟩² = Σ_(i<j) (A_i s_j − A_j s_i)² for n = {n}", vanishes(left - right)))
    return Derivation(
        "For orthogonal active neurons of equal norm c, α(Σ s_j w_j, x) = ⟨s, A⟩/(c‖s‖‖x‖) ≤ ‖A‖/(c‖x‖), the "
        "alignment of s ∝ A, for every s ≠ 0 whatever its law; equality holds iff s = tA on the active set with t > 0.",
        "⟨Σ s_j w_j, x⟩ = Σ s_j A_j since ⟨w_j, x⟩ = A_j on the active set; ‖Σ s_j w_j‖ = c‖s‖ by orthogonality. "
        "Cauchy–Schwarz with Lagrange's identity gives the inequality, and equality iff all A_i s_j = A_j s_i and ⟨s, "
        "A⟩ > 0. With s constant that reads 'all active A_i equal'; inactive neurons play no part.",
        tuple(steps),
    )


def rectgrad_weighting() -> Derivation:
    """Theorem 2 for RectGrad, repaired: τ ≤ 0, or a quantile without ties."""
    top, rest, c = sp.symbols("T S c", positive=True)
    return Derivation(
        "With τ ≤ 0 RectGrad passes all of r_a = cA, whose alignment no weighting exceeds. With the quantile, and no "
        "two active neurons equally active, it passes the k largest A_j of r_a and at most k neurons of r_b, so "
        "α(R_a) ≥ α(R_b).",
        "τ ≤ 0: c A_j² > 0 ≥ τ on the active set; then Theorem 2 for the plain rule applies to the filtered r_b. "
        "Quantile: without ties exactly k = N − 1 − ⌊q(N − 1)⌋ entries exceed it, those of r_a being the k largest "
        "activations T (all active ones if fewer). r_b passes a set T′ of at most k active neurons, and by "
        "Cauchy–Schwarz α(R_b) ≤ ‖A_T′‖/(c‖x‖) ≤ ‖A_T‖/(c‖x‖) = α(R_a).",
        (
            ("c A² > 0 for active neurons", bool((c * top**2).is_positive)),
            ("adding a squared activation cannot lower the norm", bool(((top**2 + rest**2) - top**2).is_positive)),
        ),
    )


def zplus_weighting() -> Derivation:
    """Theorem 2 for z⁺, repaired: non-negative active columns, no bottom process."""
    x, w = sp.symbols("x w", nonnegative=True)
    return Derivation(
        "If the active columns are non-negative (hence of disjoint support) and x ≥ 0, the z⁺ rule without bottom "
        "process is the plain rule: W⁺ = W and every γ_j = 1. Theorem 2 then holds for it.",
        "W⁺ = W for W ≥ 0, so Σ_k z_kj⁺ = z_j = a_j on active neurons and γ_j = 1. Lagrange's identity does the rest. "
        "With the bottom process r_0 ⊙ x the best weighting is no longer A.",
        (
            ("max(w, 0) = w for w ≥ 0", sp.Max(w, 0) == w),
            ("max(xw, 0) = xw", sp.simplify(sp.Max(x * w, 0) - x * w) == 0),
        ),
    )


def filtering_orthogonal() -> Derivation:
    """Definition 2 implies alignment for GBP if the active neurons are orthogonal."""
    n, p, S, T = sp.symbols("n p S T", positive=True)
    gap = sp.expand((n + p) ** 2 * (S + T) - n**2 * S)
    return Derivation(
        "If the active neurons are orthogonal (of any norms) GBP never lowers the alignment of a map it does not "
        "annul.",
        "Dropping the neurons with r_j < 0 removes negative terms from ⟨R, x⟩ = Σ a_j r_j and squares from ‖R‖² = Σ "
        "r_j² ‖w_j‖². The new numerator is ≥ 0 and ≥ the old one, the new norm ≤ the old one. If the old alignment is "
        "≤ 0 nothing is left to show; else the quotient grows.",
        (("(n + p)²(S + T) − n²S has only positive terms", all(c > 0 for c in sp.Poly(gap, n, p, S, T).coeffs())),),
    )
