"""The derivations behind angles, frames, Gram matrices and the order of weightings."""

from __future__ import annotations

import numpy as np
import sympy as sp

from nfrlab.theory.filtering.proofs import Derivation, vanishes
from nfrlab.theory.weighting import angles, frames, gram, ordering


def _agree(computed: float, derived: sp.Expr) -> bool:
    """Whether the theory computes the derived value, to rounding."""
    return abs(computed - float(derived)) <= 1e-12 * max(1.0, abs(float(derived)))


def _angle_mean(weighting: str, power: int) -> sp.Expr:
    """`E C^power` of two neurons from the density of φ."""
    angle = sp.symbols("phi", positive=True)
    if weighting == "constant":
        return sp.integrate(sp.cos(angle) ** power, (angle, 0, sp.pi / 4)) * 4 / sp.pi
    return sp.integrate(sp.cos(angle) ** power * (1 - 2 * angle / sp.pi), (angle, 0, sp.pi / 2)) * 4 / sp.pi


def _beta_mean(K: int, d: int) -> sp.Expr:
    """E ρ, ρ² ~ Beta(K/2, (d − K)/2), by integrating with ρ = sin φ."""
    angle = sp.symbols("phi", positive=True)
    weight = sp.sin(angle) ** (K - 1) * sp.cos(angle) ** (d - K - 1)
    whole = sp.integrate(weight, (angle, 0, sp.pi / 2))
    return sp.simplify(sp.integrate(sp.sin(angle) * weight, (angle, 0, sp.pi / 2)) / whole)


def _half_normal_moments() -> list[sp.Expr]:
    """E|z|^p for p = 1, …, 4."""
    z = sp.symbols("z", positive=True)
    density = sp.sqrt(2 / sp.pi) * sp.exp(-(z**2) / 2)
    return [sp.integrate(z**p * density, (z, 0, sp.oo)) for p in (1, 2, 3, 4)]


def frame_law() -> Derivation:
    """One Haar frame: `α = ρ C` with independent factors."""
    pairs = (1, 2), (2, 4), (2, 5), (3, 6)
    chi = [_agree(angles.chi_mean(K) / angles.chi_mean(d), _beta_mean(K, d)) for K, d in pairs]
    two = [
        _agree(computed, _angle_mean(weighting, power))
        for weighting in angles.WEIGHTINGS
        for power, computed in zip((1, 2, 4), angles.moments(weighting, 2), strict=True)
    ]
    m = _half_normal_moments()
    patterns = m[3] - 3, m[0] * m[2] - 4 / sp.pi, m[1] ** 2 - 1, m[1] * m[0] ** 2 - 2 / sp.pi, m[0] ** 4 - 4 / sp.pi**2
    k = sp.symbols("k", integer=True, positive=True)
    often = k, 4 * k * (k - 1), 3 * k * (k - 1), 6 * k * (k - 1) * (k - 2), k * (k - 1) * (k - 2) * (k - 3)
    N = sp.symbols("N", integer=True, positive=True)
    alone = N * sp.Rational(1, 2) ** N
    share = {"constant": alone / (1 - sp.Rational(1, 2) ** N), "gbp": alone / 2 / (1 - sp.Rational(3, 4) ** N)}
    return Derivation(
        "One Haar frame, N ≤ d: α = ρ C, ρ² ~ Beta(K/2, (d − K)/2), C = cos(s, A) on the K neurons that pass; for s "
        "drawn without a look at A independent, so E α^p = E ρ^p E C^p. Activation: C = 1. The two are equal iff s ∥ "
        "A, with probability P(one active neuron, and it passes | both defined).",
        "‖R‖ = √d ‖s‖ and ⟨R, x̂⟩ = √d ⟨s, c⟩, so α = ⟨s, c⟩/‖s‖ = ‖c‖ C on the neurons that pass. c is the first N "
        "coordinates of a uniform direction g/‖g‖; given which of them are positive their sizes are those of any "
        "other sign pattern, so ‖c‖² = ‖z‖²/‖g‖² is Beta, and the direction of z is independent of ‖z‖ and of the "
        "other entries of g. s is independent of them all, hence C of ρ. E T = E C E‖z‖, E α = E T/E‖g‖. Equality "
        "needs C = 1, s ∥ A: for K ≥ 2 neurons that has probability 0, both for constant s (A has no two equal "
        "entries) and for s of a continuous law independent of A; GBP besides needs that no active neuron was cut off.",
        (
            ("E ρ = E χ_K / E χ_d for (K, d) = (1, 2), (2, 4), (2, 5), (3, 6), by integration", all(chi)),
            ("E C, E C², E C⁴ at K = 2 from the density of φ: the theory's moments", all(two)),
            ("E z⁴, z_a³z_b, z_a²z_b², z_a²z_bz_c, z_az_bz_cz_d of |N(0, 1)|", all(vanishes(e) for e in patterns)),
            ("the index patterns aaaa, aaab, aabb, aabc, abcd are all K⁴", vanishes(sum(often) - k**4)),
            (
                "the theory computes N 2^−N/(1 − 2^−N), and GBP's, at N = 1, 3, 9",
                all(_agree(frames.equality(rule, n), share[rule].subs(N, n)) for rule in share for n in (1, 3, 9)),
            ),
        ),
    )


def gram_condition() -> Derivation:
    """The sharp condition on the condition number and the angle."""
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
        _agree(gram.tolerated_condition(float(v)), root.subs(t, v))
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
    """At every angle, and every κ beyond the bound, a counterexample."""
    sigma, excess = sp.symbols("sigma epsilon", positive=True)
    singular, *vectors = gram.extremal(sigma)
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
    """The best weighting, and the least that Activation reaches of it."""
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
            ("the theory computes 2√κ/(1 + κ)", _agree(gram.kantorovich(7.0), 2 * sp.sqrt(7) / 8)),
        ),
    )


def reversal() -> Derivation:
    """How often another weighting beats Activation on Gaussian weights."""
    rho, m, tan, t = sp.symbols("rho m tau t", positive=True)
    root = sp.sqrt((1 - rho**2) * (1 + 3 * rho**2))
    plus, minus = (1 - rho**2 + root) / 2, (1 - rho**2 - root) / 2
    form = sp.diag(-(rho**2), 1) * sp.Matrix([[1, rho], [rho, 1]])
    share = sp.Rational(1, 2) * (1 - (1 - rho**2) / root)
    base = 4 * rho**2 / (1 + 3 * rho**2)
    slope = 2 * 4 ** (m - 1) / sp.beta(m, sp.Rational(1, 2)) * sp.beta(m, m)  # ½ I_{4q(1−q)}(m, ½) over I_q(m, m)
    tails = []
    for dof in (1, 2, 3):  # t = √dof tan θ has the density ∝ cos^{dof − 1} θ
        weight = sp.cos(t) ** (dof - 1)
        for value in (sp.Rational(1, 2), sp.Integer(2)):
            inside = sp.integrate(weight, (t, 0, sp.atan(value / 2))) / sp.integrate(weight, (t, 0, sp.pi / 2)) / 2
            computed = ordering.reversal(np.array([float(value)]), dof + 1)[0]
            tails.append(_agree(float(computed), sp.Rational(1, 2) - inside))
    k = sp.symbols("k", positive=True)
    squares = {"constant": (1 + 2 / sp.pi * (k - 1)) / k, "positive": (1 + 4 / sp.pi**2 * (k - 1)) / k}
    limits = [_agree(angles.LIMIT[name] ** 2, sp.limit(square, k, sp.oo)) for name, square in squares.items()]
    return Derivation(
        "Gaussian weights, given A and s at an angle φ < π/2: P(α(s) > α(A)) = P(t_{d−1} > ½ √(d − 1) tan φ). With N "
        "→ ∞ it tends to its value at cos φ = √(2/π) for constant and 2/π for positive weights, which falls with d "
        "like e^{−λd}, λ = ½ ln(1 + ¼ tan²φ).",
        "WᵀW = A Aᵀ/‖x‖² + VᵀV with V Gaussian in the d − 1 dimensions beside x̂, independent of A. By the Gram "
        "matrix s wins iff −2 aᵀGe/eᵀGe > tan φ; A Aᵀ has no part along e, so G may be replaced by VᵀV. V a and V e "
        "are independent, hence aᵀVᵀVe/‖Ve‖² = g/‖Ve‖ with g ~ N(0, 1): t_{d−1}/√(d − 1). The second route: s wins "
        "iff ‖g_s‖² < ρ²‖g_A‖², ρ = cos φ their correlation; the form has eigenvalues λ± in each of the d − 1 "
        "coordinates, so this is P(λ₊X < |λ₋|Y), X, Y ~ χ²_{d−1}, a Beta probability I_q(m, m), m = (d − 1)/2, q = "
        "|λ₋|/(λ₊ + |λ₋|). Both are ½ I_z(m, ½), z = 4/(4 + tan²φ), and z^m/(m B) ≤ I_z(m, ½) ≤ z^m/(m B √(1 − z)), B "
        "= B(m, ½) between 1/m and √(4π/m).",
        (
            (
                "λ₊ + λ₋ and λ₊λ₋ are trace and determinant",
                vanishes(plus + minus - form.trace()) and vanishes(plus * minus - form.det()),
            ),
            ("q = |λ₋|/(λ₊ + |λ₋|) = ½(1 − √((1 − ρ²)/(1 + 3ρ²)))", vanishes(-minus / (plus - minus) - share)),
            ("4q(1 − q) = 4ρ²/(1 + 3ρ²)", vanishes(4 * share * (1 - share) - base)),
            ("= 4/(4 + tan²φ)", vanishes(base.subs(rho, 1 / sp.sqrt(1 + tan**2)) - 4 / (4 + tan**2))),
            (
                "I_q(m, m) and ½ I_{4q(1−q)}(m, ½), 0 at q = 0, have one derivative",
                sp.powsimp(sp.gammasimp(slope.rewrite(sp.gamma)), force=True) == 1,
            ),
            ("the theory computes the tail of t_{d−1} for d = 2, 3, 4", all(tails)),
            ("cos²φ → 2/π and 4/π², the limits of theory.weighting.angles", all(limits)),
        ),
    )


def mean_order() -> Derivation:
    """The order of the means."""
    T, c, chi = sp.symbols("T c chi", positive=True)
    alpha = T * c / sp.sqrt(T**2 * c**2 + chi**2)
    under = T**2 * c**2 + chi**2
    first = sp.diff(alpha, c) - T * chi**2 / under ** sp.Rational(3, 2)
    second = sp.diff(alpha, c, 2) + 3 * T**3 * c * chi**2 / under ** sp.Rational(5, 2)
    v = sp.symbols("v1:4", real=True)
    spread = 3 * sum(e**2 for e in v) - sum(v) ** 2 - (v[0] - v[1]) ** 2 - (v[0] - v[2]) ** 2 - (v[1] - v[2]) ** 2
    return Derivation(
        "Gaussian layers and Haar frames, every N ≥ 2 and d ≥ 2, given R ≠ 0: Activation is stochastically larger "
        "than any other weighting; constant weights have the larger mean α than any random s ≥ 0 that is exchangeable "
        "and independent of A; and a mean > 0 = that of the plain gradient.",
        "Given A and s, α = T C/√(T²C² + χ²), T = ‖A‖, C = cos(s, A), χ² ~ χ²_{d−1} independent of both: it rises "
        "with C and C ≤ 1, with equality only where s ∥ A. It is concave in C > 0, so by Jensen E[α | A, χ] ≤ α(E[C | "
        "A]), and E[C | A] = ⟨E s/‖s‖, A⟩/‖A‖ with E s/‖s‖ = β (1, …, 1), β ≤ 1/√K by Cauchy–Schwarz: at most the C "
        "of constant weights. For a frame α = ρ C is linear in C. The gradient's α is symmetric about 0.",
        (
            ("dα/dC = T χ²/(T²C² + χ²)^{3/2} > 0", vanishes(first)),
            ("d²α/dC² = −3 T³ C χ²/(T²C² + χ²)^{5/2} < 0", vanishes(second)),
            ("K‖v‖² − (Σ v_j)² = Σ_{i<j} (v_i − v_j)² for K = 3", vanishes(spread)),
        ),
    )
