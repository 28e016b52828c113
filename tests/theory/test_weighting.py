"""Theorem 2's laws: angles, frames, Gram matrices and the order over N/d, against slower routes to the same numbers."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import pi, sqrt

import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binom, norm, t

from nfrlab.paper_figs import ordering as figure
from nfrlab.simulations.dense import alignment, reduced
from nfrlab.simulations.dense.reduced import pairs
from nfrlab.theory.finite_width.law import alignment_law
from nfrlab.theory.weighting import angles, frames, gram, ordering
from nfrlab.verify import intervals
from nfrlab.verify.claims.theorem_2.gram_sharp import activation_loses
from nfrlab.verify.court.evidence import Claimed, Finding
from nfrlab.verify.examine.exact.gram_cases import (
    aim_at_bound,
    beats_activation,
    climb,
    conditioned_layer,
    from_singular_values,
    has_condition,
    solve,
    tie,
)
from nfrlab.verify.examine.exact.statement import signed_square_alignment, to_fractions
from nfrlab.verify.examine.exact.weightings import gradient_map
from nfrlab.verify.examine.statistics import distribution_evidence, predicted_proportion
from nfrlab.verify.exhibits import ordering as samples

sides = st.integers(2, 5)
seeds = st.integers(0, 2**32 - 1)
weightings = st.sampled_from(angles.WEIGHTINGS)


def near(values: np.ndarray, predicted: float) -> bool:
    """Within six standard errors."""
    return bool(abs(values.mean() - predicted) <= 6 * values.std() / np.sqrt(len(values)))


def drawn(weighting: str, K: int, n: int = 200_000) -> tuple[np.ndarray, np.ndarray]:
    """(A, s) of K active neurons, one network a row."""
    z, r = np.abs(np.random.default_rng(K).standard_normal((2, n, K)))
    return z, np.ones_like(r) if weighting == "constant" else r


def cosine_of(A: np.ndarray, s: np.ndarray) -> np.ndarray:
    return (A * s).sum(axis=1) / np.linalg.norm(A, axis=1) / np.linalg.norm(s, axis=1)


@pytest.mark.parametrize("weighting", angles.WEIGHTINGS)
@pytest.mark.parametrize("K", [1, 2, 3, 8, 40])
def test_moments_of_the_cosine(weighting: str, K: int) -> None:
    """Catches a wrong moment, a pattern of indices counted wrongly, and nodes that do not integrate to the moments."""
    C = cosine_of(*drawn(weighting, K))
    values, weight = angles.cosines(weighting, float(K))
    assert weight.sum() == pytest.approx(1, abs=1e-9)
    for power, predicted in zip((1, 2, 4), angles.moments(weighting, K), strict=True):
        assert near(C**power, predicted) or abs(predicted - 1) < 1e-12
        assert weight @ values**power == pytest.approx(predicted, abs=1e-4)


@pytest.mark.parametrize("weighting", angles.WEIGHTINGS)
@pytest.mark.parametrize("K", [2, 3, 5])
def test_law_of_the_angle(weighting: str, K: int) -> None:
    """Catches a wrong law of φ: E e^{−φ²·10}."""
    C = np.minimum(cosine_of(*drawn(weighting, K)), 1)
    nodes, weight = angles.cosines(weighting, float(K))
    sampled = np.exp(-10 * np.arccos(C) ** 2)
    predicted = float(weight @ np.exp(-10 * np.arccos(nodes) ** 2))
    assert near(sampled, predicted)


def test_unknown_weighting() -> None:
    """Catches a law for a weighting that has none."""
    with pytest.raises(ValueError, match="grad"):
        angles.moments("grad", 3)
    with pytest.raises(ValueError, match="rectgrad"):
        frames.frame_law("rectgrad", 3, 2)
    with pytest.raises(ValueError, match="N ≤ d"):
        frames.frame_law("gbp", 3, 4)


@settings(max_examples=20)
@given(st.sampled_from(list(frames.PASSING)), st.integers(1, 25), st.integers(1, 25))
def test_frame_law_is_a_distribution(weighting: str, d: int, N: int) -> None:
    """Catches a distribution function that falls, does not end at 0 and 1, or has another mean than the exact one."""
    law = frames.frame_law(weighting, max(d, N), N)
    values = [law.cdf(a) for a in np.linspace(0, 1, 21)]
    assert (values[0], values[-1]) == (0, 1)
    assert np.all(np.diff(values) >= -1e-12)
    assert 1 - np.mean([law.cdf((i + 0.5) / 100) for i in range(100)]) == pytest.approx(law.mean, abs=0.004)
    assert law.sd >= 0


@pytest.mark.parametrize(("d", "N"), [(3, 1), (6, 6), (40, 25)])
def test_activation_on_a_frame(d: int, N: int) -> None:
    """Catches two laws of Activation on one frame that disagree."""
    own, other = frames.frame_law("activation", d, N), alignment_law("activation", "haar", d, N)
    assert (own.mean, own.sd) == (pytest.approx(other.mean, abs=1e-6), pytest.approx(other.sd, abs=1e-6))
    assert own.cdf(0.4) == pytest.approx(other.cdf(0.4), abs=1e-10)


@pytest.mark.parametrize("weighting", ["constant", "gbp", "positive", "activation"])
@pytest.mark.parametrize(("d", "N"), [(2, 2), (7, 4)])
def test_frames_drawn_whole(weighting: str, d: int, N: int) -> None:
    """Catches a wrong moment, share of zero maps, share of ties or (N = 2, exact) distribution function."""
    both = pairs.alignments(("activation", weighting), d, N, 60_000, np.random.default_rng(d), "haar", whole=True)
    law = frames.frame_law(weighting, d, N)
    defined = both[~np.isnan(both[:, 1])]
    assert near(np.isnan(both[:, 1]) * 1.0, law.undefined)
    for power in (1, 2, 4):
        assert near(defined[:, 1] ** power, law.moment(power))
    tied = np.abs(defined[:, 0] - defined[:, 1]) < 1e-12
    assert near(tied * 1.0, frames.equality(weighting, N)) or tied.all()
    assert np.all(defined[:, 1] <= defined[:, 0] + 1e-12)
    if N == 2:
        assert near((defined[:, 1] <= 0.8) * 1.0, law.cdf(0.8))


@pytest.mark.parametrize("N", [1, 2, 5])
def test_equality_by_enumeration(N: int) -> None:
    """Catches a share of ties that is not that of the masks with one active neuron, which passes."""
    masks = list(product((0, 1), repeat=N))
    constant = sum(sum(mask) == 1 for mask in masks) / sum(sum(mask) > 0 for mask in masks)
    assert frames.equality("constant", N) == pytest.approx(constant)
    both = [(mask, passed) for mask in masks for passed in masks if np.dot(mask, passed) > 0]
    gbp = sum(sum(mask) == 1 for mask, _ in both) / len(both)
    assert frames.equality("gbp", N) == pytest.approx(gbp)


def layer_of(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(W, x, A, r): n active neurons in R^{n+2}, r at an angle below π/2 to A."""
    rng = np.random.default_rng(seed)
    W, x = rng.standard_normal((n + 2, n)), rng.standard_normal(n + 2)
    W = W * np.sign(x @ W)
    A = W.T @ x
    r = A / np.linalg.norm(A) + rng.standard_normal(n) * rng.uniform(0, 1.5)
    assume(r @ A > 0)
    return W, x, A, r


@given(sides, seeds)
def test_gram_closed_forms(n: int, seed: int) -> None:
    """Catches a criterion that disagrees with simulated alignments, or a best weighting that is beaten."""
    W, x, A, r = layer_of(n, seed)
    G, size = W.T @ W, float(np.linalg.norm(x))
    by_A, by_r, best = (alignment(W @ s, x) for s in (A, r, gram.best_weighting(G, A)))
    assert gram.alignment(r, G, A, size) == pytest.approx(by_r)
    assert max(by_A, by_r) <= best + 1e-12
    assert by_A / best == pytest.approx(gram.shortfall(G, A))
    kappa = float(np.linalg.cond(G))
    assert gram.shortfall(G, A) >= gram.kantorovich(kappa) - 1e-9
    tangent = sqrt(gram.square_tangent(A, r))
    if abs(by_A - by_r) > 1e-9:
        wins = by_A > by_r
        assert wins == (gram.advantage(G, A, r) > 0) == (tangent > gram.least_tangent(G, A, r))
        assert wins or not gram.suffices(tangent**2, kappa)
    assert gram.least_tangent(G, A, r) <= gram.needed_tangent(kappa) * (1 + 1e-9)


@given(st.fractions(1, 50, max_denominator=30), st.fractions(0, 1, max_denominator=1000))
def test_the_bound_is_a_tie(sigma: Fraction, excess: Fraction) -> None:
    """Catches a condition that is not sharp: at the bound a tie, beyond it a loss, in exact rationals."""
    singular, A, r = (np.array(v, dtype=object) for v in gram.extremal_case(sigma))
    assert gram.square_tangent(A, r) == (sigma - 1 / sigma) ** 2
    assert gram.advantage(np.diag(singular**2), A, r) == 0
    stretched = np.diag([(sigma * (1 + excess)) ** 2, Fraction(1)])
    assert (gram.advantage(stretched, A, r) < 0) == (sigma > 1 and excess > 0)


@given(st.floats(1e-6, 100))
def test_condition_and_angle(tangent: float) -> None:
    """Catches inverses that are none, a crude condition that allows more, and Marchenko–Pastur the wrong way round."""
    kappa = gram.tolerated_condition(tangent)
    assert gram.needed_tangent(kappa) == pytest.approx(tangent, rel=1e-9, abs=1e-12)
    assert gram.crude_condition(tangent) <= kappa * (1 + 1e-12)
    cos2 = 1 / (1 + tangent**2)
    assert cos2 == pytest.approx(kappa / (kappa**2 - kappa + 1), rel=1e-6)
    h = (kappa - 1) / (kappa + 1)
    assert h == pytest.approx(sqrt((1 - cos2) / (1 + 3 * cos2)), rel=1e-6, abs=1e-9)
    assert gram.gaussian_condition(gram.guaranteed_share(tangent)) == pytest.approx(kappa, rel=1e-6)


def test_marchenko_pastur() -> None:
    """Catches a condition number of Gaussian layers that is off: 1,000 dimensions, 100 neurons; and K ≥ d."""
    W = np.random.default_rng(0).standard_normal((1000, 100))
    assert np.linalg.cond(W) ** 2 == pytest.approx(gram.gaussian_condition(0.1), rel=0.1)
    with pytest.raises(ValueError, match="K/d"):
        gram.gaussian_condition(1.0)


def test_parallel_weighting_has_no_tie() -> None:
    """Catches a division by zero where r is A."""
    A = np.array([1.0, 2.0])
    assert np.isnan(gram.least_tangent(np.eye(2), A, 3 * A))
    assert np.isnan(gram.alignment(0 * A, np.eye(2), A, 1.0))


@settings(max_examples=40)
@given(st.floats(0, 20), st.integers(2, 3000))
def test_reversal_is_students_tail(tangent: float, d: int) -> None:
    """Catches a wrong number of degrees of freedom, and a missing ½."""
    found = ordering.reversal(np.array([tangent]), d)[0]
    assert found == pytest.approx(t.sf(0.5 * sqrt(d - 1) * tangent, d - 1), rel=1e-7, abs=1e-200)


@pytest.mark.parametrize("d", [2, 5, 30])
def test_reversal_by_two_gaussian_vectors(d: int) -> None:
    """Catches a law of reversals that is not that of correlated Gaussian noise: P(‖g_s‖ < ρ‖g_A‖)."""
    rng, rho = np.random.default_rng(d), 0.8
    g, other = rng.standard_normal((2, 100_000, d - 1))
    lost = np.linalg.norm(rho * g + sqrt(1 - rho**2) * other, axis=1) < rho * np.linalg.norm(g, axis=1)
    assert near(lost * 1.0, float(ordering.reversal(np.array([sqrt(1 / rho**2 - 1)]), d)[0]))


@pytest.mark.parametrize("weighting", angles.WEIGHTINGS)
@pytest.mark.parametrize("d", [2, 9, 100])
def test_two_neurons_by_quadrature(weighting: str, d: int) -> None:
    """Catches a wrong density or weight of K = 1, 2: N = 2 by adaptive quadrature."""
    top = pi / 4 if weighting == "constant" else pi / 2

    def density(phi: float) -> float:
        return 1 / top if weighting == "constant" else 2 / top * (1 - phi / top)

    inside = quad(lambda phi: density(phi) * t.sf(0.5 * sqrt(d - 1) * np.tan(phi), d - 1), 0, top, limit=200)[0]
    assert ordering.reversal_probability(weighting, d, 2) == pytest.approx(inside / 3, abs=1e-6)


def laws_of_the_angle(weighting: str, most: int) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """P(φ ≤ a) on a grid of angles a, exact but for its cells, for K = 2, …, most active neurons.

    A direction of the positive orthant of R^K is (cos ω u, sin ω), u one of R^{K−1} and ω of density ∝ cos^{K−2} ω: so
    C_K = cos ω cos ω′ C_{K−1} + sin ω sin ω′, with tan ω′ = 1/√(K − 1) for constant weights.
    """
    grid, (nodes, weight) = np.linspace(0, pi / 2, 1501), np.polynomial.legendre.leggauss(40)
    turn = (nodes + 1) * pi / 4
    below = np.minimum(grid / (pi / 4), 1) if weighting == "constant" else 1 - (1 - grid / (pi / 2)) ** 2
    found = {2: below}
    for K in range(3, most + 1):
        share = weight * np.cos(turn) ** (K - 2) / (weight @ np.cos(turn) ** (K - 2))
        alone = weighting == "constant"
        others = [(np.arctan((K - 1) ** -0.5), 1.0)] if alone else list(zip(turn, share, strict=True))
        found[K] = np.zeros_like(grid)
        for (one, p), (other, q) in product(zip(turn, share, strict=True), others):
            C = (np.cos(grid) - np.sin(one) * np.sin(other)) / (np.cos(one) * np.cos(other))
            found[K] += p * q * np.interp(np.arccos(np.clip(C, -1, 1)), grid, found[K - 1]) * (C <= 1)
    return grid, found


@pytest.mark.parametrize("weighting", angles.WEIGHTINGS)
def test_reversal_over_the_law_of_the_angle(weighting: str) -> None:
    """Catches a law of φ that costs more than `REVERSAL_ERROR` says: Student's tail over a recursion of its own."""
    grid, found = laws_of_the_angle(weighting, 12)
    middle = (grid[1:] + grid[:-1]) / 2
    for d in (2, 9, 40, 100, 150, 200, 800):
        tail = t.sf(0.5 * sqrt(d - 1) * np.tan(middle), d - 1)
        given_K = {K: float(np.diff(law) @ tail) for K, law in found.items()}
        for N in (2, 3, 4, 6, 12):
            exact = sum(binom.pmf(K, N, 0.5) / (1 - 0.5**N) * given_K[K] for K in range(2, N + 1))
            error = abs(ordering.reversal_probability(weighting, d, N) - exact)
            assert error <= ordering.REVERSAL_ERROR + 2e-5


def test_error_of_a_prediction() -> None:
    """Catches an error of the prediction that is left out, or on one side only: 5,000 of 10,000, α = 1e-6, δ = 0.03."""
    low, high = intervals.clopper_pearson(5000, 10_000, 1e-6)
    for predicted, error, finding in (
        (low - 0.031, 0.0, Finding.REFUTES),
        (low - 0.031, 0.0009, Finding.REFUTES),
        (low - 0.031, 0.0011, Finding.UNDECIDED),
        (high + 0.031, 0.0009, Finding.REFUTES),
        (high + 0.031, 0.0011, Finding.UNDECIDED),
        (low - 0.029, 0.0, Finding.UNDECIDED),
        (low + 0.029, 0.0, Finding.SUPPORTS),
        (low + 0.029, 0.0009, Finding.SUPPORTS),
        (low + 0.029, 0.0011, Finding.UNDECIDED),
    ):
        assert predicted_proportion("", 5000, 10_000, predicted, 0.03, 1e-6, error).finding is finding


@given(weightings, st.integers(2, 300))
def test_limit_and_decay(weighting: str, d: int) -> None:
    """Catches a limit that wide layers do not approach, and a rate that the limit does not follow."""
    assert ordering.reversal_probability(weighting, d, 10**7) == pytest.approx(
        ordering.reversal_limit(weighting, d), rel=0.02, abs=1e-12
    )
    ratio = ordering.reversal_limit(weighting, 3000) / ordering.reversal_limit(weighting, 2000)
    assert -np.log(ratio) / 1000 == pytest.approx(ordering.decay(weighting), rel=0.01)


def test_edges_of_the_order() -> None:
    """Catches a loss on a line or with one neuron, where every two weightings tie."""
    assert ordering.reversal(np.array([0.3]), 1)[0] == 0
    assert ordering.reversal_probability("constant", 5, 1) == 0


@settings(max_examples=25)
@given(st.integers(2, 400), st.integers(2, 400))
def test_means_are_ordered(d: int, N: int) -> None:
    """Catches laws that contradict the proven order, and a law of positive weights below that of GBP."""
    means = [ordering.gaussian_law(name, d, N).mean for name in ordering.ORDER]
    assert np.all(np.diff(means) > 0)
    assert ordering.gaussian_law("gbp", d, N).mean < means[1] + 1e-9


@pytest.mark.parametrize(("d", "N"), [(2, 3), (12, 40)])
def test_law_of_positive_weights(d: int, N: int) -> None:
    """Catches a law of positive weights with another share of passing neurons than the sampler's."""
    alpha = reduced.alignments("gbp", "gaussian", d, N, 100_000, np.random.default_rng(0), "absolute")
    law = ordering.gaussian_law("positive", d, N)
    assert alpha[~np.isnan(alpha)].mean() == pytest.approx(law.mean, abs=0.004)
    assert law.undefined == 0.5**N


@pytest.mark.parametrize(("d", "N"), [(1, 3), (2, 1), (2, 5), (3, 2), (8, 20)])
def test_pairs_by_two_routes(d: int, N: int) -> None:
    """Catches a reduced draw whose alignments, or their products across weightings, are not those of whole networks."""
    names = ("activation", "constant", "grad", "gbp")
    whole, short = (
        np.nan_to_num(pairs.alignments(names, d, N, 60_000, np.random.default_rng(seed), whole=seed == 0), nan=-2)
        for seed in (0, 1)
    )
    for i, j in product(range(4), repeat=2):
        a, b = whole[:, i] * whole[:, j], short[:, i] * short[:, j]
        assert abs(a.mean() - b.mean()) <= 6 * sqrt((a.var() + b.var()) / len(a)) + 1e-9
    lost = [np.mean(alpha[:, 1] > alpha[:, 0] + 1e-12) for alpha in (whole, short)]
    assert abs(lost[0] - lost[1]) <= 6 * sqrt(0.5 / len(whole))


def test_best_weighting_is_drawn() -> None:
    """Catches a 'best' that another weighting beats, that on a frame is not Activation, or that misses x among many."""
    rng = np.random.default_rng(0)
    names = ("best", "activation", "constant", "grad")
    alpha = pairs.alignments(names, 6, 5, 2000, rng, whole=True)
    alpha = alpha[~np.isnan(alpha[:, 0])]
    assert np.all(alpha[:, :1] >= alpha - 1e-9)
    frame = pairs.alignments(names, 6, 5, 500, rng, "haar", whole=True)
    assert frame[:, 0] == pytest.approx(frame[:, 1], nan_ok=True)
    many = pairs.alignments(("best",), 2, 40, 200, rng, whole=True)
    assert many == pytest.approx(1)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"weightings": ("nobody",)}, "nobody"),
        ({"weightings": ("best",)}, "best"),
        ({"family": "student"}, "student"),
        ({"family": "tilted", "whole": True}, "tilted"),
        ({"family": "haar", "whole": True, "N": 9}, "9 'haar'"),
    ],
)
def test_pairs_refuse(words: dict[str, object], named: str) -> None:
    """Catches numbers drawn for a law that the sampler does not have."""
    usual: dict[str, object] = {
        "weightings": ("constant",),
        "d": 3,
        "N": 2,
        "trials": 4,
        "rng": np.random.default_rng(0),
    }
    with pytest.raises(ValueError, match=named):
        pairs.alignments(**(usual | words))  # type: ignore[arg-type]


def test_heavy_tails_reverse_the_means() -> None:
    """Catches an order of means claimed without equal norms: multivariate t in R²⁷, constant above Activation."""
    alpha = pairs.alignments(("activation", "constant"), 27, 135, 2000, np.random.default_rng(0), "student", whole=True)
    assert np.mean(alpha[:, 1] - alpha[:, 0]) > 0.03


@given(st.sampled_from(conditioned_layer()).flatmap(lambda shape: shape))
def test_cases_of_known_condition(parameters: dict[str, object]) -> None:
    """Catches a premise that accepts another condition number, and a case whose activation is not the one drawn."""
    case = from_singular_values(parameters)
    assume(has_condition(case))
    W, x = case["W"].astype(float), case["x"].astype(float)
    assert W.T @ x == pytest.approx(np.array(parameters["A"], dtype=float))
    assert np.linalg.cond(W) == pytest.approx(float(case["ratio"]))
    assert not has_condition(case | {"ratio": case["ratio"] + 1})
    G = case["W"].T @ case["W"]
    A = np.array([Fraction(a) for a in parameters["A"]], dtype=object)  # type: ignore[attr-defined]
    assert np.all(G @ solve(G, A) == A)


def test_climb_ends_at_the_bound() -> None:
    """Catches a search that stops short or crosses, and a check of its end that accepts what Activation wins."""
    end = climb(3, 9.0, 3, np.random.default_rng(0))
    assert end.best == pytest.approx(1, abs=1e-6)
    assert end.beaten
    values, A, r = np.array([9.0, 1.0]), np.array([3.0, 1.0]), np.array([1.0, 27.0])
    assert beats_activation(values, A, r, 0.999 * gram.needed_tangent(9.0))
    assert not beats_activation(values, A, r, 1.001 * gram.needed_tangent(9.0))


@given(st.sampled_from(conditioned_layer()).flatmap(lambda shape: shape))
def test_tie_is_a_tie_within_the_bound(parameters: dict[str, object]) -> None:
    """Catches a wrong turn of r and a wrong share: at the tie both maps are equally aligned, exactly."""
    case = from_singular_values(parameters)
    assume(has_condition(case))
    turned, share = tie(case)
    assert 0 <= share <= 1
    A = to_fractions(list(parameters["A"]))  # type: ignore[call-overload]
    by_r, by_activation = (signed_square_alignment(gradient_map(case, r), case["x"]) for r in (turned, A))
    assert by_r == by_activation
    assert share == 0 or activation_loses(case, Fraction(999, 1000))
    assert not activation_loses(case, Fraction(1001, 1000))


def test_aim_reaches_the_bound() -> None:
    """Catches a search that stops short, crosses the bound, or shows another case than that of its share."""
    case, share = aim_at_bound(conditioned_layer()[0], 400, np.random.default_rng(1))
    assert case is not None
    assert tie(case)[1] == share
    assert 0.98 < share <= 1


def test_distribution_against_another_law() -> None:
    """Catches a distance that is not seen: constant weights on 9 of 27 directions against themselves and Activation."""
    own, other = (frames.frame_law(name, 27, 9) for name in ("constant", "activation"))
    n = int(intervals.distribution_plan(1e-6, 0.05, 100) * 1.02)
    alpha = reduced.alignments("constant", "haar", 27, 9, n, np.random.default_rng(0))
    alpha = alpha[~np.isnan(alpha)]
    for law, finding in ((own, Finding.SUPPORTS), (other, Finding.REFUTES)):
        assert distribution_evidence("", alpha, law, Claimed.exactly(0.0, 0.05), 1e-6, 100).finding is finding


@settings(max_examples=15)
@given(st.floats(0, 1), st.floats(0.02, 0.2))
def test_rates_are_planned(p: float, delta: float) -> None:
    """Catches a plan without its power: the interval misses [p − δ, p + δ] in more than 1 % of samples."""
    n, alpha = intervals.rate_plan(1e-8, p, delta), 1e-8
    hits = np.arange(n + 1)
    likely = hits[norm.sf(6) < np.minimum(binom.cdf(hits, n, p), binom.sf(hits - 1, n, p))]
    inside = [
        p - delta <= low and high <= p + delta
        for low, high in (intervals.clopper_pearson(int(k), n, alpha) for k in likely)
    ]
    assert binom.pmf(likely, n, p) @ np.array(inside) >= 0.99 - 1e-6


def test_figure_of_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches samples that are not those of the plotted N or change from run to run, and curves left out."""
    monkeypatch.setattr(samples, "BUDGET", 2000)
    sampled, chances = samples.sample((2, 3, 5, 9), (0.3, 1.0, 10.0), 0), samples.sample((2, 9), (1.0, 10.0), 0)
    assert np.isnan(sampled["mean"].sel(d=2, ratio=0.3)).all()
    assert sampled["N"].sel(d=9, ratio=10.0) == 90
    assert (sampled["lost"].sel(weighting="activation").fillna(0) == 0).all()
    xr.testing.assert_identical(samples.sample((2, 9), (1.0, 10.0), 0), chances)
    drawn = figure.figure(figure.Samples(sampled, chances))
    assert [len(axes.lines) for axes in drawn.axes] == [7, 7, 8, 7, 7, 10]
