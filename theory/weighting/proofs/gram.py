"""The derivations behind Theorem 2 for any Gram matrix: the sharp condition, its sharpness, and the best weighting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from nfrlab.theory.numerics.proof import Derivation, agrees, vanishes
from nfrlab.theory.weighting import gram

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def gram_condition() -> Derivation:
    """The sharp condition on the condition number and the angle under which Activation wins."""
    alpha, beta, gamma, t, kappa, sin, cos = sp.symbols("alpha beta gamma t kappa s c", positive=True)
    form = sp.Matrix([[alpha, beta], [beta, gamma]])
    a, r = sp.Matrix([1, 0]), sp.Matrix([1, t])  # r in units of its part along a
    gain = (r.T * form * r - a.T * form * a)[0]
    off, on = (kappa - 1) * sin * cos, kappa * sin**2 + cos**2  # aᵀGe, eᵀGe for eigenvalues κ, 1 turned by an angle
    square = (kappa - 1) ** 2 / (4 * kappa)
    cos2 = kappa / (kappa**2 - kappa + 1)
    tan2, h2 = 1 / cos2 - 1, ((kappa - 1) / (kappa + 1)) ** 2
    root = sp.exp(2 * sp.asinh(t / 2))
    phi = sp.symbols("phi", real=True)
    c = sp.cos(phi)
    wave = c**2 * sp.exp(-sp.I * phi) - sp.exp(sp.I * phi)
    amplitude = sp.expand(wave * sp.expand(wave.subs(sp.I, -sp.I)), complex=False)
    computed = [
        agrees(gram.tolerated_condition(float(v)), root.subs(t, v))
        and abs(gram.needed_tangent(float(root.subs(t, v))) - v) < 1e-12
        for v in (sp.Rational(1, 3), 1, 4)
    ]
    return Derivation(
        "Activation is at least as aligned as r at angle φ < π/2 to A iff tan φ ≥ −2 aᵀGe/eᵀGe; for every G with cond "
        "G ≤ κ iff tan φ ≥ √κ − 1/√κ, that is cos²φ ≤ κ/(κ² − κ + 1), or h ≤ sin φ/√(1 + 3cos²φ) with h = (κ − 1)/(κ "
        "+ 1). At φ ≥ π/2 it always is.",
        "α(r) ∝ ⟨r, A⟩/√(rᵀGr). Scale r to a + t e, t = tan φ: then α(A) ≥ α(r) iff rᵀGr ≥ aᵀGa, and the difference "
        "is t (2aᵀGe + t eᵀGe). G compressed to span(a, e) has its condition number at most κ (Cauchy). If its "
        "eigenvalues are κ′ ≤ κ and 1, at an angle: aᵀGe = ±(κ′ − 1) s c, eᵀGe = κ′s² + c², and |aᵀGe|/eᵀGe is at "
        "most (κ′ − 1)/2√κ′, reached where κ′s² = c², and increasing in κ′. At φ ≥ π/2, α(r) ≤ 0 < α(A).",
        (
            ("(a + te)ᵀG(a + te) − aᵀGa = t(2aᵀGe + t eᵀGe)", vanishes(gain - t * (2 * beta + t * gamma))),
            (
                "(κ − 1)²/4κ (eᵀGe)² − (aᵀGe)² = (κ − 1)²/4κ (κs² − c²)²",
                vanishes(square * on**2 - off**2 - square * (kappa * sin**2 - cos**2) ** 2),
            ),
            ("√κ − 1/√κ increases", bool(sp.diff(sp.sqrt(kappa) - 1 / sp.sqrt(kappa), kappa).is_positive)),
            ("cos²φ = κ/(κ² − κ + 1) is tan φ = √κ − 1/√κ", vanishes(tan2 - (kappa - 1) ** 2 / kappa)),
            ("and h = sin φ/√(1 + 3cos²φ)", vanishes(h2 - (1 - cos2) / (1 + 3 * cos2))),
            (
                "the same by Fourier: |c²e^{−iφ} − e^{iφ}|² = (1 − c²)(1 + 3c²)",
                vanishes(sp.simplify(amplitude.rewrite(sp.cos)) - (1 - c**2) * (1 + 3 * c**2)),
            ),
            (
                "κ/(κ² − κ + 1) − 1/κ = (κ − 1)/(κ(κ² − κ + 1)): the crude condition asks for more",
                vanishes(cos2 - 1 / kappa - (kappa - 1) / (kappa * (kappa**2 - kappa + 1))),
            ),
            ("κ = exp(2 arsinh(t/2)) inverts t = √κ − 1/√κ, and the theory computes both", all(computed)),
        ),
    )


def gram_sharp() -> Derivation:
    """The condition is sharp: at every angle, for every κ beyond the bound, a counterexample."""
    sigma, excess = sp.symbols("sigma epsilon", positive=True)
    singular, *vectors = gram.extremal_case(sigma)
    A, r = (np.array(vector, dtype=object) for vector in vectors)
    stretched = np.array([singular[0] * (1 + excess), singular[1]], dtype=object)
    gain = gram.advantage(np.diag(stretched**2), A, r)
    expected = -(sigma**2) * (1 + sigma**2) ** 2 * ((1 + excess) ** 2 - 1) * (sigma**4 - 1)
    return Derivation(
        "The condition is sharp at every angle: W = diag(σ(1 + ε), 1), A = (σ, 1), r = (1, σ³), σ > 1 has tan φ = σ − "
        "1/σ, κ = σ²(1 + ε)²; Activation ties at ε = 0, the bound, and loses for every ε > 0. The two neurons are "
        "orthogonal and r is positive.",
        "x = (1/(1 + ε), 1) gives this A. tan φ takes every value in (0, ∞) as σ runs over (1, ∞). Activation wins "
        "iff rᵀGr ‖A‖⁴ ≥ ⟨r, A⟩² AᵀGA.",
        (
            ("tan φ = σ − 1/σ", vanishes(sp.together(gram.square_tangent(A, r) - (sigma - 1 / sigma) ** 2))),
            ("rᵀGr ‖A‖⁴ − ⟨r, A⟩² AᵀGA = −σ²(1 + σ²)² ((1 + ε)² − 1)(σ⁴ − 1)", vanishes(gain - expected)),
        ),
    )


def gram_best() -> Derivation:
    """The best weighting, and the least that Activation reaches of its alignment."""
    a, b, c, A1, A2, s1, s2 = sp.symbols("a b c A1 A2 s1 s2", real=True)
    G, A, s = sp.Matrix([[a, b], [b, c]]), sp.Matrix([A1, A2]), sp.Matrix([s1, s2])
    best = G.inv() * A
    gap = (s.T * G * s)[0] * (A.T * best)[0] - (s.T * A)[0] ** 2
    lam, kappa, u, v = sp.symbols("lambda kappa u v", positive=True)
    equal = np.array([1, 1], dtype=object)
    products = (equal @ np.diag([kappa, 1]) @ equal) * (equal @ np.diag([1 / kappa, 1]) @ equal)
    return Derivation(
        "No weighting is better aligned than s* = G⁻¹A, α* = √(AᵀG⁻¹A)/‖x‖. Activation reaches ‖A‖²/√(AᵀGA · AᵀG⁻¹A) "
        "≥ 2√κ/(1 + κ) of it, attained by A = (1, 1), G = diag(κ, 1). In a Gaussian layer, given K ≤ d active "
        "neurons, α*² ~ Beta(K/2, (d − K)/2) against Activation's Beta(K/2, (d − 1)/2): E α² = K/d against K/(K + d − "
        "1).",
        "⟨s, A⟩ = ⟨s, G s*⟩, and Cauchy–Schwarz in the inner product of G. For the eigenvalues λ of G in units of the "
        "least and the shares p of ‖A‖² along their directions: (λ − 1)(κ − λ) ≥ 0 gives Σ p λ + κ Σ p/λ ≤ 1 + κ, and "
        "the product of the two is at most (1 + κ)²/4. R* = W G⁻¹Wᵀx is x projected on the span of the active "
        "neurons. Turning the sign of a neuron leaves the span as it is, so given the signs it is a uniform "
        "K-dimensional one.",
        (
            (
                "sᵀGs AᵀG⁻¹A − ⟨s, A⟩² = det G (s_1 s*_2 − s_2 s*_1)²",
                vanishes(gap - G.det() * (s1 * best[1] - s2 * best[0]) ** 2),
            ),
            (
                "1 + κ − λ − κ/λ = (λ − 1)(κ − λ)/λ",
                vanishes(1 + kappa - lam - kappa / lam - (lam - 1) * (kappa - lam) / lam),
            ),
            ("(u + v)² − 4uv = (u − v)²", vanishes((u + v) ** 2 - 4 * u * v - (u - v) ** 2)),
            ("A = (1, 1): ‖A‖⁴/(AᵀGA · AᵀG⁻¹A) = 4κ/(1 + κ)²", vanishes(4 / products - 4 * kappa / (1 + kappa) ** 2)),
            ("the theory computes 2√κ/(1 + κ)", agrees(gram.kantorovich(7.0), 2 * sp.sqrt(7) / 8)),
        ),
    )
