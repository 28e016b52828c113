"""The closed forms of `theory` against independent routes: ball arithmetic, exact rationals, literal sums, SciPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from nfrlab.theory.families import FAMILIES, find_family
from nfrlab.theory.family import sphere_mean_abs
from nfrlab.theory.filtering import margins
from nfrlab.theory.limit import direction as limit_direction
from nfrlab.theory.numerics import balls, quadrature
from nfrlab.theory.weighting import gram, near_orthogonal, orthogonal_neurons
from tests.support.oracles import rules as oracle

INTEGERS = st.integers(-4, 4)


@st.composite
def layers(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """x, W, r of small rationals."""
    d, N = draw(st.integers(1, 3)), draw(st.integers(1, 4))

    def vector(n: int) -> list[Fraction]:
        return [Fraction(v, 2) for v in draw(st.lists(INTEGERS, min_size=n, max_size=n))]

    return vector(d), [vector(N) for _ in range(d)], vector(N)


def as_object(values: Any) -> np.ndarray:
    return np.array(values, dtype=object)


@given(layers(), st.integers(-3, 3))
def test_margins_equal_the_printed_inner_products(case: tuple[Any, Any, Any], tau: int) -> None:
    """Catches a wrong closed form of ineq. 13: against ⟨A, F(WM)r⟩ − ⟨A, WMr⟩ by loops, exactly."""
    x, W, r = case
    b = [Fraction(0)] * len(r)
    _, act = oracle.forward(W, b, x)
    plain = oracle.grad(x, W, b, r)
    a = as_object(act)
    assert margins.gbp_margin(a, as_object(r)) == oracle.margin(x, oracle.gbp(x, W, b, r), plain)
    assert margins.rectgrad_margin(a, as_object(r), tau) == oracle.margin(x, oracle.rectgrad(x, W, b, r, tau), plain)
    dropped = oracle.margin(x, oracle.zplus_filter(x, W, b, r), plain)
    assert margins.zplus_margin(as_object(x), as_object(W), as_object(r)) == dropped
    gamma = margins.conserving_gamma(as_object(x), as_object(W), as_object(r))
    if gamma is not None:
        assert gamma == oracle.scalar_gamma(x, W, b, r)
        assert margins.zplus_margin(as_object(x), as_object(W), as_object(r), gamma) == 0


@given(st.lists(st.tuples(INTEGERS, INTEGERS), min_size=1, max_size=5))
def test_activation_gain_is_lagranges_sum(pairs: list[tuple[int, int]]) -> None:
    """Catches a wrong gap in Theorem 2: against the double sum of squares."""
    s, A = (as_object([Fraction(v) for v in column]) for column in zip(*pairs, strict=True))
    double = sum((A[i] * s[j] - A[j] * s[i]) ** 2 for i in range(len(s)) for j in range(i))
    assert orthogonal_neurons.activation_gain(s, A) == double


@given(
    st.lists(st.tuples(INTEGERS, st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=4),
    st.integers(1, 9),
)
def test_square_alignment_of_orthogonal_neurons(columns: list[tuple[int, int, int]], beside: int) -> None:
    """Catches a lost norm, sign or square: against the map drawn out, `W = diag(c)` and one more input beside it."""
    s, A, c = (as_object([Fraction(v) for v in column]) for column in zip(*columns, strict=True))
    x = np.append(A / c, Fraction(beside))
    R = np.append(c * s, Fraction(0))
    predicted = orthogonal_neurons.orthogonal_square_alignment(s, A, c * c, x @ x)
    by_gram = gram.square_alignment(s, np.diag(c * c), A, x @ x)
    if not np.any(s):
        assert predicted is by_gram is None
    else:
        assert predicted == by_gram == (R @ x) * abs(R @ x) / ((R @ R) * (x @ x))


@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=21),
    st.sampled_from([Fraction(7, 10), Fraction(9, 10), Fraction(1)]),
)
def test_quantile_cut_lets_the_same_pass(contributions: list[int], q: Fraction) -> None:
    """Catches an order statistic off by one: against NumPy's interpolated quantile, in floats on integers."""
    v = as_object([Fraction(c) for c in contributions])
    tau = np.quantile(np.array(contributions, dtype=float), float(q))
    assert list(v > margins.quantile_cut(v, q)) == [c > tau + 1e-9 for c in contributions]


def arb_half_space(
    x: list[float], transform: Callable[[Any], tuple[Any, Any]], i: int, cut: float
) -> tuple[float, float]:
    """`(1/π) ∫_0^cut E[w_i sin(tS)]/t dt` by Arb's rigorous integration, as an enclosure."""

    def integrand(t: Any, _: bool) -> Any:
        value = transform(t * x[i])[1] / t
        for k, entry in enumerate(x):
            if k != i:
                value = value * transform(t * entry)[0]
        return value

    flint.ctx.prec = 80
    result = flint.acb.integral(integrand, flint.acb(1e-9), flint.acb(cut)).real / flint.arb.pi()
    return float(result.lower()), float(result.upper())


def test_uniform_quadrature_lies_in_the_ball_arithmetic_enclosure() -> None:
    """Catches an aliased step, a lost factor or a wrong tail bound: both the exact corners and the trapezoid rule."""
    x = [0.75, -1.0, 0.5, 1.25, 0.875]
    corners = quadrature.box_corners(np.array(x), -1, 1)
    trapezoid, error = quadrature.box_trapezoid(np.array(x), -1, 1)
    cut = 400.0  # beyond it the integrand is below (2/t)/t^5 in size, its integral below 1e-13

    def transform(u: Any) -> tuple[Any, Any]:
        return u.sin() / u, (u.sin() - u * u.cos()) / (u * u)

    for i in range(2):
        low, high = arb_half_space(x, transform, i, cut)
        assert low - 1e-8 <= corners[i] <= high + 1e-8
    assert np.max(np.abs(corners - trapezoid)) <= error + 1e-13


def test_laplace_quadrature_lies_in_the_ball_arithmetic_enclosure() -> None:
    """Catches a wrong strip or tail bound of the Laplace quadrature."""
    x = [0.75, -1.0, 0.5]
    value, error = quadrature.laplace_trapezoid(np.array(x))

    def transform(u: Any) -> tuple[Any, Any]:
        return 1 / (1 + u * u), 2 * u / (1 + u * u) ** 2

    for i in range(3):
        low, high = arb_half_space(x, transform, i, 2000.0)
        assert low - 1e-8 <= value[i] <= high + 1e-8
    assert error < 1e-9


@settings(max_examples=20)
@given(st.lists(st.sampled_from([-2.0, -0.5, 0.25, 0.75, 1.0, 1.5]), min_size=2, max_size=8), st.booleans())
def test_corners_and_trapezoid_agree(x: list[float], signed: bool) -> None:
    """Catches an error in either of two unrelated routes to the same half-space mean, centred box or not."""
    low, high = (-1, 1) if signed else (0, 1)
    corners = quadrature.box_corners(np.array(x), low, high)
    trapezoid, error = quadrature.box_trapezoid(np.array(x), low, high)
    assert np.max(np.abs(corners - trapezoid)) <= error + 1e-12


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=5).filter(any))
def test_sparse_half_space_mean_by_enumeration(x: list[int]) -> None:
    """Catches an off-by-one at ties w·x = 0 on the lattice: against the sum over all 3^d neurons."""
    from itertools import product

    expected = [Fraction(0)] * len(x)
    for w in product((-1, 0, 1), repeat=len(x)):
        weight = math.prod(Fraction(9, 10) if v == 0 else Fraction(1, 20) for v in w)
        if sum(a * b for a, b in zip(w, x, strict=True)) > 0:
            expected = [e + weight * v for e, v in zip(expected, w, strict=True)]
    found = quadrature.lattice_sum(np.array(x, dtype=float), 0.1)
    np.testing.assert_allclose(found, [float(e) for e in expected], rtol=0, atol=1e-13)


SMOOTH = [name for name, law in FAMILIES.items() if law.moments > 1 and name not in {"sparse", "axis"}]


@pytest.mark.parametrize("name", SMOOTH)
def test_half_space_mean_is_the_gradient_of_the_mean_relu(name: str) -> None:
    """Catches an inconsistent direction: `⟨μ(x), x⟩ = E relu(w·x)`, whose gradient is μ (lattice laws have kinks)."""
    law, x, h = FAMILIES[name], np.array([1.0, -0.5, 0.25, 2.0]), 2.0**-10

    def mean_relu(at: np.ndarray) -> float:
        return float(law.half_space_mean(at).value @ at)

    numeric = [(mean_relu(x + h * e) - mean_relu(x - h * e)) / (2 * h) for e in np.eye(4)]
    np.testing.assert_allclose(law.half_space_mean(x).value, numeric, rtol=0, atol=1e-5)


def test_isotropic_constants_lie_in_their_enclosures() -> None:
    """Catches a wrong Γ-quotient in float arithmetic: against ball arithmetic, d up to 150,528."""
    for d in (2, 3, 27, 784, 150_528):
        x = np.zeros(d)
        x[0] = 1
        for name in ("gaussian", "sphere", "ring", "student", "haar", "tilted"):
            low, high = balls.endpoints(balls.half_space_constant(name, d))
            assert low * (1 - 1e-9) <= find_family(name).half_space_mean(x).value[0] <= high * (1 + 1e-9)
    with pytest.raises(KeyError):
        balls.half_space_constant("uniform", 2)


def test_sphere_mean_abs_against_sympy() -> None:
    """Catches a shifted argument of Γ: E|u_1| from the surface integral."""
    t = sp.symbols("t")
    for d in (2, 3, 6):
        area = sp.integrate(sp.sin(t) ** (d - 2), (t, 0, sp.pi))
        mean = 2 * sp.integrate(sp.cos(t) * sp.sin(t) ** (d - 2), (t, 0, sp.pi / 2)) / area
        assert sphere_mean_abs(d) == pytest.approx(float(mean), rel=1e-13)


def test_limits_of_theorem_1() -> None:
    """Catches wrong limit directions: hand-computed values at small inputs."""
    x = np.array([2.0, 1.0])
    assert limit_direction.gbp_limit(find_family("gaussian"), x).value == pytest.approx(1, abs=1e-15)
    assert limit_direction.gbp_limit(find_family("axis"), x).value == pytest.approx(3 / math.sqrt(10), abs=1e-15)
    uniform = limit_direction.gbp_limit(find_family("uniform"), x)
    assert uniform.value == pytest.approx(26 / math.sqrt(5 * 137), abs=1e-14)  # direction (11, 4), by hand
    assert uniform.error < 1e-12
    assert limit_direction.rectgrad_bottom_limit(np.array([1.0, 2.0])) == pytest.approx(9 / math.sqrt(85))
    direction = limit_direction.zplus_filter_direction(find_family("sphere"), x)
    assert direction / direction[0] == pytest.approx((1 + x / math.sqrt(5)) / (1 + 2 / math.sqrt(5)))
    with pytest.raises(ValueError, match="does not"):
        limit_direction.zplus_filter_direction(find_family("shifted"), x)


def test_wrong_side_probability() -> None:
    """Catches a tail that is not that of one normal coordinate: by hand at one and two standard deviations."""
    for deviations, tail in ((1, 0.31731), (2, 0.0455)):
        angle = math.atan(deviations * 0.1)
        assert limit_direction.wrong_side_probability(0.01, angle) == pytest.approx(tail, abs=1e-5)


@given(st.integers(2, 2000), st.floats(0.01, 0.99))
def test_pair_tail_and_its_bound(d: int, epsilon: float) -> None:
    """Catches a bound that is no bound, and a tail that is not the sphere's: against the incomplete beta via Arb."""
    tail = near_orthogonal.cosine_tail(d, epsilon)
    assert tail <= near_orthogonal.cosine_tail_bound(d, epsilon) * (1 + 1e-9)
    flint.ctx.prec = 128
    x = 1 - flint.arb(epsilon) ** 2
    exact = x.beta_lower(flint.arb(d - 1) / 2, flint.arb(1) / 2, regularized=1) if hasattr(x, "beta_lower") else None
    if exact is not None:
        assert tail == pytest.approx(float(exact.mid()), rel=1e-7, abs=1e-300)


def test_orthogonality_bounds() -> None:
    """Catches a Welch bound below the true optimum, and a dimension that does not keep its promise."""
    simplex = np.array([[0, 1], [math.sqrt(3) / 2, -0.5], [-math.sqrt(3) / 2, -0.5]])
    reached = max(abs(simplex[i] @ simplex[j]) for i in range(3) for j in range(i))
    assert near_orthogonal.welch_bound(2, 3) == pytest.approx(reached)
    assert near_orthogonal.welch_bound(5, 5) == 0
    d = near_orthogonal.dimension_for_pairs(32, 0.1, 1e-3)
    assert near_orthogonal.all_pairs_tail_bound(d, 32, 0.1) <= 1e-3
    assert near_orthogonal.all_pairs_tail_bound(d - 1, 32, 0.1) > 1e-3
    with pytest.raises(ValueError, match="needs d"):
        near_orthogonal.cosine_tail(1, 0.5)


@pytest.mark.parametrize("bad", [np.zeros(3), np.array([1.0, np.nan, 0.0]), np.array([np.inf, 0.0, 0.0])])
def test_half_space_mean_refuses_bad_inputs(bad: np.ndarray) -> None:
    """Catches NaN that travels silently into a prediction."""
    with pytest.raises(ValueError, match="finite, non-zero"):
        find_family("gaussian").half_space_mean(bad)


def test_unknown_family_and_uncertifiable_inputs() -> None:
    """Catches a guess where there is no certified value."""
    with pytest.raises(ValueError, match="unknown weight family 'gausian'"):
        find_family("gausian")
    spread = np.array([1.0] + [1e-9] * 9)
    with pytest.raises(ValueError, match="no certified half-space mean"):
        quadrature.box_trapezoid(spread, -1, 1)
    with pytest.raises(ValueError, match="no exact half-space mean"):
        quadrature.lattice_sum(np.array([math.pi, 1.0]), 0.1)
