"""The scalars behind the reduced samplers, against exact laws: where d = 784 and 783 differ, DKW bands do not see it.

Every statistical check is an interval at its own share of `BUDGET`; one that excludes the exact value refutes, one that
stays within δ of it confirms, and anything else fails as well. Sample sizes come from δ, before sampling.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, comb, log, sqrt

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.special import betainc
from scipy.stats import chi2, t
from scipy.stats import f as fisher

from nfrlab.simulations.dense import reduced
from nfrlab.simulations.dense.reduced.invariant import INVARIANT_RULES
from nfrlab.simulations.dense.reduced.polar import (
    INVARIANT_FAMILIES,
    Floats,
    Frames,
    Mixture,
    coordinate,
    square_of_sum,
)
from nfrlab.simulations.dense.weights import RING_BAND, STUDENT_DOF
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.verify.court.evidence import Claimed, Finding, decide
from nfrlab.verify.intervals import bernstein_plan, clopper_pearson, dkw_radius, empirical_bernstein

BUDGET = 5e-7  # the probability that any check of this file errs; tests/test_reduced.py has as much
DELTA = 0.02
DIMENSIONS = (2, 3, 27, 784)
AXES = (*range(2, 13), 27, 784, 3071)
EXAMPLES = 40
CHECKS = {
    "coordinate": 3 * len(AXES),
    "signs": 17,
    "two": 6,
    "flights": 2,
    "lengths": 2 * (EXAMPLES + 2),
    "neurons": 4 * len(INVARIANT_FAMILIES) * len(DIMENSIONS),
    "mixtures": 3 * len(DIMENSIONS),
    "frame": 6,
    "frames": 8,
    "radii": 6,
}


def generator(*path: str | int) -> np.random.Generator:
    """The generator of one test."""
    return np.random.default_rng(seed_sequence(0, "tests", "polar", *path))


def alpha(group: str) -> float:
    """What one check of a group may spend; all checks of all groups sum to `BUDGET`."""
    return BUDGET / len(CHECKS) / CHECKS[group]


def draws(group: str, delta: float = DELTA) -> int:
    """The least n at which a law is confirmed within δ with probability ≥ 0.99 in all checks of the group at once."""
    return ceil(((dkw_radius(1, alpha(group)) + dkw_radius(1, 0.01 / CHECKS[group])) / delta) ** 2)


def law_is(group: str, sample: Floats, cdf: Callable[[Floats], Floats], delta: float = DELTA) -> Finding:
    """Whether the sample has the continuous distribution function `cdf`, within δ."""
    F, n = cdf(np.sort(sample)), len(sample)
    D = float(max((np.arange(1, n + 1) / n - F).max(), (F - np.arange(n) / n).max()))
    radius = dkw_radius(n, alpha(group))
    return decide((D - radius, D + radius), Claimed.exactly(0, delta))


def scale_is_one(group: str, total: float, dof: float, delta: float) -> Finding:
    """Whether `total` is χ² of `dof` degrees of freedom, and not 1 ± δ times such: an exact pivot."""
    level = alpha(group)
    return decide((total / chi2.isf(level / 2, dof), total / chi2.ppf(level / 2, dof)), Claimed.exactly(1, delta))


def pivot_plan(group: str, dof: int, delta: float) -> int:
    """An n, the least up to 10 %, at which a sum of n χ² of `dof` ends within δ with probability ≥ 0.99 in all checks.

    A χ² of D = n · dof lies in D (1 ± (2 √(t/D) + 2 t/D)) but for probability 2 e^−t (Laurent & Massart 2000): once for
    the interval, where this bounds the quantiles, and once for the draw.
    """
    n = 1
    while True:
        levels = alpha(group), 0.01 / CHECKS[group]
        a, b = (2 * sqrt(log(2 / level) / (n * dof)) + 2 * log(2 / level) / (n * dof) for level in levels)
        if a < 1 and (1 + b) / (1 - a) <= 1 + delta and (1 - b) / (1 + a) >= 1 - delta:
            return n
        n = ceil(1.1 * n)


def coordinate_cdf(m: int) -> Callable[[Floats], Floats]:
    """Distribution function of a coordinate of a uniform unit vector in R^m: `t² ~ Beta(½, (m − 1)/2)`."""
    return lambda u: (1 + np.sign(u) * betainc(0.5, (m - 1) / 2, np.minimum(u * u, 1))) / 2


def summed(family: str, d: int, N: int, n: int, *path: str | int) -> tuple[Floats, Floats]:
    """(along, across) of `Σ_j w_j` over all N neurons, n times: what Deconvnet makes of relevance 1."""
    return reduced.parts("deconv", family, d, N, n, generator(family, d, N, *path), "constant")


@pytest.mark.parametrize("m", AXES)
def test_coordinate(m: int) -> None:
    """Catches a wrong dimension, or exponent, on either side of m = 8: `E t² = 1/m`, `E t⁴ = 3/m(m + 2)`."""
    level, top = alpha("coordinate"), min(m, 40)
    squares = max(0.5 / (m + 1), DELTA), 1.5, float(top)  # half the way to m + 1, where that is not too near
    fourths = max(1.5 * m / (m + 2) * (1 - m * (m + 2) / (m + 1) / (m + 3)), 0.15), 11.0, float(top**2)
    n = max(draws("coordinate"), *(bernstein_plan(level, sd, width, delta) for delta, sd, width in (squares, fourths)))
    u = coordinate(m, (n,), generator("coordinate", m))
    assert law_is("coordinate", u, coordinate_cdf(m)) is Finding.SUPPORTS
    x = np.minimum(m * u * u, top)  # P(m t² > 40) < 1e-9: the truncated means are lower by less than 1e-6
    mean = empirical_bernstein(x, level, 0, top)
    assert decide(mean, Claimed.between(1 - 1e-6, 1, squares[0])) is Finding.SUPPORTS
    mean = empirical_bernstein(x * x, level, 0, top**2)
    assert decide(mean, Claimed.between(3 * m / (m + 2) - 1e-6, 3 * m / (m + 2), fourths[0])) is Finding.SUPPORTS


class Scripted(np.random.Generator):
    """Hands out given normals and exponentials once; from then on 0 and 1, which any rejection step keeps."""

    def __init__(self, z: Floats, E: Floats) -> None:
        super().__init__(np.random.PCG64(0))
        self.z, self.E = [z], [E]

    def standard_normal(self, shape: tuple[int, ...]) -> Floats:  # type: ignore[override]
        return self.z.pop().reshape(shape).copy() if self.z else np.zeros(shape)

    def standard_exponential(self, shape: tuple[int, ...]) -> Floats:  # type: ignore[override]
        return self.E.pop().reshape(shape).copy() if self.E else np.ones(shape)


@pytest.mark.parametrize("m", [8, 9, 27, 783, 784, 3071])
def test_rejection_step(m: int) -> None:
    """Catches κ off by ½ where no sample is large enough: t is `z/√(m − 3)`, kept where `E ≥ κ Σ_{k≥2} t^{2k}/k`."""
    z = np.repeat(np.linspace(-1.4, 1.4, 142) * sqrt(m - 3), 8)
    v, factors = z * z / (m - 3), np.tile([0, 0.4, 0.99, 1 - 1e-6, 1 + 1e-6, 1.01, 1.4, 5], 142)
    inside = np.where(v < 1, v, 0)
    cost = (m - 3) / 2 * sum(inside**k / k for k in range(2, 4000))
    expected = np.where((v < 1) & (factors > 1), z / sqrt(m - 3), 0)
    given = coordinate(m, z.shape, Scripted(z, np.where(v < 1, cost * factors, 1e9)))
    np.testing.assert_allclose(given, expected, rtol=1e-14)


def test_signs() -> None:
    """Catches an angle used twice, or a vector left over: on a line all 16 sums |1 ± 2 ± 4 ± 8 ± 16| are as likely."""
    n, level = draws("signs"), alpha("signs")
    roots = np.sqrt(square_of_sum(np.tile(4.0 ** np.arange(5), (n, 1)), 1, generator("signs")))
    sums, counts = np.unique(roots.round(6), return_counts=True)
    np.testing.assert_array_equal(sums, np.arange(1, 32, 2))
    for count in counts:
        assert decide(clopper_pearson(int(count), n, level), Claimed.exactly(1 / 16, DELTA)) is Finding.SUPPORTS
    u = coordinate(1, (n,), generator("line"))
    assert np.all(np.abs(u) == 1)
    assert decide(clopper_pearson(int(np.sum(u > 0)), n, level), Claimed.exactly(0.5, DELTA)) is Finding.SUPPORTS


@pytest.mark.parametrize("m", [2, 3, 4, 8, 26, 783])
def test_two_vectors(m: int) -> None:
    """Catches a missing factor 2 and a wrong law of the angle: `(‖a + b‖² − a² − b²)/2ab` is a coordinate in R^m."""
    a, b = 0.7, 2.5
    squares = square_of_sum(np.tile([a * a, b * b], (draws("two"), 1)), m, generator("two", m))
    assert np.all((squares > (b - a) ** 2 - 1e-12) & (squares < (b + a) ** 2 + 1e-12))
    cosine = np.clip((squares - a * a - b * b) / (2 * a * b), -1, 1)
    arcsine_or_uniform = {2: lambda u: 0.5 + np.arcsin(u) / np.pi, 3: lambda u: (1 + u) / 2}
    assert law_is("two", cosine, arcsine_or_uniform.get(m, coordinate_cdf(m))) is Finding.SUPPORTS


@pytest.mark.parametrize("vectors", [3, 4])
def test_random_flights(vectors: int) -> None:
    """Catches dependent angles and an odd vector dropped: Rayleigh's laws of three and four unit steps in space."""

    def cdf(r: Floats) -> Floats:
        if vectors == 3:  # density r²/2 up to 1, r (3 − r)/4 up to 3
            return np.where(r < 1, r**3 / 6, 1 / 6 + 3 * (r**2 - 1) / 8 - (r**3 - 1) / 12)
        near, u = r**3 / 6 - 3 * r**4 / 64, 4 - r  # density r² (8 − 3r)/16 up to 2, r (4 − r)²/16 up to 4
        return np.where(r < 2, near, 1 - (4 * u**3 / 3 - u**4 / 4) / 16)

    lengths = np.sqrt(square_of_sum(np.ones((draws("flights"), vectors)), 3, generator("flights", vectors)))
    assert law_is("flights", lengths, cdf) is Finding.SUPPORTS


@settings(max_examples=EXAMPLES)
@given(st.lists(st.floats(0.01, 10) | st.just(0.0), min_size=1, max_size=7), st.integers(1, 30))
@example([1.0] * 7, 1)
@example([1.0, 1.0], 2)
def test_moments_of_a_sum(lengths: list[float], m: int) -> None:
    """Catches lengths mixed up: `E‖S‖² = Σ a²`, `Var ‖S‖² = (4/m) Σ_{i<j} a_i² a_j²`; and what holds for every draw."""
    assume(sum(lengths) > 0)
    a = np.array(lengths) / sum(lengths)  # ‖S‖ ≤ 1
    level, delta = alpha("lengths"), 0.02
    n = bernstein_plan(level, 0.5, 1, delta)
    squares = np.tile(a * a, (n, 1))
    drawn = square_of_sum(squares, m, generator("lengths", m, len(a)))
    assert drawn.min() >= max(2 * a.max() - 1, 0) ** 2 - 1e-12
    assert drawn.max() <= 1 + 1e-12
    again = square_of_sum(9 * squares, m, generator("lengths", m, len(a)))
    np.testing.assert_allclose(again, 9 * drawn, rtol=0, atol=1e-7)  # the root of a cancelled square errs by 1e-8
    energy = float(a @ a)
    variance = 2 / m * (energy**2 - float(a**2 @ a**2))
    drawn = np.clip(drawn, 0, 1)
    assert decide(empirical_bernstein(drawn, level), Claimed.exactly(energy, delta)) is Finding.SUPPORTS
    assert (
        decide(empirical_bernstein((drawn - energy) ** 2, level), Claimed.exactly(variance, delta)) is Finding.SUPPORTS
    )


def test_no_vectors() -> None:
    """Catches a sum of nothing, in no dimension, or of one vector, that is not what it must be."""
    rng = generator("none")
    np.testing.assert_array_equal(square_of_sum(np.ones((4, 3)), 0, rng), np.zeros(4))
    np.testing.assert_array_equal(square_of_sum(np.empty((4, 0)), 5, rng), np.zeros(4))
    np.testing.assert_array_equal(square_of_sum(np.full((4, 1), 7.0), 5, rng), np.full(4, 7.0))


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("family", INVARIANT_FAMILIES)
def test_neurons(family: str, d: int) -> None:
    """Catches a direction that is not uniform, for one neuron or the sum of many (α is a coordinate in R^d), and radii
    of another law: √d, `√d U[0.8, 1.2]`, `√χ²_d`, or `√(d F_{d,3})`. `E c² = 1`, but for the ring, and 3 for Student
    weights, where only the law is checked: c² has no variance.
    """
    low, high = RING_BAND
    top = 60.0 if family == "gaussian" else min(high**2 * d, 60)
    level = alpha("neurons")
    n = max(draws("neurons"), bernstein_plan(level, 1.6, top, 0.05))
    along, across = summed(family, d, 1, n)
    squares = along**2 + across**2
    assert law_is("neurons", along / np.sqrt(squares), coordinate_cdf(d)) is Finding.SUPPORTS
    if family != "student":
        truth = (high**3 - low**3) / 3 / (high - low) if family == "ring" else 1
        mean = empirical_bernstein(np.minimum(along**2, top), level, 0, top)  # P(c² > 60) < 1e-9
        assert decide(mean, Claimed.between(truth - 1e-6, truth, 0.05)) is Finding.SUPPORTS
    match family:
        case "gaussian":
            assert law_is("neurons", squares, lambda u: chi2.cdf(u, d)) is Finding.SUPPORTS
        case "student":
            assert law_is("neurons", along, lambda u: t.cdf(u, STUDENT_DOF)) is Finding.SUPPORTS
            assert law_is("neurons", squares / d, lambda u: fisher.cdf(u, d, STUDENT_DOF)) is Finding.SUPPORTS
        case "ring":
            radius = np.sqrt(squares / d)
            assert law_is("neurons", radius, lambda u: np.clip((u - low) / (high - low), 0, 1)) is Finding.SUPPORTS
        case _:
            np.testing.assert_allclose(squares, d, rtol=1e-12)
    along, across = summed(family, d, 30, n)
    assert law_is("neurons", along / np.hypot(along, across), coordinate_cdf(d)) is Finding.SUPPORTS


@pytest.mark.parametrize("d", DIMENSIONS)
def test_mixtures(d: int) -> None:
    """Catches d for d − 1 at any d: beside e a Gaussian layer has `‖R‖² = A·x̂ χ²_{d−1}` under Activation, and one of
    known scales `Σ (s σ)² χ²_{d−1}`.
    """
    delta = 0.5 / (d - 1)
    n = ceil(1.1 * max(pivot_plan("mixtures", d - 1, delta), pivot_plan("mixtures", 3, 0.05)))  # a few have A = 0
    along, across = reduced.parts("activation", "gaussian", d, 6, n, generator("activation", d))
    pivot = across[along > 0] ** 2 / along[along > 0]
    assert scale_is_one("mixtures", pivot.sum(), (d - 1) * len(pivot), delta) is Finding.SUPPORTS
    rng, mask = generator("mixtures", d), np.ones((n, 1, 4), dtype=bool)
    mask[:, :, 3] = False
    s, sigma = rng.standard_normal(mask.shape) * mask, rng.uniform(0.1, 3, mask.shape)
    cloud = Mixture(lambda shape, rng: sigma, d, n, generator("angles", d))
    cloud.open((n, 1))
    c = cloud.coordinates(mask, rng)
    cloud.add(s, c)
    cloud.close()
    along, across = cloud.parts()
    np.testing.assert_allclose(along, (s * c).sum(axis=(1, 2)), rtol=1e-9, atol=1e-12)
    assert scale_is_one("mixtures", ((c / sigma)[mask] ** 2).sum(), 3 * n, 0.05) is Finding.SUPPORTS
    pivot = across**2 / ((s * sigma) ** 2).sum(axis=(1, 2))
    assert scale_is_one("mixtures", pivot.sum(), (d - 1) * n, delta) is Finding.SUPPORTS


@pytest.mark.parametrize(("d", "N"), [(27, 12), (27, 27), (784, 300)])
def test_one_frame(d: int, N: int) -> None:
    """Catches neurons of a frame that are not orthonormal, or counted wrongly: K of N active have `‖Σ w‖² = d K`, and
    Activation `‖R‖² = d A·x̂`, `A·x̂/d ~ Beta(K/2, (d − K)/2)`, K ~ Bin(N, ½).
    """
    n = draws("frame")
    along, across = summed("haar", d, N, 100)
    np.testing.assert_allclose(along**2 + across**2, N * d, rtol=1e-10)
    along, across = reduced.parts("constant", "haar", d, N, n, generator("constant", d, N))
    active = (along**2 + across**2) / d
    np.testing.assert_allclose(active, active.round(), atol=1e-9)
    K, radius = np.arange(N + 1), dkw_radius(n, alpha("frame"))
    probability = np.array([comb(N, k) / 2**N for k in range(N + 1)])
    D = float(np.abs(np.mean(active.round()[:, None] <= K, axis=0) - probability.cumsum()).max())
    assert decide((D - radius, D + radius), Claimed.exactly(0, DELTA)) is Finding.SUPPORTS
    along, across = reduced.parts("activation", "haar", d, N, n, generator("activated", d, N))
    np.testing.assert_allclose(along**2 + across**2, d * along, rtol=1e-9)
    grid, share = np.linspace(0, 0.999, 300)[:, None], along.round(9) / d
    shapes = np.maximum(K, 1e-9) / 2, np.maximum(d - K, 1e-9) / 2  # K = 0 and K = d are atoms, at 0 and 1
    D = float(np.abs(np.mean(share <= grid, axis=1) - betainc(*shapes, np.maximum(grid, 1e-300)) @ probability).max())
    assert decide((D - radius, D + radius), Claimed.exactly(0, DELTA)) is Finding.SUPPORTS


@pytest.mark.parametrize(("d", "N"), [(3, 6), (2, 3), (27, 28), (784, 785), (784, 1568), (784, 1000)])
def test_two_frames(d: int, N: int) -> None:
    """Catches a last frame of the wrong size, and frames added in R^d for R^{d−1}: the sums of two frames of k and l
    neurons have lengths √(d k), √(d l), and the cosine between them is a coordinate in R^d.
    """
    along, across = summed("haar", d, N, draws("frames", 0.05))
    cosine = ((along**2 + across**2) / d - N) / (2 * sqrt(d * (N - d)))
    assert np.all(np.abs(cosine) < 1 + 1e-9)
    assert law_is("frames", cosine, coordinate_cdf(d), 0.05) is Finding.SUPPORTS


@pytest.mark.parametrize("d", [3, 784])
def test_two_on_the_sphere(d: int) -> None:
    """Catches neurons of the sphere that are not added in R^{d−1} beside e: the cosine is a coordinate in R^d."""
    along, across = summed("sphere", d, 2, draws("frames"))
    cosine = (along**2 + across**2) / (2 * d) - 1
    assert law_is("frames", cosine, coordinate_cdf(d)) is Finding.SUPPORTS


@given(st.integers(1, 40), st.lists(st.integers(1, 12), min_size=1, max_size=40), st.integers(0, 2**32 - 1))
def test_frames_in_pieces(d: int, pieces: list[int], seed: int) -> None:
    """Catches a piece of a frame drawn as if nothing had been drawn before: e has length 1 to spend, and spends it."""
    rng = np.random.default_rng(seed)
    cloud = Frames(d, 3, rng)
    cloud.open((3, 2))
    spent, left = np.zeros((3, 2)), d
    for piece in pieces:
        mask = np.ones((3, 2, min(piece, left)), dtype=bool)
        left -= mask.shape[2]
        spent += (cloud.coordinates(mask, rng) ** 2).sum(axis=2) / d
        assert np.all(spent <= 1 + 1e-12)
    if left == 0:
        np.testing.assert_allclose(spent, 1, rtol=1e-12)
    else:
        assert np.all(spent < 1)


@pytest.mark.parametrize("family", INVARIANT_FAMILIES)
@pytest.mark.parametrize("rule", INVARIANT_RULES)
def test_line(rule: str, family: str) -> None:
    """Catches a length beside e where there is none: for d = 1, across = 0 and α = ±1."""
    for N in (1, 2, 9):
        _, across = reduced.parts(rule, family, 1, N, 200, generator("line", N))
        np.testing.assert_array_equal(across, np.zeros(200))
        ratio = reduced.alignments(rule, family, 1, N, 200, generator("line", N))
        assert np.all(np.isnan(ratio) | (np.abs(ratio) == 1))
        assert rule == "rectgrad" or not np.all(np.isnan(ratio))


def radii_fit(family: str, d: int, sampler_d: int) -> Finding:
    """Whether single neurons of the sampler for `sampler_d` have the length they have in R^d."""
    n = pivot_plan("radii", d - 1, 0.5 / (d - 1))
    along, across = summed(family, sampler_d, 1, n)
    if family == "gaussian":
        return scale_is_one("radii", (across**2).sum(), n * (d - 1), 0.5 / (d - 1))
    if family == "student":  # no length tells: its tail is heavy. Its length beside e, given the scale, does
        cloud, mask = INVARIANT_FAMILIES[family](sampler_d, n, generator("angles")), np.ones((n, 1, 1), dtype=bool)
        c = cloud.coordinates(mask, generator("radii"))
        cloud.add(np.ones(mask.shape), c)
        pivot = cloud.parts()[1] ** 2 / cloud.energy
        return scale_is_one("radii", pivot.sum(), n * (d - 1), 0.5 / (d - 1))
    low, high = RING_BAND if family == "ring" else (1, 1)
    radius = np.hypot(along, across) / sqrt(d)
    return Finding.SUPPORTS if np.all((radius > low - 1e-9) & (radius < high + 1e-9)) else Finding.REFUTES


@pytest.mark.parametrize("family", INVARIANT_FAMILIES)
def test_off_by_one_is_seen(family: str) -> None:
    """Catches checks without power: 783 or 785 in place of 784 must be refuted, for every family."""
    assert radii_fit(family, 784, 784) is Finding.SUPPORTS
    assert radii_fit(family, 784, 783) is Finding.REFUTES
    assert radii_fit(family, 784, 785) is Finding.REFUTES
