"""The worst direction of every weight family: `inf_x α_∞(x)`, exact or certified, and where it is attained.

`α_∞(x) = cos(μ(x), x)`, and `μ = ∇f` with `f(x) = E relu(w·x)`. In closed form:

    rotation invariant   μ ∝ x                                              1 at every x
    powerlaw   μ ∝ Σx                                                       2 √(λ₁ λ_d) / (λ₁ + λ_d)   (Kantorovich)
    axis       μ ∝ sign x                                                   1/√d, approached at e_1 + ε 1
    uniform01  μ = ½ 1 for x ≥ 0                                            1/√d at e_1; signed x: 0, approached
    shifted    μ = m Φ(m·x̂) + x̂ φ(m·x̂)                                     one angle: branch and bound
    uniform    f = x_1/4 + Σ_{i≥2} x_i²/(12 x_1) if x_1 ≥ Σ_{i≥2} |x_i|     0.993315 for d = 2 and 3
    laplace    d = 2: f of uniform, turned by 45°                           0.993315 for d = 2
    sparse     μ constant on the chambers of the lattice                    1/√(1 + 0.9² + … + 0.9^{2(d−1)}), d ≤ 3
    cauchy     none; R/(N log N) → sign(x)/π · E s in probability           1/√d, approached

For every d and x `α_∞ ≥ 2√6/5` for `uniform`, `α_∞ ≥ √π/2` for `laplace`. Derivations:
`worst_alignment`, `boxes`, `bounds` and `no_mean` of `theory.limit.proofs`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import pi, sqrt
from typing import TYPE_CHECKING

import lazy_loader
import numpy as np
from jaxtyping import Float

from nfrlab.theory.families import find_family, powerlaw_variances
from nfrlab.theory.limit.chambers import sparse_chambers, sparse_direction
from nfrlab.theory.limit.worst_searched import least_alignment
from nfrlab.theory.numerics.balls import endpoints
from nfrlab.theory.numerics.branch_and_bound import Minimum, minimum
from nfrlab.theory.numerics.vectors import Array

if TYPE_CHECKING:
    import flint
else:
    flint = lazy_loader.load("flint")

SHIFT = 0.25  # the mean of every entry of `shifted`
FLOOR = {"uniform": 2 * sqrt(6) / 5, "laplace": sqrt(pi) / 2}  # of α_∞, at every x in every d
EVERYWHERE, NON_NEGATIVE = "every x ≠ 0", "every x ≥ 0, x ≠ 0"


@dataclass(frozen=True)
class Worst:
    """`low ≤ inf α_∞ ≤ high` over the x of R^d in `domain`, and how it is known.

    `x` is where the infimum is attained, or, where it is not, a direction close to where it is approached.
    """

    family: str
    x: Float[Array, " d"]
    low: float
    high: float
    attained: bool
    how: str
    domain: str = EVERYWHERE


def isotropic_worst(name: str, d: int) -> Worst:
    """Rotation-invariant weights: 1 at every x. The x returned has entries of different signs and sizes."""
    x = np.zeros(d)
    x[: min(d, 3)] = (4.0, -1.0, 1.0)[: min(d, 3)]
    return Worst(name, x, 1.0, 1.0, True, "rotation invariance: exact")


def powerlaw_worst(d: int) -> Worst:
    """`N(0, Σ)`, by Kantorovich's inequality: `cos(Σx, x) ≥ 2√(λ₁λ_d)/(λ₁ + λ_d)`.

    Equality holds at `x_1² : x_d² = λ_d : λ_1`.
    """
    variance = powerlaw_variances(d)
    x = np.zeros(d)
    x[0], x[-1] = sqrt(variance[-1]), sqrt(variance[0])
    low, high = endpoints(2 * flint.arb(d).sqrt() / (d + 1))  # λ₁/λ_d = d
    return Worst("powerlaw", x, low, high, True, "Kantorovich's inequality: exact")


def axis_worst(d: int, epsilon: float = 1 / 64) -> Worst:
    """Axis-aligned neurons: `α_∞ = ‖x‖₁ / (√k ‖x‖₂)` with k non-zero entries.

    That is above 1/√d, which `e_1 + ε 1` approaches; at e_1 itself it is 1.
    """
    low, high = endpoints(1 / flint.arb(d).sqrt())
    return Worst("axis", _near_axis(d, epsilon), low, high, False, "‖x‖₁ ≥ ‖x‖₂: exact")


def cauchy_worst(d: int, epsilon: float = 1 / 8) -> Worst:
    """Cauchy entries: the limit in probability is that of `axis`."""
    low, high = endpoints(1 / flint.arb(d).sqrt())
    return Worst("cauchy", _near_axis(d, epsilon), low, high, False, "‖x‖₁ ≥ ‖x‖₂: exact; limit in probability")


def _near_axis(d: int, epsilon: float) -> Float[Array, " d"]:
    return np.where(np.arange(d) == 0, 1.0, epsilon)


def uniform01_worst(d: int) -> Worst:
    """U[0, 1]: every neuron sees an x ≥ 0, so `cos(1, x) = ‖x‖₁ / (√d ‖x‖₂) ≥ 1/√d`, attained at e_1."""
    low, high = endpoints(1 / flint.arb(d).sqrt())
    return Worst("uniform01", np.eye(d)[0], low, high, True, "‖x‖₁ ≥ ‖x‖₂: exact", NON_NEGATIVE)


def uniform01_signed(epsilon: float) -> float:
    """`α_∞(ε, −1) = (ε/2) / √((1 + ε²/4)(1 + ε²))` of U[0, 1] in R², 0 < ε ≤ 1.

    It approaches 0 with ε, from above since ⟨μ, x⟩ = f > 0.
    """
    return epsilon / 2 / sqrt((1 + epsilon**2 / 4) * (1 + epsilon**2))


def shifted_alignment(cosine: flint.arb, size: flint.arb) -> flint.arb:
    """α_∞ of `N(m, I)`, ‖m‖ = `size`, at an x that has this cosine with m.

    With `t = ‖m‖ cos` it is `(t Φ + φ) / √(‖m‖² Φ² + 2 t Φ φ + φ²)`.
    """
    t = size * cosine
    below = (-t / flint.arb(2).sqrt()).erfc() / 2
    density = (-t * t / 2).exp() / (2 * flint.arb.pi()).sqrt()
    return (t * below + density) / ((size * below) ** 2 + 2 * t * below * density + density**2).sqrt()


@cache
def shifted_minimum(d: int) -> Minimum:
    """The worst cosine between x and the all-ones direction of R^d, by branch and bound."""
    size = flint.arb(d).sqrt() * SHIFT
    return minimum(lambda c: shifted_alignment(c, size), [(-1.0, 1.0)], 1e-5)


def shifted_worst(d: int) -> Worst:
    """`N(¼ 1, I)`, d ≥ 2: α_∞ depends on the angle between x and m alone."""
    found = shifted_minimum(d)
    c = found.point[0]
    aside = (np.eye(d)[0] - np.eye(d)[1]) / sqrt(2)
    x = c * np.ones(d) / sqrt(d) + sqrt(1 - c * c) * aside
    return Worst("shifted", x, found.low, found.high, True, "branch and bound in ball arithmetic, one angle")


def dominated_square(s: flint.arb) -> flint.arb:
    """α_∞² of U[−1, 1] where `x_1 = 1 ≥ Σ_{i≥2} |x_i|`: it depends on `s = Σ_{i≥2} x_i²` alone, in every d.

    Here `f = 1/4 + s/12`, so `μ ∝ (3 − s, 2 x_2, 2 x_3, …)` and `α² = (3 + s)² / ((9 − 2s + s²)(1 + s))`, which is
    least at `s = 2√7 − 5`.
    """
    return (3 + s) ** 2 / ((9 - 2 * s + s * s) * (1 + s))


def dominated_minimum() -> flint.arb:
    """The least α_∞ with a dominant coordinate, at `s = 2√7 − 5`, a root of `s² + 10 s − 3`: 0.99331458563…"""
    return dominated_square(2 * flint.arb(7).sqrt() - 5).sqrt()


def triangle_alignment(a: flint.arb, r: flint.arb) -> flint.arb:
    """α_∞ of U[−1, 1] in R³ at `x = (1, 1 − a(1 − r), a)`, 0 ≤ a, r ≤ 1: every x without a dominant coordinate.

    With `e = a r`, the excess of the two smaller coordinates over the largest,
    `h = E|w·x| = ½ + (x_2² + x_3²)/6 − e⁴/(48 x_2 x_3)`; P stands for `e³/(48 x_2 x_3)` in `∇h`.
    """
    b = 1 - a * (1 - r)
    P = a * a * r**3 / (48 * b)
    h = flint.arb(1) / 2 + (a * a + b * b) / 6 - P * a * r
    slope = (
        flint.arb(1) / 2 - (a * a + b * b) / 6 + 4 * P + P * a * r,
        b / 3 - 4 * P + P * a * r / b,
        a / 3 - 4 * P + P * r,
    )
    return h / (sum((g * g for g in slope), flint.arb(0)) * (1 + a * a + b * b)).sqrt()


@cache
def triangle_minimum() -> Minimum:
    """The least `triangle_alignment` over `x_3 ≤ x_2`, within 0.0015.

    That is close enough to see that it lies above `dominated_minimum`.
    """

    def alignment(a: flint.arb, r: flint.arb) -> flint.arb:
        outside = a * (2 - r) > 1  # x_3 > x_2 in all of the box
        return flint.arb(2) if outside else triangle_alignment(a, r)

    return minimum(alignment, [(0.0, 1.0), (0.0, 1.0)], 1.5e-3)


def uniform_worst(d: int) -> Worst:
    """U[−1, 1]: exactly for d = 2; for d = 3 the part without a dominant coordinate is certified.

    Raises `ValueError` for d > 3.
    """
    low, high = endpoints(dominated_minimum())
    rest = sqrt(2 * sqrt(7) - 5)
    if d == 2:
        return Worst("uniform", np.array([1.0, rest]), low, high, True, "algebraic: exact")
    if d == 3:
        x = np.array([1.0, rest / sqrt(2), rest / sqrt(2)])
        low = min(low, triangle_minimum().low)
        return Worst("uniform", x, low, high, True, "algebraic; branch and bound where no coordinate dominates")
    raise ValueError(f"the worst direction of U[−1, 1] is certified for d = 2 and 3, not {d}; see `bulk_minimum`")


def laplace_worst(d: int) -> Worst:
    """Laplace entries, d = 2: `E|w·x| = (a² + ab + b²)/(a + b) = ¾ (u + v²/3u)`, `u = a + b`, `v = a − b`.

    That is the f of U[−1, 1], turned by 45° and scaled, so the worst value is the same, at `b/a = (1 − √s)/(1 + √s)`.
    Raises `ValueError` for d ≠ 2.
    """
    if d != 2:
        raise ValueError(f"the worst direction of Laplace entries is certified for d = 2, not {d}; see `bulk_minimum`")
    low, high = endpoints(dominated_minimum())
    rest = sqrt(2 * sqrt(7) - 5)
    return Worst("laplace", np.array([1.0, (1 - rest) / (1 + rest)]), low, high, True, "algebraic: exact")


def sparse_worst(d: int) -> Worst:
    """Sparse ±1 entries, d = 2 or 3: the extreme rays of all chambers are compared (see `theory.limit.chambers`).

    μ is constant on a chamber and cos(μ, ·) quasi-concave, so its infimum is approached at an extreme ray. The x
    returned lies inside the chamber, close to that ray. Raises `ValueError` for d > 3.
    """
    if d > 3:
        raise ValueError(f"the chambers of the sparse lattice are enumerated for d = 2 and 3, not {d}")
    found = []
    for inner, rays in sparse_chambers(d):
        direction = sparse_direction(inner)
        cosines = rays @ direction / np.linalg.norm(rays, axis=1) / np.linalg.norm(direction)
        k = int(np.argmin(cosines))
        found.append((float(cosines[k]), 64 * rays[k] + inner))
    value, x = min(found, key=lambda pair: pair[0])
    how = "all extreme rays of all chambers compared: exact"
    return Worst("sparse", x / np.max(x), value - 1e-14, value + 1e-14, False, how)


CERTIFIED: dict[str, Callable[[int], Worst]] = {
    "powerlaw": powerlaw_worst,
    "axis": axis_worst,
    "uniform01": uniform01_worst,
    "shifted": shifted_worst,
    "uniform": uniform_worst,
    "laplace": laplace_worst,
    "sparse": sparse_worst,
    "cauchy": cauchy_worst,
}


def searched_worst(family: str, d: int) -> Worst:
    """The least α_∞ that a search finds, for a family of which nothing more is known: an upper bound of the infimum."""
    value, x = least_alignment(family, d)
    return Worst(family, x, value, value, True, "descents from fixed x: the least that was found")


def worst(family: str, d: int) -> Worst:
    """The worst direction of a family in R^d, d ≥ 2.

    Raises `ValueError` for d < 2, for an unknown family, and where the worst direction is not certified: `uniform` and
    `sparse` beyond d = 3, `laplace` beyond d = 2.
    """
    if d < 2:
        raise ValueError(f"a direction can only be worse than another for d ≥ 2, got {d}")
    if find_family(family).rotation_invariant:
        return isotropic_worst(family, d)
    return CERTIFIED[family](d) if family in CERTIFIED else searched_worst(family, d)
