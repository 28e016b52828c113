"""The derivation behind the law of α for one Haar frame."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.beta import beta_moment, is_share
from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    agrees,
    argued,
    computed,
    enumerated,
    false_with,
    symbolic,
    vanishes,
)
from nfrlab.theory.weighting import angles, frames

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def _angle_mean(weighting: str, power: int) -> sp.Expr:
    """`E C^power` of two neurons, from the density of φ."""
    angle = sp.symbols("phi", positive=True)
    if weighting == "constant":
        return sp.integrate(sp.cos(angle) ** power, (angle, 0, sp.pi / 4)) * 4 / sp.pi
    return sp.integrate(sp.cos(angle) ** power * (1 - 2 * angle / sp.pi), (angle, 0, sp.pi / 2)) * 4 / sp.pi


def _half_normal_moments() -> list[sp.Expr]:
    """E|z|^p of z ~ N(0, 1) for p = 1, …, 4."""
    z = sp.symbols("z", positive=True)
    density = sp.sqrt(2 / sp.pi) * sp.exp(-(z**2) / 2)
    return [sp.integrate(z**p * density, (z, 0, sp.oo)) for p in (1, 2, 3, 4)]


def _length_of_a_frame() -> bool:
    """Whether `‖√d F s‖² = d‖s‖²` and `⟨√d F s, x̂⟩ = √d ⟨s, Fᵀx̂⟩` where FᵀF = I, for matrices of any size."""
    d, n = sp.symbols("d n", integer=True, positive=True)
    F, s, x = sp.MatrixSymbol("F", d, n), sp.MatrixSymbol("s", n, 1), sp.MatrixSymbol("x", d, 1)
    square = ((F * s).T * F * s).doit().subs(F.T * F, sp.Identity(n)).doit()
    return bool(square == s.T * s and ((F * s).T * x).doit() == (s.T * (F.T * x)).doit())


def _ties(rule: str, N: int) -> Fraction:
    """P(one active neuron, and it passes | both maps are defined), from all 4^N patterns of active, r > 0."""
    alone, defined = 0, 0
    for pattern in product(product((True, False), repeat=2), repeat=N):
        active = [seen for seen, _ in pattern]
        passes = [seen and (wanted or rule == "constant") for seen, wanted in pattern]
        defined += any(passes)
        alone += sum(active) == 1 and any(passes)
    return Fraction(alone, defined)


def _stated_ties(rule: str, N: int) -> Fraction:
    """`N 2^−N/(1 − 2^−N)` for constant weights, `N 2^−N ½/(1 − (¾)^N)` for GBP."""
    p = {"constant": Fraction(1, 2), "gbp": Fraction(1, 4)}[rule]
    return 2 * p * N * Fraction(1, 2) ** N / (1 - (1 - p) ** N)


@false_with(first=(1, Fraction(1, 4)), power=(2, 0), ties=(2, Fraction(1, 2)))
def frame_law(first: Exact = Fraction(1, 2), power: Exact = 1, ties: Exact = 1) -> Derivation:
    """One Haar frame: `α = ρ C` with independent factors."""
    K, d, a, b = sp.symbols("K d A_i A_j", positive=True)
    pairs = (1, 2), (2, 4), (2, 5), (3, 6)
    mean = beta_moment(K / 2, (d - K) / 2, sp.Rational(1, 2))  # E ρ
    chi = [agrees(angles.chi_mean(k) / angles.chi_mean(n), mean.subs({K: k, d: n})) for k, n in pairs]
    two = [
        agrees(found, _angle_mean(weighting, order))
        for weighting in angles.WEIGHTINGS
        for order, found in zip((1, 2, 4), angles.moments(weighting, 2), strict=True)
    ]
    m = _half_normal_moments()
    patterns = m[3] - 3, m[0] * m[2] - 4 / sp.pi, m[1] ** 2 - 1, m[1] * m[0] ** 2 - 2 / sp.pi, m[0] ** 4 - 4 / sp.pi**2
    k = sp.symbols("k", integer=True, positive=True)
    often = k, 4 * k * (k - 1), 3 * k * (k - 1), 6 * k * (k - 1) * (k - 2), k * (k - 1) * (k - 2) * (k - 3)
    return Derivation(
        "R = √d F s with F of N orthonormal columns, uniform; c = Fᵀx̂ = z/‖g‖, g ~ N(0, I_d), z its first N entries.",
        (
            symbolic("‖R‖ = √d ‖s‖ and ⟨R, x̂⟩ = √d ⟨s, c⟩, for any N ≤ d: α = ⟨s, c⟩/‖s‖.", _length_of_a_frame()),
            argued("On the neurons that pass that is ‖c‖ C; given which c_j > 0, sizes are those of any sign pattern."),
            argued("The direction of z is independent of ‖z‖, of the other entries of g, and of s: C of ρ."),
            symbolic("E z⁴, z_a³z_b, z_a²z_b², z_a²z_bz_c, z_az_bz_cz_d of |N(0, 1)|.", all(map(vanishes, patterns))),
            symbolic("The index patterns aaaa, aaab, aabb, aabc, abcd are all K⁴.", vanishes(sum(often) - k**4)),
            computed("E C, E C², E C⁴ at K = 2 from the density of φ are the theory's moments.", all(two)),
            computed(f"E ρ is the theory's E χ_K / E χ_d at (K, d) = {', '.join(map(str, pairs))}.", all(chi)),
            computed(
                "theory.weighting.frames computes the probability of a tie at N = 1, 3, 9.",
                all(
                    abs(frames.equality(rule, n) - float(_stated_ties(rule, n))) < 1e-15
                    for rule in ("constant", "gbp")
                    for n in (1, 3, 9)
                ),
            ),
            argued(
                "For K ≥ 2 s ∥ A has probability 0, both for constant s (A has no two equal entries) and for s of a "
                "continuous law independent of A; GBP besides needs that no active neuron was cut off."
            ),
        ),
        (
            symbolic(
                "One Haar frame, N ≤ d: α = ρ C, ρ² ~ Beta(K/2, (d − K)/2), C = cos(s, A) on the K neurons that pass;",
                is_share(first * K, (d - K) / 2, K, d - K),
            ),
            argued("for s drawn without a look at A independent, so E α^p = E ρ^p E C^p."),
            symbolic("Activation: C = 1.", vanishes(a * b**power - b * a**power)),  # s = A^power ∥ A
            enumerated(
                "The two are equal iff s ∥ A, with probability P(one active neuron, and it passes | both defined): N "
                "2^−N/(1 − 2^−N), for GBP N 2^−N ½/(1 − (¾)^N), by all sign patterns of N ≤ 5 neurons.",
                all(
                    _ties(rule, n) == ties * _stated_ties(rule, n) for rule in ("constant", "gbp") for n in range(1, 6)
                ),
            ),
        ),
    )
