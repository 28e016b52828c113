"""DeepLIFT in deep networks: the printed rules as matrices, contributions that add up, identities without biases."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch import Tensor, nn

from nfrlab.simulations.deep import maps
from nfrlab.simulations.deep.engine.backward import attribution
from nfrlab.simulations.deep.engine.cascades import cascade, cascades
from nfrlab.simulations.deep.engine.graph import INPUT, Graph, Node
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.engine.ops import Flatten, MaxPool, ReLU
from nfrlab.simulations.deep.engine.weighted import Linear
from nfrlab.simulations.deep.networks.models import VGG, VGG16_PLAN
from nfrlab.simulations.deep.networks.weights import randomise
from tests.support.oracles import multipliers as oracle
from tests.support.oracles.nets import NETS, SHAPE, twin

SEEDS = st.integers(0, 2**32 - 1)
SHAKE = 1e-9
COMPLETE = ["deeplift-rescale", "deeplift-revealcancel"]

pytestmark = pytest.mark.usefixtures("one_thread")


def sprinkled(rng: np.random.Generator, *shape: int) -> Tensor:
    """Normal numbers, a fifth of them exactly 0."""
    return torch.from_numpy(rng.standard_normal(shape) * (rng.random(shape) >= 0.2))


def close(got: Tensor, wanted: Tensor, shaken: Tensor) -> None:
    """Within 5e-12 of the largest entry, or of what all weights moved by a relative SHAKE do to it."""
    moved = float((shaken - wanted).abs().max()) / SHAKE
    torch.testing.assert_close(got.flatten(), wanted, rtol=0, atol=5e-12 * max(float(wanted.abs().max()), moved))


@pytest.mark.parametrize("mode", get_args(oracle.Mode))
@pytest.mark.parametrize("net", NETS)
@given(SEEDS, st.booleans(), st.booleans())
@settings(max_examples=15)
def test_multipliers_are_the_printed_ones(net: str, mode: oracle.Mode, seed: int, biased: bool, other: bool) -> None:
    """Catches a part of Δ in the wrong matrix, a maximum, mean, addition or shortcut at which multipliers are lost, a
    ReLU whose z was overwritten: relevance of any sign at some layer, the reference 0 or another one.
    """
    rng = np.random.default_rng(seed)
    x, x0 = (sprinkled(rng, 1, *SHAPE) for _ in range(2))
    x0 = x0 if other else 0 * x
    made, moved = (twin(net, seed, biased, shake=shake) for shake in (0.0, SHAKE))
    trace = made.graph.forward(x, reference=x0 if other else None)
    level = int(rng.integers(1, made.graph.depth + 1))
    r = sprinkled(rng, *trace.activation(level).shape)
    place = made.net(x).place(level)
    wanted, shaken = (oracle.multipliers(mode, t.net(x), t.net(x0), r.flatten(), place) for t in (made, moved))
    close(attribution(trace, rule(f"deeplift-{mode}"), r, level, bottom=False), wanted, shaken)
    explained = attribution(trace, rule(f"deeplift-{mode}"), r, level)
    close(explained, wanted * (x - x0).flatten(), shaken * (x - x0).flatten())


@pytest.mark.parametrize("name", COMPLETE)
@pytest.mark.parametrize("net", NETS)
@given(SEEDS)
@settings(max_examples=15)
def test_contributions_add_up_to_the_difference(net: str, name: str, seed: int) -> None:
    """Catches a Δ that is lost or counted twice: `Σ R = f(x) − f(x₀)` for every image, with biases."""
    rng = np.random.default_rng(seed)
    x, x0 = sprinkled(rng, 3, *SHAPE), sprinkled(rng, 1, *SHAPE)
    graph = twin(net, seed).graph
    trace = graph.forward(x, reference=x0)
    R, k = attribution(trace, rule(name)), trace.output.argmax(dim=1)
    wanted = trace.output.gather(1, k[:, None])[:, 0] - graph(x0)[0][k]
    torch.testing.assert_close(R.flatten(1).sum(dim=1), wanted, rtol=0, atol=1e-12 * float(R.abs().sum()))


class Modern(nn.Module):
    """A gate, a smooth nonlinearity, a normalised batch and a maximum before its ReLU, pixels normalised inside."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.batch = nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4)
        self.gate, self.second, self.last = nn.Conv2d(2, 4, 3), nn.Conv2d(4, 6, 2), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = (x - 0.3) / 0.7
        a = torch.relu(nn.functional.max_pool2d(self.batch(self.first(x)) * self.gate(x), 2))
        return self.last(nn.functional.gelu(self.second(a)).mean(dim=(2, 3)))


@pytest.mark.parametrize("name", COMPLETE)
def test_any_network_adds_up(name: str) -> None:
    """Catches operations beside the engine's own at which a difference is lost: a product of two branches, GELU, batch
    normalisation, a maximum of both signs, constants; a reference in pixels.
    """
    module = Modern().double().eval()
    module.requires_grad_(False)
    rng = torch.Generator().manual_seed(4)
    for p in (*module.parameters(), module.batch.running_mean):
        p.normal_(generator=rng)
    x, x0 = (torch.rand(n, 2, 8, 8, generator=rng, dtype=torch.float64) for n in (3, 1))
    R = maps.attribution(module, x, name, target=1, reference=x0)
    f, f0 = module(x)[:, 1], module(x0)[:, 1]
    torch.testing.assert_close(R.flatten(1).sum(dim=1), f - f0, rtol=0, atol=1e-11 * float(R.abs().sum()))


def test_contributions_add_up_on_vgg16() -> None:
    """Catches what small nets do not have: five poolings and sixteen layers, with biases, in float32 to its digits."""
    narrow = tuple(width // 8 for width in VGG16_PLAN)
    module = VGG(narrow, (64, 64), 10, 3, 1, True)
    randomise(module.eval(), "gaussian", np.random.SeedSequence(2), "he", True)
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = module(x)[:, 3] - module(0 * x)[:, 3]
    for name in COMPLETE:
        R = maps.attribution(module, x, name, target=3).double()
        torch.testing.assert_close(R.flatten(1).sum(dim=1).float(), wanted, rtol=0, atol=1e-5 * float(R.abs().sum()))


# Without biases, against 0.


@pytest.mark.parametrize("net", NETS)
@given(SEEDS)
@settings(max_examples=15)
def test_rescale_is_grad_times_input_without_biases(net: str, seed: int) -> None:
    """Catches an operation that is not homogeneous: Rescale, Grad⊙Input, LRP-0 and integrated gradients are one map."""
    x = sprinkled(np.random.default_rng(seed), 2, *SHAPE)
    graph = twin(net, seed, biased=False).graph
    trace = graph.forward(x)
    wanted = attribution(trace, rule("grad-input"))
    path = [attribution(graph.forward((k + 0.5) / 8 * x), rule("grad"), on_the_way(trace)) for k in range(8)]
    found = attribution(trace, rule("deeplift-rescale")), attribution(trace, rule("lrp-z")), x * sum(path) / 8
    for R in found:
        torch.testing.assert_close(R, wanted, rtol=0, atol=1e-11 * float(wanted.abs().max()))


def on_the_way(trace: Any) -> Tensor:
    """`e_k` of the class that is largest at the end of the path."""
    return nn.functional.one_hot(trace.output.argmax(dim=1), trace.output.shape[1]).double()


def test_a_maximum_below_its_reference_keeps_its_winner() -> None:
    """Catches the reference's first winner where every entry is one: below 0 it would have the map of another pixel."""
    nodes = Node("max", MaxPool((2, 2), (2, 2)), (INPUT,)), Node("flat", Flatten(), (0,))
    x = torch.tensor([[-3.0, -2.0], [-1.0, -4.0]])[None, None]
    graph = Graph((*nodes, Node("fc", Linear(torch.ones(1, 1)), (1,))))
    for name in (*COMPLETE, "grad-input"):
        assert attribution(graph.forward(x), rule(name)).flatten().tolist() == [0, 0, -1, 0]


def test_a_maximum_that_changes_its_winner() -> None:
    """Catches a cross maximum by the wrong winner: up by 5 at the input's, down by 1 at the reference's."""
    nodes = Node("max", MaxPool((1, 2), (1, 2)), (INPUT,)), Node("flat", Flatten(), (0,))
    graph = Graph((*nodes, Node("fc", Linear(torch.ones(1, 1)), (1,))))
    for x, x0, wanted in (([2.0, 7.0], [2.0, 0.0], [0, 5]), ([2.0, 3.0], [4.0, 0.0], [-1, 0])):
        here, there = (torch.tensor(v)[None, None, None] for v in (x, x0))
        for name in COMPLETE:
            R = attribution(graph.forward(here, reference=there), rule(name))
            torch.testing.assert_close(R.flatten(), torch.tensor(wanted).float())


# On the way.


@pytest.mark.parametrize("name", [*COMPLETE, "deeplift-ablated"])
@pytest.mark.parametrize("net", NETS)
def test_cascades_take_the_reference_along(net: str, name: str) -> None:
    """Catches images of a batch that lose their reference, and two multipliers that are handed on as two maps."""
    rng = np.random.default_rng(1)
    x, x0 = sprinkled(rng, 5, *SHAPE), sprinkled(rng, 5, *SHAPE)
    trace, used = twin(net, 5).graph.forward(x, reference=x0), rule(name)
    found = cascades(trace, used)
    assert found.shape == (trace.graph.depth + 1, *x.shape)
    torch.testing.assert_close(found[-1], attribution(trace, used, bottom=False))
    torch.testing.assert_close(found[0], attribution(trace, rule("grad")))
    for level, maps_of_level in enumerate(found):
        torch.testing.assert_close(maps_of_level, cascade(trace, used, level))


@pytest.mark.parametrize("name", [*COMPLETE, "deeplift-ablated"])
def test_several_maps_share_one_pass(name: str) -> None:
    """Catches maps of one batch that mix with one another, and a trace for one way down that forgets too early."""
    rng = np.random.default_rng(2)
    graph, used = twin("residual", 3).graph, rule(name)
    x, x0 = sprinkled(rng, 2, *SHAPE), sprinkled(rng, 1, *SHAPE)
    trace = graph.forward(x, reference=x0)
    r = sprinkled(rng, 3, *trace.output.shape)
    together = attribution(trace, used, r.flatten(0, 1), bottom=False).view(3, *x.shape)
    for one, alone in zip(together, r, strict=True):
        torch.testing.assert_close(one, attribution(trace, used, alone, bottom=False))
        torch.testing.assert_close(one, attribution(graph.forward(x, True, x0), used, alone, bottom=False))


def test_a_relu_of_a_relu_adds_up() -> None:
    """Catches two multipliers that a ReLU takes from another one, whose parts are not those it splits."""
    W = torch.tensor([[1.0, -2.0], [0.5, 1.0]], dtype=torch.float64)
    nodes = (
        Node("first", Linear(W, torch.tensor([0.3, -0.2], dtype=torch.float64)), (INPUT,)),
        Node("relu", ReLU(), (0,)),
        Node("again", ReLU(), (1,)),
        Node("last", Linear(torch.ones(1, 2, dtype=torch.float64)), (2,)),
    )
    x, x0 = torch.tensor([[4.0, 1.2], [-1.0, 1.0]], dtype=torch.float64).split(1)
    trace = Graph(nodes).forward(x, reference=x0)
    for name in COMPLETE:
        R = attribution(trace, rule(name))
        torch.testing.assert_close(R.sum(), (trace.output - Graph(nodes)(x0)).sum())


def test_a_reference_has_to_fit() -> None:
    """Catches a reference that is broadcast into something else, and one that is given to a finished trace."""
    graph = twin("dense", 1).graph
    x = torch.ones(3, *SHAPE, dtype=torch.float64)
    with pytest.raises(ValueError, match="it is one image like them, or one for each"):
        graph.forward(x, reference=x[:2])
    with pytest.raises(ValueError, match="it is one image like them, or one for each"):
        graph.forward(x, reference=x[:, :1])
    with pytest.raises(ValueError, match="a trace has its reference already"):
        maps.attribution(graph.forward(x), rule="deeplift-rescale", reference=x)
