"""Integrated Gradients against exact rationals, its quadratures, and the error and the defect that it states."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch import nn

from nfrlab.simulations.deep.engine.backward import attribution
from nfrlab.simulations.deep.engine.graph import Graph, Node
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.engine.ops import ReLU
from nfrlab.simulations.deep.engine.weighted import Linear
from nfrlab.simulations.deep.methods import integrated_gradients, points
from nfrlab.simulations.deep.methods.quadrature import QUADRATURES, gaps, nodes
from tests.support.oracles import lines
from tests.support.oracles.nets import NETS, SHAPE, twin

pytestmark = pytest.mark.usefixtures("one_thread")
NUMBERS = st.integers(-12, 12).map(lambda k: Fraction(k, 4))
SEEDS = st.integers(0, 2**32 - 1)
each_quadrature = pytest.mark.parametrize("quadrature", QUADRATURES)


# The quadratures.


@each_quadrature
@pytest.mark.parametrize("steps", [2, 3, 50])
def test_nodes_rise_and_weights_sum_to_one(quadrature: str, steps: int) -> None:
    """Catches weights that lose a share of every map, as captum's trapezoid does, and nodes out of order or range."""
    t, w = nodes(quadrature, steps)
    assert len(t) == len(w) == steps
    assert np.all(np.diff([0.0, *t, 1.0]) >= 0)
    assert w.sum() == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize(
    ("quadrature", "degree"), [("gauss", 9), ("middle", 1), ("trapezoid", 1), ("mean", 1), ("left", 0), ("right", 0)]
)
def test_quadratures_are_exact_to_their_degree_and_no_further(quadrature: str, degree: int) -> None:
    """Catches nodes or weights of another rule: `∫ tⁿ dt = 1/(n + 1)` up to the degree that each has with 5 nodes."""
    t, w = nodes(quadrature, 5)
    off = [abs(w @ t**n - 1 / (n + 1)) for n in range(degree + 2)]
    assert max(off[:-1]) < 1e-14
    assert off[-1] > 1e-7


@each_quadrature
@given(steps=st.integers(2, 9), data=st.data())
def test_one_jump_between_two_nodes_is_bounded(quadrature: str, steps: int, data: st.DataObject) -> None:
    """Catches a bound that is too small, or that nothing attains: step functions, a jump anywhere in each gap."""
    t, w = nodes(quadrature, steps)
    ends = [0.0, *t, 1.0]
    shares = data.draw(st.lists(st.floats(0, 1), min_size=steps + 1, max_size=steps + 1))
    heights = np.array(data.draw(st.lists(st.floats(-9, 9), min_size=steps + 2, max_size=steps + 2)))
    jumps = [low + share * (high - low) for share, (low, high) in zip(shares, pairwise(ends), strict=True)]
    exact = heights @ np.diff([0.0, *jumps, 1.0])
    off, bound = abs(w @ heights[1:-1] - exact), gaps(t, w) @ abs(np.diff(heights))
    assert off <= bound + 1e-13
    gap = data.draw(st.integers(0, steps))
    step = np.where(np.arange(steps + 2) > gap, 1.0, 0.0)
    worst = max(abs(w @ step[1:-1] - (1 - at)) for at in (ends[gap], ends[gap + 1]))
    assert gaps(t, w)[gap] == pytest.approx(worst, abs=1e-13)


# The maps.


@st.composite
def cases(draw: st.DrawFn) -> tuple[lines.Layers, list[Fraction], list[Fraction], int]:
    """A dense network of two or three layers, an image, a baseline, a class; numbers of a coarse grid."""
    widths = draw(st.lists(st.integers(1, 3), min_size=3, max_size=4))

    def vector(n: int) -> list[Fraction]:
        return draw(st.lists(NUMBERS, min_size=n, max_size=n))

    layers = [([vector(n) for _ in range(d)], vector(n)) for d, n in pairwise(widths)]
    return layers, vector(widths[0]), vector(widths[0]), draw(st.integers(0, widths[-1] - 1))


def in_engine(layers: lines.Layers) -> Graph:
    """The same network as a graph, in float64."""
    made: list[Node] = []
    for W, b in layers:
        if made:
            made.append(Node("relu", ReLU(), (len(made) - 1,)))
        weight = torch.tensor(np.array(W, dtype=float).T.copy())
        made.append(Node("linear", Linear(weight, torch.tensor(np.array(b, dtype=float))), (len(made) - 1,)))
    return Graph(tuple(made))


def as_image(v: list[Fraction]) -> Any:
    return torch.tensor([[float(each) for each in v]], dtype=torch.float64)


@each_quadrature
@given(case=cases())
@settings(max_examples=60)
def test_the_exact_integral_is_within_the_stated_error(quadrature: str, case: Any) -> None:
    """Catches a line, a class, a factor, a quadrature or an error that is not the stated one: exact rationals, entry by
    entry, wherever no two kinks lie between two nodes; and a defect that is not that of these entries.
    """
    layers, x, x0, k = case
    steps = 40
    kinks = [float(t) for t in lines.kinks(layers, x0, x)]
    t, _ = nodes(quadrature, steps)
    inside = [at for at in kinks if 0 < at < 1]
    starts_at_one = any(z == 0 for each in lines.pre_activations(layers, x0)[:-1] for z in each)
    assume(np.histogram([*inside, *([1e-12] if starts_at_one else [])], [0, *t, 1])[0].max() <= 1)
    assume(all(abs(at - t).min() > 1e-9 for at in inside))
    exact = np.array(lines.integral(layers, x0, x, k), dtype=float)
    difference = np.array(x, dtype=float) - np.array(x0, dtype=float)
    scale = 1e-12 * max(1.0, np.abs(exact).max()) * max(1.0, np.abs(difference).max())
    for multiplier, wanted in ((False, exact), (True, exact * difference)):
        found = integrated_gradients(
            in_engine(layers),
            as_image(x),
            k,
            baseline=as_image(x0),
            steps=steps,
            quadrature=quadrature,
            multiplier=multiplier,
        )
        off = np.abs(found.map[0].numpy() - wanted)
        assert np.all(off <= found.error[0].numpy() + scale)
    whole = sum(e * (b - a) for e, a, b in zip(lines.integral(layers, x0, x, k), x0, x, strict=True))
    f, f0 = (lines.pre_activations(layers, at)[-1][k] for at in (x, x0))
    assert whole == f - f0
    assert float(found.defect) == pytest.approx(float(found.map.sum()) - float(f - f0), abs=scale * 10)
    assert abs(float(found.defect)) <= float(found.defect_error) + scale * 10


LOST = {"gauss": 0.0, "right": 0.0, "middle": 0.0, "left": 1 / 7, "mean": 1 / 7, "trapezoid": 1 / 12}


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("quadrature", LOST)
@given(SEEDS)
@settings(max_examples=8)
def test_without_biases_it_is_gradient_times_input(quadrature: str, net: str, seed: int) -> None:
    """Catches a gradient that is not that of the line: f is homogeneous, and its gradient from 0 to x constant.

    At 0 itself every ReLU is closed: rules that take this end for the start of the line lose its weight.
    """
    graph = twin(net, seed, biased=False).graph
    x = torch.from_numpy(np.random.default_rng(seed).standard_normal((2, *SHAPE)))
    wanted = attribution(graph.forward(x), rule("grad-input")) * (1 - LOST[quadrature])
    found = integrated_gradients(graph, x, steps=7, quadrature=quadrature)
    scale = float(wanted.abs().max())
    torch.testing.assert_close(found.map, wanted, rtol=0, atol=1e-12 * scale)
    f = graph(x).amax(dim=1)
    torch.testing.assert_close(found.defect, -f * LOST[quadrature], rtol=0, atol=1e-11 * scale * x[0].numel())


@each_quadrature
def test_a_linear_network_has_no_error(quadrature: str) -> None:
    """Catches an error that is stated where there is none: `R = w ⊙ (x − x₀)`, and `w` without the multiplier."""
    module = nn.Linear(6, 3).double().requires_grad_(False)
    net = Graph((Node("linear", Linear(module.weight, module.bias), (-1,)),))
    x, x0 = torch.randn(2, 4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    whole = integrated_gradients(net, x, 2, baseline=x0, quadrature=quadrature)
    local = integrated_gradients(net, x, 2, baseline=x0, quadrature=quadrature, multiplier=False)
    torch.testing.assert_close(whole.map, module.weight[2] * (x - x0))
    torch.testing.assert_close(local.map, module.weight[2].expand(4, 6))
    assert not whole.error.any()
    assert float(whole.defect.abs().max()) < 1e-13
    assert torch.equal(local.defect, whole.defect)


def test_smooth_networks_are_integrated_to_rounding() -> None:
    """Catches an order of Gauss–Legendre that is lost on the way, in line or gradient: no kinks, 50 nodes."""
    torch.manual_seed(4)
    net = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 3)).double().eval()
    x = torch.rand(3, 8, dtype=torch.float64)
    by_gauss, by_middle = (
        integrated_gradients(net, x, quadrature=name).defect.abs().max() for name in ("gauss", "middle")
    )
    assert float(by_gauss) < 1e-13
    assert float(by_middle) > 1e-9


def test_passes_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a class, a node or an image that is mixed up where several points share a pass."""
    graph = twin("plain", 5).graph
    x = torch.from_numpy(np.random.default_rng(5).standard_normal((3, *SHAPE)))
    together = integrated_gradients(graph, x, [2, 0, 1], steps=9)
    monkeypatch.setattr(points, "BYTES", 1)
    alone = integrated_gradients(graph, x, [2, 0, 1], steps=9)
    for name in ("map", "error", "defect"):
        torch.testing.assert_close(getattr(together, name), getattr(alone, name))
    for i, k in enumerate([2, 0, 1]):
        torch.testing.assert_close(integrated_gradients(graph, x[i : i + 1], k, steps=9).map[0], together.map[i])


def test_the_class_is_that_of_the_image() -> None:
    """Catches a class that changes along the line: at the baseline another output is the largest."""
    layers = [([[Fraction(1), Fraction(-1)]], [Fraction(0), Fraction(1, 2)])]
    net, x = in_engine(layers), torch.ones(1, 1, dtype=torch.float64)
    assert int(net(0 * x).argmax()) != int(net(x).argmax())
    assert float(integrated_gradients(net, x).map) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("switches", "said"),
    [
        ({"quadrature": "simpson"}, "unknown quadrature 'simpson'; choose from gauss, left"),
        ({"steps": 1}, "at least 2 steps, got 1"),
        ({"baseline": torch.zeros(3, 3)}, r"the baseline has shape \(3, 3\), the images"),
        ({"baseline": float("nan")}, "the baseline has NaN or infinite entries"),
    ],
)
def test_what_cannot_be_integrated_is_refused(switches: dict[str, Any], said: str) -> None:
    """Catches a quadrature, a number of steps or a baseline that is taken for another one."""
    graph = twin("plain", 5).graph
    with pytest.raises(ValueError, match=said):
        integrated_gradients(graph, torch.ones(1, *SHAPE, dtype=torch.float64), **switches)
