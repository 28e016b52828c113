"""The law of α at finite N: against independent quadrature, exact special cases, and its own inverse."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import beta as beta_function
from scipy.stats import beta, binom, chi2, halfnorm

from nfrlab.simulations.dense import reduced
from nfrlab.theory.finite_width import hyperplanes
from nfrlab.theory.finite_width.heavy_tails import Sizes
from nfrlab.theory.finite_width.law import (
    KAPPA,
    LAWS,
    MOMENTS,
    alignment_law,
    constant_moments,
    gbp_moments,
    least_width,
    required_neurons,
)
from nfrlab.theory.finite_width.mixture import gamma_shapes, neurons_passing
from nfrlab.theory.finite_width.one_neuron import neuron, relevance_size
from nfrlab.theory.finite_width.rate import NEXT, expansion, kappa, next_order, rectgrad_kappa, slow_constant
from nfrlab.theory.finite_width.self_normalised import moments
from nfrlab.theory.numerics import balls

NFRLAB = Path(sys.executable).parent / "nfrlab"
CLOSED = [law for law in LAWS if law[1] in ("gaussian", "haar") and law[0] != "rectgrad"]
dimensions, widths, rules = st.integers(1, 3000), st.integers(1, 3000), st.sampled_from(CLOSED)
SIX = 6  # standard errors; the normal tail beyond is 2e-9


@settings(max_examples=60)
@given(rules, dimensions, widths)
def test_law_is_a_distribution(rule: tuple[str, str], d: int, N: int) -> None:
    """Catches a distribution function that falls or does not end at 0 and 1, quantiles that are no inverse, and a mean
    or spread that disagrees with it.
    """
    if rule[1] == "haar":
        N = min(N, d)
    law = alignment_law(*rule, d, N)
    at = np.tanh(np.linspace(-9, 9, 73))
    values = [law.cdf(float(a)) for a in at]
    assert np.all(np.diff(values) >= -1e-12)
    assert (law.cdf(-1.0) <= 0.5, law.cdf(1.0)) == (True, pytest.approx(1))
    for p in (0.03, 0.4, 0.9):
        a = law.quantile(p)
        assert law.cdf(min(1.0, a + 1e-9)) >= p - 1e-6
        assert law.cdf(a - 1e-9) <= p + 1e-6
    mean = quad(lambda a: 1 - law.cdf(a) - (law.cdf(-a) if law.signed else 0), 0, 1, limit=400)[0]
    assert law.mean == pytest.approx(mean, abs=1e-6)
    second = quad(lambda a: 2 * a * (1 - law.cdf(a) + (law.cdf(-a) if law.signed else 0)), 0, 1, limit=400)[0]
    assert law.sd**2 == pytest.approx(second - mean**2, abs=1e-6)


def test_a_law_is_called_exact_where_it_is() -> None:
    """Catches a matched law that is sold as exact, and an exact one that is not: the gradient's, and Activation's at
    Gaussian weights or one Haar frame.
    """
    closed = [law for law in LAWS if law[1] in ("gaussian", "haar")]
    exact = {law for law in closed if alignment_law(*law, 30, 20).exact}
    assert exact == {(rule, family) for rule in ("grad", "activation") for family in ("gaussian", "haar")}
    assert alignment_law("grad", "student", 30, 20).exact
    assert not alignment_law("activation", "sphere", 30, 20).exact


@pytest.mark.parametrize("d", [2, 3, 27, 784])
def test_one_neuron(d: int) -> None:
    """Catches a wrong law at K = 1: every rule's map is the neuron itself, α = |u_1|, or ±|u_1| for the gradient."""
    for rule, family in (law for law in LAWS if law[0] != "rectgrad"):
        law = alignment_law(rule, family, d, 1)
        for a in (0.05, 0.3, 0.9):
            exact = beta.cdf(a * a, 0.5, (d - 1) / 2)
            assert law.cdf(a) == pytest.approx((1 + exact) / 2 if law.signed else exact, abs=1e-10)


@pytest.mark.parametrize(("d", "N"), [(3, 3), (5, 5), (30, 12), (40, 40)])
def test_activation_is_a_mixture_of_betas(d: int, N: int) -> None:
    """Catches degrees of freedom that are off by one: α² given K active neurons is Beta, exactly, for both families."""
    K = np.arange(1, N + 1)
    share = binom.pmf(K, N, 0.5) / (1 - 0.5**N)
    for family, rest in (("gaussian", np.full(N, d - 1)), ("haar", d - K)):
        law = alignment_law("activation", family, d, N)
        for a in (0.1, 0.5, 0.8):
            each = [float(beta.cdf(a * a, k / 2, r / 2)) if r else 0.0 for k, r in zip(K, rest, strict=True)]
            assert law.cdf(a) == pytest.approx(share @ each, abs=1e-10)
        means = [
            beta_function(k / 2 + 0.5, r / 2) / beta_function(k / 2, r / 2) if r else 1.0
            for k, r in zip(K, rest, strict=True)
        ]
        assert law.mean == pytest.approx(share @ means, abs=1e-8)
        assert law.undefined == 0.5**N


def test_two_constant_neurons_by_quadrature() -> None:
    """Catches a matched law that is far from the true one where K is small: N = 2, d = 3, by brute force."""
    z = halfnorm.ppf((np.arange(400) + 0.5) / 400)
    x = chi2.ppf((np.arange(400) + 0.5) / 400, 2)
    two = (z[:, None] + z[None, :]).ravel() / np.sqrt(2)
    means = [np.mean(T[:, None] / np.sqrt(T[:, None] ** 2 + x[None, :])) for T in (z, two)]
    assert alignment_law("constant", "gaussian", 3, 2).mean == pytest.approx((2 * means[0] + means[1]) / 3, abs=0.001)


@pytest.mark.parametrize("K", [1, 2, 7, 60])
def test_moments_of_T_against_sampling(K: int) -> None:
    """Catches a wrong constant in E T or E T²; six standard errors of two million draws."""
    rng = np.random.default_rng(K)
    z, r = np.abs(rng.standard_normal((2, 2_000_000 // K, K)))
    for closed, T in (
        (constant_moments, z.sum(axis=1) / np.sqrt(K)),
        (gbp_moments, (z * r).sum(axis=1) / np.linalg.norm(r, axis=1)),
    ):
        for predicted, values in zip(closed(K), (T, T * T), strict=True):
            assert abs(values.mean() - predicted) <= 6 * values.std() / np.sqrt(len(values))


@given(st.floats(0.5, 1e12))
def test_gamma_shape_is_an_inverse(m: float) -> None:
    """Catches a solver that leaves its bracket, and an asymptotic branch that does not join: m from its own moments."""
    ratio = np.exp(-1 / (8 * m) + 1 / (192 * m**3)) if m > 1e3 else np.sqrt(np.pi) / beta_function(m, 0.5) / np.sqrt(m)
    spread = max(1e-7, 1e-14 * m)  # what rounding leaves of 1 − ratio²
    assert gamma_shapes(np.array([ratio]), np.ones(1))[0] == pytest.approx(m, rel=10 * spread)


def test_width_is_summed_or_integrated_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches Gauss–Hermite nodes that miss the binomial: at N = 400 both give one law."""
    for rule, family in (*CLOSED, ("constant", "sphere"), ("constant", "student")):
        summed = alignment_law(rule, family, 500, 400)
        monkeypatch.setattr("nfrlab.theory.finite_width.mixture.ALL", 1)
        nodes = alignment_law(rule, family, 500, 400)
        monkeypatch.undo()
        assert summed.mean == pytest.approx(nodes.mean, abs=1e-6)
        assert summed.sd == pytest.approx(nodes.sd, rel=1e-3)  # the nodes have no skewness
    K, weight, nobody = neurons_passing("gbp", 30)
    assert weight @ K == pytest.approx(7.5 / (1 - nobody))


@pytest.mark.parametrize("rule", KAPPA)
@pytest.mark.parametrize("d", [2, 27, 150_528])
def test_wide_layers_follow_kappa(rule: str, d: int) -> None:
    """Catches a wrong κ or exponent: 1 − α ≈ κ (d − 1)/2N within 1 % at N/d = 10⁴."""
    N = 10_000 * d
    assert 1 - alignment_law(rule, "gaussian", d, N).mean == pytest.approx(KAPPA[rule] * (d - 1) / 2 / N, rel=0.01)


@settings(max_examples=40)
@given(st.integers(2, 400), st.integers(1, 400))
def test_rules_are_ordered(d: int, N: int) -> None:
    """Catches constants that are swapped: gradient < GBP ≤ constant ≤ Activation, equal only at N = 1."""
    grad, gbp, constant, activation = (
        alignment_law(rule, "gaussian", d, N).mean for rule in ("grad", "gbp", "constant", "activation")
    )
    assert 0 == grad < gbp
    if N > 1:
        assert gbp < constant < activation


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(list(KAPPA)), st.integers(2, 5000), st.floats(0.05, 0.99))
def test_required_neurons_is_the_least(rule: str, d: int, target: float) -> None:
    """Catches a search that stops one early or late."""
    N = required_neurons(target, rule, "gaussian", d)
    assert alignment_law(rule, "gaussian", d, N).mean >= target
    assert N == 1 or alignment_law(rule, "gaussian", d, N - 1).mean < target


def directions(family: str, d: int, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Neurons drawn whole, one per last-but-one index: `shape + (d,)`."""
    g = rng.standard_normal((*shape, d))
    if family == "gaussian":
        return g
    if family == "student":
        return g * np.sqrt(3 / rng.chisquare(3, (*shape, 1)))
    g *= np.sqrt(d) / np.linalg.norm(g, axis=-1, keepdims=True)
    return g * rng.uniform(0.8, 1.2, (*shape, 1)) if family == "ring" else g


def naive(rule: str, family: str, d: int, N: int, trials: int, q: float = 0.9, seed: int = 0) -> np.ndarray:
    """α of whole networks, written from the definitions of the rules; zero maps left out."""
    rng = np.random.default_rng(d * N + seed)
    W, r = directions(family, d, (trials, N), rng), rng.standard_normal((trials, N))
    A = np.maximum(W[..., 0], 0)  # x is the first axis
    s = {"constant": np.ones_like(r), "activation": A, "gbp": np.maximum(r, 0), "grad": r, "rectgrad": r}[rule]
    if rule == "rectgrad":
        s = np.where(A * r > np.quantile(A * r, q, axis=1, keepdims=True), r, 0)
    R = np.einsum("tn,tnd->td", s * (A > 0), W)
    length = np.linalg.norm(R, axis=1)
    return R[length > 0, 0] / length[length > 0]


@pytest.mark.parametrize(("rule", "family"), [law for law in LAWS if law[1] != "haar"])
@pytest.mark.parametrize(("d", "N"), [(13, 8), (13, 12), (13, 40), (3, 9)])
def test_law_against_whole_networks(rule: str, family: str, d: int, N: int) -> None:
    """Catches a wrong law for any rule and family: mean within 0.002 and distribution within 0.02 of α's of networks
    drawn whole, give or take the error of sampling.
    """
    if rule == "rectgrad" and family in ("sphere", "ring") and d < 12:
        with pytest.raises(ValueError, match="d ≥ 12"):
            alignment_law(rule, family, d, N)
        return
    law, alpha = alignment_law(rule, family, d, N), np.sort(naive(rule, family, d, N, 40_000))
    assert abs(alpha.mean() - law.mean) <= 0.002 + SIX * alpha.std() / np.sqrt(len(alpha))
    at = np.quantile(alpha, np.linspace(0.02, 0.98, 25))
    gap = [law.cdf(float(a)) - np.searchsorted(alpha, a, "right") / len(alpha) for a in at]
    assert np.max(np.abs(gap)) <= 0.02 + np.sqrt(np.log(2e9) / 2 / len(alpha))


@given(st.sampled_from(["constant", "gbp"]), st.floats(3, 1e7))
def test_laplace_moments_are_the_closed_ones(rule: str, K: float) -> None:
    """Catches a wrong transform: for Gaussian weights E T and E T² are known in closed form."""
    found = moments(neuron(rule, "gaussian", 5), np.array([K]))
    assert (found.mean[0], found.square[0]) == pytest.approx(MOMENTS[rule](K), rel=1e-8)


def test_concentration_of_equal_sizes() -> None:
    """Catches a wrong fourth moment: K equal sizes have Σa⁴/(Σa²)² = 1/K, and s = |r| has 3/(K + 2)."""
    K = np.array([2.0, 5.0, 30.0])
    assert moments(neuron("constant", "gaussian", 5), K).concentration == pytest.approx(1 / K, rel=1e-9)
    assert moments(neuron("gbp", "gaussian", 5), K).concentration == pytest.approx(3 / (K + 2), rel=1e-5)


@pytest.mark.parametrize("n", [3, 10, 60])
@pytest.mark.parametrize("d", [3, 27])
def test_mean_over_hyperplanes_is_the_mean(d: int, n: int) -> None:
    """Catches a wrong factor in the average over hyperplanes: n active neurons weighted by A have α² ~ Beta(n/2, ½(d −
    1)).
    """
    exact = beta_function(n / 2 + 0.5, (d - 1) / 2) / beta_function(n / 2, (d - 1) / 2)
    found = hyperplanes.mean_of_neurons(neuron("activation", "gaussian", d), d, n)
    assert found == pytest.approx(exact, abs=1e-3 if n == 3 else 1e-4)


@pytest.mark.parametrize("d", [12, 784])
def test_kappa_in_closed_form(d: int) -> None:
    """Catches a wrong radius in κ: sphere 2/(d (E|u_1|)²), times π for gbp, and 2d/(d + 2) for Activation."""
    sphere = 2 / d * (beta_function(d / 2, 0.5) / np.pi) ** -2
    assert kappa("constant", "sphere", d) == pytest.approx(sphere, rel=1e-7)
    assert kappa("gbp", "sphere", d) == pytest.approx(np.pi * sphere, rel=1e-6)
    assert kappa("activation", "sphere", d) == pytest.approx(2 * d / (d + 2), rel=1e-7)
    for rule, exact in KAPPA.items():
        assert kappa(rule, "gaussian", d) == pytest.approx(exact, rel=1e-7)
    assert kappa("rectgrad", "gaussian", d, 0.5) == pytest.approx(np.pi**2, rel=1e-6)  # all positive A r pass


@pytest.mark.parametrize("family", ["gaussian", "sphere", "ring"])
@given(st.sampled_from(list(KAPPA)), st.integers(13, 300))
def test_next_order(family: str, rule: str, d: int) -> None:
    """Catches a wrong coefficient: what the expansion leaves of 1 − E α falls by 100 from N to 10 N."""
    widths = 400 * d, 4000 * d
    errors = [alignment_law(rule, family, d, N).mean - expansion(rule, d, N, family) for N in widths]
    scale = kappa(rule, family, d) * (d - 1) / (800 * d)
    assert abs(errors[0]) < 0.02 * scale
    assert abs(errors[1]) < 0.0004 * scale


def test_next_order_in_closed_form() -> None:
    """Catches moments of the wrong neurons: the quadrature's e at Gaussian weights is the derived one."""
    for rule, e in NEXT.items():
        assert next_order(rule, "gaussian", 5) == pytest.approx(e, abs=1e-9)
    assert next_order("gbp", "student", 5) == np.inf
    with pytest.raises(ValueError, match="not for rectgrad"):
        next_order("rectgrad", "gaussian", 5)


@pytest.mark.parametrize("q", [0.78, 0.9, 0.99])
def test_constant_of_rectgrad(q: float) -> None:
    """Catches a wrong Bessel function: κ from its definition, E[r²; z r > V]/(E[z r; z r > V])², by sampling."""
    z, r = np.abs(np.random.default_rng(5).standard_normal((2, 4_000_000)))
    passed = z * r > np.quantile(z * r, 1 - 4 * (1 - q))
    sampled = np.mean(r**2 * passed) / 4 / (np.mean(z * r * passed) / 4) ** 2
    assert rectgrad_kappa(q) == pytest.approx(sampled, rel=0.01)
    enclosed = balls.endpoints(balls.kappa("rectgrad", "gaussian", 5, q))
    assert enclosed[0] - 1e-6 <= rectgrad_kappa(q) <= enclosed[1] + 1e-6
    assert enclosed[1] - enclosed[0] < 1e-8


@pytest.mark.parametrize(("family", "d"), [("gaussian", 2), ("student", 27), ("sphere", 20)])
@pytest.mark.parametrize("relevance", ["laplace", "signs"])
def test_gbp_with_another_relevance(family: str, d: int, relevance: str) -> None:
    """Catches a law that takes every symmetric relevance to be normal: whole networks, and κ = 2π η_r η."""
    N, trials = 30, 40_000
    rng = np.random.default_rng(d)
    r = rng.laplace(size=(trials, N)) if relevance == "laplace" else rng.choice([-1.0, 1.0], (trials, N))
    W = directions(family, d, (trials, N), rng)
    R = np.einsum("tn,tnd->td", np.maximum(r, 0) * (W[..., 0] > 0), W)
    length = np.linalg.norm(R, axis=1)
    alpha = R[length > 0, 0] / length[length > 0]
    law = alignment_law("gbp", family, d, N, relevance=relevance)
    assert abs(alpha.mean() - law.mean) <= 0.002 + SIX * alpha.std() / np.sqrt(len(alpha))
    assert abs(alignment_law("gbp", family, d, N).mean - law.mean) > 0.005
    eta = {"laplace": 2.0, "signs": 1.0}[relevance] / (np.pi / 2)
    assert kappa("gbp", family, d, relevance=relevance) == pytest.approx(eta * kappa("gbp", family, d), rel=1e-5)


@pytest.mark.parametrize("rule", ["constant", "gbp", "rectgrad", "activation"])
@pytest.mark.parametrize("N", [300, 1500])
def test_many_heavy_tails(rule: str, N: int) -> None:
    """Catches a T taken to be a Gamma variable where one neuron in hundreds shapes it: it was off by 0.05."""
    law, rng, d, trials = alignment_law(rule, "student", 784, N), np.random.default_rng(N), 784, 8000
    alpha = np.empty(trials)
    for trial in range(trials):
        scale = np.sqrt(3 / rng.chisquare(3, N))
        c, r = scale * rng.standard_normal(N), rng.standard_normal(N)
        s = {"constant": np.ones(N), "activation": np.maximum(c, 0)}.get(rule, np.maximum(r, 0)) * (c > 0)
        if rule == "rectgrad":
            s *= c * r > np.quantile(np.maximum(c, 0) * r, 0.9)
        along, across = s @ c, np.sqrt(s**2 @ scale**2 * rng.chisquare(d - 1))
        alpha[trial] = along / np.hypot(along, across)
    at = np.quantile(alpha, np.linspace(0.02, 0.98, 25))
    gap = [law.cdf(float(a)) - np.mean(alpha <= a) for a in at]
    assert np.max(np.abs(gap)) <= 0.01 + np.sqrt(np.log(2e6) / 2 / trials)


def student_T(rule: str, N: int, trials: int, seed: int) -> np.ndarray:
    """T = Σ s_j c_j / √Σ s_j² λ_j² of layers of Student weights, from its definition; zero maps left out."""
    rng, found = np.random.default_rng(seed), []
    for first in range(0, trials, step := max(1, 2_000_000 // N)):
        shape = min(step, trials - first), N
        scale, z, r = np.sqrt(3 / rng.chisquare(3, shape)), rng.standard_normal(shape), rng.standard_normal(shape)
        A = np.maximum(scale * z, 0)
        s = {"activation": A, "rectgrad": r}[rule]
        if rule == "rectgrad":
            s = s * (A * r > np.quantile(A * r, 0.9, axis=1, keepdims=True))
        along, beside = (s * A).sum(axis=1), np.linalg.norm(s * (z > 0) * scale, axis=1)
        found.append(along[beside > 0] / beside[beside > 0])
    return np.concatenate(found)


def mean_and_sd(T: np.ndarray, d: int) -> tuple[float, float, float]:
    """Mean of α, its standard error, and its standard deviation, from T, the mean over χ²_{d−1} taken exactly."""
    u = (np.arange(400) + 0.5) / 400
    H, at = chi2.ppf(np.sin(np.pi * u / 2) ** 2, d - 1), np.geomspace(max(T.min(), 1e-3), T.max(), 1500)
    alpha, weight = at[:, None] / np.sqrt(at[:, None] ** 2 + H), np.pi / 2 * np.sin(np.pi * u) / 400
    mean, square = (np.interp(T, at, power @ weight) for power in (alpha, alpha**2))
    return float(mean.mean()), float(mean.std() / np.sqrt(len(T))), float(np.sqrt(square.mean() - mean.mean() ** 2))


@pytest.mark.parametrize(("N", "trials"), [(6, 200_000), (20, 200_000), (23, 200_000), (300, 60_000), (3000, 20_000)])
def test_activation_at_student_weights(N: int, trials: int) -> None:
    """Catches the largest λ in place of the largest λ² z (mean too low by 0.0036, s.d. twice too large at N = 3000):
    plain draws, mean within 0.0005 but for the error of sampling, s.d. within 0.003.
    """
    T = student_T("activation", N, trials, N)
    for d in (2, 3, 5, 10, 100, 3000):
        law, (mean, error, sd) = alignment_law("activation", "student", d, N), mean_and_sd(T, d)
        assert abs(law.mean - mean) <= 5e-4 + 4.5 * error
        assert abs(law.sd - sd) <= 0.003


@pytest.mark.parametrize(
    ("d", "N", "mean", "error", "sd"),
    [(2, 100_001, 0.99902, 1e-4, 0.0085), (10, 20_001, 0.98362, 2e-4, None), (30, 20_001, 0.95786, 7e-4, None)],
)
def test_activation_at_student_weights_as_measured(d: int, N: int, mean: float, error: float, sd: float | None) -> None:
    """Catches a law that leaves what was measured outside of the house: it said .99634, .97893, .95262."""
    law = alignment_law("activation", "student", d, N)
    assert abs(law.mean - mean) <= 2 * error
    assert sd is None or law.sd == pytest.approx(sd, rel=0.15)


def one_large_neuron(d: int) -> float:
    """√N (1 − E α) of a layer whose one large neuron, `λ² = (3N/2) t`, stands alone, by brute force over t, z and H."""
    t, u = np.exp(np.arange(-20, 20, 0.1)), (np.arange(100) + 0.5) / 100
    z, H = halfnorm.ppf(u)[:, None], chi2.ppf(u, d - 1)[None, :]
    gap = [np.mean(1 - (1 + s * z * z) / np.sqrt((1 + s * z * z) ** 2 + s * s * z * z * H)) for s in t]
    # P(λ² > s) → √(6/π) s^{−3/2}, of N/2 neurons
    number = 0.75 * np.sqrt(6 / np.pi) * 1.5**-1.5 * t**-2.5
    return float(np.sum(number * gap * t) * 0.1)


@pytest.mark.parametrize("d", [2, 10, 300])
def test_gap_of_heavy_tails_in_the_widest_layers(d: int) -> None:
    """Catches a law of Activation at Student weights that goes wrong as N → 10¹², and a wrong constant of C/√N."""
    assert slow_constant(d) == pytest.approx(one_large_neuron(d), rel=0.02)
    for N in (10**6 * d, 10**8 * d, 10**12):
        gap = 1 - alignment_law("activation", "student", d, N).mean
        assert gap * np.sqrt(N) == pytest.approx(slow_constant(d), rel=0.02)
    assert slow_constant(1) == 0


@pytest.mark.parametrize(("d", "target"), [(2, 0.9999), (10, 0.999), (10, 0.99999), (1000, 0.999)])
def test_target_of_heavy_tails(d: int, target: float) -> None:
    """Catches a width for a target α that follows a wrong law, or is refused: (C_d/(1 − target))², to 6 %."""
    N = required_neurons(target, "activation", "student", d)
    assert (one_large_neuron(d) / (1 - target)) ** 2 == pytest.approx(N, rel=0.06)
    assert (
        alignment_law("activation", "student", d, N - 1).mean
        < target
        <= alignment_law("activation", "student", d, N).mean
    )


def gap_of_a_wide_layer(rule: str, family: str, d: int, neurons: int = 500_000) -> float:
    """N (1 − α) of a wide layer, `E|s w_⊥|²/2(E s c)²` over single neurons drawn whole."""
    rng = np.random.default_rng(d)
    w, r = directions(family, d, (1, neurons), rng)[0], rng.standard_normal(neurons)
    A = np.maximum(w[:, 0], 0)
    s = {"constant": np.ones(neurons), "activation": A, "gbp": np.maximum(r, 0), "rectgrad": r}[rule] * (A > 0)
    if rule == "rectgrad":
        s = s * (A * r > np.quantile(A * r, 0.9))
    return float(np.mean(s**2 * np.sum(w[:, 1:] ** 2, axis=1)) / (2 * np.mean(s * A) ** 2))


@pytest.mark.parametrize(
    ("rule", "family"),
    [law for law in LAWS if law[0] != "grad" and law[1] != "haar" and law != ("activation", "student")],
)
def test_target_at_the_widest_layers(rule: str, family: str) -> None:
    """Catches a width for a target α that is off by 4 % at N/d = 10⁴, for each rule and family, and one that is not the
    least: single neurons drawn whole.
    """
    d, N = 12, 120_000
    target = 1 - gap_of_a_wide_layer(rule, family, d) / N
    found = required_neurons(target, rule, family, d)
    assert found == pytest.approx(N, rel=0.04)
    assert alignment_law(rule, family, d, found - 1).mean < target <= alignment_law(rule, family, d, found).mean


@pytest.mark.parametrize(("rule", "family"), [law for law in LAWS if law[0] != "grad" and law[1] != "haar"])
def test_widest_layers_of_every_family(rule: str, family: str) -> None:
    """Catches a gap 1 − α that is off by half at N/d = 10⁴, where every mean is within 0.002 of 1: whole networks, the
    mean of the law's F(α), ½ but for the error of sampling.
    """
    d, trials = (12, 24) if rule == "rectgrad" and family in ("sphere", "ring") else (3, 120)
    law = alignment_law(rule, family, d, 10_000 * d)
    alpha = np.concatenate([naive(rule, family, d, 10_000 * d, 12, seed=k) for k in range(trials // 12)])
    assert len(alpha) == trials
    assert np.mean([law.cdf(float(a)) for a in alpha]) == pytest.approx(0.5, abs=SIX / np.sqrt(12 * trials))


@pytest.mark.parametrize("N", [12, 15, 21])
def test_few_student_neurons_of_rectgrad(N: int) -> None:
    """Catches a T that is matched where two neurons pass in the plane: the mean was off by 0.002."""
    T = student_T("rectgrad", N, 500_000, N)
    for d in (2, 3, 5):
        mean, error, _ = mean_and_sd(T[T > 0], d)
        assert abs(alignment_law("rectgrad", "student", d, N).mean - mean) <= 7e-4 + 4.5 * error


@pytest.mark.parametrize("d", [9, 11])
@pytest.mark.parametrize("rule", ["constant", "gbp", "activation"])
def test_few_neurons_on_a_sphere(rule: str, d: int) -> None:
    """Catches a quadrature that does not resolve the phases: at d = 11, N = 3 the mean was off by 0.003."""
    alpha = np.concatenate([naive(rule, "sphere", d, 3, 250_000, seed=k) for k in range(6)])
    mean = alignment_law(rule, "sphere", d, 3).mean
    assert abs(alpha.mean() - mean) <= 3e-4 + 4.5 * alpha.std() / np.sqrt(len(alpha))


@pytest.mark.parametrize("threshold", [0.0, 1.7])
def test_transform_of_sizes_is_that_of_their_neurons(threshold: float) -> None:
    """Catches a wrong Faddeeva function: `E exp(iκ s w·n)` with z integrated in closed form, and on nodes."""
    sizes, kappas = Sizes(relevance_size("normal"), threshold=threshold), np.geomspace(1e-3, 3, 12)
    for tau in (0.1, 0.8):
        on_nodes = hyperplanes.neuron_transform(sizes.whole(), tau, kappas)
        assert sizes.transform(tau, kappas) == pytest.approx(on_nodes, abs=1e-6)


@pytest.mark.parametrize(("rule", "family"), [("gbp", "gaussian"), ("gbp", "student"), ("constant", "student")])
def test_mean_in_few_dimensions(rule: str, family: str) -> None:
    """Catches a mean that is off where T is matched in the plane, by 0.0012 for GBP: two million layers."""
    along, across = reduced.parts(rule, family, 2, 12, 2_000_000, np.random.default_rng(12))
    length = np.hypot(along, across)
    alpha = along[length > 0] / length[length > 0]
    law = alignment_law(rule, family, 2, 12)
    assert abs(alpha.mean() - law.mean) <= 2e-4 + SIX * alpha.std() / np.sqrt(len(alpha))


@pytest.mark.parametrize(
    ("q", "N"), [(0.1, 100), (0.9, 6), (0.5, 12), (0.9, 1), (0.0, 1), (1.0, 100), (np.nan, 100), (np.inf, 100)]
)
def test_rectgrad_refuses_what_it_cannot(q: float, N: int) -> None:
    """Catches a RectGrad law outside its domain: where negative contributions matter, or nothing passes."""
    with pytest.raises(ValueError, match="too few"):
        alignment_law("rectgrad", "gaussian", 27, N, q=q)


def test_rectgrad_at_another_quantile() -> None:
    """Catches a rank that fits 0.9 alone: q = 0.7 against whole networks."""
    law, alpha = (
        alignment_law("rectgrad", "gaussian", 13, 30, q=0.7),
        naive("rectgrad", "gaussian", 13, 30, 40_000, 0.7),
    )
    assert abs(alpha.mean() - law.mean) <= 0.002 + SIX * alpha.std() / np.sqrt(len(alpha))


@pytest.mark.parametrize("N", [8, 11, 12, 13, 14, 19, 20, 21, 40])
def test_heavy_tails_begin_smoothly(N: int) -> None:
    """Catches a law that fails or jumps where the largest Student neuron begins to be looked at by itself."""
    means = [alignment_law("activation", "student", 27, n).mean for n in (N, N + 1)]
    assert 0 < means[1] - means[0] < 0.3 / N


@pytest.mark.parametrize(
    ("rule", "family", "d"), [("gbp", "gaussian", 27), ("activation", "sphere", 2), ("gbp", "ring", 5)]
)
def test_law_at_any_width(rule: str, family: str, d: int) -> None:
    """Catches widths at which the computation breaks down: κ rules from N/d = 10⁴ on, beyond 10¹² it is refused."""
    for N in (10**5 * d, 10**7 * d, 10**11):
        gap = 1 - alignment_law(rule, family, d, N).mean
        assert gap == pytest.approx(kappa(rule, family, d) * (d - 1) / 2 / N, rel=0.02)
    with pytest.raises(ValueError, match="computed up to"):
        alignment_law(rule, family, d, 10**13)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["gbp", "--d", "27"], "--N or --target"),
        (["rectgrad", "--d", "27", "--N", "4"], "too few"),
        (["gbp", "--d", "27", "--N", "4", "--target", "0.5"], "--N or --target"),
        (["gbp", "--d", "0", "--N", "4"], "d = 0"),
        (["gbp", "--d", "3", "--N", "0"], "N = 0"),
        (["zplus", "--d", "3", "--N", "4"], "zplus"),
        (["gbp", "--d", "3", "--N", "4", "--relevance", "cauchy"], "cauchy"),
        (["constant", "--d", "3", "--N", "4", "--relevance", "laplace"], "for gbp, not for constant"),
        (["gbp", "--family", "sphere", "--d", "3", "--N", "4", "--relevance", "laplace"], "d ≥ 12"),
        (["gbp", "--family", "uniform", "--d", "3", "--N", "4"], "uniform"),
        (["activation", "--family", "haar", "--d", "3", "--N", "4"], "N ≤ d"),
        (["activation", "--family", "haar", "--d", "30", "--target", "0.99"], "no N ≤ 30"),
        (["gbp", "--d", "3", "--target", "1"], "between 0 and 1"),
        (["gbp", "--d", "3", "--target", "nan"], "between 0 and 1"),
        (["grad", "--d", "3", "--target", "0.5"], "no width"),
    ],
)
def test_refusals(words: list[str], named: str) -> None:
    """Catches a traceback, or a number, where there is no law."""
    done = subprocess.run([NFRLAB, "law", *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, "")
    assert named in done.stderr


def test_command() -> None:
    """Catches a command that prints another law than the library's."""
    done = subprocess.run(
        [NFRLAB, "law", "gbp", "--d", "27", "--target", "0.9"], capture_output=True, text=True, check=True
    )
    N = required_neurons(0.9, "gbp", "gaussian", 27)
    assert f"N = {N:,}" in done.stdout
    assert f"{alignment_law('gbp', 'gaussian', 27, N).mean:.5f}" in done.stdout


@settings(deadline=None, max_examples=60)
@given(first=st.integers(2, 10**12), plateau=st.integers(1, 10**6), least=st.integers(1, 50))
def test_least_width_beside_a_plateau(first: int, plateau: int, least: int) -> None:
    """Catches steps one by one where the mean, a float near 1, stays the same for thousands of N: it took hours."""
    asked = []

    def mean(N: int) -> float:
        asked.append(N)
        return 1 - 1 / (1 + max(0, 1 + (N - first) // plateau))

    target = mean(first)
    asked.clear()
    assert least_width(mean, target, least) == max(first, least)
    assert len(asked) < 400


def test_command_at_student_weights_of_activation() -> None:
    """Catches a target beyond N/d = 10⁴ that is refused, and a wide-layer line that says 1/N where κ is infinite."""
    words = ["law", "activation", "--family", "student", "--d", "10", "--target", "0.999"]
    done = subprocess.run([NFRLAB, *words], capture_output=True, text=True, check=True)
    assert f"N = {required_neurons(0.999, 'activation', 'student', 10):,}" in done.stdout
    printed = re.search(r"1 − α ≈ ([0-9.]+) / √N in the mean", done.stdout)
    assert printed is not None
    assert float(printed[1]) == pytest.approx(one_large_neuron(10), rel=0.02)
