"""Every rule of the deep engine against the NumPy laboratory on dense nets and the Jacobian oracle on any others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from simulations import onelayer as lab  # noqa: E402
from simulations.deep.backward import (  # noqa: E402
    Rule,
    activation,
    attribution,
    cascades,
    from_every_layer,
    rule,
)
from simulations.deep.graph import Graph, Node  # noqa: E402
from simulations.deep.ops import Linear, ReLU  # noqa: E402
from tests.oracles import jacobian as oracle  # noqa: E402
from tests.oracles.nets import NETS, SHAPE, twin  # noqa: E402
from tests.oracles.pairs import HIGH, LOW, PAIRS  # noqa: E402

SEEDS = st.integers(0, 2**32 - 1)
SIGNS = st.sampled_from([0, 1, -1])


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def close(got: Any, wanted: Any, accuracy: float = 1e-12, of: Any = 0.0) -> None:
    """The largest difference is within `accuracy` of the largest entry, or of what it is a difference `of`.

    A NaN is never close.
    """
    got, wanted = np.asarray(got).ravel(), np.asarray(wanted).ravel()
    scale = max(np.max(np.abs(wanted), initial=0.0), np.max(np.abs(np.asarray(of)), initial=0.0))
    np.testing.assert_allclose(got, wanted, rtol=0, atol=accuracy * scale)


def sprinkled(rng: np.random.Generator, *shape: int, sign: int = 0) -> np.ndarray:
    """Normal numbers, a fifth of them exactly 0; of any sign, or all ≥ 0 (1), or all ≤ 0 (−1)."""
    v = rng.standard_normal(shape) * (rng.random(shape) >= 0.2)
    return (np.abs(v) * sign if sign else v).clip(LOW, HIGH)


# On dense nets: the NumPy laboratory.

LAB = {
    "grad": ({}, {}),
    "grad-input": ({}, {}),
    "gbp": ({}, {}),
    "deconv": ({}, {}),
    "rectgrad": ({"q": 0.7}, {"q": 0.7}),
    "rectgrad-constant": ({"tau": 0.05}, {"tau": 0.05}),
    "lrp-z": ({}, {}),
    "lrp-alpha-beta": ({"alpha": 2.0}, {"alpha": 2.0}),
    "zplus": ({}, {}),
    "zplus-filter": ({}, {}),
    "dtd": ({"low": LOW, "high": HIGH}, {"low": LOW, "high": HIGH}),
}


@dataclass
class Dense:
    """A dense net in both forms with what an input of a given sign left in both, biased or not, all with zeros."""

    seed: int
    biased: bool
    sign: int

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        widths = [*self.rng.integers(1, 8, size=self.rng.integers(2, 6)), 3]
        weights = tuple(sprinkled(self.rng, d, n) for d, n in pairwise(widths))
        biases = tuple(sprinkled(self.rng, W.shape[1]) for W in weights) if self.biased else None
        self.x = sprinkled(self.rng, widths[0], sign=self.sign)
        self.layers = lab.Network(weights, biases).forward(self.x)
        self.seen = self.x != 0  # where the laboratory's R / x is defined
        self.trace = Graph(tuple(in_graph(weights, biases))).forward(torch.from_numpy(self.x)[None])

    @property
    def depth(self) -> int:
        return len(self.layers)


def in_graph(weights: tuple[np.ndarray, ...], biases: tuple[np.ndarray, ...] | None) -> list[Node]:
    """The nodes of a dense net: linear maps with a ReLU between any two."""
    nodes: list[Node] = []
    for index, W in enumerate(weights):
        if nodes:
            nodes.append(Node(f"relu{index}", ReLU(), (len(nodes) - 1,)))
        bias = torch.from_numpy(biases[index]) if biases else None
        nodes.append(Node(f"fc{index}", Linear(torch.from_numpy(W.T.copy()), bias), (len(nodes) - 1,)))
    return nodes


def both_rules(name: str) -> tuple[Rule, lab.Rule]:
    ours, theirs = LAB[name]
    return rule(name, **ours), lab.rule(name, **theirs)


@pytest.mark.parametrize("name", LAB)
@given(SEEDS, st.booleans(), SIGNS)
@settings(max_examples=50)
def test_dense_nets_agree_with_the_numpy_laboratory(name: str, seed: int, biased: bool, sign: int) -> None:
    """Catches any rule, bottom process or start of relevance that means something else than in one layer.

    Relevance of any sign enters at every layer; of a relevance rule it is `A ⊙ r`.
    """
    used, theirs = both_rules(name)
    net = Dense(seed, biased, sign)
    for level, at in enumerate(net.layers, start=1):
        r = sprinkled(net.rng, len(at.z))
        R = at.act * r if theirs.carries == "relevance" else r
        enters = torch.from_numpy(r)[None], level
        of = positive_part(name, lambda p, R=R, level=level: lab.attribution(net.layers, p, R, level, bottom=False))
        close(attribution(net.trace, used, *enters), lab.attribution(net.layers, theirs, R, level), of=of * net.x)
        r0 = lab.attribution(net.layers, theirs, R, level, bottom=False)
        close(attribution(net.trace, used, *enters, bottom=False)[0].numpy() * net.seen, r0 * net.seen, of=of)


def positive_part(name: str, by: Callable[[lab.Rule], np.ndarray]) -> Any:
    """αβ is a difference whose parts can cancel exactly: the part that rounding is relative to."""
    return by(lab.rule("zplus")) if name == "lrp-alpha-beta" else 0.0


@pytest.mark.parametrize("name", LAB)
@given(SEEDS, st.booleans(), SIGNS)
@settings(max_examples=50)
def test_cascades_of_dense_nets_agree_with_the_numpy_laboratory(name: str, seed: int, biased: bool, sign: int) -> None:
    """Catches a level off by one, a handover in the wrong currency: all levels in one call against one by one."""
    used, theirs = both_rules(name)
    net = Dense(seed, biased, sign)
    f = net.layers[-1].z
    maps = cascades(net.trace, used)
    assert len(maps) == net.depth + 1
    for N, got in enumerate(maps):
        height = f if theirs.carries == "relevance" and N else np.ones_like(f)
        start = np.where(np.arange(len(f)) == int(net.trace.output.argmax()), height, 0.0)
        of = positive_part(name, lambda p, N=N, start=start: lab.cascade(net.layers, p, N, start))
        close(got[0].numpy() * net.seen, lab.cascade(net.layers, theirs, N, start) * net.seen, of=of)


@given(SEEDS, st.booleans(), SIGNS)
@settings(max_examples=50)
def test_activation_at_every_layer(seed: int, biased: bool, sign: int) -> None:
    """Catches Activation put at the wrong neurons: every layer by itself, and all layers in one pass, against NumPy."""
    net = Dense(seed, biased, sign)
    for level in range(net.depth + 1):
        close(activation(net.trace, level), lab.activation(net.layers, level))
    together = from_every_layer(net.trace, rule("grad"), net.trace.activation)
    for level, got in zip(range(net.depth, 0, -1), together, strict=True):
        close(got, lab.activation(net.layers, level))


# On convolutional and residual nets: the Jacobian oracle.

Z_PLUS = PAIRS["z⁺"][1]


def compare(case: str, reference: oracle.Net, theirs: oracle.Rule, got: Any, by: Callable[[oracle.Rule], Any]) -> None:
    """`close` to the oracle's map, with the case named where it is not.

    Accuracy 1e-12; of relevance, rounding magnified where it is divided by what nearly cancels. αβ and its kin are
    differences, of which z⁺ is one part.
    """
    relevance = theirs.carries == "relevance"
    accuracy = max(1e-12, 1e-14 * oracle.cancellation(reference)) if relevance else 1e-12
    try:
        close(got, by(theirs), accuracy, of=by(Z_PLUS) if relevance else 0.0)
    except AssertionError as error:
        raise AssertionError(f"{case}: {error}") from error


@pytest.mark.parametrize("net", NETS)
@given(SEEDS, st.booleans(), SIGNS, st.sampled_from([0.0, 0.2]))
@settings(max_examples=25)
def test_other_nets_agree_with_jacobian_algebra(net: str, seed: int, biased: bool, sign: int, zeros: float) -> None:
    """Catches a rule that is right on vectors only: padding, strides, groups, maxima, means, additions, shortcuts.

    All rules at one image and one relevance, of any sign and with zeros, entering at some layer.
    """
    rng, made = np.random.default_rng(seed), twin(net, seed, biased, zeros)
    x = torch.from_numpy(sprinkled(rng, *SHAPE, sign=sign))[None]
    reference, trace = made.net(x), made.graph.forward(x)
    close(trace.output, reference.values[-1])
    level = int(rng.integers(1, made.graph.depth + 1))
    A = trace.activation(level)
    close(A, reference.flat(reference.place(level)))
    r = torch.from_numpy(sprinkled(rng, *A.shape))
    for name, (ours, theirs) in PAIRS.items():
        relevance = theirs.carries == "relevance"
        got = attribution(trace, ours, r, level, bottom=relevance)
        enters = (A * r if relevance else r).flatten()
        compare(name, reference, theirs, got, lambda p, e=enters: oracle.propagate(reference, p, e, level))


@pytest.mark.parametrize("net", NETS)
@given(SEEDS, st.booleans(), SIGNS)
@settings(max_examples=10)
def test_cascades_of_other_nets_are_those_of_the_definition(net: str, seed: int, biased: bool, sign: int) -> None:
    """Catches a cut that handles shortcuts across it wrongly: all levels in one call against Def. 3 one by one."""
    made = twin(net, seed, biased)
    x = torch.from_numpy(sprinkled(np.random.default_rng(seed), *SHAPE, sign=sign))[None]
    reference, trace = made.net(x), made.graph.forward(x)
    k = int(trace.output.argmax())
    for name, (ours, theirs) in PAIRS.items():
        maps = cascades(trace, ours)
        assert len(maps) == made.graph.depth + 1
        for N, got in enumerate(maps):
            by = lambda p, N=N: oracle.cascade(reference, p, N, k) * (x.flatten() != 0)  # noqa: E731
            compare(f"{name}, level {N}", reference, theirs, got * (x != 0), by)
