"""Every backward step against its element-wise oracle: signed inputs, biases and relevances of any sign together."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from inspect import signature
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nfrlab.simulations.dense import RULES, Layer, deeplift, layer, patterns, rules
from tests.support.oracles import rules as oracle

Vector = list[Fraction]
NUMBERS = st.integers(-12, 12).map(lambda k: Fraction(k, 4))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Vector, list[Vector], Vector, Vector]:
    """a ∈ Q^d, W ∈ Q^{d×N}, b ∈ Q^N (often 0), r ∈ Q^N; zeros and ties are frequent on this grid."""
    d, N = draw(st.integers(1, 4)), draw(st.integers(1, 5))

    def vector(n: int) -> Vector:
        return draw(st.lists(NUMBERS, min_size=n, max_size=n))

    bias = vector(N) if draw(st.booleans()) else [Fraction(0)] * N
    return vector(d), [vector(N) for _ in range(d)], bias, vector(N)


def exact_layer(a: Vector, W: list[Vector], b: Vector) -> Layer:
    return layer(np.array(a, dtype=object), np.array(W, dtype=object), np.array(b, dtype=object))


Step = Callable[[Layer, Any], Any]


def required(function: Callable[..., Any]) -> int:
    """Arguments that have to be given."""
    return sum(p.default is p.empty for p in signature(function).parameters.values())


def by_name() -> dict[str, tuple[Step, Callable[..., list[Any]]]]:
    """Every rule whose step and whose oracle have its name and need nothing more than a layer and a relevance.

    The two of zplus_gradient differ where an input is zero, without effect on a ⊙ ρ: that is compared below.
    """
    names = [name.replace("-", "_") for name in RULES if name != "zplus-gradient"]
    found = {name: (getattr(rules, name, None), getattr(oracle, name, None)) for name in names}
    return {
        name: (step, slow)
        for name, (step, slow) in found.items()
        if step is not None and slow is not None and required(step) == 2 and required(slow) == 4
    }


def compared(step: Step, slow: Callable[..., list[Any]]) -> dict[str, tuple[Step, Callable[..., list[Any]]]]:
    """A rule of DeepLIFT beside the reference 0, and beside another one: the input in reverse order."""
    name = step.__name__
    return {
        name: (lambda at, r: step(deeplift.with_reference((at,))[0], r), slow),
        f"{name}, reference": (
            lambda at, r: step(deeplift.with_reference((at,), at.a[::-1])[0], r),
            lambda a, W, b, r: slow(a, W, b, r, a[::-1]),
        ),
    }


def patterned(step: Step, slow: Callable[..., list[Any]]) -> dict[str, tuple[Step, Callable[..., list[Any]]]]:
    """A rule of patterns, with the weights from right to left for patterns."""
    return {
        step.__name__: (
            lambda at, r: step(patterns.with_patterns((at,), (at.W[:, ::-1],))[0], r),
            lambda a, W, b, r: slow(a, W, b, r, [row[::-1] for row in W]),
        )
    }


OTHERS = {
    **compared(deeplift.deeplift_rescale, oracle.deeplift_rescale),
    **compared(deeplift.deeplift_revealcancel, oracle.deeplift_revealcancel),
    **compared(deeplift.deeplift_ablated, oracle.deeplift_ablated),
    **patterned(patterns.pattern_net, oracle.pattern_net),
    **patterned(patterns.pattern_attribution, oracle.pattern_attribution),
}
PAIRS: dict[str, tuple[Step, Callable[..., list[Any]]]] = (
    by_name()
    | OTHERS
    | {
        "rectgrad τ = 1/2": (
            lambda at, r: rules.rectgrad(at, r, Fraction(1, 2)),
            lambda a, W, b, r: oracle.rectgrad(a, W, b, r, Fraction(1, 2)),
        ),
        "rectgrad τ = −1": (
            lambda at, r: rules.rectgrad(at, r, Fraction(-1)),
            lambda a, W, b, r: oracle.rectgrad(a, W, b, r, Fraction(-1)),
        ),
        "rectgrad q = 9/10": (
            lambda at, r: rules.rectgrad_quantile(at, r, Fraction(9, 10)),
            lambda a, W, b, r: oracle.rectgrad_quantile(a, W, b, r, Fraction(9, 10)),
        ),
        "rectgrad q = 1/4": (
            lambda at, r: rules.rectgrad_quantile(at, r, Fraction(1, 4)),
            lambda a, W, b, r: oracle.rectgrad_quantile(a, W, b, r, Fraction(1, 4)),
        ),
        "αβ = 2, 1": (
            lambda at, r: rules.lrp_alpha_beta(at, r, 2),
            lambda a, W, b, r: oracle.lrp_alpha_beta(a, W, b, r, 2, 1),
        ),
        "αβ = 1, 3": (
            lambda at, r: rules.lrp_alpha_beta(at, r, 1, 3),
            lambda a, W, b, r: oracle.lrp_alpha_beta(a, W, b, r, 1, 3),
        ),
        "αβ = 2, 0": (
            lambda at, r: rules.lrp_alpha_beta(at, r, 2, 0),
            lambda a, W, b, r: oracle.lrp_alpha_beta(a, W, b, r, 2, 0),
        ),
        "αβ = −1, −2": (
            lambda at, r: rules.lrp_alpha_beta(at, r, -1),
            lambda a, W, b, r: oracle.lrp_alpha_beta(a, W, b, r, -1, -2),
        ),
        "z^B": (
            lambda at, r: rules.z_box(at, r, np.array([Fraction(-3)] * len(at.a)), np.array([Fraction(3)] * len(at.a))),
            lambda a, W, b, r: oracle.z_box(a, W, b, r, [Fraction(-3)] * len(a), [Fraction(3)] * len(a)),
        ),
    }
)


@pytest.mark.parametrize("name", PAIRS)
@given(case=cases())
def test_step_equals_its_printed_equation_exactly(name: str, case: tuple[Any, Any, Any, Any]) -> None:
    """Catches any deviation of a rule from its equation, with no tolerance: both sides are exact rationals."""
    step, printed = PAIRS[name]
    a, W, b, r = case
    assert list(step(exact_layer(a, W, b), np.array(r, dtype=object))) == printed(a, W, b, r)


@pytest.mark.parametrize("name", PAIRS)
@given(case=cases(), seed=st.integers(0, 2**32 - 1))
def test_step_in_floats_agrees_with_exact_arithmetic(name: str, case: tuple[Any, Any, Any, Any], seed: int) -> None:
    """Catches float-only branches (dtype, NaN, 0/0): float64 against the same step on the same dyadic numbers."""
    step, _ = PAIRS[name]
    a, W, b, r = case
    exact = step(exact_layer(a, W, b), np.array(r, dtype=object)).astype(float)
    at = layer(*(np.array(v, dtype=float) for v in (a, W, b)))
    in_floats = np.asarray(step(at, np.array(r, dtype=float)), dtype=float)
    scale = max(1.0, float(np.max(np.abs(exact))))
    np.testing.assert_allclose(in_floats, exact, rtol=0, atol=1e-11 * scale)


@given(case=cases())
def test_modified_gradient_form_is_the_rule_divided_by_its_input(case: tuple[Any, Any, Any, Any]) -> None:
    """Catches a wrong per-neuron γ or sign filter: `a ⊙ ρ` is the z⁺ relevance of `A ⊙ ρ`, signed inputs included."""
    a, W, b, r = case
    at, rho = exact_layer(a, W, b), np.array(r, dtype=object)
    assert list(at.a * rules.zplus_gradient(at, rho)) == list(rules.zplus(at, at.act * rho))
    by_oracle = np.array(oracle.zplus_gradient(a, W, b, r), dtype=object)
    assert list(at.a * rules.zplus_gradient(at, rho)) == list(at.a * by_oracle)


@given(case=cases())
def test_conserving_gamma(case: tuple[Any, Any, Any, Any]) -> None:
    """Catches a γ that does not conserve: it equals the oracle's and makes `Σ_i R_i = Σ_j A_j r_j`."""
    a, W, b, r = case
    at, rv = exact_layer(a, W, b), np.array(r, dtype=object)
    gamma = rules.conserving_gamma(at, rv)
    assert gamma == oracle.scalar_gamma(a, W, b, r)
    total = (at.a * rules.zplus_filter(at, rv)).sum()
    assume(total != 0)
    assert gamma * total == (at.act * rv).sum()


@given(case=cases(), alpha=st.sampled_from([1, 2, Fraction(3, 2)]))
def test_relevance_is_conserved_where_it_is_due(case: tuple[Any, Any, Any, Any], alpha: Fraction) -> None:
    """Catches shares that do not add up: αβ without biases conserves at every neuron that has both signs."""
    a, W, _, r = case
    at = exact_layer(a, W, [Fraction(0)] * len(r))
    z = at.a[:, None] * at.W
    both = np.array([any(z[:, j] > 0) and any(z[:, j] < 0) for j in range(len(r))])
    R = np.where(both, np.array(r, dtype=object), Fraction(0))
    assert rules.lrp_alpha_beta(at, R, alpha).sum() == R.sum()


@given(case=cases())
def test_bias_absorbs_relevance_in_lrp_z(case: tuple[Any, Any, Any, Any]) -> None:
    """Catches a bias left out of the denominator: inputs get `R_j (z_j − b_j)/z_j`, the bias keeps the rest."""
    a, W, b, r = case
    at, R = exact_layer(a, W, b), np.array(r, dtype=object)
    kept = sum(R[j] * (at.z[j] - at.b[j]) / at.z[j] for j in range(len(r)) if at.z[j] != 0)
    assert rules.lrp_z(at, R).sum() == kept


@given(case=cases())
def test_rectgrad_at_zero_is_gbp(case: tuple[Any, Any, Any, Any]) -> None:
    """Catches a non-strict threshold: τ = 0 keeps exactly the active neurons with r > 0."""
    a, W, b, r = case
    at, rv = exact_layer(a, W, b), np.array(r, dtype=object)
    assert list(rules.rectgrad(at, rv, 0)) == list(rules.gbp(at, rv))


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30), st.floats(0, 1))
def test_quantile_is_numpys_linear_one(values: list[float], q: float) -> None:
    """Catches another interpolation, which would move τ by up to one order statistic."""
    v = np.array(values)
    assert rules.quantile(v, q) == pytest.approx(float(np.quantile(v, q)), abs=1e-9)
    assert rules.quantile(v, q) == pytest.approx(float(oracle.quantile(values, q)), abs=1e-9)


@pytest.mark.parametrize("q", [-0.1, 1.5])
def test_quantile_level_is_checked(q: float) -> None:
    """Catches an unchecked level, which would index from the wrong end."""
    with pytest.raises(ValueError, match=r"lies in \[0, 1\]"):
        rules.quantile(np.ones(3), q)


def test_nothing_active_gives_a_zero_map() -> None:
    """Catches NaN from 0/0 where no neuron is active, the input is zero, or a denominator vanishes."""
    dead = layer(np.array([1.0, 2.0]), np.array([[-1.0, -2.0], [-1.0, 0.0]]))
    silent = layer(np.zeros(2), np.ones((2, 2)))
    cancelling = layer(np.array([1.0, 1.0]), np.array([[1.0], [-1.0]]))
    for at, N in ((dead, 2), (silent, 2)):
        for step in (rules.grad, rules.gbp, rules.zplus_gradient, rules.zplus_filter, rules.rectgrad_quantile):
            assert np.array_equal(step(at, np.ones(N)), np.zeros(2)), step.__name__
    assert np.array_equal(rules.lrp_z(silent, np.ones(2)), np.zeros(2))
    assert np.array_equal(rules.lrp_z(cancelling, np.ones(1)), np.zeros(2))
    assert np.array_equal(rules.zplus(dead, np.ones(2)), np.zeros(2))


def test_quantile_at_or_below_zero() -> None:
    """Catches a quantile ≤ 0 treated as "keep all": at 0 only positive contributions pass, below 0 more do."""
    at = layer(np.array([1.0]), np.array([[1.0, 1.0, 1.0, -1.0]]))
    r = np.array([-3.0, -2.0, 1.0, 5.0])  # contributions −3, −2, 1, 0
    assert rules.quantile(at.act * r, 2 / 3) == 0
    assert rules.rectgrad_quantile(at, r, 2 / 3) == pytest.approx([1.0])
    assert rules.rectgrad_quantile(at, r, 0.1) == pytest.approx([-1.0])


def test_tied_quantile_passes_nothing() -> None:
    """Catches `≥` for `>`: equal contributions all sit at the quantile and are all dropped."""
    at = layer(np.array([1.0]), np.ones((1, 4)))
    assert np.array_equal(rules.rectgrad_quantile(at, np.ones(4)), [0.0])


def test_z_box_needs_its_bounds() -> None:
    """Catches inputs outside [l, h], for which shares would turn negative without a word."""
    with pytest.raises(ValueError, match="l ≤ a ≤ h"):
        rules.z_box(layer(np.array([2.0]), np.ones((1, 1))), np.ones(1), -1.0, 1.0)


@given(case=cases())
def test_linear_output_is_left_to_the_plain_gradient(case: tuple[Any, Any, Any, Any]) -> None:
    """Catches ReLU rules that filter at the output, which has no ReLU."""
    a, W, b, r = case
    out = layer(np.array(a, dtype=object), np.array(W, dtype=object), np.array(b, dtype=object), rectified=False)
    rv = np.array(r, dtype=object)
    expected = list(out.W @ rv)
    for step in (rules.gbp, rules.deconv, rules.rectgrad_quantile):
        assert list(step(out, rv)) == expected
    assert list(rules.rectgrad(out, rv, 1)) == expected
