"""Dense networks, the way down through them, cascade substitution and Activation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, norm

from nfrlab.simulations.dense import Network, activation, alignment, attribution, backward, cascade, rule
from nfrlab.simulations.dense.arrays import ratio
from nfrlab.simulations.dense.montecarlo import gaussian_stack
from nfrlab.simulations.dense.trained import digits_network
from tests.support.oracles import rules as oracle

SEEDS = st.integers(0, 2**32 - 1)


def stack(seed: int, biased: bool = False) -> tuple[Network, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    widths = (*rng.integers(2, 7, size=rng.integers(2, 5)), 3)
    net = gaussian_stack(tuple(int(w) for w in widths), rng)
    biases = tuple(rng.standard_normal(W.shape[1]) for W in net.weights) if biased else None
    return Network(net.weights, biases), rng.standard_normal(widths[0]), rng


@pytest.mark.parametrize("widths", [(9, 2000, 40), (400, 50, 3)])
def test_weights_of_a_stack_have_the_stated_variance(widths: tuple[int, ...]) -> None:
    """Catches another fan than that below, a forgotten 2, and a mean: Σ w² d/2 of n weights is χ²_n, Σ w normal."""
    layers = gaussian_stack(widths, np.random.default_rng(1)).weights
    assert [W.shape for W in layers] == list(pairwise(widths))
    for W in layers:
        unit = W.ravel() * np.sqrt(W.shape[0] / 2)
        assert 1e-9 < chi2.cdf(unit @ unit, unit.size) < 1 - 1e-9
        assert 1e-9 < norm.cdf(unit.sum() / np.sqrt(unit.size)) < 1 - 1e-9


@given(SEEDS, st.booleans())
def test_forward_equals_the_loops(seed: int, biased: bool) -> None:
    """Catches a transposed weight, a bias in the wrong layer, a ReLU on the output."""
    net, x, _ = stack(seed, biased)
    a = list(x)
    for index, (W, at) in enumerate(zip(net.weights, net.forward(x), strict=True)):
        b = list(net.biases[index]) if net.biases else [0.0] * W.shape[1]
        z, act = oracle.forward(W.tolist(), b, a)
        np.testing.assert_allclose(at.z, z, rtol=0, atol=1e-12)
        a = act if index < net.depth - 1 else z
        np.testing.assert_allclose(at.act, a, rtol=0, atol=1e-12)


@given(SEEDS)
def test_gradient_is_the_derivative(seed: int) -> None:
    """Catches a wrong mask or order of layers: the map against central differences of the output."""
    net, x, _ = stack(seed, biased=True)
    layers = net.forward(x)
    if min(np.min(np.abs(at.z)) for at in layers[:-1]) < 1e-3:
        return  # a kink within reach of the difference quotient
    R = attribution(layers, rule("grad"))
    h = 1e-6
    numeric = [(net.forward(x + h * e)[-1].z[0] - net.forward(x - h * e)[-1].z[0]) / (2 * h) for e in np.eye(len(x))]
    np.testing.assert_allclose(R, numeric, rtol=0, atol=1e-6 * max(1.0, float(np.max(np.abs(R)))))


@given(SEEDS, st.booleans())
def test_inner_product_travels_down(seed: int, biased: bool) -> None:
    """Catches a broken identity ⟨x, J_lᵀ r⟩ = ⟨A_l, r⟩ without biases; with them it fails by what the biases add.

    At each layer the biases contribute ⟨M b, r⟩; summed over the layers passed, that is exactly the difference.
    """
    net, x, rng = stack(seed, biased)
    layers = net.forward(x)
    for level in range(1, net.depth):
        r = rng.standard_normal(layers[level - 1].z.shape)
        difference = layers[level - 1].act @ r - x @ backward(layers, rule("grad"), r, start=level)
        from_biases = sum(
            (at.mask * at.b) @ backward(layers, rule("grad"), r, start=level, stop=number)
            for number, at in enumerate(layers[:level], start=1)
        )
        assert difference == pytest.approx(from_biases, abs=1e-9 * (1 + float(np.abs(r).sum()) * 100))
        assert biased or abs(from_biases) == 0


@given(SEEDS)
def test_lrp_z_is_gradient_times_input(seed: int) -> None:
    """Catches a deviation from the identity of Ancona et al. in deep bias-free stacks."""
    net, x, _ = stack(seed)
    layers = net.forward(x)
    plain = attribution(layers, rule("grad-input"))
    scale = float(np.abs(plain).sum()) + 1e-300
    np.testing.assert_allclose(attribution(layers, rule("lrp-z")) / scale, plain / scale, rtol=0, atol=1e-7)


@given(SEEDS, st.sampled_from(["gbp", "rectgrad", "deconv", "zplus-gradient", "zplus-filter", "grad"]))
def test_cascade_ends_are_gradient_and_rule(seed: int, name: str) -> None:
    """Catches an off-by-one in Def. 3: level 0 is the gradient, level L the rule itself, in between one step more."""
    net, x, _ = stack(seed)
    layers = net.forward(x)
    used = rule(name)
    np.testing.assert_array_equal(cascade(layers, used, 0), attribution(layers, rule("grad")))
    np.testing.assert_array_equal(cascade(layers, used, net.depth), attribution(layers, used, bottom=False))
    for level in range(1, net.depth):
        r = backward(layers, used, np.eye(3)[0], stop=net.depth - level)
        np.testing.assert_array_equal(
            cascade(layers, used, level), backward(layers, rule("grad"), r, start=net.depth - level)
        )


@given(SEEDS)
def test_relevance_rule_hands_over_as_a_gradient(seed: int) -> None:
    """Catches a wrong currency at the hand-over: z⁺ as relevance and as modified gradient give the same cascades."""
    net, x, _ = stack(seed)
    layers = net.forward(x)
    f = layers[-1].z[0]
    for level in range(1, net.depth):
        by_relevance = cascade(layers, rule("zplus"), level)
        by_gradient = cascade(layers, rule("zplus-gradient"), level)
        np.testing.assert_allclose(by_relevance, by_gradient, rtol=0, atol=1e-9 * (1 + abs(f)) * 100)


@given(SEEDS)
def test_activation_at_the_input_is_the_input(seed: int) -> None:
    """Catches an off-by-one in the layer at which r_l := A_l: at layer 0 the map is x, at layer 1 it is W M A_1."""
    net, x, _ = stack(seed)
    layers = net.forward(x)
    np.testing.assert_array_equal(activation(layers, 0), x)
    np.testing.assert_array_equal(activation(layers, 1), layers[0].W @ layers[0].act)


def test_bottom_processes() -> None:
    """Catches a bottom process applied twice, or not at all: relevance maps are divided by x without it."""
    net, x, _ = stack(3)
    layers = net.forward(x)
    r0 = attribution(layers, rule("gbp"), bottom=False)
    np.testing.assert_array_equal(attribution(layers, rule("gbp")), r0)
    for name in ("rectgrad", "rectgrad-constant"):
        r0 = attribution(layers, rule(name), bottom=False)
        np.testing.assert_array_equal(attribution(layers, rule(name)), np.maximum(x * r0, 0))
    for name in ("zplus-gradient", "zplus-filter", "grad-input"):
        r0 = attribution(layers, rule(name), bottom=False)
        np.testing.assert_array_equal(attribution(layers, rule(name)), x * r0)
    R = attribution(layers, rule("zplus"))
    np.testing.assert_array_equal(attribution(layers, rule("zplus"), bottom=False), ratio(R, x))


def test_dtd_uses_the_box_rule_at_the_first_layer_only() -> None:
    """Catches z^B above the first layer or z⁺ in it: against the two oracles, layer by layer."""
    net, x, _ = stack(5)
    layers = net.forward(x)
    R = attribution(layers, rule("dtd", low=-5.0, high=5.0))
    relevance = [float(layers[-1].z[0]), *([0.0] * (len(layers[-1].z) - 1))]
    for at in reversed(layers[1:]):
        relevance = [float(v) for v in oracle.zplus(list(at.a), at.W.tolist(), [0.0] * at.W.shape[1], relevance)]
    first = layers[0]
    bounds = [5.0] * len(x)
    expected = oracle.z_box(
        list(x), first.W.tolist(), [0.0] * first.W.shape[1], relevance, [-b for b in bounds], bounds
    )
    np.testing.assert_allclose(R, [float(v) for v in expected], rtol=1e-9, atol=1e-9)


def test_bad_networks_inputs_and_names() -> None:
    """Catches silent broadcasting and silent defaults: each gets one sentence."""
    with pytest.raises(ValueError, match="at least one weight matrix"):
        Network(())
    with pytest.raises(ValueError, match="layer 1 has 3 neurons but layer 2 expects 4"):
        Network((np.ones((2, 3)), np.ones((4, 1))))
    with pytest.raises(ValueError, match="one vector per layer"):
        Network((np.ones((2, 3)),), (np.ones(2),))
    net = Network((np.ones((2, 3)), np.ones((3, 1))))
    with pytest.raises(ValueError, match="expects"):
        net.forward(np.ones(3))
    with pytest.raises(ValueError, match="NaN or infinite"):
        net.forward(np.array([1.0, np.nan]))
    layers = net.forward(np.ones(2))
    with pytest.raises(ValueError, match="unknown rule 'gpb'"):
        rule("gpb")
    with pytest.raises(ValueError, match="cannot enter at layer 1"):
        backward(layers, rule("grad"), np.ones(2), start=1)
    with pytest.raises(ValueError, match="levels run from 0 to 2"):
        backward(layers, rule("grad"), np.ones(1), start=3)
    for misplaced in (-1, 3):
        with pytest.raises(ValueError, match="must lie in 0 … 2"):
            cascade(layers, rule("gbp"), misplaced)
        with pytest.raises(ValueError, match="must lie in 0 … 2"):
            activation(layers, misplaced)


@given(SEEDS, st.floats(-200, 200), st.floats(-200, 200))
def test_alignment_does_not_depend_on_scale(seed: int, low: float, high: float) -> None:
    """Catches overflow and underflow of the norms: maps of norm 1e±200 have the alignment of their unit versions."""
    R, x = np.random.default_rng(seed).standard_normal((2, 6))
    assert alignment(R * 10.0**low, x * 10.0**high) == pytest.approx(oracle.alignment(list(R), list(x)), abs=1e-12)
    assert alignment(-R, x) == pytest.approx(-alignment(R, x), abs=1e-15)


def test_alignment_of_a_zero_map_is_undefined() -> None:
    """Catches an alignment of 0 for a map that has no direction, and one for a map with NaN."""
    assert np.isnan(alignment(np.zeros(3), np.ones(3)))
    assert np.isnan(alignment(np.ones(3), np.zeros(3)))
    with pytest.raises(ValueError, match="NaN or infinite"):
        alignment(np.array([np.inf, 1.0]), np.ones(2))


def test_digits_network_is_really_trained() -> None:
    """Catches a trained network that is none: its held-out accuracy, and that it has no biases."""
    network, accuracy = digits_network()
    assert accuracy > 0.93
    assert network.biases is None
