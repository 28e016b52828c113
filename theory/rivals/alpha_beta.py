"""Two relevances under z⁺ and LRP-αβ, β = α − 1, in a wide random stack: |cos| by layer, and where they do not meet.

To a neuron of activation a_i comes `R_i = a_i Σ_j h_ij R_j`, `h = α w⁺/Z⁺ − β w⁻/Z⁻ ∝ w⁺ + β w` at leading order: the
gradient's matrix plus W⁺/β. Its entries have mean `1/√(2π)` and noise

    t = Var h/(E h)² = π − 1 + 2πβ(β + 1),

and `Σ_i R_i = Σ_j R_j` exactly. So of v_p ~ N(0, I), put in place of the relevance, a layer makes `R_p ∝ A ⊙ (N_p 1 +
√t g_p)`, N_p = Σv_p/√n ~ N(0, 1), and `G_pq = Σ_i R_p R_q/(ΣR_p ΣR_q)` obeys `G ← S (1 + t G)`, `S = ΣA²/(ΣA)² → π/n`.
Of `theory.rivals.shared_sums` that is

    y = t below the first layer, then y ← y S t g/(1 + S t g), g = G_12: where S t < 1, y ← S t y in the end.

At β = 0 that is `(π − 1) S` of `theory.limit.all_ones`. E|cos| falls with β in every layer, for y rises with t. Where
`n > π t` relevances meet, y by the factor `π t/n` a layer; in narrower layers, `β(β + 1) ≥ n/2π² − (π − 1)/2π`, they do
not, and `y → t − n/π` however deep the stack is: π t is 7, 46, 125, 244, 402, 1,784 at β = 0, 1, 2, 3, 4, 9.

Two corrections of order n^−½ are kept. Along the activation the common part has a ripple, `1 + m (Â_i − A_1)`, and the
noise a larger variance; with `A_1, A_2, A_3` = Σ Â_i^{p+1}/Σ Â_i^p at p = 1 and 2, and Σ Â⁴,

    S of the common part  S (1 + 2m (A_2 − A_1) + m² (A_3 − 2 A_1 A_2 + A_1²)),   m of `ripple`
    S of the noise        S exp(4 (1 + 2β)/t · (A_2 − (π − 1) A_1))

The first grows with β/√n. The noises' correlation is no exact 0: its variance is 1/n at the top and A_3 at each layer.
At width 2,000, β ≤ 4 and four layers the mean |cos| is within 0.006 of sampled stacks, at width 600 within 0.01. What
is not kept is of order 1/n and S t: at width 128 the law is up to 0.05 off. Derivations:
`theory.rivals.proofs.alpha_beta`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, pi, sqrt

import numpy as np
from jaxtyping import Float

from nfrlab.theory.numerics.vectors import Array
from nfrlab.theory.rivals.convergence import check_stack
from nfrlab.theory.rivals.shared_sums import mean_size, median_size


@dataclass(frozen=True)
class Profile:
    """What the law asks of an activation A ≥ 0, Â = A/‖A‖: `S = ΣA²/(ΣA)²`, A_1 = √S, `A_2 = ΣÂ³`, `A_3 = ΣÂ⁴`."""

    S: float
    second: float
    third: float

    @property
    def first(self) -> float:
        """`A_1 = ΣÂ²/ΣÂ = √S`."""
        return sqrt(self.S)


def wide_layer(n: int) -> Profile:
    """A layer of n ReLU neurons, A ∝ ẑ⁺: `S = π/n`, `A_2 = 4/√(πn)`, `A_3 = 6/n`."""
    return Profile(pi / n, 4 / sqrt(pi * n), 6 / n)


def input_profile(x: Float[Array, " d"]) -> Profile:
    """An input, of which the rules see |x|. Raises `ValueError` for a zero one."""
    if not x.any():
        raise ValueError("a zero input has no relevance to share out")
    unit = np.abs(x) / np.linalg.norm(x)
    return Profile(1 / float(unit.sum()) ** 2, float((unit**3).sum()), float((unit**4).sum()))


def half_normal_profile(d: int) -> Profile:
    """A normal input of R^d, on average: `S = π/2d`, `A_2 = √(8/πd)`, `A_3 = 3/d`."""
    return Profile(pi / (2 * d), sqrt(8 / (pi * d)), 3 / d)


def noise_share(beta: float) -> float:
    """`t = Var(w⁺ + βw)/(E w⁺)² = π − 1 + 2πβ(β + 1)`. Raises `ValueError` for β < 0."""
    if not beta >= 0:
        raise ValueError(f"β = α − 1 is not negative, got {beta}")
    return pi - 1 + 2 * pi * beta * (beta + 1)


def rate(beta: float, n: int) -> float:
    """`S t = π t/n`: what y is multiplied by in a layer of n neurons, deep in the stack. Raises as `noise_share`."""
    return pi * noise_share(beta) / n


def critical_width(beta: float) -> float:
    """`n = π t`, below which two relevances do not meet. Raises `ValueError` as `noise_share` does."""
    return pi * noise_share(beta)


def critical_beta(n: int) -> float:
    """The β from which on relevances do not meet in layers of n neurons: `π t(β) = n`; 0 where not even z⁺ does it."""
    return max(0.0, sqrt(max(0.0, 0.25 + (n / pi - pi + 1) / (2 * pi))) - 0.5)


def stuck_noise(beta: float, n: int) -> float:
    """The limit of y in deep stacks of one width at leading order: 0 from `critical_width` on, below it `t − n/π`."""
    return max(0.0, noise_share(beta) - n / pi)


def common_spread(at: Profile, m: float) -> float:
    """S of the common part: `ΣA²(1 + m(Â − A_1))²/(ΣA)²`."""
    bend = at.third - 2 * at.first * at.second + at.first**2
    return at.S * (1 + 2 * m * (at.second - at.first) + m * m * bend)


def noise_spread(at: Profile, beta: float) -> float:
    """S of the noise: its variance rises along the activation, and falls with `Z_j`, by `(2β + 1)/t`."""
    return at.S * exp(4 * (1 + 2 * beta) / noise_share(beta) * (at.second - (pi - 1) * at.first))


def ripple(beta: float, above: float, n: int) -> float:
    """m of the common part below a layer of n neurons, from that at the layer: `√(π/2) (1 + 2β) Σẑ R/ΣR`.

    `R ∝ ẑ⁺ (1 + above (Â − A_1))` has `Σẑ R/ΣR = √(π/2) + (2 − π/2) above √(2/n)`. Below the top, where R = v, m is 0.
    """
    return sqrt(pi / 2) * (1 + 2 * beta) * (sqrt(pi / 2) + (2 - pi / 2) * above * sqrt(2 / n))


def noises(beta: float, widths: tuple[int, ...], x: Float[Array, " d"] | None = None) -> list[tuple[float, float]]:
    """(y, σ²) of two relevances R at the layers L − 1, …, 0.

    Raises `ValueError` as `noise_share` and `check_stack` do, and for an input of another length.

    Parameters
    ----------
    beta
        α − 1; 0 is z⁺.
    widths
        `n_0 = d, …, n_L`; v enters at all n_L neurons.
    x
        The input; without one, a normal input on average.
    """
    check_stack(widths)
    if x is not None and len(x) != widths[0]:
        raise ValueError(f"the input has {len(x)} entries, the stack expects {widths[0]}")
    bottom = half_normal_profile(widths[0]) if x is None else input_profile(x)
    layers = [*(wide_layer(n) for n in widths[-2:0:-1]), bottom]
    t, y, m, spread = noise_share(beta), noise_share(beta), 0.0, 1 / widths[-1]
    g, found = layers[0].S, list[tuple[float, float]]()
    for above, at in zip(widths[:0:-1], layers, strict=True):
        if found:
            m = ripple(beta, m, above)
            carried = noise_spread(at, beta) * t * g
            g = common_spread(at, m) + carried
            y *= carried / g
        spread += at.third
        found.append((y, spread))
    return found


def alpha_beta_cosines(
    beta: float, widths: tuple[int, ...], x: Float[Array, " d"] | None = None
) -> Float[Array, " levels"]:
    """E|cos| of two relevances under LRP-αβ at the layers L − 1, …, 0. Arguments and errors are those of `noises`."""
    return np.array([mean_size(y, spread) for y, spread in noises(beta, widths, x)])


def alpha_beta_medians(
    beta: float, widths: tuple[int, ...], x: Float[Array, " d"] | None = None
) -> Float[Array, " levels"]:
    """The median |cos| at the layers L − 1, …, 0 as the noises become orthogonal, σ = 0: where maps meet it tells
    little. Arguments and errors are those of `noises`.
    """
    return np.array([median_size(y) for y, _ in noises(beta, widths, x)])
