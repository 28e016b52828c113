"""The derivations behind the limit direction of a one-hidden-layer map: where it is the input, and where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.proof import Derivation, vanishes

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def isotropic_half_space_mean() -> Derivation:
    """Theorem 1's limit direction, for GBP and for RectGrad without its bottom process: the input."""
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
    """Theorem 1 generalised: the limit direction of GBP for every family with a mean."""
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
    """Maxwell's theorem: entries that are independent *and* rotation invariant are Gaussian."""
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
    """The plain gradient under the premises of Theorem 1: no alignment, unless the relevance has a mean."""
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
