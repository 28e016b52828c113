"""Patterns on dense layers: estimated as printed, and the closed forms to which the estimates converge."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfrlab.simulations.dense import Network, attribution, layer, rule
from nfrlab.simulations.dense.patterns import pattern, pattern_net, patterns, with_patterns
from nfrlab.theory.rivals.patterns import elliptical_pattern, isotropic_pattern
from tests.support.oracles import rules as oracle

NUMBERS = st.integers(-8, 8).map(lambda k: Fraction(k, 4))


@given(n=st.integers(1, 6), d=st.integers(1, 3), N=st.integers(1, 3), data=st.data())
def test_patterns_are_as_printed(n: int, d: int, N: int, data: st.DataObject) -> None:
    """Catches E₊ over other inputs, y with its bias, a sum of squares that is not centred, a layer fed with another's
    inputs: two layers in rationals, the second one linear, against loops; with dead and constant neurons.
    """

    def numbers(*shape: int) -> Any:
        size = int(np.prod(shape))
        return np.array(data.draw(st.lists(NUMBERS, min_size=size, max_size=size)), dtype=object).reshape(shape)

    net = Network((numbers(d, N), numbers(N, 2)), (numbers(N), numbers(2)))
    X = numbers(n, d)
    hidden = np.array([net.forward(x)[0].act for x in X], dtype=object)
    for number, (inputs, found) in enumerate(zip((X, hidden), patterns(net, X), strict=True)):
        assert net.biases is not None
        for j, b in enumerate(net.biases[number]):
            wanted = oracle.pattern(inputs.tolist(), list(net.weights[number][:, j]), b, rectified=number == 0)
            assert list(found[:, j]) == wanted


def test_a_neuron_that_is_never_active_has_no_pattern() -> None:
    """Catches 0/0 that is not 0, of a neuron that no input or one alone makes active."""
    X = np.array([[1.0, 2.0], [2.0, 1.0]])
    y = X @ np.array([[-1.0, 1.0], [0.0, 0.0]])
    found = pattern(X, y, np.array([[False, False], [False, True]]))
    assert np.array_equal(found, np.zeros((2, 2)))


@pytest.mark.parametrize("law", ["gaussian", "sphere", "elliptical"])
def test_estimates_converge_to_the_closed_form(law: str) -> None:
    """Catches a closed form that is not the limit: the error stays where the inputs become a hundred times as many.

    The squared error of an estimate falls as 1/n, here to a hundredth; a twentieth leaves room for its spread over the
    60 neurons of which it is the mean.
    """
    d, N, rng = 8, 60, np.random.default_rng(3)
    W, bias = rng.standard_normal((d, N)), 0.5 * rng.standard_normal(N)
    mixing = rng.standard_normal((d, d)) if law == "elliptical" else np.eye(d)
    closed = [elliptical_pattern(w, mixing @ mixing.T) if law == "elliptical" else isotropic_pattern(w) for w in W.T]
    errors = []
    for n in (1_000, 100_000):
        X = rng.standard_normal((n, d)) @ mixing.T
        X = X / np.linalg.norm(X, axis=1, keepdims=True) * np.sqrt(d) if law == "sphere" else X
        found = patterns(Network((W, np.ones((N, 1))), (bias, np.zeros(1))), X)[0]
        scale = np.sum(np.square(closed), axis=1)
        errors.append(np.mean(np.sum(np.square(found.T - closed), axis=1) / scale))
    assert errors[1] < errors[0] / 20
    assert errors[0] < 1


def test_isotropic_patterns_make_pattern_attribution_positive() -> None:
    """Catches W ⊙ P in the wrong order of layers: with the closed form for patterns all weights are `w²/‖w‖² ≥ 0`."""
    rng = np.random.default_rng(5)
    net = Network((rng.standard_normal((6, 9)), rng.standard_normal((9, 4))))
    closed = tuple(np.stack([isotropic_pattern(w) for w in W.T], axis=1) for W in net.weights)
    layers = with_patterns(net.forward(rng.standard_normal(6)), closed)
    R = attribution(layers, rule("pattern-attribution"))
    first, second = (W**2 / np.sum(W**2, axis=0) for W in net.weights)
    np.testing.assert_allclose(R, first @ (layers[0].mask * second[:, 0]), rtol=1e-12)
    signal = attribution(layers, rule("pattern-net"))
    np.testing.assert_allclose(signal, closed[0] @ (layers[0].mask * closed[1][:, 0]), rtol=1e-12)


def test_patterns_are_needed_and_have_to_fit() -> None:
    """Catches the gradient in place of PatternNet where no patterns were estimated, and those of another network."""
    at = layer(np.ones(2), np.ones((2, 3)))
    with pytest.raises(ValueError, match="the layer has no patterns; estimate them"):
        pattern_net(at, np.ones(3))
    with pytest.raises(ValueError, match="each shaped like the layer's weights"):
        with_patterns((at,), (np.ones((3, 2)),))
