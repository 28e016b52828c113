"""The derivations behind the closed forms: a written argument, and every computable step checked by SymPy.

Each function returns a `Derivation`. `holds` is true only if every step checked out; the judge accepts nothing less.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, combinations

import sympy as sp


@dataclass(frozen=True)
class Derivation:
    """A statement, its argument in words, and its computable steps with the outcome of each."""

    statement: str
    argument: str
    steps: tuple[tuple[str, bool], ...]

    @property
    def holds(self) -> bool:
        """Whether there is a step and every step was verified."""
        return bool(self.steps) and all(outcome for _, outcome in self.steps)


def vanishes(expression: sp.Expr) -> bool:
    """Whether SymPy simplifies the expression to 0."""
    return bool(sp.simplify(sp.expand(expression)) == 0)


def gbp_margin() -> Derivation:
    """Prop. 1, repaired."""
    r = sp.symbols("r", real=True)
    a = sp.symbols("a", nonnegative=True)
    positive, negative = sp.Piecewise((r, r > 0), (0, True)), sp.Piecewise((-r, r < 0), (0, True))
    cases = [
        vanishes((a * (positive - r) - a * negative).subs(r, value))
        for value in (-sp.Symbol("p", positive=True), 0, sp.Symbol("p", positive=True))
    ]
    return Derivation(
        "⟨A, F(WM)r⟩ − ⟨A, WMr⟩ = Σ_j a_j r_j⁻ ≥ 0, and > 0 exactly when F(WM)r ≠ WMr.",
        "Without biases ⟨A, w_j⟩ = z_j, so neuron j contributes M_j z_j r_j = a_j r_j to ⟨A, WMr⟩, and a_j relu(r_j) "
        "after the filter. The difference is a_j r_j⁻ ≥ 0. If F(WM)r ≠ WMr, some column with M_j = 1 was dropped with "
        "r_j ≠ 0, so r_j < 0 and a_j > 0: the margin is positive. If F(WM)r = WMr the margin is ⟨A, 0⟩ = 0.",
        tuple((f"a·relu(r) − a·r = a·r⁻ for r {sign} 0", ok) for sign, ok in zip("<=>", cases, strict=True)),
    )


def rectgrad_margin() -> Derivation:
    """Prop. 2, repaired."""
    excess = sp.symbols("epsilon", nonnegative=True)
    tau = sp.symbols("tau", nonpositive=True)
    dropped = tau - excess  # any contribution ≤ τ
    t = sp.symbols("t", positive=True)
    return Derivation(
        "⟨A, F(WM)r⟩ − ⟨A, WMr⟩ = −Σ_{a_j r_j ≤ τ} a_j r_j. For τ ≤ 0 it is ≥ 0, and > 0 exactly when F(WM)r ≠ WMr; "
        "for every τ > 0 it is negative somewhere.",
        "Neuron j contributes a_j r_j and is dropped iff a_j r_j ≤ τ. For τ ≤ 0 every dropped contribution is ≤ 0; it "
        "is 0 only if a_j = 0 or r_j = 0, which changes nothing in F(WM)r. For τ > 0 take one neuron with a_1 r_1 = "
        "τ: it is dropped and the margin is −τ.",
        (
            (
                "a dropped contribution c = τ − ε with τ ≤ 0 ≤ ε is non-positive",
                bool((-dropped).is_nonnegative),
            ),
            ("one neuron with a·r = τ > 0 has margin −τ < 0", bool((-t).is_negative)),
        ),
    )


def zplus_margin() -> Derivation:
    """Prop. 3, repaired: the conserving γ makes ineq. 13 an equality, γ = 1 makes it hold, per-neuron γ is the rule."""
    x = sp.symbols("x1 x2", nonnegative=True)
    r = sp.symbols("r1 r2", nonnegative=True)
    u = [[sp.Symbol(f"u{i}{j}", nonnegative=True) for j in range(2)] for i in range(2)]
    v = [[sp.Symbol(f"v{i}{j}", nonnegative=True) for j in range(2)] for i in range(2)]
    z_plus = [sum(x[i] * u[i][j] for i in range(2)) for j in range(2)]
    z = [z_plus[j] - sum(x[i] * v[i][j] for i in range(2)) for j in range(2)]
    total, target = sum(r[j] * z_plus[j] for j in range(2)), sum(r[j] * z[j] for j in range(2))
    gamma = target / total
    dropped = sp.expand(total - target)
    a, rho, w, x1 = sp.symbols("a rho w x", positive=True)
    Z = sp.symbols("Z", positive=True)
    return Derivation(
        "With γ dropped and x, r ≥ 0 the margin is Σ_j M_j r_j Σ_i x_i w_ij⁻ ≥ 0, positive exactly when x ⊙ F(WM)r ≠ "
        "x ⊙ WMr; with the γ that conserves Σ_i R_i = Σ_j R_j it is zero identically; the rule itself is x ⊙ W⁺(γ ⊙ "
        "ρ) with one γ_j = a_j / Σ_k z_kj⁺ per neuron.",
        "Write w = w⁺ − w⁻ on active neurons: ⟨x, W⁺Mr⟩ − ⟨x, WMr⟩ = Σ_j M_j r_j Σ_i x_i w_ij⁻, a sum of non-negative "
        "terms, positive iff some x_i (W⁺Mr − WMr)_i > 0. Conservation says Σ_i x_i γ(W⁺Mr)_i = Σ_j a_j r_j; but Σ_j "
        "a_j r_j is ⟨x, WMr⟩, so both sides of ineq. 13 coincide whenever that γ exists. In eq. 16 put R_l = a ⊙ ρ: "
        "R_i = x_i Σ_j w_ij⁺ (a_j / Σ_k z_kj⁺) ρ_j.",
        (
            ("γ = Σ a r / Σ r z⁺ gives margin 0 (d = N = 2, all signs)", vanishes(gamma * total - target)),
            (
                "γ = 1: every coefficient of the margin is +1",
                all(c > 0 for c in sp.Poly(dropped, *sp.Tuple(*x, *r, *chain(*v))).coeffs()),
            ),
            ("x w/Z · (aρ) = x · w (a/Z) ρ", vanishes(x1 * w / Z * (a * rho) - x1 * w * (a / Z) * rho)),
        ),
    )


def scalar_gamma() -> Derivation:
    """`prop-3-gamma`, repaired."""
    R, low, high = sp.symbols("R m M", real=True)
    g = sp.symbols("gamma", positive=True)
    return Derivation(
        "One scalar γ > 0 leaves the map normalised to [0, 1] unchanged.",
        "min and max commute with multiplication by γ > 0, so (γR − γ min R)/(γ max R − γ min R) = (R − min R)/(max R "
        "− min R).",
        (
            (
                "the normalised entry does not contain γ",
                vanishes((g * R - g * low) / (g * high - g * low) - (R - low) / (high - low)),
            ),
        ),
    )


def isotropic_half_space_mean() -> Derivation:
    """Theorem 1's limit direction, for GBP and for RectGrad without its bottom process."""
    u, t = sp.symbols("u t", positive=True)
    steps = []
    for d in (2, 3, 4, 5):
        density = (1 - u**2) ** sp.Rational(d - 3, 2)
        mean = sp.integrate(u * density, (u, 0, 1)) / sp.integrate(density, (u, 0, 1))
        closed = sp.gamma(sp.Rational(d, 2)) / (sp.sqrt(sp.pi) * sp.gamma(sp.Rational(d + 1, 2)))
        steps.append((f"E|u_1| = Γ(d/2)/(√π Γ((d+1)/2)) for d = {d}", vanishes(mean - closed)))
    gauss = sp.integrate(t * sp.exp(-(t**2) / 2) / sp.sqrt(2 * sp.pi), (t, 0, sp.oo))
    steps.append(("Gaussian: E[z 1(z > 0)] = 1/√(2π)", vanishes(gauss - 1 / sp.sqrt(2 * sp.pi))))
    return Derivation(
        "For rotation-invariant w with E‖w‖ < ∞ and s = g(⟨w, x⟩, v), v independent of w: E[s w 1(w·x > 0)] is "
        "parallel to x. With s > 0 on the active set it is a positive multiple of x; for s = relu(v) it is E relu(v) "
        "· ½ E‖w‖ E|u_1| · x̂.",
        "A rotation or reflection H that fixes x leaves the law of w and ⟨w, x⟩ unchanged, so the mean m satisfies Hm "
        "= m; reflecting every direction orthogonal to x leaves only multiples of x. Its length along x̂ is E[s "
        "relu(⟨w, x̂⟩)] > 0 when s > 0 with positive probability on the active set and s ≥ 0. The neurons are i.i.d., "
        "so R/N tends to m almost surely (law of large numbers), and α, continuous at m ≠ 0, tends to 1. RectGrad "
        "with threshold τ ≥ 0 keeps s = v 1(av > τ) > 0; the sets {av > τ} are nested, so R/N converges uniformly in "
        "τ, and its sample quantile converges to the population quantile, which is positive for q > 3/4.",
        tuple(steps),
    )


def limit_direction() -> Derivation:
    """Theorem 1 generalised: the limit direction for every family with a mean."""
    w1, w2, x1, x2 = sp.symbols("w1 w2 x1 x2", real=True)
    ramp = sp.Piecewise((w1 * x1 + w2 * x2, w1 * x1 + w2 * x2 > 0), (0, True))
    active = {w1: 1, w2: 2, x1: 3, x2: -1}
    silent = {w1: 1, w2: -2, x1: 1, x2: 3}
    return Derivation(
        "If E‖w‖ < ∞ and r ~ i.i.d. independent of W with E relu(r) > 0, GBP's R/N tends to E relu(r) · μ(x), μ(x) = "
        "E[w 1(w·x > 0)] = ∇ₓ E relu(w·x); hence α_∞ = ⟨μ(x), x⟩/(‖μ(x)‖‖x‖) wherever μ(x) ≠ 0.",
        "R = Σ_j relu(r_j) w_j 1(w_j·x > 0) is a sum of i.i.d. integrable vectors; the expectation factorises by "
        "independence. relu is differentiable off 0 with derivative 1(· > 0), and dominated convergence moves ∇ₓ "
        "under the expectation.",
        (
            ("∇ₓ relu(w·x) = w on the active side", ramp.diff(x2).subs(active) == 2),
            ("∇ₓ relu(w·x) = 0 on the other", ramp.diff(x2).subs(silent) == 0),
        ),
    )


def zplus_limit() -> Derivation:
    """The limit direction of the z⁺ filter: `1 + x̂`."""
    theta, phi, t = sp.symbols("theta phi t", positive=True)
    radius = sp.integrate(t * t * sp.exp(-(t**2) / 2), (t, 0, sp.oo)) / (2 * sp.pi)
    one = sp.integrate(sp.cos(phi), (phi, theta - sp.pi / 2, sp.pi / 2)) * radius
    w = sp.symbols("w", positive=True)
    halves = all(vanishes((sp.Abs(value) + value) / 2 - sp.Max(value, 0)) for value in (w, -w, sp.Integer(0)))
    return Derivation(
        "For rotation-invariant w and r independent of it, E[w⁺ 1(w·x > 0)] ∝ 1 + x̂: the all-ones direction plus the "
        "unit input.",
        "w⁺ = (|w| + w)/2. The law is unchanged by w → −w, which swaps the half-spaces, so E[|w_i| 1(w·x > 0)] = ½ "
        "E|w_i|; and E[w_i 1(w·x > 0)] = ½ E|w_1| x̂_i. The sum is ¼ E|w_1| (1 + x̂_i).",
        (
            (
                "Gaussian, by the polar angle: E[w_1⁺ 1(w·x > 0)] = (1 + cos θ)/(2√(2π))",
                vanishes(one - (1 + sp.cos(theta)) / (2 * sp.sqrt(2 * sp.pi))),
            ),
            ("w⁺ = (|w| + w)/2 for every sign", halves),
        ),
    )


def maxwell() -> Derivation:
    """Independent entries *and* rotation invariance: Maxwell's theorem."""
    s, c = sp.symbols("s c", real=True)
    f = sp.Function("f")
    solution = sp.dsolve(sp.Eq(f(s).diff(s), -c * f(s)), f(s), ics={f(0): 1}).rhs
    a, b = sp.symbols("a b", real=True)
    return Derivation(
        "A rotation-invariant vector with independent entries (d ≥ 2) is i.i.d. Gaussian with mean zero, or zero.",
        "Rotation invariance makes the characteristic function a function f(|t|²); independence, applied to t = (√a, "
        "√b, 0, …) and to the equal marginals, gives f(a + b) = f(a) f(b) for a, b ≥ 0. f is continuous with f(0) = 1 "
        "and real, hence f(s) = e^{−cs}, c ≥ 0: the Gaussian. So 'independent' and 'isotropic' entries together are "
        "exactly Nie et al.'s premise.",
        (
            ("f′ = −c f, f(0) = 1 has the solution e^{−cs}", vanishes(solution - sp.exp(-c * s))),
            ("e^{−c(a+b)} = e^{−ca} e^{−cb}", vanishes(sp.exp(-c * (a + b)) - sp.exp(-c * a) * sp.exp(-c * b))),
        ),
    )


def raw_gradient() -> Derivation:
    """The plain gradient under Theorem 1's premises."""
    t = sp.symbols("theta", real=True)
    steps = []
    for d in (2, 3, 4, 7):
        area = sp.sin(t) ** (d - 2)
        mean = sp.integrate(sp.cos(t) ** 2 * area, (t, 0, sp.pi)) / sp.integrate(area, (t, 0, sp.pi))
        steps.append((f"an isotropic direction has E cos² = 1/d for d = {d}", vanishes(mean - sp.Rational(1, d))))
    return Derivation(
        "With r symmetric and independent of W, E α(WMr, x) = 0 for every N; for isotropic weights α² tends to "
        "Beta(½, (d−1)/2), mean 1/d: no alignment. If instead E r ≠ 0, R/N tends to E r · μ(x) and the plain gradient "
        "aligns like GBP.",
        "α is odd in r, so a symmetric r gives E α = 0. Given W, WMr has covariance E r² · WMWᵀ and, by the central "
        "limit theorem (E r² < ∞), is asymptotically Gaussian; WMWᵀ/N → ½ E‖w‖²/d · I for isotropic w: R/√N tends to "
        "an isotropic Gaussian, whose squared cosine with a fixed x is Beta(½, (d−1)/2). With E r ≠ 0 the law of "
        "large numbers gives R/N → E r · μ(x).",
        tuple(steps),
    )


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
    """Theorem 2 for RectGrad, repaired."""
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
    """Theorem 2 for z⁺, repaired."""
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


def pair_orthogonality() -> Derivation:
    """Two vectors: the bound `P(|cos| > ε) ≤ (1 − ε²)^{(d−1)/2}`."""
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


def lrp_z_identity() -> Derivation:
    """LRP-z equals Grad⊙Input in bias-free ReLU networks."""
    a, w, z, rho = sp.symbols("a w z rho", nonzero=True)
    v, p, q = sp.symbols("v p q", real=True)
    return Derivation(
        "In a bias-free ReLU network, wherever every denominator that carries relevance is non-zero, the LRP-z "
        "relevance of layer l is A_l ⊙ r_l with r_l the gradient.",
        "Induction from the output, where R_L = f = z·1. If R_l = A_l ⊙ r_l, then Σ_j a_i w_ij / z_j · A_j r_j = a_i "
        "Σ_j w_ij M_j r_j, because A_j = M_j z_j; that is a ⊙ (WMr). Inactive neurons carry R_j = 0. An output f_k = "
        "0 leaves eq. 8 undefined.",
        (
            ("a w / z · (z ρ) = a · w ρ", vanishes(a * w / z * (z * rho) - a * w * rho)),
            ("two neurons add up", vanishes(a * (p / z * z * v + q / w * w * rho) - a * (p * v + q * rho))),
        ),
    )


def filtering_orthogonal() -> Derivation:
    """`negative-filtering-implies-alignment`, repaired."""
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


ALL: tuple[Callable[[], Derivation], ...] = (
    gbp_margin,
    rectgrad_margin,
    zplus_margin,
    scalar_gamma,
    isotropic_half_space_mean,
    limit_direction,
    zplus_limit,
    maxwell,
    raw_gradient,
    lagrange,
    rectgrad_weighting,
    zplus_weighting,
    pair_orthogonality,
    all_pairs,
    lrp_z_identity,
    filtering_orthogonal,
)
