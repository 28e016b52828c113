"""What two relevances become in random stacks: moments by three routes, laws against sampled stacks and chains."""

from __future__ import annotations

from itertools import pairwise
from math import exp, pi, sqrt

import flint
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from nfrlab.simulations.dense import backward, rule
from nfrlab.simulations.dense.montecarlo import gaussian_stack
from nfrlab.theory.cascade.recursion import gbp_step, gradient_step
from nfrlab.theory.limit.all_ones import log_rate
from nfrlab.theory.rivals import alpha_beta, convergence, lrp_z, matrix_chains, pairs, rectgrad_pairs, shared_sums

SIX = 6  # standard errors
correlations = st.floats(-0.95, 0.95)
strengths = st.floats(0, 8)
overlaps = st.floats(0, 0.999)


def factors(r12: float, r13: float, r23: float) -> np.ndarray:
    """A matrix whose rows are unit vectors with these inner products."""
    return np.linalg.cholesky(np.array([[1, r12, r13], [r12, 1, r23], [r13, r23, 1]]))


@settings(max_examples=12)
@given(correlations, correlations, st.floats(-1, 1))
def test_orthant_moment_against_sampling(r12: float, r13: float, share: float) -> None:
    """Catches a wrong closed form: the mean of x_1⁺ x_2⁺ 1(x_3 > 0) over 400,000 draws, six standard errors."""
    r23 = r12 * r13 + share * 0.95 * sqrt((1 - r12**2) * (1 - r13**2))
    x = factors(r12, r13, r23) @ np.random.default_rng(0).standard_normal((3, 400_000))
    values = x[0] * x[1] * np.all(x > 0, axis=0)
    found = pairs.orthant_moment(r12, r13, r23)
    assert found == pytest.approx(values.mean(), abs=SIX * values.std() / sqrt(len(values)) + 1e-6)


def orthant_ball(r12: float, r13: float, r23: float) -> flint.arb:
    """The moment in ball arithmetic, by polar coordinates.

    Given x_1 and x_2 the third is positive with the chance Φ((a x_1 + b x_2)/√rest). With `x_1, x_2 = ρ (cos φ, sin φ)`
    the integral over ρ is closed, which leaves one over the angle.
    """
    flint.ctx.prec = 90
    r, s, t = (flint.arb(v) for v in (r12, r13, r23))
    det = 1 - r * r
    a, b = (s - r * t) / det, (t - r * s) / det
    rest = (1 - a * s - b * t).sqrt()

    def integrand(phi: flint.acb, _: bool) -> flint.acb:
        c, d = phi.cos(), phi.sin()
        form = (c * c - 2 * r * c * d + d * d) / det  # density e^{−ρ² form/2}
        slope = (a * c + b * d) / rest
        # ∫ ρ³ e^{−ρ² f/2} Φ(ρ m) dρ = (1 + m(3f + 2m²)/(2(f + m²)^{3/2}))/f² for signs of m
        root = (form + slope * slope).sqrt()
        whole = (1 + slope * (3 * form + 2 * slope * slope) / (2 * root**3)) / (form * form)
        return c * d * whole

    half = flint.arb.pi() / 2
    value = flint.acb.integral(integrand, flint.acb(0), flint.acb(half)).real
    return value / (2 * flint.arb.pi() * det.sqrt())


@pytest.mark.parametrize(
    ("r12", "r13", "r23"), [(0.0, 0.0, 0.0), (0.5, 0.25, 0.25), (-0.5, 0.5, 0.125), (0.875, 0.75, 0.75)]
)
def test_orthant_moment_in_balls(r12: float, r13: float, r23: float) -> None:
    """Catches rounding and a lost term: an integral over one angle in ball arithmetic, to 1e-12."""
    enclosed = orthant_ball(r12, r13, r23)
    assert float(enclosed.rad()) < 1e-14
    assert pairs.orthant_moment(r12, r13, r23) == pytest.approx(float(enclosed.mid()), abs=1e-12)


def planar_pair(k: float, c: float) -> float:
    """c′ of GBP by the midpoint rule over ẑ and the common part of the rests, their own parts in closed form."""
    step = 0.02
    z = np.arange(step / 2, 9, step)[:, None]
    u = np.arange(-9 + step / 2, 9, step)[None, :]
    weight = norm.pdf(z) * norm.pdf(u) * step**2
    mu, sigma = k * z + sqrt(c) * u, sqrt(1 - c)
    half = mu * norm.cdf(mu / sigma) + sigma * norm.pdf(mu / sigma)  # E relu(μ + σe)
    square = (mu**2 + sigma**2) * norm.cdf(mu / sigma) + mu * sigma * norm.pdf(mu / sigma)
    return float((weight * half**2).sum() / (weight * square).sum())


@pytest.mark.parametrize("c", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("k", [0.0, 0.7, 3.0])
def test_gbp_pair_by_quadrature(k: float, c: float) -> None:
    """Catches a recursion that tracks α_1 α_2 alone: two relevances that share a part c, by brute force."""
    assert pairs.gbp_pair(k, c) == pytest.approx(planar_pair(k, c), abs=2e-5)
    if k == 0:  # the mask halves both moments: the arc-cosine kernel
        assert pairs.gbp_pair(0.0, c) == pytest.approx(pairs.deconv_pair(c), abs=1e-14)


@settings(max_examples=100)
@given(strengths, overlaps)
def test_pairs_meet_at_their_rate(k: float, c: float) -> None:
    """Catches a contraction that does not bound the step, a step that loses what is common, and `c′ ≥ 2q` broken."""
    step = pairs.gbp_pair(k, c)
    assert 1 - step <= pairs.gbp_contraction(k) * (1 - c) + 1e-12
    assert step >= 2 * gbp_step(k) - 1e-12
    assert pairs.gradient_pair(k, c) >= 2 * gradient_step(k) - 1e-12
    assert pairs.gradient_pair(k, 0.0) == pytest.approx(2 * gradient_step(k), abs=1e-14)
    assert pairs.gbp_contraction(k) < 1 or k < 1e-6
    near = 1 - 1e-9
    assert (1 - pairs.gbp_pair(k, near)) / (1 - near) == pytest.approx(pairs.gbp_contraction(k), rel=1e-3, abs=1e-4)


def test_deep_stacks() -> None:
    """Catches a fixed point that is none, and Deconvnet called exponential: its 1 − c is 9π²/2j² after j layers."""
    k, rate = pairs.gbp_depth()
    assert 2 * gbp_step(k) == pytest.approx(k * k, abs=1e-12)
    deep = [1 - c for _, c in convergence.gbp_rests((50,) * 40)]
    assert deep[30] / deep[29] == pytest.approx(rate, rel=1e-4)
    c, j = 0.0, 3000
    for _ in range(j):
        c = pairs.deconv_pair(c)
    assert (1 - c) * j * j == pytest.approx(9 * pi**2 / 2, rel=0.02)


def sampled_cosines(c: float, square: float, m: int, rng: np.random.Generator) -> np.ndarray:
    """Cosines of 200,000 pairs of maps `T e_1 + g_p` in R^m, g beside e_1."""
    g = rng.standard_normal((2, 200_000, m))
    g[1] = c * g[0] + sqrt(1 - c * c) * g[1]
    if square:
        g[:, :, 0] = sqrt(square)
    return np.einsum("tm,tm->t", *g) / np.linalg.norm(g, axis=2).prod(axis=0)


@pytest.mark.parametrize(("c", "m"), [(0.0, 3), (0.4, 2), (0.8, 7)])
def test_sample_cosines(c: float, m: int) -> None:
    """Catches a wrong law of the cosine of correlated normal vectors: mean and mean square by sampling."""
    found = sampled_cosines(c, 0.0, m, np.random.default_rng(1))
    error = SIX / sqrt(len(found))
    assert pairs.mean_sample_cosine(c, m) == pytest.approx(found.mean(), abs=error * found.std())
    assert pairs.mean_sample_square(c, m) == pytest.approx((found**2).mean(), abs=error * (found**2).std())


@pytest.mark.parametrize(("square", "c", "d"), [(2.0, 0.3, 3), (20.0, 0.6, 27), (5.0, 0.1, 2), (1.0, 0.5, 1)])
def test_mean_pair_cosine(square: float, c: float, d: int) -> None:
    """Catches a wrong average over the rests at an input of few dimensions, by sampling."""
    found = sampled_cosines(c, square, d, np.random.default_rng(2))
    assert pairs.mean_pair_cosine(square, c, d) == pytest.approx(
        found.mean(), abs=SIX * found.std() / sqrt(len(found)) + 1e-12
    )


@pytest.mark.parametrize("d", [9, 30, 2000])
@pytest.mark.parametrize("c", [0.0, 0.5, 0.99])
def test_mean_pair_cosine_is_precise(c: float, d: int) -> None:
    """Catches a quadrature too coarse: without a part along x the hypergeometric mean in d − 1 dimensions, to 1e-10."""
    assert pairs.mean_pair_cosine(0.0, c, d) == pytest.approx(pairs.mean_sample_cosine(c, d - 1), abs=1e-10)


@pytest.mark.parametrize(("y", "spread"), [(0.5, 0.0), (2.0, 0.01), (30.0, 0.05), (1e-3, 0.02)])
def test_mean_size_against_sampling(y: float, spread: float) -> None:
    """Catches a wrong mean |cos| of vectors with unequal sums and correlated noises, by sampling its definition."""
    rng = np.random.default_rng(3)
    N, zeta = rng.standard_normal((2, 400_000)), sqrt(spread) * rng.standard_normal(400_000)
    found = np.abs((N[0] * N[1] + y * zeta) / np.sqrt((N[0] ** 2 + y) * (N[1] ** 2 + y)))
    assert shared_sums.mean_size(y, spread) == pytest.approx(found.mean(), abs=SIX * found.std() / sqrt(len(found)))
    if not spread:
        assert shared_sums.median_size(y) == pytest.approx(np.median(found), abs=0.005)
        assert shared_sums.mean_size(y) == pytest.approx(exp(y) * (2 * norm.cdf(-sqrt(y))) ** 2, rel=1e-12)


@pytest.mark.parametrize("y", [1e-6, 0.1, 3.0, 100.0])
def test_size_law_by_quadrature(y: float) -> None:
    """Catches a wrong mean or distribution: `E C` and `P(C C′ ≤ x)` by sums over N = √y sinh s, where C = tanh s."""
    step = 1e-4
    s = np.arange(step / 2, np.arcsinh(12 / sqrt(y)), step)
    weight = 2 * norm.pdf(sqrt(y) * np.sinh(s)) * sqrt(y) * np.cosh(s) * step
    assert shared_sums.mean_size(y) == pytest.approx(float(weight @ np.tanh(s)) ** 2, abs=1e-9)
    for x in (0.02, 0.3, 0.9, shared_sums.median_size(y)):
        c = np.minimum(x / np.tanh(s), 1 - 1e-16)
        below = np.where(c < 1 - 1e-15, 2 * norm.cdf(sqrt(y) * c / np.sqrt((1 - c) * (1 + c))) - 1, 1.0)
        assert shared_sums.size_cdf(y, x) == pytest.approx(float(weight @ below), abs=1e-6)
    assert shared_sums.size_cdf(y, shared_sums.median_size(y)) == pytest.approx(0.5, abs=1e-9)


def test_spread_changes_little_where_there_is_none() -> None:
    """Catches a quadrature that jumps at σ = 0, where the closed form takes over."""
    for y in (0.01, 1.0, 50.0):
        assert shared_sums.mean_size(y, 1e-14) == pytest.approx(shared_sums.mean_size(y), abs=1e-5)


def test_noise_share_by_sampling() -> None:
    """Catches a wrong t: a million entries of w⁺ + βw, their variance over their squared mean, at six deviations."""
    w = np.random.default_rng(4).standard_normal(1_000_000)
    for beta in (0, 1, 4):
        h = np.maximum(w, 0) + beta * w
        parts = h.reshape(100, -1).var(axis=1) / h.reshape(100, -1).mean(axis=1) ** 2
        assert np.median(parts) == pytest.approx(alpha_beta.noise_share(beta), abs=SIX * 1.25 * parts.std() / 10)


def test_ripple_by_sampling() -> None:
    """Catches a ripple that forgets the layer above: the sums of a million neurons, and what it adds to S."""
    n, above, beta = 1_000_000, 400.0, 2.0
    z = np.maximum(np.random.default_rng(14).standard_normal(n), 0)
    unit = z / np.linalg.norm(z)
    R = z * (1 + above * (unit - (unit**2).sum() / unit.sum()))
    found = sqrt(pi / 2) * (1 + 2 * beta) * (z @ R) / R.sum()
    assert alpha_beta.ripple(beta, above, n) == pytest.approx(found, rel=0.005)
    spread = alpha_beta.common_spread(alpha_beta.wide_layer(n), above)
    assert spread == pytest.approx((R @ R) / z.sum() ** 2, rel=0.01)


def test_profiles() -> None:
    """Catches a wrong moment of an activation: a million neurons and inputs."""
    z = np.random.default_rng(5).standard_normal(1_000_000)
    for A, law in ((np.maximum(z, 0), alpha_beta.wide_layer), (z, alpha_beta.half_normal_profile)):
        found, expected = alpha_beta.input_profile(A), law(len(z))
        for name in ("S", "first", "second", "third"):
            assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=0.01)


@given(st.floats(0, 20), st.floats(0, 20), st.lists(st.integers(2, 5000), min_size=2, max_size=6).map(tuple))
def test_convergence_falls_with_beta(beta: float, other: float, widths: tuple[int, ...]) -> None:
    """Catches a law that rises with β at leading order: y is larger at every layer for the larger β."""
    low, high = sorted((beta, other))
    for one, two in pairwise([low, high]):
        t = [alpha_beta.noise_share(b) for b in (one, two)]
        y, g = list(t), [1.0, 1.0]
        for n in widths[:-1]:
            for p in (0, 1):
                grown = pi / n * t[p] * g[p]
                y[p] *= grown / (1 + grown)
                g[p] = 1 + grown
            assert y[0] <= y[1]


def test_rate_is_that_of_two_maps() -> None:
    """Catches a rate that contradicts `theory.limit.all_ones` at β = 0, found there by another road: ln y a layer, to
    order n^−½.
    """
    for n in (10_000, 1_000_000):
        y = [value for value, _ in alpha_beta.noises(0.0, (n,) * 9)]
        found = np.log(y[6] / y[5])
        assert found == pytest.approx(log_rate("zplus-gradient", n, n), abs=30 / n)


def test_where_relevances_do_not_meet() -> None:
    """Catches a critical width that is none: below it y stays at `t − n/π`, above it goes to 0, at leading order."""
    for beta, n in ((4.0, 200), (4.0, 800), (9.0, 512), (1.0, 64)):
        t = alpha_beta.noise_share(beta)
        y, g = t, 1.0
        for _ in range(400):
            grown = alpha_beta.rate(beta, n) * g
            y, g = y * grown / (1 + grown), 1 + grown
        assert y == pytest.approx(alpha_beta.stuck_noise(beta, n), rel=1e-6, abs=1e-6)
        assert (alpha_beta.stuck_noise(beta, n) > 0) == (n < alpha_beta.critical_width(beta))
        assert alpha_beta.critical_beta(round(alpha_beta.critical_width(beta))) == pytest.approx(beta, abs=0.05)


def engine_cosines(name: str, widths: tuple[int, ...], stacks: int, vectors: int, seed: int) -> np.ndarray:
    """Mean cosines (stacks × layers) of the pairs of relevances that the engine carries down random stacks."""
    rng, upper, found = np.random.default_rng(seed), np.triu_indices(vectors, 1), []
    for _ in range(stacks):
        layers = gaussian_stack((*widths, 1), rng).forward(rng.standard_normal(widths[0]))[:-1]
        carried, steps = rng.standard_normal((vectors, widths[-1])), []
        for layer in range(len(layers), 0, -1):
            down = [backward(layers, rule(name), r, start=layer, stop=layer - 1) for r in carried]
            carried = np.array([r / np.linalg.norm(r) for r in down])
            steps.append((carried @ carried.T)[upper].mean())
        found.append(steps)
    return np.array(found)


@pytest.mark.parametrize("q", [0.6, 0.9, 0.98])
@pytest.mark.parametrize(("k", "c"), [(0.0, 0.0), (0.6, 0.4), (1.5, 0.95)])
def test_rectgrad_pair_by_sampling(k: float, c: float, q: float) -> None:
    """Catches a wrong overlap of two thresholds: a million neurons, each relevance with its own quantile."""
    rng = np.random.default_rng(17)
    A = np.maximum(rng.standard_normal(1_000_000), 0)
    g, e = rng.standard_normal((2, len(A)))
    pair = [k * A + rest for rest in (g, c * g + sqrt(1 - c * c) * e)]
    s = [r * (A > 0) * (A * r > np.quantile(A * r, q)) for r in pair]
    found = s[0] @ s[1] / np.linalg.norm(s[0]) / np.linalg.norm(s[1])
    assert rectgrad_pairs.rectgrad_pair(k, c, q) == pytest.approx(found, abs=5 * 2 / sqrt((1 - q) * len(A)))
    if k == 0 and q <= 0.75:
        assert rectgrad_pairs.rectgrad_pair(k, c, q) == pytest.approx(pairs.gbp_pair(k, c), abs=1e-10)


def test_rectgrad_does_not_become_one_map() -> None:
    """Catches a RectGrad that converges as GBP does: its cosine settles below 1, since 1 − c′ falls as √(1 − c)."""
    gaps = [1 - rectgrad_pairs.rectgrad_pair(0.6, 1 - step, 0.9) for step in (1e-4, 1e-6)]
    assert gaps[0] / gaps[1] == pytest.approx(10, rel=0.05)
    for q, settled in ((0.8, 0.982), (0.9, 0.887), (0.98, 0.412)):
        deep = rectgrad_pairs.rectgrad_cosines((1000,) * 31, q)
        assert deep[-2:] == pytest.approx([settled] * 2, abs=1e-3)
    assert convergence.gbp_cosines((1000,) * 31)[-1] > 0.9999


def chained_cosines(widths: tuple[int, ...], trials: int, rng: np.random.Generator) -> np.ndarray:
    """cos of two relevances under GBP at the bottom, by the exact step written out: fresh ẑ and rests in each layer."""
    found = []
    for _ in range(trials):
        pair = rng.standard_normal((2, widths[-1]))
        z = rng.standard_normal(widths[-1])
        for layer in range(len(widths) - 2, -1, -1):
            s = np.maximum(pair, 0) * (z > 0)
            along, size = s @ z, np.linalg.norm(s, axis=1)
            c = s[0] @ s[1] / size.prod()
            z = rng.standard_normal(widths[layer])
            unit = np.maximum(z, 0) if layer else z
            unit = unit / np.linalg.norm(unit)
            g = rng.standard_normal((2, widths[layer]))
            g[1] = c * g[0] + sqrt(1 - c * c) * g[1]
            g -= np.outer(g @ unit, unit)
            pair = np.outer(along / size, unit) + g
        found.append(pair[0] @ pair[1] / np.linalg.norm(pair, axis=1).prod())
    return np.array(found)


@pytest.mark.parametrize("widths", [(150, 2001, 2000), (150, 1001, 1001, 1000)])
def test_cosines_of_chains(widths: tuple[int, ...]) -> None:
    """Catches a part along x, or in common, off by a few per cent, which whole stacks do not show: chains drawn by
    layer, within 0.001 and six standard errors of less than 0.0005.
    """
    found = chained_cosines(widths, 3000, np.random.default_rng(15))
    error = float(found.std()) / sqrt(len(found))
    assert error < 5e-4
    assert convergence.gbp_cosines(widths)[-1] == pytest.approx(found.mean(), abs=0.001 + SIX * error)


@pytest.mark.parametrize("name", ["gbp", "deconv", "grad"])
def test_cosines_of_stacks(name: str) -> None:
    """Catches a law that no stack obeys: width 2,000, mean cosines of four stacks within 0.01, some four deviations."""
    widths = 1000, 2000, 2000, 2000
    found = engine_cosines(name, widths, 4, 14, 6).mean(axis=0)
    assert found == pytest.approx(convergence.COSINES[name](widths), abs=0.01)


def test_cosines_of_rectgrad_in_stacks() -> None:
    """Catches a RectGrad law that no stack obeys: mean cosines of eight stacks of width 1,000, five standard errors."""
    widths = 500, 1000, 1000, 1000
    found = engine_cosines("rectgrad", widths, 8, 14, 18)
    error = found.std(axis=0) / sqrt(8)
    assert np.all(np.abs(found.mean(axis=0) - rectgrad_pairs.rectgrad_cosines(widths)) < 0.002 + 5 * error)
    assert np.all(error < 0.01)


def test_aligned_part_is_not_all() -> None:
    """Catches Zheng's E cos = α_1 α_2 taken for the law: it is 0.28 too low below the first layer, then 0.5."""
    widths = 300, 300, 300, 300
    gap = convergence.gbp_cosines(widths) - convergence.aligned_cosines(widths)
    assert gap[0] > 0.28
    assert np.all(gap[1:] > 0.5)
    first = (pi + 1) / (pi**2 + 1)
    assert convergence.gbp_cosines((10**6,) * 2)[0] == pytest.approx(first, abs=1e-5)
    wide = convergence.gbp_cosines((10, 10**6)) - convergence.aligned_cosines((10, 10**6))
    assert 0 < wide[0] < 1e-4


def test_spread_of_the_gradient() -> None:
    """Catches a null that stays at 1/m: E cos² of bare masked products, below the bound and near it at width 100."""
    widths, rng, squares = (100,) * 5, np.random.default_rng(7), []
    for _ in range(1500):
        pair, steps = rng.standard_normal((2, 100)), []
        for _ in range(4):
            pair = (pair * (rng.random(100) < 0.5)) @ rng.standard_normal((100, 100))
            steps.append((pair[0] @ pair[1]) ** 2 / (pair[0] @ pair[0]) / (pair[1] @ pair[1]))
        squares.append(steps)
    mean, error = np.mean(squares, axis=0), np.std(squares, axis=0) / sqrt(1500)
    bound = convergence.gradient_squares(widths)
    assert np.all(mean < bound + SIX * error)
    assert mean == pytest.approx(bound, rel=0.2)
    assert mean[-1] > 3 / 100


def relevances(widths: tuple[int, ...], vectors: int, rng: np.random.Generator):
    """A stack's weights and activations, and relevances v at its top whose sums lie at the quantiles of N(0, 1)."""
    at, weights, acts = rng.standard_normal(widths[0]), [], []
    for below, above in pairwise(widths):
        weights.append(rng.standard_normal((below, above), dtype=np.float32))
        acts.append(at)
        z = weights[-1].T @ at
        at = np.maximum(z, 0) / np.linalg.norm(np.maximum(z, 0))
    v = rng.standard_normal((widths[-1], vectors))
    v -= v.mean(axis=0)
    v += rng.permutation(norm.ppf((np.arange(vectors) + 0.5) / vectors)) / sqrt(widths[-1])
    return weights, acts, v


def share_out(W: np.ndarray, a: np.ndarray, R: np.ndarray, beta: float) -> np.ndarray:
    """One layer of LRP-αβ for many relevances at once, by the sign of the contributions."""
    z = a[:, None] * W
    up, down = np.maximum(z, 0), np.maximum(-z, 0)
    positive = up @ (R / up.sum(axis=0)[:, None])
    return (1 + beta) * positive - beta * (down @ (R / down.sum(axis=0)[:, None]))


def test_share_out_is_the_engines_rule() -> None:
    """Catches a batch of relevances that is not what the engine carries, at a signed input."""
    rng = np.random.default_rng(8)
    W, a, R = rng.standard_normal((30, 20)), rng.standard_normal(30), rng.standard_normal((20, 3))
    layers = gaussian_stack((30, 20, 1), rng).forward(a)
    W = layers[0].W
    for beta in (0.0, 2.0):
        back = rule("lrp-alpha-beta", alpha=1 + beta)
        engine = np.array([backward(layers, back, r, start=1, stop=0) for r in R.T]).T
        assert np.allclose(share_out(W, a, R, beta), engine, atol=1e-12)


def mean_sizes(beta: float, widths: tuple[int, ...], stacks: int, seed: int) -> np.ndarray:
    """Mean |cos| (stacks × layers) of pairs of 160 relevances under LRP-αβ."""
    rng, upper, found = np.random.default_rng(seed), np.triu_indices(160, 1), []
    for _ in range(stacks):
        weights, acts, R = relevances(widths, 160, rng)
        steps = []
        for W, a in zip(weights[::-1], acts[::-1], strict=True):
            R = share_out(W, a.astype(np.float32), R.astype(np.float32), beta)
            R /= np.linalg.norm(R, axis=0)
            steps.append(np.abs(R.T @ R)[upper].mean())
        found.append(steps)
    return np.array(found)


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_sizes_of_cosines_of_stacks(beta: float) -> None:
    """Catches a law of z⁺ or αβ that no stack obeys: three layers of width 2,000, mean |cos| of two within 0.01."""
    widths = 1000, 2000, 2000, 2000
    found = mean_sizes(beta, widths, 2, 9).mean(axis=0)
    assert found == pytest.approx(alpha_beta.alpha_beta_cosines(beta, widths), abs=0.01)


def test_narrow_layers_keep_relevances_apart() -> None:
    """Catches a law blind to the critical width, n = 125 at β = 2: at n = 60 five layers leave |cos| below one half."""
    found = mean_sizes(2.0, (60,) * 7, 12, 10).mean(axis=0)
    assert found[-1] < 0.6
    assert mean_sizes(0.0, (60,) * 7, 12, 10).mean(axis=0)[-1] > 0.97
    assert alpha_beta.alpha_beta_cosines(2.0, (60,) * 7)[-1] < 0.6


CHAIN = 512, 512, 512, 256, 256, 128, 64
MATRICES = {
    "gaussian": lambda W: W,
    "stochastic": lambda W: np.abs(W) / np.abs(W).sum(axis=0),
    "absolute": np.abs,
    "positive": lambda W: np.maximum(W, 0),
    "rectified": lambda W: W,
}


@pytest.mark.parametrize(
    ("chain", "beta"), [*((name, 0.0) for name in MATRICES), ("alpha-beta", 2.0), ("alpha-beta", 9.0)]
)
def test_matrix_chains(chain: str, beta: float) -> None:
    """Catches a law of Sixt's chains that they do not obey: sampled cosines within 0.01 and six standard errors."""
    rng, upper, found = np.random.default_rng(11), np.triu_indices(64, 1), []
    for _ in range(25):
        V = rng.standard_normal((CHAIN[0], 64))
        V += (norm.ppf((rng.permutation(64) + 0.5) / 64) / sqrt(CHAIN[0])) - V.mean(axis=0)
        steps = []
        for before, after in pairwise(CHAIN):
            W = rng.standard_normal((after, before))
            V = (MATRICES[chain](W) if chain in MATRICES else np.maximum(W, 0) + beta * W) @ V
            V /= np.linalg.norm(V, axis=0)
            cosines = (V.T @ V)[upper]
            steps.append(cosines.mean() if chain == "rectified" else np.abs(cosines).mean())
            V = np.maximum(V, 0) if chain == "rectified" else V
        found.append(steps)
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / 5
    law = matrix_chains.chain_cosines(chain, CHAIN, beta)
    assert np.all(np.abs(mean - law) <= 0.01 + SIX * error)
    assert np.all(SIX * error < 0.06)


def test_chains_do_not_keep_their_sums() -> None:
    """Catches sums taken for kept, as only columns that add up to 1 keep them: at β = 3, n = 256, five matrices."""
    widths, rng, upper = (256,) * 6, np.random.default_rng(16), np.triu_indices(64, 1)
    found = []
    for _ in range(120):
        V = rng.standard_normal((256, 64))
        for _ in range(5):
            W = rng.standard_normal((256, 256))
            V = (np.maximum(W, 0) + 3 * W) @ V
        V /= np.linalg.norm(V, axis=0)
        found.append(np.abs(V.T @ V)[upper].mean())
    error = float(np.std(found)) / sqrt(120)
    law = matrix_chains.chain_cosines("alpha-beta", widths, 3.0)[-1]
    t = alpha_beta.noise_share(3.0)
    kept = shared_sums.mean_size(matrix_chains.chain_noises(t, widths, "stochastic")[-1], 6 / 256)
    assert abs(np.mean(found) - law) <= 0.01 + 4 * error
    assert abs(np.mean(found) - kept) > 0.01 + 4 * error


def test_diagonal_of_the_lower_triangle() -> None:
    """Catches a share of ones other than 32 of 528."""
    C = np.full((32, 32), 0.25) + 0.75 * np.eye(32)
    assert matrix_chains.with_diagonal(0.25) == pytest.approx(C[np.tril_indices(32)].mean(), abs=1e-15)


def test_lrp_z_keeps_its_cosines() -> None:
    """Catches a chance level where there is none: E cos² of v/z by sampling, and that of the engine's maps at every
    layer of stacks.
    """
    rng, found = np.random.default_rng(12), []
    for _ in range(40_000):
        v = rng.standard_normal((2, 200)) / rng.standard_normal(200)
        found.append((v[0] @ v[1]) ** 2 / (v[0] @ v[0]) / (v[1] @ v[1]))
    error = SIX * float(np.std(found)) / sqrt(len(found))
    assert lrp_z.first_layer_square() == pytest.approx(np.mean(found), abs=error + 1e-3)
    carried = engine_squares((80, 160, 160, 160), 60, 13)
    assert carried.mean(axis=0) == pytest.approx(np.full(3, lrp_z.first_layer_square()), abs=0.06)


def engine_squares(widths: tuple[int, ...], stacks: int, seed: int) -> np.ndarray:
    """Mean cos² (stacks × layers) of pairs of ten relevances that the engine's LRP-z carries down."""
    rng, upper, found = np.random.default_rng(seed), np.triu_indices(10, 1), []
    for _ in range(stacks):
        layers = gaussian_stack((*widths, 1), rng).forward(rng.standard_normal(widths[0]))[:-1]
        R, steps = rng.standard_normal((10, widths[-1])), []
        for layer in range(len(layers), 0, -1):
            R = np.array([backward(layers, rule("lrp-z"), r, start=layer, stop=layer - 1) for r in R])
            R /= np.linalg.norm(R, axis=1, keepdims=True)
            steps.append(((R @ R.T)[upper] ** 2).mean())
        found.append(steps)
    return np.array(found)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: pairs.orthant_moment(0.9, 0.9, -0.9), "correlations"),
        (lambda: pairs.gbp_depth(0.0), "positive"),
        (lambda: rectgrad_pairs.rectgrad_cosines((4, 4), 1.0), "between 0 and 1"),
        (lambda: convergence.gbp_cosines((5,)), "widths"),
        (lambda: convergence.deconv_cosines((5, 0)), "widths"),
        (lambda: shared_sums.mean_size(-1.0), "squares"),
        (lambda: shared_sums.median_size(0.0), "positive"),
        (lambda: alpha_beta.noise_share(-0.5), "not negative"),
        (lambda: alpha_beta.noises(0.0, (4, 4), np.ones(3)), "3 entries"),
        (lambda: alpha_beta.input_profile(np.zeros(3)), "zero input"),
        (lambda: matrix_chains.chain_cosines("learned", (4, 4)), "learned"),
        (lambda: matrix_chains.chain_cosines("gaussian", (4,)), "widths"),
    ],
)
def test_convergence_refusals(call, named: str) -> None:
    """Catches a number where there is no law."""
    with pytest.raises(ValueError, match=named):
        call()
