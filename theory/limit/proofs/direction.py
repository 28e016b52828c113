"""The derivations behind the limit direction of a one-hidden-layer map: where it is the input, and where it is not."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.beta import beta_moment, is_share
from nfrlab.theory.numerics.proof import Derivation, Exact, argued, certain, false_with, symbolic, vanishes

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")

LARGE_NUMBERS = "The neurons are i.i.d. and integrable: R/N tends to the mean almost surely (law of large numbers)."


def _reflection() -> bool:
    """Whether `H = I − 2vvᵀ` with v ⊥ x fixes x, and turns v, ‖v‖ = 1, round: for vectors of any size."""
    d = sp.symbols("d", integer=True, positive=True)
    v, x = sp.MatrixSymbol("v", d, 1), sp.MatrixSymbol("x", d, 1)
    H = sp.Identity(d) - 2 * v * v.T
    of_x = (H * x).expand().doit().subs(v.T * x, sp.ZeroMatrix(1, 1)).doit()
    of_v = (H * v).expand().doit().subs(v.T * v, sp.Identity(1)).doit()
    return bool(of_x == x and of_v == -v)


def sphere_coordinate() -> tuple[sp.Expr, sp.Expr]:
    """(E|u_1|, E u_1⁺) of a uniform direction in R^d, from the density ∝ (1 − u²)^{(d−3)/2}, for symbolic d."""
    d = sp.symbols("d", positive=True)
    ramp = 1 / (d - 1)  # ∫_0^1 u (1 − u²)^{(d−3)/2}
    half = sp.gamma(sp.Rational(1, 2)) * sp.gamma((d - 1) / 2) / sp.gamma(d / 2) / 2  # ½ B(½, (d − 1)/2)
    return ramp / half, ramp / (2 * half)


@false_with(beside=(1,), sign=(-1,), half=(1, Fraction(-1, 2)))
def isotropic_half_space_mean(beside: Exact = 0, sign: Exact = 1, half: Exact = Fraction(1, 2)) -> Derivation:
    """Theorem 1's limit direction, for GBP and for RectGrad without its bottom process: the input."""
    u, d = sp.symbols("u d", positive=True)
    q = sp.symbols("q", real=True)
    k = (d - 3) / 2
    primitive = -((1 - u**2) ** (k + 1)) / (2 * (k + 1))
    mean_abs, mean_positive = sphere_coordinate()
    closed = sp.gamma(d / 2) / (sp.sqrt(sp.pi) * sp.gamma((d + 1) / 2))
    s, z = sp.symbols("s z", positive=True)
    return Derivation(
        "One hidden layer of i.i.d. rotation-invariant neurons with E‖w‖ < ∞; R = Σ_j s_j w_j 1(w_j·x > 0).",
        (
            symbolic("A reflection H of one direction beside x fixes x and ⟨w, x⟩, in every dimension.", _reflection()),
            argued("It leaves the law of w unchanged, so the mean m = E[s w 1(w·x > 0)] satisfies Hm = m."),
            symbolic(
                "∫_0^1 u(1 − u²)^{(d−3)/2} du = 1/(d − 1), in every d.",
                vanishes(sp.simplify((primitive.diff(u) - u * (1 - u**2) ** k) / (1 - u**2) ** k))
                and vanishes(primitive.subs(u, 0) + 1 / (d - 1)),
            ),
            symbolic(
                "E|u_1| = Γ(d/2)/(√π Γ((d+1)/2)) in every d, with ½ B(½, (d − 1)/2) for ∫_0^1 (1 − u²)^{(d−3)/2} du.",
                vanishes(sp.gammasimp(mean_abs / closed) - 1),
            ),
            argued("w = ‖w‖u with independent factors, and v is independent of w: the mean factorises."),
            argued(f"{LARGE_NUMBERS} α is continuous there, so it tends to 1."),
            argued(
                "RectGrad with threshold τ ≥ 0 keeps s = v 1(av > τ) ≥ 0; the sets {av > τ} are nested, so R/N "
                "converges uniformly in τ, and its sample quantile to the population quantile, positive for q > 3/4."
            ),
        ),
        (
            symbolic(
                "For rotation-invariant w with E‖w‖ < ∞ and s = g(⟨w, x⟩, v), v independent of w: E[s w 1(w·x > 0)] is "
                "parallel to x.",
                sp.solve(sp.Eq(q, -q), q) == [beside],  # m = p x̂ + q v and Hm = p x̂ − q v
            ),
            symbolic(
                "With s > 0 on the active set it is a positive multiple of x;",
                certain(sign * s * z > 0),  # ⟨m, x̂⟩ is the mean of s relu(⟨w, x̂⟩)
            ),
            symbolic(
                "for s = relu(v) it is E relu(v) · ½ E‖w‖ E|u_1| · x̂.",
                vanishes(sp.gammasimp(mean_positive / mean_abs) - half),
            ),
        ),
    )


@false_with(factor=(2, -1), scale=(-1,))
def limit_direction(factor: Exact = 1, scale: Exact = 1) -> Derivation:
    """Theorem 1 generalised: the limit direction of GBP for every family with a mean."""
    i, k, d = sp.symbols("i k d", integer=True, positive=True)
    w, x = sp.IndexedBase("w", real=True), sp.IndexedBase("x", real=True)
    z = sp.Sum(w[i] * x[i], (i, 1, d))
    inside = sp.Heaviside(z) * sp.Piecewise((w[k], d >= k), (0, True))
    slope = sp.Max(z, 0).diff(x[k]).doit()
    positive, Q, size = sp.symbols("e Q X", positive=True)
    inner = sp.symbols("I", real=True)
    scaled = scale * positive  # E relu(r)
    return Derivation(
        "One hidden layer of i.i.d. neurons with E‖w‖ < ∞; r i.i.d., independent of W, E relu(r) > 0.",
        (
            argued(f"R = Σ_j relu(r_j) w_j 1(w_j·x > 0). {LARGE_NUMBERS}"),
            argued("The mean factorises by independence: E relu(r) · E[w 1(w·x > 0)]."),
            argued("|∂ relu(w·x)/∂x_k| ≤ ‖w‖: dominated convergence moves the derivative under the expectation."),
        ),
        (
            symbolic(
                "If E‖w‖ < ∞ and r ~ i.i.d. independent of W with E relu(r) > 0, GBP's R/N tends to E relu(r) · μ(x), "
                "μ(x) = E[w 1(w·x > 0)] = ∇ₓ E relu(w·x);",
                sp.simplify(slope - factor * inside) == 0,
            ),
            symbolic(
                "hence α_∞ = ⟨μ(x), x⟩/(‖μ(x)‖‖x‖) wherever μ(x) ≠ 0.",
                vanishes(scaled * inner / (sp.sqrt(scaled**2 * Q) * size) - inner / (sp.sqrt(Q) * size)),
            ),
        ),
    )


@false_with(weight=(2, -1, 0))
def zplus_limit(weight: Exact = 1) -> Derivation:
    """The limit direction of the z⁺ filter: `1 + x̂`."""
    theta, phi, t, m = sp.symbols("theta phi t m", positive=True)
    unit = sp.symbols("xhat", real=True)
    radius = sp.integrate(t * t * sp.exp(-(t**2) / 2), (t, 0, sp.oo)) / (2 * sp.pi)
    planar = sp.integrate(sp.cos(phi), (phi, theta - sp.pi / 2, sp.pi / 2)) * radius
    w = sp.symbols("w", positive=True)
    halves = all(vanishes((sp.Abs(value) + value) / 2 - sp.Max(value, 0)) for value in (w, -w, sp.Integer(0)))
    sizes, along = m / 2, m * unit / 2  # E[|w_i| 1(w·x > 0)], E[w_i 1(w·x > 0)]
    gauss = sp.sqrt(2 / sp.pi)  # E|w_1| of N(0, 1)

    def claimed(entry: sp.Expr) -> sp.Expr:
        """1 + x̂, one entry."""
        return 1 + weight * entry

    return Derivation(
        "w rotation invariant with E‖w‖ < ∞, r independent of it; m = E|w_1|.",
        (
            symbolic("w⁺ = (|w| + w)/2 for every sign.", halves),
            argued("The law is unchanged by w → −w, which swaps the half-spaces: E[|w_i| 1(w·x > 0)] = ½ m."),
            argued("E[w_i 1(w·x > 0)] = ½ m x̂_i, by the half-space mean of a rotation-invariant law."),
            symbolic(
                "Gaussian, by the polar angle: E[w_1⁺ 1(w·x > 0)] = (1 + cos θ)/(2√(2π)), as claimed.",
                vanishes(planar - gauss / 4 * claimed(sp.cos(theta))),
            ),
        ),
        (
            symbolic(
                "For rotation-invariant w and r independent of it, E[w⁺ 1(w·x > 0)] ∝ 1 + x̂: the all-ones direction "
                "plus the unit input.",
                vanishes((sizes + along) / 2 - m / 4 * claimed(unit)),
            ),
        ),
    )


@false_with(power=(2, Fraction(1, 2)), variance=(1, 4))
def maxwell(power: Exact = 1, variance: Exact = 2) -> Derivation:
    """Maxwell's theorem: entries that are independent *and* rotation invariant are Gaussian."""
    a, b, c = sp.symbols("a b c", positive=True)
    t, w = sp.symbols("t w", real=True)
    f = sp.Function("f")
    solution = sp.exp(-c * a**power)
    constant = (f(a) / sp.exp(-c * a)).diff(a).subs(f(a).diff(a), -c * f(a))  # f e^{cs} for any solution
    v = variance * c
    density = sp.exp(-(w**2) / (2 * v)) / sp.sqrt(2 * sp.pi * v)
    transform = sp.integrate(density * sp.cos(t * w), (w, -sp.oo, sp.oo))
    return Derivation(
        "w ∈ R^d, d ≥ 2, with independent entries and a law that rotations do not change.",
        (
            argued("Rotation invariance makes the characteristic function a function f(|t|²), real as −w ~ w."),
            argued("Independence, at t = (√a, √b, 0, …), and equal marginals: f(a + b) = f(a) f(b) for a, b ≥ 0."),
            argued(
                "f is continuous with f(0) = 1; integrated over b the equation shows it differentiable, and at b = 0 "
                "its derivative is f′(s) = −c f(s)."
            ),
            symbolic("Any solution of f′ = −cf is a multiple of e^{−cs}: (f e^{cs})′ = 0.", vanishes(constant)),
            argued("|f| ≤ 1 and f is real: c ≥ 0. c = 0 is w = 0."),
        ),
        (
            symbolic(
                "A rotation-invariant vector with independent entries (d ≥ 2) is i.i.d. Gaussian with mean zero, or "
                "zero.",
                # f solves the equation of a and b, and e^{−ct²} is the characteristic function of N(0, 2c)
                vanishes(solution.subs(a, a + b) - solution * solution.subs(a, b))
                and vanishes(solution.diff(a) + c * solution)
                and vanishes(transform - sp.exp(-c * t**2)),
            ),
        ),
    )


@false_with(odd=(-1,), first=(1, 2), mean=(2,), sign=(-1,))
def raw_gradient(odd: Exact = 1, first: Exact = Fraction(1, 2), mean: Exact = 1, sign: Exact = 1) -> Derivation:
    """The plain gradient under the premises of Theorem 1: no alignment, unless the relevance has a positive mean."""
    d, Q, size = sp.symbols("d Q X", positive=True)
    inner, mean_r = sp.symbols("I", real=True), sign * sp.symbols("e", positive=True)
    n, m = sp.symbols("n m", integer=True, positive=True)
    W, M, r = sp.MatrixSymbol("W", m, n), sp.MatrixSymbol("M", n, n), sp.MatrixSymbol("r", n, 1)
    half = sp.Rational(1, 2)

    def cosine(value: sp.Expr, square: sp.Expr) -> sp.Expr:
        """`⟨R, x⟩/(‖R‖‖x‖)` from ⟨R, x⟩ and ‖R‖²."""
        return value / (sp.sqrt(square) * size)

    return Derivation(
        "One hidden layer of i.i.d. neurons; r i.i.d., independent of W, R = WMr.",
        (
            symbolic("R(−r) = −R(r), for matrices of any size.", (W * M * -r).doit() == -(W * M * r).doit()),
            argued("A symmetric r has the law of −r, so E α = −E α."),
            argued(
                "Given W the covariance of R is E r² · WMWᵀ, and WMWᵀ/N → E[wwᵀ 1(w·x > 0)] = ½ E wwᵀ ∝ I for "
                "isotropic w: by the central limit theorem R/√N tends to an isotropic Gaussian g."
            ),
            symbolic(
                "g_1²/(g_1² + χ²_{d−1}) ~ Beta(½, (d − 1)/2), by its density, in every d.",
                is_share(half, (d - 1) / 2, sp.Integer(1), d - 1),
            ),
            argued(f"{LARGE_NUMBERS} It factorises: E[r w 1(w·x > 0)] = E r · μ(x)."),
        ),
        (
            symbolic(
                "With r symmetric and independent of W, E α(WMr, x) = 0 for every N;",
                vanishes(cosine(-inner, (-1) ** 2 * Q) + odd * cosine(inner, Q)),
            ),
            symbolic(
                "for isotropic weights α² tends to Beta(½, (d−1)/2), mean 1/d: no alignment.",
                is_share(sp.sympify(first), (d - 1) / 2, sp.Integer(1), d - 1)
                and vanishes(beta_moment(half, (d - 1) / 2, sp.Integer(1)) - mean / d),
            ),
            symbolic(
                "If instead E r > 0, R/N tends to E r · μ(x) and the plain gradient aligns like GBP.",
                vanishes(cosine(mean_r * inner, mean_r**2 * Q) - cosine(inner, Q)),
            ),
        ),
    )
