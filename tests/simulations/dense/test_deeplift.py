"""DeepLIFT on dense stacks: contributions add up to the difference, and what it is in networks without biases."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nfrlab.simulations.dense import Layer, Network, attribution, cascade, layer, rule
from nfrlab.simulations.dense.deeplift import (
    deeplift_rescale,
    deeplift_revealcancel,
    secant,
    split_gates,
    with_reference,
)
from nfrlab.theory.rivals.deeplift import distance_from_half, mean_excess, revealcancel_multipliers
from tests.support.oracles import rules as oracle

NUMBERS = st.integers(-12, 12).map(lambda k: Fraction(k, 4))


@st.composite
def stacks(draw: st.DrawFn, biased: bool) -> tuple[tuple[Any, ...], Any, Any, Any]:
    """Weights and biases of up to three layers in rationals, an input and a reference; zeros and ties are frequent."""
    widths = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))

    def numbers(*shape: int) -> np.ndarray:
        n = int(np.prod(shape))
        return np.array(draw(st.lists(NUMBERS, min_size=n, max_size=n)), dtype=object).reshape(shape)

    weights = tuple(numbers(d, N) for d, N in pairwise(widths))
    biases = tuple(numbers(W.shape[1]) for W in weights) if biased else None
    return weights, biases, numbers(widths[0]), numbers(widths[0])


@pytest.mark.parametrize("name", ["deeplift-rescale", "deeplift-revealcancel"])
@given(case=stacks(biased=True))
def test_contributions_add_up_to_the_difference(name: str, case: tuple[Any, ...]) -> None:
    """Catches a multiplier, a sign of a contribution or a reference that is off anywhere: `Σ_i R_i = f(x) − f(x₀)`
    without a tolerance, with biases and any reference, for every output.
    """
    *made, x, reference = case
    net = Network(*made)
    layers = with_reference(net.forward(x), reference)
    for k, f in enumerate(layers[-1].z):
        r = np.array([Fraction(j == k) for j in range(len(layers[-1].z))], dtype=object)
        assert attribution(layers, rule(name), r).sum() == f - net.forward(reference)[-1].z[k]


def test_the_ablation_does_not_add_up() -> None:
    """Catches an ablation that keeps the cross terms: of 3 − 2 it explains the 3 alone."""
    at = layer(np.array([1.0, 1.0]), np.array([[3.0], [-2.0]]), rectified=False)
    assert list(attribution((at,), rule("deeplift-ablated"))) == [3, 0]
    assert list(attribution((at,), rule("deeplift-rescale"))) == [3, -2]


@given(case=stacks(biased=False))
def test_rescale_is_grad_times_input_without_biases(case: tuple[Any, ...]) -> None:
    """Catches any part of the identity that fails: at the reference 0 and without biases Rescale, Grad⊙Input, LRP-0
    and integrated gradients from 0 are one map, exactly; LRP-0 where no `z_j` is 0/0 by cancellation.
    """
    *made, x, _ = case
    net = Network(*made)
    layers = net.forward(x)
    rescaled = attribution(layers, rule("deeplift-rescale"))
    assert list(rescaled) == list(attribution(layers, rule("grad-input")))
    path = [attribution(net.forward(Fraction(2 * k + 1, 16) * x), rule("grad")) for k in range(8)]  # midpoints
    assert list(rescaled) == list(x * sum(path) / 8)
    assume(not any((at.z == 0).any() for at in layers))
    assert list(rescaled) == list(attribution(layers, rule("lrp-z")))


def test_rescale_parts_from_grad_times_input_with_biases() -> None:
    """Catches an identity that holds for another reason: a neuron on at x and off at the reference passes a part."""
    net = Network((np.array([[2.0]]), np.array([[1.0]])), (np.array([-1.0]), np.array([0.0])))
    layers = net.forward(np.array([1.0]))
    assert attribution(layers, rule("deeplift-rescale"))[0] == 1
    assert attribution(layers, rule("grad-input"))[0] == 2


@given(case=stacks(biased=True))
def test_cascades_hand_multipliers_over(case: tuple[Any, ...]) -> None:
    """Catches a cascade without its reference: with the rule in all layers it is the rule, in none the gradient."""
    *made, x, reference = case
    net = Network(*made)
    layers = with_reference(net.forward(x), reference)
    used = rule("deeplift-revealcancel")
    assert list(cascade(layers, used, net.depth)) == list(attribution(layers, used, bottom=False))
    assert list(cascade(layers, used, 0)) == list(attribution(layers, rule("grad")))


@given(u=NUMBERS, v=NUMBERS)
def test_a_secant_lies_between_the_slopes(u: Fraction, v: Fraction) -> None:
    """Catches another value at u = v than the derivative, and a quotient outside [0, 1]."""
    s = secant(np.array([u], dtype=object), np.array([v], dtype=object))[0]
    assert 0 <= s <= 1
    assert s * (v - u) == oracle.relu(v) - oracle.relu(u)
    if u == v:
        assert s == (v > 0)


def test_a_reference_is_needed_and_has_to_fit() -> None:
    """Catches a layer inside a biased network that is compared with 0, which its reference does not leave there."""
    at = layer(np.ones(2), np.ones((2, 3)))
    for step in (deeplift_rescale, deeplift_revealcancel):
        with pytest.raises(ValueError, match="give it one by `with_reference`"):
            step(at, np.ones(3))
    with pytest.raises(ValueError, match=r"the reference has shape \(3,\), the input \(2,\)"):
        with_reference((at,), np.ones(3))


# RevealCancel in one layer, against its closed form.


def multiplier(at: Layer, i: int) -> Any:
    """What RevealCancel passes of neuron 0 to input i, over its weight."""
    return deeplift_revealcancel(at, np.array([1 + 0 * at.z[0]]))[i] / at.W[i, 0]


@given(p=st.fractions(Fraction(1, 100), 100), n=st.fractions(Fraction(1, 100), 100))
def test_multipliers_are_the_closed_form(p: Fraction, n: Fraction) -> None:
    """Catches another order of Δ⁺ and Δ⁻, also in dead neurons: an input raises z by p, one lowers it by n."""
    at = with_reference(
        (layer(np.array([p, n], dtype=object), np.array([[Fraction(1)], [Fraction(-1)]], dtype=object)),)
    )[0]
    assert (multiplier(at, 0), multiplier(at, 1)) == revealcancel_multipliers(p, n)


@pytest.mark.parametrize("spread", ["flat", "normal"])
def test_revealcancel_is_half_the_weights_in_wide_layers(spread: str) -> None:
    """Catches a limit other than ½W, and another rate: m⁺ − ½ and ½ − m⁻ have the mean ½ ‖x‖₂/‖x‖₁.

    Up to six standard errors of the mean over neurons, and twice the square for the next order.
    """
    d, N = 400, 4000
    rng = np.random.default_rng(1)
    x = np.ones(d) if spread == "flat" else rng.standard_normal(d)
    W = rng.standard_normal((d, N))
    at = with_reference((layer(x, W),))[0]
    plus, minus = split_gates(at)
    for excess in (plus - 0.5, 0.5 - minus):
        error = 6 * excess.std() / np.sqrt(N) + 2 * np.sum(x**2) / np.sum(abs(x)) ** 2
        assert abs(excess.mean() - mean_excess(x)) < error
        assert error < mean_excess(x) / 2
    up, down = (np.maximum(s * x[:, None] * W, 0).sum(axis=0) for s in (1, -1))
    furthest = np.array([distance_from_half(*both) for both in zip(up, down, strict=True)])
    assert np.all(abs(plus - 0.5) <= furthest + 1e-12)
    assert np.all(abs(minus - 0.5) <= furthest + 1e-12)
    r = rng.standard_normal(N)
    assert np.linalg.norm(deeplift_revealcancel(at, r) - W @ r / 2) < 3 * mean_excess(x) * np.linalg.norm(W @ r)
