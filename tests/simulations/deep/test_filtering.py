"""Ineq. 13 and homogeneity on deep networks, against products of explicit Jacobians, and autograd, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from nfrlab.simulations.deep.effects import filtering
from nfrlab.simulations.deep.effects.common import BLIND
from nfrlab.simulations.deep.engine.graph import Graph, Node, Trace
from nfrlab.simulations.deep.engine.ops import ReLU
from nfrlab.simulations.deep.engine.weighted import Linear
from tests.support.oracles import jacobian as oracle
from tests.support.oracles.nets import NETS, SHAPE, Twin, twin
from tests.support.oracles.pairs import UNDER_TEST

SEEDS = st.integers(0, 2**32 - 1)

pytestmark = pytest.mark.usefixtures("one_thread")


def make_case(name: str, seed: int, biased: bool) -> tuple[Twin, oracle.Net, Trace]:
    """The network called `name` in both forms at an image without zeros."""
    made = twin(name, seed, biased)
    x = torch.from_numpy(np.random.default_rng(seed).standard_normal((1, *SHAPE)))
    return made, made.net(x), made.graph.forward(x)


def same(got: Any, wanted: Any, atol: float = 1e-10) -> None:
    """Equal up to rounding, NaN where the other is."""
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(wanted, float), rtol=0, atol=atol, equal_nan=True)


def dense(first: Any, last: Any, bias: Any = None) -> Graph:
    """`last · relu(first · x + bias)`."""
    bias = None if bias is None else torch.tensor(bias).double()
    hidden, out = Linear(torch.tensor(first).double(), bias), Linear(torch.tensor(last).double())
    return Graph((Node("a", hidden, (-1,)), Node("relu", ReLU(), (0,)), Node("b", out, (1,))))


# Margins


def test_margins_by_hand() -> None:
    """Catches a sign, a scale or a layer off: `x = (1, 2)`, `A = (1, 2, 3)`, `r = (1, −2, 2)`, GBP sets the −2 to 0.

    `⟨x, F(W M) r⟩ = 7` and `⟨x, W M r⟩ = 3`, of `|x|·|(3, 2)| = 7` and `|x|·|(3, 0)| = 3`. The blind filter keeps the
    first and the third neuron, too, and with the signs of r turned, `⟨x, F r⟩ = −7` beside −3.
    """
    trace = dense([[1, 0], [0, 1], [1, 1]], [[1, -2, 2]]).forward(torch.tensor([[1.0, 2.0]]).double())
    got = filtering.measure(trace, ("gbp", BLIND))["margin"]
    same(got.sel(rule="gbp", layer=[1, 2]), [(7 - 3) / (7 + 3), 0])
    same(got.sel(rule=BLIND, layer=[1, 2]), [(7 - 3) / (7 + 3), 0])
    turned = dense([[1, 0], [0, 1], [1, 1]], [[-1, 2, -2]]).forward(torch.tensor([[1.0, 2.0]]).double())
    same(filtering.measure(turned, (BLIND,))["margin"].sel(rule=BLIND, layer=[1, 2]), [(-7 + 3) / (7 + 3), 0])


def margins(net: oracle.Net, rule: oracle.Rule) -> list[float]:
    """Both sides of ineq. 13 layer by layer, with Jacobians as matrices and relevance as the publications have it."""
    top = len(net.parts) - 1
    waiting = {top: oracle.at_output(net, rule, int(net.values[-1].argmax()))}
    found = []
    for layer in range(net.layers[-1], 0, -1):
        plain = oracle.carry(net, oracle.GRAD, gradients(net, rule, waiting), [layer])
        waiting = oracle.carry(net, rule, waiting, [layer])
        kept = gradients(net, rule, waiting)
        sides = [sum(float(net.flat(i) @ r) for i, r in side.items()) for side in (kept, plain)]
        scale = sum(float(net.flat(i).abs() @ r.abs()) for side in (kept, plain) for i, r in side.items())
        found.append((sides[0] - sides[1]) / scale if scale else np.nan)
    return found[::-1]


def gradients(net: oracle.Net, rule: oracle.Rule, waiting: dict[int, Any]) -> dict[int, Any]:
    """What waits as modified gradients, `r = R / a`."""
    if rule.carries == "gradient":
        return waiting
    return {i: oracle.ratio(R, net.flat(i)) for i, R in waiting.items()}


@pytest.mark.parametrize("name", NETS)
@given(SEEDS, st.booleans())
@settings(max_examples=8)
def test_margins_are_both_sides_of_ineq_13(name: str, seed: int, biased: bool) -> None:
    """Catches a margin of the wrong sign, layer or relevance: shortcuts, pools, linear tops, no linear top at all."""
    _, net, trace = make_case(name, seed, biased)
    got = filtering.measure(trace, tuple(UNDER_TEST))["margin"]
    assert list(got["layer"].values) == list(range(1, net.layers[-1] + 1))
    for rule, theirs in UNDER_TEST.items():
        same(got.sel(rule=rule), margins(net, theirs))


@pytest.mark.parametrize("name", ["plain", "dense"])
@given(SEEDS)
@settings(max_examples=8)
def test_zplus_without_biases_is_an_equality(name: str, seed: int) -> None:
    """Catches relevance that gets lost: on a chain without biases z⁺ conserves it, and so does the gradient `A ⊙ r`."""
    _, net, trace = make_case(name, seed, biased=False)
    assume(float(net.values[-1].max()) > 0)  # else the top may have no positive share to give it to
    same(filtering.measure(trace, ("zplus",))["margin"], [[0] * net.layers[-1]])


def test_no_relevance_no_margin() -> None:
    """Catches a division by 0, and a zero map counted as an equality: GBP lets nothing pass below `r = −1`."""
    trace = dense([[1.0]], [[-1.0]]).forward(torch.ones(1, 1).double())
    got = filtering.measure(trace, ("gbp",))["margin"].sel(rule="gbp")
    same(got, [(0 + 1) / (0 + 1), 0])
    dead = dense([[-1.0]], [[1.0]]).forward(torch.ones(1, 1).double())
    assert filtering.measure(dead, ("gbp",))["margin"].isnull().all()


# Homogeneity


def held_by_biases(made: Twin, net: oracle.Net) -> list[float]:
    """`Σ ⟨∂f/∂b, b⟩` over the biases above layer l, l = 0 … L, by autograd."""
    affine = [part for part in made.parts if part.kind == "affine"]
    biases = [part.function.keywords["bias"] for part in affine]  # type: ignore[attr-defined]
    for b in biases:
        b.requires_grad_()
    values: list[Any] = []
    for part in made.parts:
        values.append(part.function(*(net.x if i == oracle.INPUT else values[i] for i in part.inputs)))
    slopes = torch.autograd.grad(values[-1].max(), biases, allow_unused=True, materialize_grads=True)
    held = [float(b.detach() @ s) for b, s in zip(biases, slopes, strict=True)]
    for b in biases:
        b.requires_grad_(False)
    return [sum(held[layer:]) for layer in range(len(held) + 1)]


@pytest.mark.parametrize("name", NETS)
@given(SEEDS)
@settings(max_examples=10)
def test_what_is_lost_is_what_biases_hold(name: str, seed: int) -> None:
    """Catches a bias that is counted twice, at the wrong layer or not at all, and a layer off: residual nets included.

    `f = ⟨A_l, r_l⟩ + Σ ⟨∂f/∂b, b⟩` at every layer, the last sum by autograd.
    """
    made, net, trace = make_case(name, seed, biased=True)
    f = float(net.values[-1].max())
    assume(f != 0)
    got = filtering.measure(trace, ("gbp",))
    same(got["lost"] * f, got["lost_to_bias"] * f)
    same(got["lost_to_bias"] * f, held_by_biases(made, net))
    pending = {len(net.parts) - 1: oracle.at_output(net, oracle.GRAD, int(net.values[-1].argmax()))}
    for layer in range(net.layers[-1], -1, -1):
        left = sum(float(net.flat(i) @ r) for i, r in pending.items())
        same(got["lost"].sel(level=layer) * f, f - left)
        pending = oracle.carry(net, oracle.GRAD, pending, [layer])


@pytest.mark.parametrize("name", NETS)
@given(SEEDS)
@settings(max_examples=6)
def test_nothing_is_lost_without_biases(name: str, seed: int) -> None:
    """Catches a loss where there is none, and a bias where there is none."""
    _, net, trace = make_case(name, seed, biased=False)
    f = float(net.values[-1].max())
    assume(f != 0)
    got = filtering.measure(trace, ("gbp",))
    same(got["lost"] * f, np.zeros(net.layers[-1] + 1))
    assert (got["lost_to_bias"] == 0).all()


def test_an_output_of_0_has_no_share_to_lose() -> None:
    """Catches a division by 0 at a network whose neurons are all dead."""
    got = filtering.measure(dense([[-1.0]], [[1.0]]).forward(torch.ones(1, 1).double()), ("gbp",))
    assert got["lost"].isnull().all()
    assert got["lost_to_bias"].isnull().all()


def test_losses_by_hand() -> None:
    """Catches numerator or sign: `f = 3·relu(2·1 + 4) = 18`, of which `⟨x, r⟩ = 6` and the bias holds 12."""
    got = filtering.measure(dense([[2.0]], [[3.0]], [4.0]).forward(torch.ones(1, 1).double()), ("gbp",))
    same(got["lost"], [12 / 18, 0, 0])
    same(got["lost_to_bias"], [12 / 18, 0, 0])
