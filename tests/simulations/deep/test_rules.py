"""Every rule of the deep engine against the NumPy laboratory on dense nets and the Jacobian oracle on any others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from nfrlab.simulations import dense as lab
from nfrlab.simulations.deep.engine.backward import Rule, activation, attribution, from_layers
from nfrlab.simulations.deep.engine.cascades import cascades
from nfrlab.simulations.deep.engine.graph import Graph, Node
from nfrlab.simulations.deep.engine.named_rules import RULES, rule
from nfrlab.simulations.deep.engine.ops import ReLU
from nfrlab.simulations.deep.engine.weighted import Linear
from tests.support.oracles import jacobian as oracle
from tests.support.oracles.nets import NETS, SHAPE, twin
from tests.support.oracles.pairs import HIGH, LOW, PAIRS

SEEDS = st.integers(0, 2**32 - 1)
SIGNS = st.sampled_from([0, 1, -1])
SHAKE = 1e-9
MULTIPLIER = 1e-3
"""Size of what a rule of two multipliers subtracts from one another, at least."""

pytestmark = pytest.mark.usefixtures("one_thread")


def close(got: Any, wanted: Any, shaken: Any = None, least: float = 0.0) -> None:
    """The largest difference is within 5e-12 of the largest entry, or of its condition; a NaN is never close.

    `shaken` is what is wanted with all weights moved by a relative SHAKE: where large numbers cancel, it moves by more.
    Where they cancel at all weights, what is left is the rounding of numbers no smaller than `least`.
    """
    got, wanted = np.asarray(got).ravel(), np.asarray(wanted).ravel()
    scale = np.max(np.abs(wanted), initial=least)
    if shaken is not None:
        scale = max(scale, np.max(np.abs(np.asarray(shaken).ravel() - wanted), initial=0.0) / SHAKE)
    np.testing.assert_allclose(got, wanted, rtol=0, atol=5e-12 * scale)


def sprinkled(rng: np.random.Generator, *shape: int, sign: int = 0) -> np.ndarray:
    """Normal numbers, a fifth of them exactly 0; of any sign, or all ≥ 0 (1), or all ≤ 0 (−1)."""
    v = rng.standard_normal(shape) * (rng.random(shape) >= 0.2)
    return (np.abs(v) * sign if sign else v).clip(LOW, HIGH)


# On dense nets: the NumPy laboratory.

LAB: dict[str, dict[str, float]] = {name: {} for name in RULES if name in lab.RULES and "pattern" not in name} | {
    "rectgrad": {"q": 0.7},
    "rectgrad-constant": {"tau": 0.05},
    "lrp-alpha-beta": {"alpha": 2.0},
    "dtd": {"low": LOW, "high": HIGH},
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
        moved = tuple(W * (1 + SHAKE * self.rng.standard_normal(W.shape)) for W in weights)
        self.shaken = lab.Network(moved, biases).forward(self.x)
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


def both_rules(name: str) -> tuple[Rule, lab.Rule, lab.Rule]:
    """The engine's, the laboratory's, and that with α shaken too: αβ is a difference that can vanish identically."""
    switches = LAB[name]
    return (
        rule(name, **switches),
        lab.rule(name, **switches),
        lab.rule(name, **switches | {k: 2 + SHAKE for k in switches if k == "alpha"}),
    )


@pytest.mark.parametrize("name", LAB)
@given(SEEDS, st.booleans(), SIGNS)
@settings(max_examples=50)
def test_dense_nets_agree_with_the_numpy_laboratory(name: str, seed: int, biased: bool, sign: int) -> None:
    """Catches any rule, bottom process or start of relevance that means something else than in one layer.

    Relevance of any sign enters at every layer; of a relevance rule it is `A ⊙ r`.
    """
    used, theirs, moved = both_rules(name)
    net = Dense(seed, biased, sign)
    for level, at in enumerate(net.layers, start=1):
        r = sprinkled(net.rng, len(at.z))
        for bottom in (True, False):
            seen = 1 if bottom else net.seen
            wanted = by_lab(net.layers, theirs, r, level, bottom) * seen
            shaken = by_lab(net.shaken, moved, r, level, bottom) * seen
            got = attribution(net.trace, used, torch.from_numpy(r)[None], level, bottom)[0].numpy() * seen
            close(got, wanted, shaken, MULTIPLIER if used.splits else 0.0)


def by_lab(layers: tuple[lab.Layer, ...], theirs: lab.Rule, r: np.ndarray, level: int, bottom: bool) -> np.ndarray:
    """The laboratory's map."""
    enters = layers[level - 1].act * r if theirs.carries == "relevance" else r
    return lab.attribution(layers, theirs, enters, level, bottom)


@pytest.mark.parametrize("name", LAB)
@given(SEEDS, st.booleans(), SIGNS)
@settings(max_examples=50)
def test_cascades_of_dense_nets_agree_with_the_numpy_laboratory(name: str, seed: int, biased: bool, sign: int) -> None:
    """Catches a level off by one, a handover in the wrong currency: all levels in one call against one by one."""
    used, theirs, moved = both_rules(name)
    net = Dense(seed, biased, sign)
    k = int(net.trace.output.argmax())
    maps = cascades(net.trace, used)
    assert len(maps) == net.depth + 1
    for N, got in enumerate(maps):
        wanted, shaken = cascade_by_lab(net.layers, theirs, N, k), cascade_by_lab(net.shaken, moved, N, k)
        close(got[0].numpy() * net.seen, wanted * net.seen, shaken * net.seen, MULTIPLIER if used.splits else 0.0)


def cascade_by_lab(layers: tuple[lab.Layer, ...], theirs: lab.Rule, N: int, k: int) -> np.ndarray:
    """The laboratory's N-level cascade from output k."""
    f = layers[-1].z
    height = f if theirs.carries == "relevance" and N else np.ones_like(f)
    return lab.cascade(layers, theirs, N, np.where(np.arange(len(f)) == k, height, 0.0))


@given(SEEDS, st.booleans(), SIGNS)
@settings(max_examples=50)
def test_activation_at_every_layer(seed: int, biased: bool, sign: int) -> None:
    """Catches Activation put at the wrong neurons: every layer by itself, and all layers in one pass, against NumPy."""
    net = Dense(seed, biased, sign)
    for level in range(net.depth + 1):
        close(activation(net.trace, level), lab.activation(net.layers, level))
    together = from_layers(net.trace, rule("grad"), net.trace.activation)
    for level, got in zip(range(net.depth, 0, -1), together, strict=True):
        close(got, lab.activation(net.layers, level))


# On convolutional and residual nets: the Jacobian oracle.


@dataclass
class Reference:
    """A small net in the engine and, as it is and shaken, in the oracle; an image of any sign, with zeros."""

    name: str
    seed: int
    biased: bool
    sign: int
    zeros: float = 0.0

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.x = torch.from_numpy(sprinkled(self.rng, *SHAPE, sign=self.sign))[None]
        made, moved = (twin(self.name, self.seed, self.biased, self.zeros, shake) for shake in (0.0, SHAKE))
        self.net, self.shaken = made.net(self.x), moved.net(self.x)
        self.trace = made.graph.forward(self.x)
        self.depth = made.graph.depth

    def compare(self, case: str, got: Any, by: Callable[[oracle.Net], Any]) -> None:
        """`close` to the oracle's map, with the case named where it is not."""
        try:
            close(got, by(self.net), by(self.shaken))
        except AssertionError as error:
            raise AssertionError(f"{case}: {error}") from error


@pytest.mark.parametrize("net", NETS)
@given(SEEDS, st.booleans(), SIGNS, st.sampled_from([0.0, 0.2]))
@settings(max_examples=25)
def test_other_nets_agree_with_jacobian_algebra(net: str, seed: int, biased: bool, sign: int, zeros: float) -> None:
    """Catches a rule that is right on vectors only: padding, strides, groups, maxima, means, additions, shortcuts.

    All rules at one image and one relevance, of any sign and with zeros, entering at some layer.
    """
    here = Reference(net, seed, biased, sign, zeros)
    close(here.trace.output, here.net.values[-1], here.shaken.values[-1])
    level = int(here.rng.integers(1, here.depth + 1))
    place, A = here.net.place(level), here.trace.activation(level)
    close(A, here.net.flat(place), here.shaken.flat(place))
    r = torch.from_numpy(sprinkled(here.rng, *A.shape))
    for name, (ours, theirs) in PAIRS.items():
        relevance = theirs.carries == "relevance"

        def by(reference: oracle.Net, theirs: oracle.Rule = theirs, relevance: bool = relevance) -> Any:
            enters = r.flatten() * (reference.flat(place) if relevance else 1)
            return oracle.propagate(reference, theirs, enters, level)

        here.compare(name, attribution(here.trace, ours, r, level, bottom=relevance), by)


@pytest.mark.parametrize("net", NETS)
@given(SEEDS, st.booleans(), SIGNS)
@settings(max_examples=10)
def test_cascades_of_other_nets_are_those_of_the_definition(net: str, seed: int, biased: bool, sign: int) -> None:
    """Catches a cut that handles shortcuts across it wrongly: all levels in one call against Def. 3 one by one."""
    here = Reference(net, seed, biased, sign)
    k, seen = int(here.trace.output.argmax()), here.x != 0
    for name, (ours, theirs) in PAIRS.items():
        maps = cascades(here.trace, ours)
        assert len(maps) == here.depth + 1
        for N, got in enumerate(maps):

            def by(reference: oracle.Net, theirs: oracle.Rule = theirs, N: int = N) -> Any:
                return oracle.cascade(reference, theirs, N, k) * seen.flatten()

            here.compare(f"{name}, level {N}", got * seen, by)


@pytest.mark.parametrize("by_pixel", [False, True])
@pytest.mark.parametrize("out", [-1, 1])
def test_one_pixel_outside_its_bounds_is_refused(out: int, by_pixel: bool) -> None:
    """Catches z^B at an image of which not all pixels lie outside, above or below; on the bounds all is well."""
    one = torch.ones((), dtype=torch.float64)
    low, high = ((v * torch.ones(1, *SHAPE) if by_pixel else v) for v in (-one, one))
    graph = twin("plain", 3).graph
    x = torch.from_numpy(np.random.default_rng(0).choice([-1.0, 1.0], size=(2, *SHAPE)))
    deep_taylor = rule("dtd", low=low, high=high)
    assert attribution(graph.forward(x), deep_taylor).shape == x.shape
    x[1, 0, 2, 1] = out * (1 + 1e-6)
    with pytest.raises(ValueError, match="l ≤ a ≤ h at every input"):
        attribution(graph.forward(x), deep_taylor)
