"""Patterns of deep networks: one pass against loops over every window, and the rules that use them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

import torch.nn.functional as F
from torch import Tensor

from nfrlab.simulations import dense as lab
from nfrlab.simulations.deep.engine.backward import attribution
from nfrlab.simulations.deep.engine.graph import INPUT, Graph, Node
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.engine.ops import ReLU
from nfrlab.simulations.deep.engine.weighted import Conv, Linear, TransposedConv, Weighted
from nfrlab.simulations.deep.patterns import moments, with_patterns
from nfrlab.simulations.dense.patterns import patterns
from nfrlab.simulations.dense.patterns import with_patterns as beside_patterns
from nfrlab.theory.rivals.patterns import isotropic_pattern
from tests.support.oracles import jacobian
from tests.support.oracles import rules as oracle
from tests.support.oracles.nets import NETS, SHAPE, twin

SEEDS = st.integers(0, 2**32 - 1)

pytestmark = pytest.mark.usefixtures("one_thread")


def images(seed: int, n: int) -> Tensor:
    """Normal images of the small nets."""
    return torch.randn(n, *SHAPE, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def windows(op: Weighted, a: Tensor, neuron: int) -> list[list[float]]:
    """What a neuron reads: every window of every image, zeros of the padding included; of a linear map the rows."""
    if isinstance(op, Linear):
        return a.tolist()
    assert isinstance(op, Conv)
    size = op.weight.shape[2:]
    per_group = a.shape[1] // op.groups
    group = neuron // (len(op.weight) // op.groups)
    mine = a[:, group * per_group : (group + 1) * per_group]
    found = F.unfold(mine, size, op.dilation, op.padding, op.stride)
    return found.transpose(1, 2).flatten(0, 1).tolist()


@pytest.mark.parametrize("net", NETS)
@given(SEEDS, st.booleans())
@settings(max_examples=5)
def test_patterns_are_those_of_all_windows(net: str, seed: int, biased: bool) -> None:
    """Catches windows of other strides, groups or padding, a mask without the bias, a y with it, a mean over other
    inputs: of every neuron, against its windows one by one.
    """
    graph, x = twin(net, seed, biased).graph, images(seed, 3)
    found, trace = with_patterns(graph, [x]), graph.forward(x)
    for i, node in enumerate(found.nodes):
        op = node.op
        if isinstance(op, Weighted):
            assert op.pattern is not None
            readers = [each.op for each in graph.nodes if i in each.inputs]
            rectified = any(isinstance(each, ReLU) for each in readers)
            for neuron, w in enumerate(op.weight):
                b = 0.0 if op.bias is None else float(op.bias[neuron])
                wanted = oracle.pattern(
                    windows(op, trace.recall(i).inputs[0], neuron), w.flatten().tolist(), b, rectified
                )
                scale = max(map(abs, wanted), default=0.0)
                np.testing.assert_allclose(op.pattern[neuron].flatten(), wanted, rtol=0, atol=1e-8 * max(scale, 1e-9))


@given(SEEDS, st.integers(1, 6))
@settings(max_examples=20)
def test_batches_may_be_cut_anywhere(seed: int, size: int) -> None:
    """Catches sums that do not merge: seven images in batches of any size, one by one too."""
    graph, x = twin("plain", seed).graph, images(seed, 7)
    whole, cut = (with_patterns(graph, batches) for batches in ([x], x.split(size)))
    for a, b in zip(whole.nodes, cut.nodes, strict=True):
        if isinstance(a.op, Weighted):
            assert isinstance(b.op, Weighted)
            torch.testing.assert_close(a.op.pattern, b.op.pattern, rtol=1e-7, atol=1e-9)


def test_dense_nets_agree_with_the_laboratory() -> None:
    """Catches patterns, or rules that use them, which mean something else than in one layer: both rules, two layers."""
    rng = np.random.default_rng(1)
    weights, biases = (rng.standard_normal((5, 8)), rng.standard_normal((8, 3))), (rng.standard_normal(8), np.ones(3))
    X, x = rng.standard_normal((40, 5)), rng.standard_normal(5)
    nodes = (
        Node("first", Linear(*(torch.from_numpy(v.T.copy()) for v in (weights[0], biases[0]))), (INPUT,)),
        Node("relu", ReLU(), (0,)),
        Node("last", Linear(*(torch.from_numpy(v.T.copy()) for v in (weights[1], biases[1]))), (1,)),
    )
    net = lab.Network(weights, biases)
    layers = beside_patterns(net.forward(x), patterns(net, X))
    trace = with_patterns(Graph(nodes), torch.from_numpy(X).split(7)).forward(torch.from_numpy(x)[None])
    k = int(trace.output.argmax())
    for name in ("pattern-net", "pattern-attribution"):
        wanted = lab.attribution(layers, lab.rule(name), np.eye(3)[k])
        np.testing.assert_allclose(attribution(trace, rule(name))[0], wanted, rtol=1e-9)


def with_pattern(matrix: Callable[[Any], Tensor]) -> Callable[[jacobian.At, Tensor], tuple[Tensor, ...]]:
    """A step of the Jacobian oracle: the matrix of an affine part of the network in place of its Jacobian."""
    return lambda at, r: (matrix(at).T @ r,)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", ["pattern-net", "pattern-attribution"])
@given(SEEDS)
@settings(max_examples=5)
def test_rules_are_matrices_of_patterns(net: str, name: str, seed: int) -> None:
    """Catches a pattern that a stride, a group or a shortcut misplaces: the network whose weights are the patterns, or
    weights times patterns, with the masks and winners of the one that was explained.
    """
    made, x = twin(net, seed), images(seed, 2)[:1]
    graph = with_patterns(made.graph, [images(seed + 1, 3)])
    trace, reference = graph.forward(x), made.net(x)
    ops = iter(node.op for node in graph.nodes)
    matrices = {}
    for part, at in zip(reference.parts, reference.at, strict=True):
        op = next(ops)
        if isinstance(op, Weighted):
            assert op.pattern is not None
            used = op.pattern * (op.weight if name == "pattern-attribution" else 1)
            like = reference.x if part.inputs[0] == INPUT else reference.values[part.inputs[0]]
            matrices[id(at)] = jacobian.by_basis(lambda v, op=op, used=used: op.product(v, used), like)
    theirs = jacobian.modified_gradient(affine=with_pattern(lambda at: matrices[id(at)]))
    k, depth = int(trace.output.argmax()), reference.layers[-1]
    start = torch.eye(trace.output.shape[1], dtype=torch.float64)[k]
    wanted = jacobian.carry(reference, theirs, {len(reference.parts) - 1: start}, range(1, depth + 1))[INPUT]
    got = attribution(trace, rule(name)).flatten()
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-12 * max(float(wanted.abs().max()), 1e-300))


def test_transposed_convolutions_have_patterns() -> None:
    """Catches neurons counted along the wrong axis: a stride of one and a kernel of one make it a convolution."""
    rng = torch.Generator().manual_seed(3)
    W, b = (torch.randn(*shape, dtype=torch.float64, generator=rng) for shape in ((3, 4, 1, 1), (4,)))
    a = torch.randn(5, 3, 6, 6, dtype=torch.float64, generator=rng)
    turned = moments(TransposedConv(W, b), a, True).pattern
    torch.testing.assert_close(turned.transpose(0, 1), moments(Conv(W.transpose(0, 1), b), a, True).pattern)


def test_isotropic_inputs_have_the_closed_form() -> None:
    """Catches a limit other than w/‖w‖² where windows are Gaussian, with biases, strides and in float32: the error of
    n windows is `‖a⁺‖ √(d/n)` and a factor for the spread of the active y, at most 4 for biases up to ±1.
    """
    rng = torch.Generator().manual_seed(2)
    conv = Conv(torch.randn(6, 2, 3, 3, generator=rng), torch.linspace(-1, 1, 6), (3, 3))
    graph = Graph((Node("conv", conv, (INPUT,)), Node("relu", ReLU(), (0,))))
    batches = (torch.randn(100, 2, 30, 30, generator=rng) for _ in range(20))
    (op, _) = (node.op for node in with_patterns(graph, batches).nodes)
    assert isinstance(op, Conv)
    assert op.pattern is not None
    for found, w in zip(op.pattern.double(), conv.weight.double(), strict=True):
        closed = isotropic_pattern(w.flatten().numpy())
        error = np.linalg.norm(found.flatten().numpy() - closed) / np.linalg.norm(closed)
        assert error < 4 * np.sqrt(18 / (20 * 100 * 100))


def test_neurons_without_a_pattern() -> None:
    """Catches rounding errors divided by rounding errors: a dead neuron, and one that is the same everywhere."""
    W = torch.tensor([[0.1, 0.2], [-1.0, 0.0], [0.0, 0.3]], dtype=torch.float64)
    graph = Graph((Node("fc", Linear(W, torch.zeros(3, dtype=torch.float64)), (INPUT,)), Node("relu", ReLU(), (0,))))
    x = torch.tensor([[0.7, 0.1]] * 7, dtype=torch.float64)
    varied = torch.cat([x, x.flip(1)])
    for batches, alive in (([x], [False] * 3), (varied.split(3), [True, False, True])):
        op = with_patterns(graph, batches).nodes[0].op
        assert isinstance(op, Weighted)
        assert op.pattern is not None
        assert op.pattern.any(dim=1).tolist() == alive


def test_patterns_are_needed() -> None:
    """Catches the gradient in place of PatternNet, and a mean over no images."""
    graph = twin("dense", 1).graph
    for name in ("pattern-net", "pattern-attribution"):
        with pytest.raises(ValueError, match="the network has no patterns; estimate them from images"):
            attribution(graph.forward(images(0, 1)), rule(name))
    with pytest.raises(ValueError, match="give at least one batch"):
        with_patterns(graph, [])
