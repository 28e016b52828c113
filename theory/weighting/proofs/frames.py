"""The derivation behind the law of α for one Haar frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.proof import Derivation, agrees, vanishes
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


def _beta_mean(K: int, d: int) -> sp.Expr:
    """`E ρ` of ρ² ~ Beta(K/2, (d − K)/2), by integrating with ρ = sin φ."""
    angle = sp.symbols("phi", positive=True)
    weight = sp.sin(angle) ** (K - 1) * sp.cos(angle) ** (d - K - 1)
    whole = sp.integrate(weight, (angle, 0, sp.pi / 2))
    return sp.simplify(sp.integrate(sp.sin(angle) * weight, (angle, 0, sp.pi / 2)) / whole)


def _half_normal_moments() -> list[sp.Expr]:
    """E|z|^p of z ~ N(0, 1) for p = 1, …, 4."""
    z = sp.symbols("z", positive=True)
    density = sp.sqrt(2 / sp.pi) * sp.exp(-(z**2) / 2)
    return [sp.integrate(z**p * density, (z, 0, sp.oo)) for p in (1, 2, 3, 4)]


def frame_law() -> Derivation:
    """One Haar frame: `α = ρ C` with independent factors."""
    pairs = (1, 2), (2, 4), (2, 5), (3, 6)
    chi = [agrees(angles.chi_mean(K) / angles.chi_mean(d), _beta_mean(K, d)) for K, d in pairs]
    two = [
        agrees(computed, _angle_mean(weighting, power))
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
                all(agrees(frames.equality(rule, n), share[rule].subs(N, n)) for rule in share for n in (1, 3, 9)),
            ),
        ),
    )
