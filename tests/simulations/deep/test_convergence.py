"""Cosine similarity convergence against its definition: Jacobian algebra on the way down, loops and NumPy below."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from nfrlab.simulations.deep.effects import convergence
from nfrlab.simulations.deep.engine.graph import INPUT, Graph, Node
from nfrlab.simulations.deep.engine.ops import ReLU
from nfrlab.simulations.deep.engine.weighted import Linear
from tests.support.oracles import jacobian as oracle
from tests.support.oracles.nets import SHAPE, twin
from tests.support.oracles.pairs import PAIRS

Floats = npt.NDArray[np.float64]
SEEDS = st.integers(0, 2**32 - 1)
CHAINS = ("plain", "dense")
RULES = {"grad": "grad", "gbp": "gbp", "deconv": "deconv", "zplus": "z⁺", "lrp-alpha-beta": "αβ"}
V = 5

pytestmark = pytest.mark.usefixtures("one_thread")


def paths(graph: Graph, place: int) -> list[tuple[int, ...]]:
    """Every way from the input to a place, as the places that it passes."""
    if place == INPUT:
        return [(INPUT,)]
    return [(*way, place) for source in graph.nodes[place].inputs for way in paths(graph, source)]


@pytest.mark.parametrize("name", ["plain", "residual", "pre_activation", "convolutional", "dense"])
def test_all_ways_pass_a_cut(name: str) -> None:
    """Catches a cut that a shortcut passes by, one that lies in another layer, and one that is left out."""
    graph = twin(name, 0, True).graph
    layer = {INPUT: 0} | {i: max(1, of) for i, of in enumerate(graph.layer_of)}
    ways = paths(graph, len(graph.nodes) - 1)
    last = {at: {[i for i in way if layer[i] <= at][-1] for way in ways} for at in range(graph.depth + 1)}
    assert graph.cuts == {at: next(iter(places)) for at, places in last.items() if len(places) == 1}
    assert {0, graph.depth} <= graph.cuts.keys()


class Made:
    """A chain at two images, and the vectors that enter, drawn in the same order."""

    def __init__(self, name: str, seed: int) -> None:
        made, rng = twin(name, seed, True), np.random.default_rng(seed)
        x, y = (torch.from_numpy(rng.standard_normal((1, *SHAPE))) for _ in range(2))
        strange = twin(name, seed + 1, True)
        self.traces = made.graph.forward(x), made.graph.forward(y), strange.graph.forward(x)
        self.nets = made.net(x), made.net(y), strange.net(x)
        self.cuts = made.graph.cuts

    def vectors(self, starts: list[int], rng: Any) -> list[dict[int, Any]]:
        """What enters at the layers of the first image, and at the highest of the others."""
        sizes = {s: self.nets[0].flat(self.cuts[s]).numel() for s in starts}
        return [
            {s: torch.randn(V, sizes[s], generator=rng, dtype=torch.double) for s in layers}
            for layers in (starts, starts[:1], starts[:1])
        ]

    def maps(self, of: int, rule: oracle.Rule, entered: Any, start: int, layer: int, form: str) -> Floats:
        """All that has entered at `start` as it arrives at `layer`, channels last: (V, positions, channels)."""
        net, place = self.nets[of], self.cuts[layer]
        alive = net.flat(self.cuts[start]) != 0
        found = []
        for v in entered * alive if rule.carries == "relevance" else entered:
            r = oracle.carry(net, rule, {self.cuts[start]: v}, range(layer + 1, start + 1))[place]
            a = net.flat(place)
            if (rule.carries, form) == ("gradient", "relevance"):
                r = a * r
            elif (rule.carries, form) == ("relevance", "gradient"):
                r = oracle.ratio(r, a)
            found.append(channels_last(r, net, place))
        return np.array(found)

    def activations(self, layer: int) -> list[Floats]:
        """`A_l` of both images, channels last."""
        return [channels_last(net.flat(self.cuts[layer]), net, self.cuts[layer]) for net in self.nets[:2]]


def channels_last(v: Any, net: oracle.Net, place: int) -> Floats:
    """What is at a place, flat, as positions by channels; of a layer without positions one position."""
    shape = (net.x if place == INPUT else net.values[place]).shape[1:]
    return np.asarray(v.reshape(shape[0], -1).T if len(shape) == 3 else v[None])


def cosine(u: Floats, v: Floats) -> float:
    """NaN where one is zero."""
    norms = np.linalg.norm(u) * np.linalg.norm(v)
    return float(np.sum(u * v) / norms) if norms else np.nan


def aligned(pairs: list[tuple[Floats, Floats]], A: Floats) -> list[float]:
    """The mean cosine of pairs of maps that are turned towards A, and the mean product of their alignments with A."""
    alphas = [(cosine(u, A), cosine(v, A)) for u, v in pairs]
    cosines = [cosine(u * np.sign(a), v * np.sign(b)) for (u, v), (a, b) in zip(pairs, alphas, strict=True)]
    return [float(np.mean(cosines)), float(np.mean([abs(a) * abs(b) for a, b in alphas]))]


def median_cosines(pairs: list[tuple[Floats, Floats]]) -> list[float]:
    """The medians of |cos| at every position of every pair, and of every pair as a whole."""
    at_positions = [abs(cosine(u[p], v[p])) for u, v in pairs for p in range(len(u))]
    known = [c for c in at_positions if not np.isnan(c)]
    whole = [c for c in (abs(cosine(u, v)) for u, v in pairs) if not np.isnan(c)]
    return [float(np.median(found)) if found else np.nan for found in (known, whole)]


def direction(maps: Floats) -> Floats:
    """The leading singular vector of maps of length 1, by the SVD."""
    units = np.array([m.ravel() / np.linalg.norm(m) for m in maps])
    return np.asarray(np.linalg.svd(units, full_matrices=False)[2][0])


@pytest.mark.parametrize("name", CHAINS)
@given(SEEDS, st.sampled_from(sorted(RULES)))
@settings(max_examples=8)
def test_convergence_is_what_it_says(name: str, seed: int, rule: str) -> None:
    """Catches a wrong place or start, forms or kinds that change places, signs that are lost or kept, a pair of equal
    vectors, relevance that enters as a gradient, a null from the same image, and
    a stranger that is no other network or no equal image.
    """
    made, used = Made(name, seed), PAIRS[RULES[rule]][1]
    got = convergence.measure(*made.traces, [rule], torch.Generator().manual_seed(seed)).sel(rule=rule)
    starts = [int(s) for s in got["start"]]
    mine, others, strange = made.vectors(starts, torch.Generator().manual_seed(seed))
    for start, layer, form in product(starts, got["layer"].values, convergence.FORMS):
        at = got.sel(start=start, layer=layer, form=form)
        if layer >= start:
            assert at[["csc", "csc_mean", "alpha_pairs", "rank_one", "direction"]].to_array().isnull().all()
            continue
        if (used.carries, form) == ("relevance", "gradient") and not np.all(made.activations(int(layer))):
            continue  # the oracle's R / a says nothing of neurons that are zero
        maps = made.maps(0, used, mine[start], start, int(layer), form)
        pairs = [(maps[i], maps[j]) for i, j in combinations(range(V), 2)]
        np.testing.assert_allclose(at["csc"], median_cosines(pairs), atol=1e-9)
        there = made.maps(1, used, others[starts[0]], starts[0], int(layer), form)
        if any(np.linalg.norm(m) == 0 for m in (*maps, *there)):
            continue
        A, A_other = made.activations(int(layer))
        np.testing.assert_allclose(at[["csc_mean", "alpha_pairs"]].to_array(), aligned(pairs, A), atol=1e-9)
        units = np.array([m.ravel() / np.linalg.norm(m) for m in maps])
        squares = np.linalg.svd(units, compute_uv=False) ** 2
        np.testing.assert_allclose(at["rank_one"], squares[0] / squares.sum(), atol=1e-9)
        if squares[0] - squares[1] < 1e-6 * squares[0]:
            continue  # no single leading vector
        u = direction(maps)
        wanted = [abs(cosine(u, v.ravel())) for v in (A, np.ones_like(u), A_other)]
        np.testing.assert_allclose(at["direction"][:3], wanted, atol=1e-6)
        if start == starts[0]:
            across = [(maps[i], there[(i + 1) % V]) for i in range(V)]
            np.testing.assert_allclose(got["csc_null"].sel(layer=layer, form=form), median_cosines(across), atol=1e-9)
        else:
            assert at["direction"].sel(target="other map").isnull()
    top, x = starts[0], made.activations(0)[0]
    for form in convergence.FORMS:
        one, two = (made.maps(of, used, v[top], top, 0, form) for of, v in ((0, mine), (2, strange)))
        pairs = [(one[i], two[(i + 1) % V]) for i in range(V)]
        between = got[["between_networks", "alpha_between"]].sel(form=form).to_array()
        np.testing.assert_allclose(between, aligned(pairs, x), atol=1e-9)


def test_parallel_maps_converge_and_dead_positions_are_left_out() -> None:
    """Catches a cosine that depends on the scale, down to 1e-30, one that keeps a sign, and a dead position that counts
    as 0.
    """
    v = torch.zeros(1, V, 3, 2, 2)
    v[..., 0, 0] = torch.tensor([1.0, 2.0, -1.0])
    v *= torch.tensor([1.0, -1e-30, 1e30, 1e-20, -3.0]).view(-1, 1, 1, 1)
    at_positions, whole = convergence.cosines(*[convergence.scaled(convergence.by_position(v))] * 2, convergence.SAME)
    for found in (at_positions, convergence.of(whole, convergence.SAME)):
        assert float(convergence.medians(found)) == pytest.approx(1, abs=1e-6)
    assert float(convergence.leading(whole)[1]) == pytest.approx(1)


def test_vectors_enter_where_the_authors_put_them() -> None:
    """Catches shares of the depth that are not fc3, fc1, conv4_3, conv3_3 and conv2_2 of VGG16's sixteen layers."""
    assert [round(share * 16) for share in convergence.STARTS] == [16, 14, 10, 7, 4]


def test_nothing_enters_at_a_single_number() -> None:
    """Catches maps that are one map from the start, multiples of what a single output gives."""
    W = torch.ones(3, 2, dtype=torch.double), torch.ones(1, 3, dtype=torch.double)
    nodes = (Node("a", Linear(W[0]), (INPUT,)), Node("b", ReLU(), (0,)), Node("c", Linear(W[1]), (1,)))
    trace = Graph(nodes).forward(torch.ones(1, 2, dtype=torch.double))
    assert convergence.layers_of_starts(trace) == [1]
