"""Worst directions, the spread bound, the anisotropy: against brute force, quadrature of definitions, and sampling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import acos, pi, sqrt

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad, quad
from scipy.stats import norm

from nfrlab.simulations.dense.compensated import compensated, uncompensated
from nfrlab.simulations.dense.heavy import multivariate_t
from nfrlab.simulations.dense.weights import FAMILIES as SAMPLERS
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit import anisotropy, bulk_alignment, chambers, spread, worst_alignment, worst_searched
from nfrlab.theory.limit.direction import gbp_limit
from nfrlab.theory.limit.facts import FACTS
from nfrlab.theory.limit.proofs import anisotropy as anisotropy_proofs
from nfrlab.theory.limit.spread import TAILS
from nfrlab.theory.numerics.branch_and_bound import minimum
from nfrlab.theory.numerics.proof import Derivation, symbolic
from nfrlab.theory.numerics.quadrature import box_corners_exact
from nfrlab.theory.numerics.vectors import cosine
from nfrlab.verify.court.evidence import Finding
from nfrlab.verify.examine.limits import compensated_law
from nfrlab.verify.examine.limits.worst_direction import find_least_alignment

WORST = [(name, d) for name in FAMILIES for d in (2, 3, 4)]
entry = st.floats(-4, 4).filter(lambda t: abs(t) > 0.02)


@settings(max_examples=20, deadline=None)
@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.2, 3))
def test_minimum_encloses(a: float, b: float, c: float) -> None:
    """Catches a branch that is pruned though the minimum is in it, and a value that is not attained."""
    found = minimum(lambda x, y: (x - a) ** 2 + c * (y - b) ** 2 - 1, [(-2.0, 2.0), (-2.0, 2.0)], 1e-3)
    assert found.low <= -1 <= found.high
    assert found.high - found.low <= 1e-3
    assert np.allclose(found.point, (a, b), atol=0.2)


def test_minimum_gives_up() -> None:
    """Catches an endless search, and a minimum claimed without proof."""
    with pytest.raises(ValueError, match="no certified minimum"):
        minimum(lambda x: (1 / x).sin(), [(0.0, 1.0)], 1e-6, most=50)


@pytest.mark.parametrize(("name", "d"), WORST)
def test_worst_value_is_met_there_and_nowhere_undercut(name: str, d: int) -> None:
    """Catches a worst value that its own direction does not have, and a direction that is worse."""
    if d > {"uniform": 3, "laplace": 2, "sparse": 3}.get(name, 4):
        with pytest.raises(ValueError, match="not"):
            worst_alignment.worst(name, d)
        return
    if (name, d) == ("uniform", 3):
        d = 2  # its branch and bound is the business of the full trial
    worst = worst_alignment.worst(name, d)
    assert worst.low <= worst.high <= worst.low + 1e-4
    rng = np.random.default_rng(d)
    tried = np.round(rng.standard_normal((60, d)) * 2.0 ** rng.integers(-5, 5, (60, d)), 2)
    tried = np.abs(tried) if worst.domain == worst_alignment.NON_NEGATIVE else tried
    if name == "cauchy":  # its limit in probability is a formula of its own
        values = [np.abs(x).sum() / sqrt(np.count_nonzero(x)) / np.linalg.norm(x) for x in tried if np.any(x)]
        assert min(values) >= worst.low
        return
    if name == "sparse":
        tried = np.array([x for x in np.round(tried * 4) / 64 if np.abs(x).sum() > 0])
        assert min(gbp_limit(FAMILIES[name], np.round(worst.x * 128) / 128).value, 1) < worst.high + 0.03
    else:
        here = gbp_limit(FAMILIES[name], worst.x)
        tilt = 1e-9 if worst.attained else acos(worst.x.max() / np.linalg.norm(worst.x))
        assert worst.low - 1e-9 <= here.value <= worst.high + tilt
    assert min(gbp_limit(FAMILIES[name], x).value for x in tried if np.any(x)) >= worst.low - 1e-9


def test_worst_refuses() -> None:
    """Catches a dimension without directions, and a family that nobody knows."""
    with pytest.raises(ValueError, match="d ≥ 2"):
        worst_alignment.worst("axis", 1)
    with pytest.raises(ValueError, match="unknown"):
        worst_alignment.worst("levy", 3)


@settings(max_examples=40, deadline=None)
@given(st.lists(entry, min_size=2, max_size=5))
def test_uniform_floor_and_order(x: list[float]) -> None:
    """Catches a floor of U[−1, 1] that some x undercuts, and μ_i/x_i that do not rise with |x_i|."""
    mean = np.array([float(t) for t in box_corners_exact([Fraction(t) for t in x], -1, 1)])
    assert cosine(mean, np.array(x)) >= worst_alignment.FLOOR["uniform"] - 1e-12
    ratio = mean / x
    rising = ratio[np.argsort(np.abs(x))]
    assert np.all(np.diff(rising) >= -1e-9)
    assert rising[-1] <= 1.5 * rising[0] + 1e-9


@settings(max_examples=40, deadline=None)
@given(st.lists(entry, min_size=2, max_size=6))
def test_laplace_floor(x: list[float]) -> None:
    """Catches a floor of Laplace entries that some x undercuts."""
    limit = gbp_limit(FAMILIES["laplace"], np.array(x))
    assert limit.value + limit.error >= worst_alignment.FLOOR["laplace"]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40))
def test_triangle_formula(p: int, q: int) -> None:
    """Catches a wrong corner term where no coordinate dominates."""
    a, r = Fraction(p, 41), Fraction(q, 41)
    x = [Fraction(1), 1 - a * (1 - r), a]
    mean = np.array([float(t) for t in box_corners_exact(x, -1, 1)])
    computed = float(worst_alignment.triangle_alignment(*(arb(t.numerator) / t.denominator for t in (a, r))).mid())
    assert computed == pytest.approx(cosine(mean, np.array([float(t) for t in x])), abs=1e-12)


@pytest.mark.parametrize("s", [0.05, 0.3, 1.2])
def test_bulk_formulas(s: float) -> None:
    """Catches wrong closed forms of (1, bulk): against quadrature over one entry and a normal bulk."""

    def expected(density: Callable[[float], float], variance: float, ends: tuple[float, float]) -> float:
        sd = sqrt(s * variance)
        first = 2 * quad(lambda w: w * (2 * norm.cdf(w / sd) - 1) * density(w), 0, ends[1], epsabs=1e-12)[0] / 2
        at_zero = 2 * quad(lambda w: density(w) * norm.pdf(w / sd) / sd, 0, ends[1], epsabs=1e-12, points=[sd])[0]
        bulk = variance * at_zero
        return (first + bulk * s) / sqrt((first**2 + bulk**2 * s) * (1 + s))

    uniform = expected(lambda w: 0.5, 1 / 3, (-1.0, 1.0))
    laplace = expected(lambda w: np.exp(-w) / 2, 2.0, (-40.0, 40.0))
    assert float(bulk_alignment.uniform_bulk(arb(s)).mid()) == pytest.approx(uniform, abs=1e-9)
    assert float(bulk_alignment.laplace_bulk(arb(s)).mid()) == pytest.approx(laplace, abs=1e-9)


def test_bulk_is_approached() -> None:
    """Catches a limit d → ∞ that finite d do not approach: one coordinate and 199 equal ones."""
    least = bulk_alignment.bulk_minimum("uniform")
    x = np.array([1.0] + [sqrt(least.point[0] / 199)] * 199)
    assert gbp_limit(FAMILIES["uniform"], x).value == pytest.approx(least.high, abs=1e-5)


@pytest.mark.parametrize("cos", [-0.9, 0.2])
def test_shifted_alignment(cos: float) -> None:
    """Catches a wrong half-space mean of N(m, I): against integration over the plane."""
    m, x = np.array([0.7, 0.0]), np.array([cos, sqrt(1 - cos**2)])

    def inside(k: int) -> float:
        def weighted(along: float, aside: float) -> float:
            w = along * x + aside * np.array([-x[1], x[0]])
            return float(w[k] * norm.pdf(w[0], m[0]) * norm.pdf(w[1], m[1]))

        return float(dblquad(weighted, -9, 9, 0, 10, epsabs=1e-9)[0])

    expected = cosine(np.array([inside(0), inside(1)]), x)
    assert float(worst_alignment.shifted_alignment(arb(cos), arb("0.7")).mid()) == pytest.approx(expected, abs=1e-6)


def test_sparse_chambers_are_all() -> None:
    """Catches a chamber or an extreme ray that the enumeration misses: every random x lies in the cone of one, with its
    signs.
    """
    neurons = np.array([w for w in product((-1, 0, 1), repeat=3) if any(w)])
    signs = {tuple(np.sign(neurons @ inner)) for inner, _ in chambers.sparse_chambers(3)}
    for x in np.sort(np.random.default_rng(0).exponential(size=(300, 3)), axis=1)[:, ::-1]:
        assert tuple(np.sign(neurons @ x)) in signs


def test_sparse_peak_is_an_ascent() -> None:
    """Catches an 'ascent' that ends below its neighbours, and a worst value that exceeds the enumerated one."""
    best, x = worst_searched.sparse_peak(3)
    for step in np.eye(3) * 0.1:
        near = np.round((x + step) * 256) / 256
        assert anisotropy.mean_relu(FAMILIES["sparse"], near) <= best + 1e-6
    assert worst_searched.sparse_near_axis(3) == pytest.approx(worst_alignment.worst("sparse", 3).low, abs=1e-6)


def test_search_finds_the_known_minimum() -> None:
    """Catches descents that stop early: for d = 2 they end at the exact worst value."""
    found, _ = find_least_alignment("laplace", 2, 3, np.random.default_rng(0))
    assert found == pytest.approx(worst_alignment.worst("laplace", 2).low, abs=1e-7)


def test_printed_values_are_the_computed_ones() -> None:
    """Catches a number in a statement that the theory no longer has."""
    worst = worst_alignment.worst("shifted", 4)
    assert worst.low <= 0.84133 + 5e-6
    assert worst.high >= 0.84133 - 5e-6
    assert "0.84133" in FACTS["shifted"].words
    for name, printed in ((name, facts.approached) for name, facts in FACTS.items() if facts.bulk):
        least = bulk_alignment.bulk_minimum(name)
        assert printed - 5e-5 <= least.low <= least.high <= printed + 5e-5


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["uniform", "laplace", "sparse"]), st.lists(st.integers(-8, 8), min_size=2, max_size=24))
def test_spread_bound_is_below_the_truth(name: str, x: list[int]) -> None:
    """Catches a constant that is too good: α_∞ below its 'lower bound', from fourth moments or from third."""
    if not any(x):
        return
    third = {"uniform": 3**1.5 / 4, "laplace": 6 / 2**1.5, "sparse": 10**0.5}[name]
    point = np.array(x, dtype=float)
    if name != "sparse":
        point = point + 0.01 * np.sign(point)
    limit = gbp_limit(FAMILIES[name], point)
    for tails in (TAILS[name], spread.third_moment(third)):
        assert spread.spread_bound(point, tails) <= limit.value + limit.error


LEGENDRE, LAGUERRE = np.polynomial.legendre.leggauss(200), np.polynomial.laguerre.laggauss(60)
FINITE: dict[str, tuple[Floats, Floats]] = {
    "signs": (np.ones(1), np.ones(1)),
    "sparse": (np.array([0.0, sqrt(10)]), np.array([0.9, 0.1])),
    "two sizes": (np.array([0.5, 2.0]), np.array([0.8, 0.2])),
    "uniform": ((1 + LEGENDRE[0]) * sqrt(3) / 2, LEGENDRE[1] / 2),
    "laplace": (LAGUERRE[0] / sqrt(2), LAGUERRE[1]),
}
"""Symmetric laws by sizes |w| and their probabilities: finite ones, and the nodes of a quadrature of others."""


@pytest.mark.parametrize("name", FINITE)
@pytest.mark.parametrize("x", [(1, 1, 2), (1, 3), (0.1, 2, 2, 5)])
def test_every_cell_of_the_spread_bound_is_one(name: str, x: tuple[float, ...]) -> None:
    """Catches a bound of φ, of q or of their product that is none somewhere, above all beyond y = √2 where nothing is
    known; cells that leave a gap or end too early; and a bound that is looser than the formula.
    """
    w, p = FINITE[name]
    assert w**2 @ p == pytest.approx(1)
    size, count = np.unique(np.array(x) / np.linalg.norm(x), return_counts=True)
    for tails in (spread.third_moment(float(w**3 @ p)), spread.fourth_moment(float(w**4 @ p))):
        known = spread.cells(np.array(x, dtype=float), tails)
        assert np.array_equal(known.size, size)
        assert np.array_equal(known.count, count)
        assert known.start[0] == 0
        assert np.array_equal(known.start[1:], known.end[:-1])
        assert known.end[-1] >= sqrt(2) / size[0]
        for share in (1e-3, 0.5, 1.0):
            t = known.start + share * (known.end - known.start)
            yw = np.multiply.outer(np.multiply.outer(t, size), w)
            phi, q = np.abs(np.cos(yw) @ p), np.abs((w**2 * np.sinc(yw / pi) - np.cos(yw)) @ p)
            assert np.all(phi <= known.factor * (1 + 1e-9))
            assert np.all(q <= known.slope * (1 + 1e-9))
            assert np.all((phi**count).prod(axis=1) <= known.whole * (1 + 1e-9))
        y = np.multiply.outer(known.end, size)
        slack = y**2 / 2 * (np.minimum(1, tails.excess(y)) + 0.04)  # as φ ≥ 1 − y²/2, and a cell is 2 % long
        assert np.all((known.factor - phi - slack)[(y > 0.01) & (y < sqrt(2))] <= 0)
        assert np.all(known.factor <= 1)
        assert np.all(known.slope <= np.minimum(2, np.maximum(tails.deficit(y), y**2 / 2)) * (1 + 1e-12))


@pytest.mark.parametrize("delta", [0.3, 1.0])
def test_spread_parts_against_quadrature(delta: float) -> None:
    """Catches a lost factor in A, B or E|S|: each against the integral that it bounds, and not far off."""
    x = np.repeat([1.0, 2.0, 3.0], 30)
    unit = x / np.linalg.norm(x)
    root = sqrt(3)  # U[−√3, √3]

    def phi(y: float) -> float:
        return float(np.sinc(y * root / pi))

    def q(y: float) -> float:
        return quad(lambda w: w**2 * np.sinc(y * w / pi) - np.cos(y * w), 0, root)[0] / root

    def whole(t: float) -> float:
        return float(np.prod([phi(t * u) for u in unit[::30]])) ** 30

    known = spread.cells(x, TAILS["uniform"])
    mean_abs = 2 / pi * quad(lambda t: (1 - whole(t)) / t**2, 1e-6, 200, limit=400)[0]
    assert 0.93 * mean_abs < spread.mean_abs(known) < mean_abs
    sharp = [
        quad(lambda t, u=u: q(u * t) * whole(t) / phi(u * t) * np.exp(-((delta * t) ** 2) / 2), 0, 5)[0] / pi * 2
        for u in unit[::30]
    ]
    A = float(spread.smooth_part(known, np.array([delta]))[0])
    true = np.sqrt(np.sum(30 * unit[::30] ** 2 * np.square(sharp)))
    assert true < A < 4 * true
    mean = delta / sqrt(2 * pi * 4 / 3) * 2 * quad(lambda t: whole(t) * np.exp(-(delta**2) * t * t * 3 / 8), 0, 40)[0]
    B = float(spread.rough_part(known, np.array([delta]), TAILS["uniform"])[0])
    assert 3**0.25 * mean**0.75 < B < 1.3 * 3**0.25 * mean**0.75


@pytest.mark.parametrize("delta", [0.2, 2.0])
def test_spread_integrals_of_constants(delta: float) -> None:
    """Catches a factor 2 in A or B that loose bounds would hide: with constant |q| and |φ| they are elementary."""
    edges = np.linspace(0, 4, 50)
    flat = np.ones((49, 1))
    known = spread.Cells(edges[:-1], edges[1:], np.array([0.5]), np.array([4.0]), flat[:, 0], flat, 0.3 * flat)
    rest = quad(lambda t: np.exp(-((delta * t) ** 2) / 2), 4, np.inf)[0]
    e = 2 / pi * (0.3 * (sqrt(pi / 2) / delta - rest) + 2 * rest)
    A = sqrt(4 * 0.5**2 * e**2)
    assert spread.smooth_part(known, np.array([delta]))[0] == pytest.approx(A, rel=1e-9)
    law = spread.Tails(lambda y: y, lambda y: y, 3.0, 1.7)
    assert spread.rough_part(known, np.array([delta]), law)[0] == pytest.approx(1.7, rel=1e-9)
    half = spread.Cells(edges[:-1], edges[1:], np.array([0.5]), np.array([4.0]), flat[:, 0] / 2, flat, flat)
    beyond = quad(lambda t: np.exp(-((delta * t) ** 2) / 3), 4, np.inf)[0]
    mean = 2 * delta / sqrt(3 * pi) * (sqrt(3 * pi) / delta / 2 + beyond) / 2
    assert spread.rough_part(half, np.array([delta]), law)[0] == pytest.approx(1.7 * mean ** (2 / 3), rel=1e-9)


def test_spread_tails() -> None:
    """Catches tail bounds below the expectations that they bound, drawn from the laws themselves."""
    rng = np.random.default_rng(0)
    pareto = rng.random(400_000) ** (-1 / 2.5) / sqrt(5)
    pareto = np.minimum(pareto, np.quantile(pareto, 0.9999))
    for w, tails in (
        (rng.uniform(-1, 1, 400_000) * sqrt(3), TAILS["uniform"]),
        (rng.laplace(size=400_000) / sqrt(2), TAILS["laplace"]),
        (pareto, spread.pareto(2.5)),
    ):
        for y in (0.05, 0.4, 1.3):
            excess = np.mean(w**2 * np.minimum(1, np.abs(y * w) / 3))
            cosine_gap = 2 / y**2 * np.mean(np.cos(y * w) - 1 + y**2 * w**2 / 2)
            deficit = np.mean(w**2 * (1 - np.sinc(y * w / pi)))
            assert cosine_gap <= min(float(excess), float(tails.excess(np.array([y]))[0])) * 1.02
            assert deficit <= float(tails.deficit(np.array([y]))[0]) * 1.02


@pytest.mark.parametrize("nu", [2.1, 2.5, 2.9])
def test_pareto_tails_are_the_integral(nu: float) -> None:
    """Catches a lost factor in what the variance alone says: E[w² min(5/4, |yw|/3)], integrated in pieces."""
    c = sqrt((nu - 2) / nu)  # P(|w| > t) = (c/t)^ν and E w² = 1

    def weighted(low: float, high: float, power: float) -> float:
        """E[|w|^power; low < |w| < high]."""
        low = max(low, c)
        return quad(lambda t: nu * c**nu * t ** (power - nu - 1), low, high, epsabs=0)[0] if low < high else 0.0

    assert weighted(0, np.inf, 2) == pytest.approx(1)
    for y in (0.01, 0.3, 1.0, 3.0, 40.0):
        edge = 15 / 4 / y
        wanted = y / 3 * weighted(0, edge, 3) + 5 / 4 * weighted(edge, np.inf, 2)
        for bound in (spread.pareto(nu).excess, spread.pareto(nu).deficit):
            assert bound(np.array([y]))[0] == pytest.approx(wanted, rel=1e-6)


def test_spread_bound_grows_and_refuses() -> None:
    """Catches a bound that does not tend to 1 with the number of entries, and a zero or NaN input accepted."""
    for tails in (TAILS["sparse"], spread.pareto(2.5)):
        values = [spread.equal_entries(10**k, tails) for k in range(1, 31)]
        assert np.all(np.diff(values) > -1e-14)
        assert np.all(np.diff(values[:13]) > 0)
        assert 1 - 1.1e-9 < values[-1] < 1
    assert spread.equal_entries(64, TAILS["uniform"]) == pytest.approx(
        spread.spread_bound(np.ones(64), TAILS["uniform"]), abs=1e-6
    )
    for bad in (np.zeros(3), np.array([1.0, np.nan])):
        with pytest.raises(ValueError, match="finite, non-zero"):
            spread.spread_bound(bad, TAILS["uniform"])
    with pytest.raises(ValueError, match="2 < ν < 3"):
        spread.pareto(3.5)


def test_compensated_law() -> None:
    """Catches a sampler and a theory that speak of different laws: moments, the half-space mean, and its direction."""
    rng = np.random.default_rng(0)
    w = compensated(3, 400_000, rng)
    assert np.allclose(np.mean(w**2, axis=1), anisotropy.compensated_variances(3), atol=0.03)
    assert np.allclose(w.mean(axis=1), 0, atol=0.02)
    for x in (np.array([0.0, 1, 0]), np.array([3.0, -1, 2])):
        mean = (w * (x @ w > 0)).mean(axis=1)
        assert np.allclose(mean, anisotropy.compensated_mean(x).value, atol=0.01)
    tilted = uncompensated(3, 100_000, rng)
    assert cosine((tilted * (tilted[1] > 0)).mean(axis=1), np.array([0.0, 1, 0])) < 0.95
    with pytest.raises(ValueError, match="d ≥ 2"):
        compensated(1, 5, rng)


@pytest.mark.parametrize("d", [2, 3, 9])
def test_planned_covariance_is_that_of_the_law(d: int) -> None:
    """Catches a largest eigenvalue or a trace of E wwᵀ, centred where w has a mean, from which a width is planned that
    is too small or needlessly large: against `E‖w‖²` and sampled neurons.
    """
    laws = {"compensated": anisotropy.COMPENSATED} | {n: f for n, f in FAMILIES.items() if f.moments > 4}
    samplers = {"compensated": compensated} | SAMPLERS
    for name, law in laws.items():
        largest, trace = law.covariance(d)
        rng = np.random.default_rng(d)
        if law.independent_neurons:
            w = samplers[name](d, 40_000, rng).T
        else:
            w = np.concatenate([samplers[name](d, d, rng).T for _ in range(3000)])
        true = np.cov(w.T)
        assert np.trace(true) < 1.05 * trace, name
        assert 0.95 * largest < np.linalg.eigvalsh(true).max() < 1.05 * largest, name
        if law.zero_mean:
            assert trace == pytest.approx(law.second_moment(d), rel=1e-12), name


@pytest.mark.parametrize("d", [2, 3, 7])
@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if not family.independent_neurons])
def test_crowding_is_that_of_the_frames(name: str, d: int) -> None:
    """Catches frames planned for as if their neurons were independent: `E‖Σ_j w_j‖² / E Σ_j ‖w_j‖²` of active ones."""
    rng, x = np.random.default_rng(d), np.arange(1.0, d + 1)
    blocks = [SAMPLERS[name](d, d, rng) for _ in range(4000)]
    summed = np.array([np.sum((W @ (x @ W > 0)) ** 2) for W in blocks])
    apart = np.array([np.sum(W[:, x @ W > 0] ** 2) for W in blocks])
    crowding = FAMILIES[name].crowding(d)
    gap = summed - crowding * apart
    assert abs(gap.mean()) <= 6 * gap.std() / sqrt(len(gap)) + 1e-9
    assert crowding >= 1


def test_quarter_alignment_can_fail() -> None:
    """Catches a quadrature that says 1 of any law: only the densities 2/5 and 6/5 compensate the lengths 3 and 1."""
    for x in anisotropy_proofs.PLACES:
        assert float(anisotropy_proofs.quarter_alignment(x).lower()) > 1 - 1e-12
    assert float(anisotropy_proofs.quarter_alignment((1.0, -1.0, 0.125), (1.0, 1.0)).upper()) < 0.96


def test_quarter_mean_against_sampling() -> None:
    """Catches a wrong gradient of the mean over one φ: `½ E[w sgn(w·x)]` of uniform directions, three times as long in
    the quarter.
    """
    w, x = uncompensated(3, 400_000, np.random.default_rng(0)), (3.0, -1.0, 2.0)
    sampled = (w * np.sign(x @ w)).mean(axis=1) / 2
    mean = [float(m.mid()) for m in anisotropy_proofs.quarter_mean(x, (1.0, 1.0))]
    assert np.allclose(mean, sampled, atol=0.01)


def test_compensated_evidence_needs_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a counterexample that stands though its proof fails, or though quadrature finds another α_∞."""
    assert compensated_law.compensated_law_evidence().finding is Finding.REFUTES
    monkeypatch.setattr(anisotropy_proofs, "quarter_alignment", lambda _: arb("0.97"))
    assert compensated_law.compensated_law_evidence().finding is Finding.SUPPORTS
    monkeypatch.setattr(anisotropy_proofs, "characterisation", lambda: Derivation("", (), (symbolic("no", False),)))
    assert compensated_law.compensated_law_evidence().finding is Finding.UNDECIDED


def test_multivariate_t() -> None:
    """Catches a wrong tail: with one degree of freedom each entry is Cauchy, with quartiles ±1."""
    w = multivariate_t(1.0)(2, 200_000, np.random.default_rng(0))
    assert np.allclose(np.quantile(w[0], (0.25, 0.5, 0.75)), (-1, 0, 1), atol=0.03)
    with pytest.raises(ValueError, match="positive"):
        multivariate_t(0.0)


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "cauchy"])
def test_extremes_of_f(name: str) -> None:
    """Catches directions in which f leaves its extremes, extremes that are not met, worst values off the curves."""
    ends = anisotropy.extremes(name, 4)
    family = FAMILIES[name]
    tried = np.round(np.random.default_rng(1).standard_normal((60, 4)) * 32) / 32
    values = [anisotropy.mean_relu(family, x) for x in tried]
    assert ends.low - 1e-9 <= min(values)
    assert max(values) <= ends.high + (1e-4 if name == "sparse" else 1e-9)
    if name not in {"sparse", "uniform01"}:
        for value, at in ((ends.low, ends.at_low), (ends.high, ends.at_high)):
            assert anisotropy.mean_relu(family, at) == pytest.approx(value, rel=1e-6)
    if name not in {"uniform", "laplace", "sparse", "uniform01"}:
        worst = worst_alignment.worst(name, 4)
        distance = pi / 2 if family.zero_mean else pi
        assert anisotropy.floor(ends.ratio) - 1e-9 <= worst.high
        assert worst.low <= anisotropy.ceiling(ends.ratio, distance) + 1e-9


@pytest.mark.parametrize("name", ["axis", "powerlaw", "shifted", "uniform", "laplace"])
def test_a_largest_f_that_is_too_small_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a derivation whose 24 directions miss the place where f is largest, or that looks at fewer families."""
    true = anisotropy.extremes

    def too_small(family: str, d: int) -> anisotropy.Extremes:
        found = true(family, d)
        return replace(found, high=0.98 * found.high) if family == name and d == 2 else found

    assert anisotropy_proofs.between().holds
    monkeypatch.setattr(anisotropy, "extremes", too_small)
    assert not anisotropy_proofs.between().holds


def test_cauchy_has_no_anisotropy() -> None:
    """Catches a number where f is infinite."""
    with pytest.raises(ValueError, match="no mean"):
        anisotropy.extremes("cauchy", 3)
