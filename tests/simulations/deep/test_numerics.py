"""What the deep engine does to numbers of any size, to batches, and to bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from nfrlab.simulations.deep.engine.backward import attribution, backward
from nfrlab.simulations.deep.engine.cascades import cascades
from nfrlab.simulations.deep.engine.graph import INPUT, Graph, Node
from nfrlab.simulations.deep.engine.measure import alignment, naive_alignment, state
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.engine.ops import Add, AvgPool, Flatten, MaxPool, ReLU
from nfrlab.simulations.deep.engine.weighted import Conv, Linear
from nfrlab.simulations.deep.networks.models import VGG, VGG16_PLAN
from nfrlab.simulations.deep.networks.weights import randomise
from nfrlab.simulations.deep.reading.rewrite import rewrite
from tests.support.oracles.nets import SHAPE, twin
from tests.support.oracles.pairs import PAIRS

SEEDS = st.integers(0, 2**32 - 1)
DTD = rule("dtd", low=-9.0, high=9.0)


def normal(seed: int, *shape: int) -> Any:
    """Standard normal numbers in float64."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# α of maps of any norm.


@given(SEEDS, st.floats(-30, 30), st.floats(-30, 30))
def test_alignment_does_not_depend_on_norms(seed: int, of_map: float, of_input: float) -> None:
    """Catches norms squared before scaling: float32 maps of norm 1e±30 have the α of the same maps at norm 1."""
    R, x = normal(seed, 4, 3, 5, 5), normal(seed + 1, 4, 3, 5, 5)
    R = R + 0.5 * x
    dots = np.einsum("bchw,bchw->b", R.numpy(), x.numpy())
    norms = np.sqrt(np.einsum("bchw->b", R.numpy() ** 2) * np.einsum("bchw->b", x.numpy() ** 2))
    got = alignment((R * 10**of_map).float(), (x * 10**of_input).float())
    np.testing.assert_allclose(got, dots / norms, rtol=0, atol=1e-6)


@pytest.mark.parametrize("exponent", [-30, 30])
def test_naive_alignment_fails_there(exponent: int) -> None:
    """Negative control: without scaling the same maps give 0 or NaN, so the test above can fail."""
    x = normal(0, 1, 3, 5, 5).float()
    assert not abs(float(naive_alignment(x * 10.0**exponent, x)) - 1) < 0.5


def test_what_has_no_alignment_says_why() -> None:
    """Catches an undefined α reported as 0: it is NaN, and its state names the reason."""
    x = normal(0, 5, 2, 3, 3).float()
    R = x.clone()
    R[1], R[2, 0, 0, 0], R[3, 0, 0, 0], R[4] = 0, torch.inf, torch.nan, R[4] * 1e-40
    assert state(R, x) == ["ok", "zero", "overflow", "overflow", "underflow"]
    assert alignment(R, x).isnan().tolist() == [False, True, True, True, False]


# Numbers of any size on the way down.


@pytest.mark.parametrize("name", [name for name in PAIRS if "τ" not in name])
@given(SEEDS, st.sampled_from([-90, -60, 60, 90]))
@settings(max_examples=5)
def test_maps_scale_with_the_relevance(name: str, seed: int, power: int) -> None:
    """Catches products A ⊙ r or a ⊙ ρ that leave float32 on the way: a factor 2^±90 comes out as it went in, exactly.

    Only a constant τ knows a scale.
    """
    used = PAIRS[name][0]
    for net in ("plain", "residual"):
        graph = in_float32(twin(net, seed).graph)
        trace = graph.forward(normal(seed, 1, *SHAPE).float())
        r = normal(seed + 1, *trace.output.shape).float()
        plain = backward(trace, used, r)
        scaled = backward(trace, used, torch.ldexp(r, torch.tensor(power)))
        kept = plain.abs() > plain.abs().amax() * 2.0**-30  # the rest may be subnormal
        assert torch.equal((scaled * kept), torch.ldexp(plain * kept, torch.tensor(power)))


def in_float32(graph: Graph) -> Graph:
    """The network with float32 weights."""
    return Graph(tuple(Node(node.name, _in_float32(node.op), node.inputs) for node in graph.nodes))


def _in_float32(op: Any) -> Any:
    if not isinstance(op, Conv | Linear):
        return op
    own = {**op.__dict__, "weight": op.weight.float(), "bias": None if op.bias is None else op.bias.float()}
    return type(op)(**own)


def deep(family: str) -> Any:
    """VGG16's sixteen layers, the linear ones narrower, with raw weights as printed and without biases."""
    module = VGG(VGG16_PLAN, (64, 64), 5, 3, 1, bias=False).eval()
    randomise(module, family, np.random.SeedSequence(3), "raw", False)
    return module


@pytest.fixture(scope="module")
def raw() -> dict[Any, Any]:
    """Traces of one image through sixteen layers of raw U[−1, 1], in both precisions."""
    x, module = normal(1, 1, 3, 32, 32), deep("uniform")
    traces = {torch.float32: rewrite(module, x.float()).forward(x.float())}
    traces[torch.float64] = rewrite(module.double(), x).forward(x)
    return traces


RAW = ["grad", "gbp", "deconv", "rectgrad", "rectgrad PRR", "lrp-z", "αβ", "z⁺", "z⁺, shared maximum", "dtd"]


@pytest.mark.parametrize("name", RAW)
def test_raw_weights_on_sixteen_layers(name: str, raw: dict[Any, Any]) -> None:
    """Catches a rule that leaves float32 silently (RectGrad's A ⊙ r is 1e40 here): α of float64, a state `ok`."""
    single, double = raw[torch.float32], raw[torch.float64]
    assert single.finite.all()
    R, exact = (attribution(trace, PAIRS[name][0]) for trace in (single, double))
    assert state(R, single.x) == ["ok"]
    assert float(alignment(R, single.x)) == pytest.approx(float(alignment(exact, double.x)), abs=1e-3)


def test_cascades_of_raw_weights(raw: dict[Any, Any]) -> None:
    """Catches a level that leaves float32; and, as negative control, sees norms squared in float32 overflow."""
    single, double = raw[torch.float32], raw[torch.float64]
    maps, exact = (cascades(trace, rule("gbp")) for trace in (single, double))
    assert set(state(maps, single.x)) == {"ok"}
    np.testing.assert_allclose(alignment(maps, single.x), alignment(exact, double.x), rtol=0, atol=1e-3)
    naive = naive_alignment(maps, single.x)
    assert (naive.isnan() | (naive == 0)).any()


def test_overflow_on_the_way_up_is_seen() -> None:
    """Catches an overflow in the activations that a finite map hides: raw U[0, 1] leaves float32 in sixteen layers."""
    x = normal(1, 2, 3, 32, 32).abs().float()
    graph = rewrite(deep("uniform01"), x * 1e-30)
    assert graph.forward(x).finite.tolist() == [False, False]
    assert graph.forward(x * 1e-30).finite.tolist() == [True, True]


# Batches.


@pytest.mark.parametrize("net", ["plain", "residual", "dense"])
@given(SEEDS)
@settings(max_examples=2)
def test_a_batch_is_its_images(net: str, seed: int) -> None:
    """Catches a quantile, a sign or a bound taken over the batch: unlike images together equal each alone."""
    graph = twin(net, seed, zeros=0.1).graph
    x = normal(seed, 3, *SHAPE).clamp(-6, 6)
    x[1], x[2] = x[1].abs(), -x[2].abs() * 1e-3
    batch, alone = graph.forward(x), [graph.forward(x[b : b + 1]) for b in range(3)]
    for name, (used, _) in PAIRS.items():
        together, apart = cascades(batch, used), torch.cat([cascades(trace, used) for trace in alone], dim=1)
        scale = apart.abs().amax(dim=(2, 3, 4), keepdim=True)
        assert ((together - apart).abs() <= 1e-11 * scale).all(), name


@pytest.mark.parametrize("net", ["plain", "residual", "dense"])
@given(SEEDS)
@settings(max_examples=2)
def test_many_maps_of_a_batch_share_a_pass(net: str, seed: int) -> None:
    """Catches a step that mixes up maps and images when K·B maps come at once."""
    trace = twin(net, seed).graph.forward(normal(seed, 2, *SHAPE).clamp(-6, 6))
    r = normal(seed + 1, 2, *trace.output.shape)
    for name, (used, _) in PAIRS.items():
        together = backward(trace, used, r.flatten(0, 1)).view(2, *trace.x.shape)
        apart = torch.stack([backward(trace, used, each) for each in r])
        assert (together - apart).abs().max() <= 1e-11 * apart.abs().max(), name


def test_nothing_of_others_is_overwritten() -> None:
    """Catches a ReLU that writes into memory that somebody else still reads, through a flattening for instance."""
    W = normal(0, 2, 2, 3, 3)
    nodes = (
        Node("conv", Conv(W, None, padding=(1, 1)), (INPUT,)),
        Node("flat", Flatten(), (0,)),
        Node("relu", ReLU(), (1,)),
        Node("other", Flatten(), (0,)),
        Node("sum", Add(), (2, 3)),
        Node("fc", Linear(normal(1, 3, 50)), (4,)),
    )
    x = normal(2, 1, *SHAPE)
    before, z = x.clone(), torch.nn.functional.conv2d(x, W, padding=1).flatten(1)
    got = Graph(nodes)(x)
    assert torch.allclose(got, (z.clamp(min=0) + z) @ normal(1, 3, 50).T, rtol=1e-12, atol=0)
    assert torch.equal(x, before)


def test_a_relu_at_the_input_leaves_it_alone() -> None:
    """Catches the user's image overwritten by a first ReLU, and one above that needs memory of its own."""
    nodes = (
        Node("first", ReLU(), (INPUT,)),
        Node("flat", Flatten(), (0,)),
        Node("fc", Linear(normal(1, 4, 50)), (1,)),
        Node("relu", ReLU(), (2,)),
        Node("out", Linear(normal(2, 3, 4)), (3,)),
    )
    graph, x = Graph(nodes), normal(2, 1, *SHAPE)
    before = x.clone()
    graph(x)
    assert torch.equal(x, before)
    assert graph.overwritten == (False, False, False, True, False)


# Bad input gets one clear sentence.


@pytest.mark.parametrize(
    ("name", "own", "sentence"),
    [
        ("nonsense", {}, "unknown rule 'nonsense'"),
        ("gbp", {"q": 0.9}, "rule 'gbp'"),
        ("zplus", {"alpha": 2.0}, "alpha"),
        ("zplus", {"bias": "half"}, "bias is one of split, full, none, got half"),
        ("rectgrad", {"bottom": "x"}, "bottom is one of"),
        ("lrp-z", {"residual": "x"}, "residual is one of z, norm, got x"),
        ("dtd", {"lower": 0.0}, "lower"),
    ],
)
def test_unknown_rules_and_switches_are_named(name: str, own: dict[str, Any], sentence: str) -> None:
    """Catches a switch that is ignored, or a traceback from the depths."""
    with pytest.raises(ValueError, match=sentence):
        rule(name, **own)


@given(st.floats(0.1, 0.9), st.floats(0.05, 0.5), st.sampled_from([torch.float32, torch.float64]), st.booleans())
def test_exact_bounds_of_normalised_images(mean: float, sd: float, precision: torch.dtype, as_numbers: bool) -> None:
    """Catches bounds cut to float32 whatever the image is in: exact ones refused, maps of float64 off by 1e-6."""
    pixels = torch.linspace(0, 1, 32, dtype=precision).view(1, 2, 4, 4)
    x = (pixels - mean) / sd
    low, high = (0.0 - mean) / sd, (1.0 - mean) / sd
    bounds = (low, high) if as_numbers else tuple(torch.full((1, 2, 1, 1), v, dtype=torch.float64) for v in (low, high))
    W = normal(3, 5, 32).to(precision)
    graph = Graph((Node("flat", Flatten(), (INPUT,)), Node("fc", Linear(W), (0,))))
    R = attribution(graph.forward(x), rule("dtd", low=bounds[0], high=bounds[1])).flatten()
    a, w = x.flatten().double().numpy(), W.double().numpy()
    z = (a - low) * w.clip(min=0) + (a - high) * w.clip(max=0)
    f = w @ a
    k = int(f.argmax())
    exact = z[k] / z[k].sum() * f[k]
    tolerance = 1e-12 if precision == torch.float64 else 2e-5
    np.testing.assert_allclose(R.double().numpy(), exact, rtol=tolerance, atol=tolerance * abs(exact).max())


def test_what_cannot_be_computed_is_refused() -> None:
    """Catches wrong shapes and rules where they have no meaning: each is refused in a sentence, not in a traceback."""
    trace = twin("plain", 0).graph.forward(normal(0, 1, *SHAPE))
    with pytest.raises(ValueError, match="cannot enter at layer 1"):
        backward(trace, rule("grad"), normal(1, 1, 7), 1)
    with pytest.raises(ValueError, match="layers run from 0"):
        backward(trace, rule("grad"), normal(1, 1, 7), 9)
    with pytest.raises(ValueError, match="l ≤ a ≤ h"):
        attribution(trace, rule("dtd", low=-0.01, high=0.01))
    with pytest.raises(ValueError, match="NaN or infinite"):
        trace.graph.forward(trace.x * torch.nan)
    with pytest.raises(ValueError, match="lies in"):
        attribution(trace, rule("rectgrad", q=1.5))
    pool, flat = Node("pool", AvgPool((5, 5), (5, 5)), (INPUT,)), Node("flat", Flatten(), (0,))
    with pytest.raises(ValueError, match="'pool' is none"):
        attribution(Graph((pool, flat, Node("fc", Linear(normal(0, 3, 2)), (1,)))).forward(trace.x), DTD)
    holes = Node("holes", MaxPool((2, 2), (1, 1), dilation=(2, 2)), (0,))
    dilated = Graph((Node("conv", Conv(normal(0, 3, 2, 1, 1)), (INPUT,)), holes, Node("flat", Flatten(), (1,))))
    with pytest.raises(ValueError, match="dilated"):
        attribution(dilated.forward(trace.x), rule("rectgrad", prr=True))
