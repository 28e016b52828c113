"""The derivations behind `theory.rivals.deeplift`: when Rescale is Grad⊙Input, and why RevealCancel is ½W."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    agrees,
    argued,
    certain,
    computed,
    false_with,
    symbolic,
    vanishes,
)
from nfrlab.theory.rivals.deeplift import revealcancel_multipliers

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def _relu(z: sp.Expr | float) -> sp.Expr:
    return sp.Max(z, 0)


def _lrp_is_the_gradient() -> bool:
    """Whether `a_i w_ij/z_j · A_j ρ_j = a_i w_ij 1[z_j > 0] ρ_j` for both signs of z_j."""
    a, w, rho, z = sp.symbols("a w rho z", real=True)
    p = sp.symbols("p", positive=True)
    share = a * w / z * _relu(z) * rho
    return all(vanishes(share.subs(z, at) - a * w * mask * rho) for at, mask in ((p, 1), (-p, 0)))


@false_with(bias=(1, -1), passed=(Fraction(1, 2), 0))
def rescale_is_grad_input(bias: Exact = 0, passed: Exact = 1) -> Derivation:
    """Without biases and at the reference 0 Rescale, Grad⊙Input, LRP-0 and integrated gradients are one map."""
    p, t = sp.symbols("p t", positive=True)
    both = (p, passed), (-p, 0)  # what x adds to z, and what the neuron is said to pass of it
    secants = [((_relu(u + bias) - _relu(sp.Integer(bias))) / u, mask) for u, mask in both]
    on_the_way = [certain(t * u + bias > 0) if mask else certain(t * u + bias <= 0) for u, mask in both]
    return Derivation(
        "A network of linear maps, ReLUs, maxima, means and additions without biases, the reference x₀ = 0; M the "
        "masks at x, no z is 0 and no window tied. A neuron gets z = u + b, of which u comes from x; b = 0.",
        (
            argued("No bias: f(0) = 0 layer by layer, so Δ is the value itself everywhere, at the input x."),
            argued("A linear map passes multipliers by its transpose in all four."),
            argued(
                "A maximum: y₀ = 0, so what a window adds, y, is handed to its winner a = y, by a multiplier y/a = 1: "
                "the gradient."
            ),
            symbolic(
                "LRP-0: R_i = Σ_j z_ij/z_j A_j ρ_j = a_i Σ_j w_ij M_j ρ_j: with R = a ⊙ ρ, ρ is the gradient.",
                _lrp_is_the_gradient(),
            ),
            argued("Down the layers: multipliers, ρ and the gradient obey one recursion from one start, e_k."),
        ),
        (
            symbolic(
                "Rescale passes ΔA/Δz = 1[z > 0] at a ReLU, as the gradient does: R = x ⊙ ∇f(x) = LRP-0;",
                all(vanishes(slope - mask) for slope, mask in secants),
            ),
            symbolic(
                "the masks are the same at tx for all t > 0, so x ⊙ ∫ ∇f(tx) dt = x ⊙ ∇f(x): integrated gradients from "
                "0.",
                passed == 1 and all(on_the_way),
            ),
        ),
    )


def _multipliers(p: sp.Expr | float, n: sp.Expr | float) -> tuple[sp.Expr, sp.Expr]:
    """`m^± = Δy^±/Δ^±` as RevealCancel is printed, at `z₀ = 0`: half added first, half added last."""
    up = (_relu(p) - _relu(0 * p) + _relu(p - n) - _relu(-n)) / 2
    down = (_relu(-n) - _relu(0 * p) + _relu(p - n) - _relu(p)) / 2
    return up / p, down / -n


@false_with(half=(Fraction(1, 3), 0, 1), bound=(Fraction(1, 2),), rate=(1, Fraction(1, 4)))
def revealcancel_is_half(half: Exact = Fraction(1, 2), bound: Exact = 1, rate: Exact = Fraction(1, 2)) -> Derivation:
    """RevealCancel's multipliers at the reference 0 without biases, and their limit in wide layers."""
    n, e, scale, length = sp.symbols("n e sigma l", positive=True)
    cases = (n + e, n), (n, n + e), (n, n)  # active, dead, at the kink
    found = [(p, q, *_multipliers(p, q)) for p, q in cases]
    closed = [(m - half - _relu(p - q) / (2 * p), k - half + _relu(q - p) / (2 * q)) for p, q, m, k in found]
    distances = [
        bound * abs(p - q) / (p + q) - abs(sp.simplify(m - sp.Rational(1, 2))) for p, q, *both in found for m in both
    ]
    z = sp.symbols("z", positive=True)
    density = sp.exp(-(z**2) / (2 * scale**2)) / (scale * sp.sqrt(2 * sp.pi))
    rising = sp.integrate(z * density, (z, 0, sp.oo))  # E z⁺, z ~ N(0, σ²)
    size = 2 * rising.subs(scale, 1) * length  # E Σ |w_i x_i|, of length ‖x‖₁
    return Derivation(
        "One layer without biases, the reference 0, p = Σ (w_i x_i)⁺ > 0, −n = Σ (w_i x_i)⁻ < 0, z = p − n; in the "
        "last clauses w ~ N(0, I).",
        (
            argued("Δy⁺ is the mean of what Δ⁺ = p adds first, to z₀ = 0, and last, to −n; Δy⁻ of what −n adds."),
            symbolic(
                "m⁺ p − m⁻ n = relu(z): the contributions add up, in active and in dead neurons.",
                all(vanishes(m * p - k * q - _relu(p - q)) for p, q, m, k in found),
            ),
            computed(
                "theory.rivals.deeplift has these multipliers, active and dead.",
                all(
                    agrees(float(value), derived)
                    for p, q in ((3.0, 2.0), (2.0, 3.0))
                    for value, derived in zip(revealcancel_multipliers(p, q), _multipliers(p, q), strict=True)
                ),
            ),
            argued(
                "Laws of large numbers: (p + n)/E(p + n) → 1 where no entry of x carries a share of ‖x‖₂ that stays, "
                "so the mean of z⁺/2p is E z⁺/E(p + n) to first order."
            ),
            argued("Jensen: ‖x‖₂/‖x‖₁ ≥ d^{−½}, with equality for entries of one size."),
        ),
        (
            symbolic(
                "m⁺ = ½ + z⁺/2p and m⁻ = ½ − (−z)⁺/2n, positive in dead neurons too;",
                all(vanishes(left) and vanishes(right) for left, right in closed),
            ),
            symbolic(
                "|m^± − ½| ≤ |z|/(p + n);",
                all(certain(sp.factor(distance) >= 0) for distance in distances),
            ),
            symbolic(
                "E z⁺/E(p + n) = ½ ‖x‖₂/‖x‖₁, the first order of E m⁺ − ½ and of ½ − E m⁻,",
                vanishes(rising / size - rate * scale / length),
            ),
            argued("so that a step tends to ½ W r, in dead and active neurons alike, with a rest of O(d^{−½})."),
        ),
    )
