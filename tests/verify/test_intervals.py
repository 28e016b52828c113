"""Every interval covers as promised: exactly where the law can be enumerated, by simulation elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from math import comb, exp, isinf, log, log1p, sqrt
from statistics import fmean, variance

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from nfrlab.verify.intervals import (
    BettingSequence,
    Interval,
    bernstein_plan,
    clopper_pearson,
    dkw_radius,
    empirical_bernstein,
    hoeffding,
    median,
    median_plan,
    median_rank,
)

Floats = npt.NDArray[np.float64]
MeanInterval = Callable[..., Interval]

CONTRADICTION = 1e-6
"""A count this improbable under the promised rate contradicts the promise."""

steady = settings(derandomize=True, deadline=None, max_examples=100)
alphas = st.floats(1e-12, 0.999)
samples = st.lists(st.integers(0, 1024), min_size=2, max_size=40).map(lambda ks: np.array(ks) / 1024)
mean_intervals = pytest.mark.parametrize("interval_of", [hoeffding, empirical_bernstein])
bad_alphas = pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 1.5, float("nan"), float("inf")])


@dataclass(frozen=True)
class Law:
    """A law on [0, 1] with its true mean."""

    name: str
    mean: float
    draw: Callable[[np.random.Generator, int], Floats]


LAWS = (
    Law("Bernoulli near 0", 0.03, lambda rng, n: (rng.random(n) < 0.03).astype(float)),
    Law("uniform", 0.5, lambda rng, n: rng.random(n)),
    Law("skewed beta", 0.1, lambda rng, n: rng.beta(0.5, 4.5, n)),
    Law("two points", 0.35, lambda rng, n: np.where(rng.random(n) < 0.25, 0.8, 0.2)),
    Law("nearly constant", 0.7, lambda rng, n: 0.7 + 1e-3 * (rng.random(n) - 0.5)),
)
laws = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)


def generator(*key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(1802, spawn_key=key))


def not_above(count: int, trials: int, rate: float) -> bool:
    """Whether `count` out of `trials` leaves it possible that the true rate is at most `rate`."""
    return bool(binom.sf(count - 1, trials, rate) >= CONTRADICTION)


def not_below(count: int, trials: int, rate: float) -> bool:
    """Whether `count` out of `trials` leaves it possible that the true rate is at least `rate`."""
    return bool(binom.cdf(count, trials, rate) >= CONTRADICTION)


def covers(interval: Interval, truth: float) -> bool:
    return interval[0] <= truth <= interval[1]


def exact_coverage(intervals: list[Interval], p: float) -> float:
    """P(interval covers p) where `intervals[s]` is the interval after s successes."""
    n = len(intervals) - 1
    pmf = binom.pmf(np.arange(n + 1), n, p)
    return float(sum(mass for mass, interval in zip(pmf, intervals, strict=True) if covers(interval, p)))


def zero_one(successes: int, n: int) -> Floats:
    return np.repeat([1.0, 0.0], [successes, n - successes])


def upper_tail(n: int, k: int, p: Fraction) -> Fraction:
    """P(Bin(n, p) ≥ k), exactly."""
    a, b = p.numerator, p.denominator
    return Fraction(sum(comb(n, j) * a**j * (b - a) ** (n - j) for j in range(k, n + 1)), b**n)


def exact_rank(n: int, alpha: float) -> int:
    """The largest k with P(Bin(n, ½) < k) ≤ α/2, by summing binomial coefficients."""
    limit, total, k = Fraction(alpha) / 2 * 2**n, 0, 0
    while (total := total + comb(n, k)) <= limit:
        k += 1
    return k


# --- Means: Hoeffding and empirical Bernstein -------------------------------------------------------------------------


@mean_intervals
@laws
@pytest.mark.parametrize("n", [20, 200])
def test_mean_interval_covers(interval_of: MeanInterval, law: Law, n: int) -> None:
    # a radius too small for some law (wrong variance, wrong n, wrong logarithm)
    rng, trials, alpha = generator(1, n), 1000, 0.1
    misses = sum(not covers(interval_of(law.draw(rng, n), alpha), law.mean) for _ in range(trials))
    assert not_above(misses, trials, alpha)


@mean_intervals
@pytest.mark.parametrize("alpha", [0.05, 0.5])
def test_mean_interval_covers_every_probability_exactly(interval_of: MeanInterval, alpha: float) -> None:
    # undercoverage at some p, in particular near 0 and 1 where the sample variance is often zero
    for n in (2, 7, 40):
        intervals = [interval_of(zero_one(s, n), alpha) for s in range(n + 1)]
        assert all(exact_coverage(intervals, p) >= 1 - alpha - 1e-12 for p in np.linspace(0, 1, 201))


def test_hoeffding_radius_inverts_the_tail_bound() -> None:
    # a wrong constant that the slack of the bound would hide from any coverage test
    sample, n, width = np.linspace(0.9, 1.1, 1000), 1000, 4
    for alpha in (0.1, 1e-9):
        low, high = hoeffding(sample, alpha, -1, 3)
        half = (high - low) / 2
        assert (low + high) / 2 == pytest.approx(1.0)
        assert 2 * exp(-2 * n * half**2 / width**2) == pytest.approx(alpha, rel=1e-9)


def test_empirical_bernstein_is_theorem_4_on_both_sides() -> None:
    # a wrong constant, the biased variance, or an α that is not halved
    sample = generator(2).uniform(0.5, 1.5, 400)
    values = sample.tolist()
    for alpha in (0.1, 1e-9):
        delta = alpha / 2
        slack = sqrt(2 * variance(values) * log(2 / delta) / 400) + 4 * 7 * log(2 / delta) / (3 * 399)
        expected = max(-1, fmean(values) - slack), min(3, fmean(values) + slack)
        assert empirical_bernstein(sample, alpha, -1, 3) == pytest.approx(expected, rel=1e-12)


def test_empirical_bernstein_profits_from_a_small_variance() -> None:
    # the sample variance replaced by its worst case
    sample = LAWS[4].draw(generator(3), 2000)
    narrow, wide = empirical_bernstein(sample, 0.05), hoeffding(sample, 0.05)
    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 2


@mean_intervals
@steady
@given(sample=samples, alpha=alphas, other=alphas)
def test_mean_interval_is_ordered_and_nested(
    interval_of: MeanInterval, sample: Floats, alpha: float, other: float
) -> None:
    # swapped ends, an interval that leaves the bounds or misses the sample mean, a smaller α that narrows
    low, high = interval_of(sample, min(alpha, other))
    inner_low, inner_high = interval_of(sample, max(alpha, other))
    assert 0 <= low <= inner_low <= sample.mean() <= inner_high <= high <= 1


@mean_intervals
@steady
@given(sample=samples, alpha=alphas)
def test_mean_interval_moves_with_the_units(interval_of: MeanInterval, sample: Floats, alpha: float) -> None:
    # a term that forgets the width of the bounds, or a clip at 0 and 1 instead of at the bounds
    low, high = interval_of(sample, alpha)
    moved = interval_of(8 * sample - 3, alpha, -3, 5)
    assert moved == pytest.approx((8 * low - 3, 8 * high - 3), abs=1e-12)


@mean_intervals
@bad_alphas
def test_mean_interval_rejects_alpha(interval_of: MeanInterval, alpha: float) -> None:
    # an α of 0 or NaN that silently yields an interval of no meaning
    with pytest.raises(ValueError, match="α must lie"):
        interval_of(np.full(5, 0.5), alpha)


@mean_intervals
@pytest.mark.parametrize("sample", [[], [0.5, 1.5], [-0.1, 0.5], [0.5, float("nan")], [0.5, float("inf")]])
def test_mean_interval_rejects_samples(interval_of: MeanInterval, sample: list[float]) -> None:
    # observations outside the bounds, NaN included, for which the theorem says nothing
    with pytest.raises(ValueError, match="observation"):
        interval_of(np.array(sample), 0.05)


def test_empirical_bernstein_needs_two_observations() -> None:
    # a division by n − 1 = 0
    with pytest.raises(ValueError, match="two observations"):
        empirical_bernstein(np.array([0.5]), 0.05)


# --- Probabilities: Clopper–Pearson -----------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.1, 0.5])
def test_clopper_pearson_covers_every_probability_exactly(alpha: float) -> None:
    # an α that is not halved, a beta law whose parameters are off by one
    for n in (*range(16), 23, 40, 100):
        intervals = [clopper_pearson(s, n, alpha) for s in range(n + 1)]
        assert all(exact_coverage(intervals, p) >= 1 - alpha - 1e-12 for p in np.linspace(0, 1, 201)), n


@pytest.mark.parametrize("alpha", [0.1, 0.05, 1e-9, 1e-15])
@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (0, 30), (1, 30), (7, 30), (29, 30), (30, 30), (50, 120)])
def test_clopper_pearson_ends_have_exact_tails(successes: int, n: int, alpha: float) -> None:
    # a limit that is conservative or anticonservative at the tiny α in use: bracketed by exact binomial tails
    low, high = (Fraction(end) for end in clopper_pearson(successes, n, alpha))
    limit, step = Fraction(alpha) / 2, Fraction(1, 10**9)
    if successes:
        assert upper_tail(n, successes, low * (1 - step)) < limit < upper_tail(n, successes, low * (1 + step))
    else:
        assert low == 0
    if successes < n:
        # failures: P(Bin(n, p) ≤ s) = P(Bin(n, 1 − p) ≥ n − s); floats near 1 are 2⁻⁵³ apart
        gap, room = 1 - high, (1 - high) * step + Fraction(1, 2**52)
        assert upper_tail(n, n - successes, gap - room) < limit < upper_tail(n, n - successes, gap + room)
    else:
        assert high == 1


@pytest.mark.parametrize("alpha", [0.05, 4e-9])
def test_clopper_pearson_agrees_with_bisection(alpha: float) -> None:
    # a loss of accuracy of the beta quantile at large n
    n = 10_000
    for successes in (1, 40, 5000, 9999):
        below, above = 0.0, 1.0
        for _ in range(80):
            middle = (below + above) / 2
            below, above = (middle, above) if binom.sf(successes - 1, n, middle) < alpha / 2 else (below, middle)
        low, high = clopper_pearson(successes, n, alpha)
        assert low == pytest.approx(above, rel=1e-9)
        assert 1 - clopper_pearson(n - successes, n, alpha)[0] == pytest.approx(high, rel=1e-9)


@steady
@given(st.data(), st.integers(1, 500), alphas, alphas)
def test_clopper_pearson_is_ordered_and_nested(data: st.DataObject, n: int, alpha: float, other: float) -> None:
    # swapped ends, a smaller α that narrows, limits that fall as successes rise
    successes = data.draw(st.integers(0, n))
    low, high = clopper_pearson(successes, n, min(alpha, other))
    inner_low, inner_high = clopper_pearson(successes, n, max(alpha, other))
    tolerance = 1e-12
    assert 0 <= low <= inner_low + tolerance
    assert inner_high <= high + tolerance
    assert high <= 1
    if max(alpha, other) < 0.5:
        assert inner_low - tolerance <= successes / n <= inner_high + tolerance
    if successes:
        fewer = clopper_pearson(successes - 1, n, min(alpha, other))
        assert fewer[0] <= low
        assert fewer[1] <= high


def test_clopper_pearson_of_nothing_is_everything() -> None:
    # an empty count that crashes or pretends to know something
    assert clopper_pearson(0, 0, 0.05) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5), (0, -1), (1, 0)])
def test_clopper_pearson_rejects_counts(successes: int, n: int) -> None:
    # NaN from a beta law with a negative parameter
    with pytest.raises(ValueError, match=r"successes|trials"):
        clopper_pearson(successes, n, 0.05)


@bad_alphas
def test_other_intervals_reject_alpha(alpha: float) -> None:
    # an α that no probability can be, accepted by one of the functions
    functions: tuple[Callable[[], object], ...] = (
        lambda: clopper_pearson(1, 2, alpha),
        lambda: dkw_radius(10, alpha),
        lambda: median_rank(10, alpha),
        lambda: median(np.zeros(10), alpha),
        lambda: median_plan(alpha, 0.1),
        lambda: bernstein_plan(alpha, 0.1, 1.0, 0.1),
        lambda: BettingSequence(alpha),
    )
    for function in functions:
        with pytest.raises(ValueError, match="α must lie"):
            function()


# --- Laws: Dvoretzky–Kiefer–Wolfowitz ---------------------------------------------------------------------------------


def distance_to_uniform(sample: Floats) -> float:
    """sup_t |F_n(t) − t|, reached at the jumps."""
    ordered, ranks = np.sort(sample), np.arange(1, len(sample) + 1)
    return float(np.max(np.maximum(ranks / len(sample) - ordered, ordered - (ranks - 1) / len(sample))))


def distance_to_bernoulli(p: float) -> Callable[[Floats], float]:
    return lambda sample: abs(float(np.mean(sample < p)) - p)


@pytest.mark.parametrize("alpha", [0.05, 0.1])
@pytest.mark.parametrize("n", [10, 200])
@pytest.mark.parametrize("distance", [distance_to_uniform, distance_to_bernoulli(0.5), distance_to_bernoulli(0.02)])
def test_dkw_band_covers(distance: Callable[[Floats], float], n: int, alpha: float) -> None:
    # ln(1/α), one side only: for the uniform law the band is nearly tight and would miss twice as often
    rng, trials = generator(4, n), 2000
    misses = sum(distance(rng.random(n)) > dkw_radius(n, alpha) for _ in range(trials))
    assert not_above(misses, trials, alpha)


@steady
@given(st.integers(1, 10**7), alphas)
def test_dkw_radius_inverts_massarts_bound(n: int, alpha: float) -> None:
    # a wrong constant or exponent
    assert 2 * exp(-2 * n * dkw_radius(n, alpha) ** 2) == pytest.approx(alpha, rel=1e-9)


@steady
@given(st.integers(1, 10**6), alphas, alphas)
def test_dkw_radius_falls_with_n_and_alpha(n: int, alpha: float, other: float) -> None:
    # a radius that grows with more data or with more tolerance
    assert dkw_radius(n + 1, alpha) < dkw_radius(n, alpha)
    assert dkw_radius(n, max(alpha, other)) <= dkw_radius(n, min(alpha, other))


# --- Medians ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.3, 0.1, 0.05, 1e-6, 4e-9, 1e-12])
def test_median_rank_is_the_exact_one(alpha: float) -> None:
    # a quantile off by one: too large does not cover, too small wastes observations
    for n in (*range(1, 130), 500, 2001):
        assert median_rank(n, alpha) == exact_rank(n, alpha), n


@pytest.mark.parametrize("alpha", [0.1, 0.05, 4e-9])
def test_median_covers_exactly(alpha: float) -> None:
    # ends taken at the wrong order statistics: ranks themselves are the sample, so that the interval shows its ranks
    for n in (*range(1, 60), 150, 400):
        low, high = median(generator(5).permutation(np.arange(1.0, n + 1)), alpha)
        if isinf(low):
            assert isinf(high)
            assert Fraction(2, 2**n) > Fraction(alpha)
            continue
        below, above = int(low), n + 1 - int(high)
        # P(fewer than `below` observations lie below the median) + P(fewer than `above` lie above it)
        miss = 2 - upper_tail(n, below, Fraction(1, 2)) - upper_tail(n, above, Fraction(1, 2))
        assert miss <= Fraction(alpha)


MEDIANS: tuple[tuple[str, float, Callable[[np.random.Generator, int], Floats]], ...] = (
    ("Bernoulli near 0", 0.0, LAWS[0].draw),
    ("uniform", 0.5, LAWS[1].draw),
    ("exponential", log(2), lambda rng, n: rng.exponential(size=n)),
    ("Cauchy", 0.0, lambda rng, n: rng.standard_cauchy(n)),
    ("three atoms", 1.0, lambda rng, n: rng.choice([0.0, 1.0, 2.0], n, p=[0.45, 0.1, 0.45])),
    ("nearly constant", 0.7, LAWS[4].draw),
)


@pytest.mark.parametrize(("name", "truth", "draw"), MEDIANS, ids=[law[0] for law in MEDIANS])
@pytest.mark.parametrize("n", [9, 60])
def test_median_covers(name: str, truth: float, draw: Callable[[np.random.Generator, int], Floats], n: int) -> None:
    # an interval that rests on continuity, symmetry or finite moments
    rng, trials, alpha = generator(6, n), 1500, 0.1
    misses = sum(not covers(median(draw(rng, n), alpha), truth) for _ in range(trials))
    assert not_above(misses, trials, alpha), name


@steady
@given(samples, alphas, alphas)
def test_median_is_ordered_and_nested(sample: Floats, alpha: float, other: float) -> None:
    # swapped ends, the sample median left outside, a smaller α that narrows, dependence on the order
    low, high = median(sample, min(alpha, other))
    inner_low, inner_high = median(sample, max(alpha, other))
    assert low <= inner_low <= np.median(sample) <= inner_high <= high
    assert median(sample[::-1], min(alpha, other)) == (low, high)


def test_median_of_too_few_is_everything() -> None:
    # the extremes returned although even they do not cover
    for n in range(6):
        assert median(np.zeros(n), 0.05) == (-np.inf, np.inf)
    assert median(np.zeros(6), 0.05) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("alpha", "p"),
    [(0.05, 0.0), (0.05, 0.125), (0.05, 0.25), (0.05, 0.375), (1e-6, 0.25), (4e-9, 0.0), (4e-9, 0.0625)],
)
@pytest.mark.parametrize("power", [0.9, 0.99])
def test_median_plan_has_level_and_power(alpha: float, p: float, power: float) -> None:
    # a plan that promises a power it has not, or asks for far more observations than needed
    def suffices(n: int) -> bool:
        k = exact_rank(n, alpha)
        return k >= 1 and upper_tail(n, k, Fraction(p)) <= Fraction(1 - power) / 2

    n = median_plan(alpha, p, power)
    assert suffices(n)
    least = next(m for m in range(1, n + 1) if suffices(m))
    assert least == n if n < 100 else n <= 1.05 * least


def test_median_plan_keeps_its_promise() -> None:
    # a power computed for something other than the interval in use
    alpha, p, trials = 0.05, 0.3, 1500
    n, rng = median_plan(alpha, p), generator(7)
    kept = 0
    for _ in range(trials):
        low, high = median(rng.random(n), alpha)
        kept += p <= low and high <= 1 - p
    assert not_below(kept, trials, 0.99)


@pytest.mark.parametrize("p", [0.5, 0.75, 1.0, -0.1, float("nan")])
def test_median_plan_rejects_hopeless_laws(p: float) -> None:
    # an endless search for an n that does not exist
    with pytest.raises(ValueError, match="needs 0 ≤ p"):
        median_plan(0.05, p)


# --- Planning a mean --------------------------------------------------------------------------------------------------


@steady
@given(st.floats(1e-9, 0.5), st.floats(0, 1), st.floats(0.5, 4), st.floats(0.02, 0.5))
def test_bernstein_plan_reaches_delta_and_wastes_little(alpha: float, sd: float, width: float, delta: float) -> None:
    # a plan whose interval is too wide, or one that asks for far more than needed
    def reach(n: float) -> float:
        logs, t = log(4 / alpha), log(400)
        half = (sd + width * sqrt(2 * t / (n - 1))) * sqrt(2 * logs / n) + 7 * width * logs / (3 * (n - 1))
        return half + sd * sqrt(2 * t / n) + width * t / (3 * n)

    n = bernstein_plan(alpha, sd, width, delta)
    assert reach(n) <= delta * (1 + 1e-12)
    assert reach(n / 1.02 - 3) > delta


@pytest.mark.parametrize("law", [LAWS[1], LAWS[3], LAWS[4]], ids=lambda law: law.name)
def test_bernstein_plan_has_power(law: Law) -> None:
    # a plan too small for the interval it is made for
    alpha, delta, trials, rng = 0.05, 0.1, 1000, generator(8)
    sd = float(np.std(law.draw(rng, 100_000)))
    n = bernstein_plan(alpha, sd, 1.0, delta)
    kept = 0
    for _ in range(trials):
        low, high = empirical_bernstein(law.draw(rng, n), alpha)
        kept += law.mean - delta <= low and high <= law.mean + delta
    assert not_below(kept, trials, 0.99)


def planned_power(p: float, alpha: float, delta: float) -> float:
    """P(the empirical Bernstein interval of the planned number of Bernoulli(p) ends inside p ± δ), exactly."""
    n = bernstein_plan(alpha, sqrt(p * (1 - p)), 1.0, delta)
    power = 0.0
    for successes, mass in enumerate(binom.pmf(np.arange(n + 1), n, p)):
        if mass > 1e-12:
            low, high = empirical_bernstein(zero_one(successes, n), alpha)
            power += float(mass) * (p - delta <= low and high <= p + delta)
    return power


@pytest.mark.parametrize("alpha", [0.05, 4e-9])
@pytest.mark.parametrize("p", [0.5, 0.3])
def test_bernstein_plan_has_power_exactly(p: float, alpha: float) -> None:
    # a plan too small for the interval it is made for
    assert planned_power(p, alpha, 0.05) >= 0.99


def test_bernstein_plan_has_power_for_skewed_observations() -> None:
    # a power that rests on the normal law and on a sample variance equal to the true one
    powers = {(p, alpha): planned_power(p, alpha, 0.05) for p in (0.1, 0.01, 0.001) for alpha in (0.05, 4e-9)}
    assert {case: power for case, power in powers.items() if power < 0.99} == {}


# --- Betting ----------------------------------------------------------------------------------------------------------


def ruled_out(sample: list[float], candidate: float, alpha: float) -> tuple[bool, bool]:
    """Whether `candidate` was ever ruled out as too low, as too high: one candidate, plain numbers."""
    seen, squares, up, down = 0.5, 0.25, 0.0, 0.0
    too_low = too_high = False
    for t, x in enumerate(sample, start=1):
        guess = seen / t
        stake = sqrt(2 * log(2 / alpha) / (squares / t * t * log(t + 1)))
        on_higher = min(stake, 0.5 / candidate) if candidate > 0 else stake
        on_lower = min(stake, 0.5 / (1 - candidate)) if candidate < 1 else stake
        up += log1p(on_higher * (x - candidate))
        down += log1p(-on_lower * (x - candidate))
        too_low, too_high = too_low or up >= log(2 / alpha), too_high or down >= log(2 / alpha)
        seen, squares = seen + x, squares + (x - guess) ** 2
    return too_low, too_high


@laws
@pytest.mark.parametrize("n", [3, 30, 120, 500])
def test_betting_agrees_with_one_gambler_at_a_time(law: Law, n: int) -> None:
    # a stake that looks ahead, a wrong threshold, a candidate revived, an interval cut at the wrong grid point
    cells, alpha = 40, 0.1
    sample = law.draw(generator(9, n), n)
    verdicts = [ruled_out(sample.tolist(), j / cells, alpha) for j in range(cells + 1)]
    low = max((j / cells for j, (too_low, _) in enumerate(verdicts) if too_low), default=0.0)
    high = min((j / cells for j, (_, too_high) in enumerate(verdicts) if too_high), default=1.0)
    assert BettingSequence(alpha, cells=cells).update(sample) == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize("tenths", [1, 3, 5, 8])
def test_betting_capital_is_a_fair_game(tenths: int) -> None:
    # a stake that knows the observation it is placed on: at the truth the expected capital is exactly 1
    p, expected = tenths / 10, np.zeros(2)
    for outcome in product((0.0, 1.0), repeat=8):
        sequence = BettingSequence(0.1, cells=10)
        sequence.update(np.array(outcome))
        hits = sum(outcome)
        expected += p**hits * (1 - p) ** (8 - hits) * np.exp(sequence._capital[:, tenths])
    assert expected == pytest.approx([1.0, 1.0], rel=1e-10)


@pytest.mark.parametrize("alpha", [0.5, 0.8])
@pytest.mark.parametrize("p", [0.1, 0.305, 0.5, 0.9])
def test_betting_covers_at_all_times_exactly(p: float, alpha: float) -> None:
    # one threshold for two gamblers: every sequence of ten coin tosses, at an α that they can reach
    miss = 0.0
    for outcome in product((0.0, 1.0), repeat=10):
        sequence = BettingSequence(alpha, cells=200)
        if not all(covers(sequence.update(np.array([x])), p) for x in outcome):
            miss += p ** sum(outcome) * (1 - p) ** (10 - sum(outcome))
    assert miss <= alpha


@laws
def test_betting_covers_at_all_times(law: Law) -> None:
    # an interval that is valid at one n only: looked at after every observation
    rng, trials, alpha, misses = generator(10), 600, 0.1, 0
    for _ in range(trials):
        sequence = BettingSequence(alpha, cells=1000)
        misses += not all(covers(sequence.update(x[None]), law.mean) for x in law.draw(rng, 80))
    assert not_above(misses, trials, alpha)


@pytest.mark.parametrize(("cells", "truth", "n"), [(10, 0.55, 300), (2000, 0.70025, 25_000)])
def test_betting_covers_when_no_candidate_survives(cells: int, truth: float, n: int) -> None:
    # a truth between two grid points that are both ruled out: the interval must still contain it ("widened instead")
    sequence = BettingSequence(0.05, cells=cells)
    assert all(covers(sequence.update(np.full(n // 20, truth)), truth) for _ in range(20))


@laws
def test_betting_shrinks_towards_the_mean(law: Law) -> None:
    # a candidate revived, or a sequence that never learns
    sequence, rng = BettingSequence(0.05), generator(11)
    found = [sequence.update(law.draw(rng, 200)) for _ in range(10)]
    assert all(a[0] <= b[0] and b[1] <= a[1] for a, b in pairwise(found))
    widths = [high - low for low, high in found]
    assert widths[-1] < widths[0] / 2
    assert covers(found[-1], law.mean)
    assert max(abs(end - law.mean) for end in found[-1]) < 0.08
    assert sequence.interval == found[-1]
    assert sequence.n == 2000


@steady
@given(samples, st.lists(st.integers(0, 40), max_size=5))
def test_betting_does_not_depend_on_the_blocks(sample: Floats, cuts: list[int]) -> None:
    # state lost or recomputed between blocks
    whole, parts = BettingSequence(0.1, cells=100), BettingSequence(0.1, cells=100)
    for block in np.split(sample, sorted(cuts)):
        if len(block):
            parts.update(block)
    assert parts.update(sample[:1]) == whole.update(np.append(sample, sample[:1]))
    assert parts.n == whole.n == len(sample) + 1
    assert np.array_equal(parts._capital, whole._capital)


@laws
def test_betting_moves_with_the_units(law: Law) -> None:
    # bounds applied to the observations but not to the interval, or the other way round
    sample = np.round(law.draw(generator(12), 300) * 1024) / 1024
    low, high = BettingSequence(0.05).update(sample)
    moved = BettingSequence(0.05, -3.0, 5.0).update(8 * sample - 3)
    assert moved == pytest.approx((8 * low - 3, 8 * high - 3), abs=1e-12)


@steady
@given(samples, alphas)
def test_betting_interval_is_ordered_and_mirrored(sample: Floats, alpha: float) -> None:
    # the two gamblers treated differently
    low, high = BettingSequence(alpha, cells=64).update(sample)
    assert 0 <= low <= high <= 1
    assert BettingSequence(alpha, cells=64).update(1 - sample) == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_betting_beats_hoeffding_at_low_variance() -> None:
    # stakes that ignore the variance
    sample = generator(13).beta(50, 50, 2000)
    bet, bound = BettingSequence(0.05).update(sample), hoeffding(sample, 0.05)
    assert bet[1] - bet[0] < (bound[1] - bound[0]) / 2


def test_betting_knows_nothing_at_first() -> None:
    # an interval before any observation
    assert BettingSequence(0.05, -1.0, 3.0).interval == (-1.0, 3.0)


@pytest.mark.parametrize("sample", [[], [0.5, 1.5], [-0.1], [float("nan")]])
def test_betting_rejects_samples(sample: list[float]) -> None:
    # an observation outside the bounds: a gambler could lose more than everything
    sequence = BettingSequence(0.05)
    with pytest.raises(ValueError, match="observation"):
        sequence.update(np.array(sample))
    assert sequence.n == 0
