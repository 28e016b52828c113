"""Every effect of the bridge against its definition, written a second time: Jacobian algebra, loops, NumPy, SciPy.

The networks are those of `tests.support.oracles.nets`, 5×5 images in float64, each also as plain matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.ndimage
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

torch = pytest.importorskip("torch")
from torch import nn

from nfrlab.simulations.deep.effects import cascade, extremes, information, neurons, pictures, removal, resemblance
from nfrlab.simulations.deep.effects.common import BLIND
from nfrlab.simulations.deep.engine.graph import Graph, Node, Trace
from nfrlab.simulations.deep.engine.ops import ReLU
from nfrlab.simulations.deep.engine.weighted import Linear, Weighted
from nfrlab.simulations.deep.maps import activation
from nfrlab.simulations.deep.reading.rewrite import rewrite
from tests.support.oracles import jacobian as oracle
from tests.support.oracles.nets import SHAPE, Twin, twin
from tests.support.oracles.pairs import PAIRS, UNDER_TEST

Floats = npt.NDArray[np.float64]
SEEDS = st.integers(0, 2**32 - 1)
CLASSIFIERS = ("plain", "residual", "pre_activation", "dense")
THREE = ("gbp", "rectgrad", "zplus")

pytestmark = pytest.mark.usefixtures("one_thread")


def generator(seed: int) -> torch.Generator:
    """PyTorch's random numbers from a seed."""
    return torch.Generator().manual_seed(seed)


def alpha(R: Any, x: Any) -> float:
    """Def. 1, NaN where a norm is 0."""
    R, x = np.asarray(R, float).ravel(), np.asarray(x, float).ravel()
    norms = np.linalg.norm(R) * np.linalg.norm(x)
    return float(R @ x / norms) if norms > 0 else np.nan


def same(got: Any, wanted: Any, atol: float = 1e-9) -> None:
    """Equal up to rounding, NaN where the other is."""
    np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=0, atol=atol, equal_nan=True)


@dataclass
class Case:
    """A network in both forms at one image."""

    made: Twin
    x: Any

    def __post_init__(self) -> None:
        self.trace: Trace = self.made.graph.forward(self.x)
        self.net = self.made.net(self.x)
        self.k = int(self.net.values[-1].argmax())

    @property
    def depth(self) -> int:
        return self.net.layers[-1]

    def neurons(self, layer: int) -> Any:
        """`A_l`, flat."""
        return self.net.flat(self.net.place(layer))

    def map(self, name: str) -> Any:
        """`r_0` of a rule from the largest output."""
        return oracle.cascade(self.net, UNDER_TEST[name], self.depth, self.k)

    def from_layer(self, rule: oracle.Rule, r: Any, layer: int) -> Any:
        """`r_0` of a rule from `r` at `A_l`."""
        if rule.carries == "gradient":
            return oracle.propagate(self.net, rule, r, layer)
        return oracle.ratio(oracle.propagate(self.net, rule, self.neurons(layer) * r, layer), self.x.flatten())


def make_case(name: str, seed: int, biased: bool = True) -> Case:
    """The network called `name` at an image without zeros."""
    x = torch.from_numpy(np.random.default_rng(seed).standard_normal((1, *SHAPE)))
    return Case(twin(name, seed, biased), x)


# Cascades, Fig. 2a to 4


@pytest.mark.parametrize("name", CLASSIFIERS)
@given(SEEDS, st.booleans())
@settings(max_examples=6)
def test_levels_are_the_cascades_of_the_definition(name: str, seed: int, biased: bool) -> None:
    """Catches levels in the wrong order, rules mixed up, Activation one layer off, and ends that are other levels."""
    c = make_case(name, seed, biased)
    got = cascade.measure(c.trace, THREE)
    for rule in THREE:
        wanted = [alpha(oracle.cascade(c.net, UNDER_TEST[rule], N, c.k), c.x) for N in range(c.depth + 1)]
        same(got["alpha"].sel(rule=rule, level=range(c.depth + 1)), wanted)
        same(got["alpha_naive"].sel(rule=rule, level=range(c.depth + 1)), wanted)
        ends = cascade.ends(c.trace, (rule,))["alpha"].sel(rule=rule)
        assert list(ends["level"].values) == [0, c.depth]
        same(ends, [wanted[0], wanted[-1]])
    blind = got["alpha"].sel(rule=BLIND)
    same(
        blind.sel(level=[0, c.depth]),
        [alpha(oracle.cascade(c.net, UNDER_TEST[BLIND], N, c.k), c.x) for N in (0, c.depth)],
    )
    assert blind.sel(level=range(1, c.depth)).isnull().all()
    activations = [alpha(c.from_layer(oracle.GRAD, c.neurons(layer), layer), c.x) for layer in range(1, c.depth + 1)]
    same(got["alpha_activation"].sel(layer=range(1, c.depth + 1)), activations)


def pooled_network(seed: int) -> nn.Sequential:
    """Two poolings of a layer behind one another, a mean, a layer without pooling; float64."""
    torch.manual_seed(seed)
    return (
        nn.Sequential(
            nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 1), nn.AvgPool2d(2)),
            nn.Sequential(nn.Conv2d(4, 5, 3, padding=1), nn.ReLU()),
            nn.Sequential(nn.Conv2d(5, 6, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)),
            nn.Sequential(nn.Flatten(), nn.Linear(6, 3)),
        )
        .double()
        .eval()
    )


def weighted_gradient(network: nn.Sequential, x: Any, upto: tuple[int, int]) -> Any:
    """`Jᵀ A` of the piece of the network up to that module, by autograd: the gradient of `⟨A, stop(A)⟩`."""
    x = x.clone().requires_grad_()
    A = nn.Sequential(*network[: upto[0]], *network[upto[0]][: upto[1] + 1])(x)  # type: ignore[index, misc]
    return torch.autograd.grad((A * A.detach()).sum(), x)[0]


@given(SEEDS)
@settings(max_examples=20)
def test_activation_before_and_after_a_pooling(seed: int) -> None:
    """Catches the switch that does nothing, the first of two poolings for the last, and layers in the wrong order."""
    network = pooled_network(seed)
    x = torch.from_numpy(np.random.default_rng(seed).standard_normal((1, 3, 7, 7)))
    before, after = [(0, 1), (1, 1), (2, 1), (3, 1)], [(0, 3), (1, 1), (2, 2), (3, 1)]
    for pooled, ends in ((False, before), (True, after)):
        for layer, end in enumerate(ends, start=1):
            same(activation(network, x, layer, pooled=pooled), weighted_gradient(network, x, end), atol=1e-12)
    got = cascade.activations(rewrite(network, x).forward(x))
    for name, ends in (("alpha_activation", before), ("alpha_activation_pooled", after)):
        same(got[name], [alpha(weighted_gradient(network, x, end), x) for end in ends], atol=1e-12)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("not enough memory")])
def test_cascades_that_do_not_fit_are_taken_one_by_one(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches levels that come in another order or from another start once memory runs out."""
    c, used = make_case("residual", 3), PAIRS["z⁺"][0]
    together = cascade.every_level(c.trace, used)

    def too_much(*given: Any) -> Any:
        raise error

    monkeypatch.setattr(cascade, "cascades", too_much)
    one_by_one = cascade.every_level(c.trace, used)
    assert len(one_by_one) == c.depth + 1
    same(one_by_one / together.abs().max(), together / together.abs().max(), 1e-13)


def test_other_errors_are_not_taken_for_a_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a fallback that hides a defect."""

    def broken(*given: Any) -> Any:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(cascade, "cascades", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        cascade.every_level(make_case("plain", 0).trace, PAIRS["gbp"][0])


# The largest and the smallest activations, Fig. 6

ACTIVATIONS = arrays(
    np.float64, st.integers(1, 70), elements=st.sampled_from([0.0, 0.0, 0.5, 1.0, 2.0]) | st.floats(0, 9)
)


@given(ACTIVATIONS)
def test_parts_hold_a_tenth_of_what_is_alive(A: Floats) -> None:
    """Catches a wrong count, zeros taken for small activations, an altered value, and ties that are torn apart."""
    top, bottom, everything = (part.numpy()[0] for part in extremes.parts(torch.from_numpy(A)[None]))
    np.testing.assert_array_equal(everything, A)
    alive = sorted(a for a in A if a > 0)
    if not alive:
        assert not top.any()
        assert not bottom.any()
        return
    kept = max(1, len(alive) // 10)
    np.testing.assert_array_equal(top, [a if a >= alive[-kept] else 0 for a in A])
    np.testing.assert_array_equal(bottom, [a if 0 < a <= alive[kept - 1] else 0 for a in A])
    if len(set(alive)) == len(alive):
        assert np.count_nonzero(top) == np.count_nonzero(bottom) == kept


@pytest.mark.parametrize("name", ["plain", "residual"])
@given(SEEDS)
@settings(max_examples=6)
def test_extremes_are_carried_from_their_layer(name: str, seed: int) -> None:
    """Catches parts, halves or layers that change places, and a cosine between the wrong two maps."""
    c = make_case(name, seed)
    got = extremes.measure(c.trace, THREE, torch.Generator().manual_seed(seed))
    for rule, layer in product(THREE, got["layer"].values):
        parts = dict(zip(extremes.PARTS, extremes.parts(c.neurons(layer)[None]), strict=True))
        maps = {part: c.from_layer(UNDER_TEST[rule], A[0], layer) for part, A in parts.items()}
        at = {"rule": rule, "layer": layer}
        same(got["alpha_part"].sel({**at, "part": list(maps)}), [alpha(R, c.x) for R in maps.values()])
        same(got["between"].sel(at), alpha(maps["top"], maps["bottom"]))
    assert list(got["layer"].values) == extremes.layers_shown(c.depth)
    by_chance = extremes.halves(c.neurons(top := c.depth - 1)[None], torch.Generator().manual_seed(seed))
    for rule in THREE:
        one, other = (c.from_layer(UNDER_TEST[rule], A[0], top) for A in by_chance)
        same(got["alpha_half"].sel(rule=rule), [alpha(one, c.x), alpha(other, c.x)])
        same(got["by_chance"].sel(rule=rule), alpha(one, other))


@given(ACTIVATIONS, SEEDS)
def test_chance_makes_two_halves(A: Floats, seed: int) -> None:
    """Catches an activation that is in both halves or in none, and halves that the sizes decide or one coin for all."""
    layer = torch.from_numpy(A).expand(40, -1)
    one, other = (half.numpy() for half in extremes.halves(layer, torch.Generator().manual_seed(seed)))
    np.testing.assert_array_equal(one + other, layer)
    assert not (one * other).any()
    if (A > 0).sum() > 9:
        share = (one > 0).sum() / (layer.numpy() > 0).sum()
        assert abs(share - 0.5) < 0.2  # nine activations, forty coins each: 7.6 standard deviations


@pytest.mark.parametrize(("depth", "layers"), [(1, []), (2, [1]), (3, [1, 2]), (4, [1, 2, 3]), (16, [1, 4, 8, 12, 15])])
def test_extremes_start_at_both_ends_and_between(depth: int, layers: list[int]) -> None:
    """Catches an end that is left out, on which Fig. 6 is judged, and layers below the first or at the output."""
    assert extremes.layers_shown(depth) == layers


# Resemblance, Table I

IMAGES = st.tuples(st.integers(1, 3), st.integers(3, 9), st.integers(3, 9)).flatmap(
    lambda shape: arrays(np.float64, (1, *shape), elements=st.floats(-3, 3))
)


def sobel(x: Any) -> Floats:
    """SciPy's, every channel on its own, the border repeated."""
    planes = [[scipy.ndimage.sobel(v, axis=axis, mode="nearest") for axis in (0, 1)] for v in np.asarray(x)[0]]
    return np.stack([np.hypot(*gradients) for gradients in planes])[None]


@given(IMAGES)
def test_edges_are_sobels(x: Floats) -> None:
    """Catches a transposed or unweighted kernel, channels or rows mixed up, and an invented edge at the border."""
    same(resemblance.edges(torch.from_numpy(x)), sobel(x))


def mean_of_nine(x: Floats) -> Floats:
    """Every pixel's mean over itself and its eight neighbours; beyond the border the pixel at the border."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)), mode="edge")
    height, width = x.shape[1:]
    windows = [padded[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return np.asarray(sum(windows) / 9)[None]


def table_1(c: Case) -> dict[str, tuple[Any, Any]]:
    """The maps with and without bottom process, by what the publications say."""
    x, nothing = c.x.flatten(), torch.full_like(c.x.flatten(), torch.nan)
    low, high = (torch.stack([f(c.x[0, i]).expand(5, 5) for i in range(2)]) for f in (torch.min, torch.max))
    gradient = oracle.cascade(c.net, oracle.GRAD, c.depth, c.k)
    deep_taylor = oracle.relevance(oracle.z_plus, first=partial(oracle.z_box, low=low, high=high))
    top = oracle.at_output(c.net, deep_taylor, c.k)
    box = oracle.carry(c.net, deep_taylor, {len(c.net.parts) - 1: top}, range(1, c.depth + 1))[oracle.INPUT]
    middle = c.from_layer(oracle.GRAD, c.neurons((c.depth + 1) // 2), (c.depth + 1) // 2)
    rectified = c.map("rectgrad")
    return {
        "grad-input": (gradient * x, gradient),
        "gbp": (c.map("gbp"), c.map("gbp")),
        "rectgrad": ((rectified * x).clamp(min=0), rectified),
        "zplus": (c.map("zplus") * x, c.map("zplus")),
        "dtd": (box, c.map("zplus")),
        "activation": (nothing, middle),
    }


@pytest.mark.parametrize("name", ["plain", "residual"])
@given(SEEDS)
@settings(max_examples=6)
def test_resemblance_with_the_image_and_its_edges(name: str, seed: int) -> None:
    """Catches a map with the bottom process taken for the one without, signs kept beside edges, swapped images, and
    one of the other images in place of their mean.
    """
    c = make_case(name, seed)
    others = torch.randn(3, *SHAPE, generator=generator(seed), dtype=torch.float64)
    found = resemblance.measure(c.trace, others)
    got, detector = found["alpha_map"], sobel(mean_of_nine(c.x[0].numpy()))
    for image, seen in (("", c.x), ("other ", others)):
        wanted = np.mean([alpha(detector, sobel(target[None])) for target in seen])
        same(found["alpha_detector"].sel(target=f"{image}edges"), wanted)
    for (method, pair), (image, seen) in product(table_1(c).items(), (("", c.x), ("other ", others))):
        for bottom, R in zip(resemblance.BOTTOMS, pair, strict=True):
            at = {"method": method, "bottom": bottom}
            each = [target[None] for target in seen]
            same(got.sel({**at, "target": f"{image}image"}), np.mean([alpha(R, t) for t in each]))
            same(got.sel({**at, "target": f"{image}edges"}), np.mean([alpha(R.abs(), sobel(t)) for t in each]))


# Information, Fig. 7


def by_frequency(v: Floats, low: float, high: float) -> Floats:
    """The waves of `v` with |frequency| in [low, high) of Nyquist's, one after the other, as sums over pixels."""
    height, width = v.shape
    y, x = np.mgrid[:height, :width]
    kept = np.zeros(v.shape)
    for p, q in product(range(-(height // 2), (height + 1) // 2), range(-(width // 2), (width + 1) // 2)):
        size = np.hypot(2 * p / height, 2 * q / width)
        if size > 0 and low <= size and (size < high or high == 1):
            phase = 2 * np.pi * (p * y / height + q * x / width)
            kept += (np.cos(phase) * (v * np.cos(phase)).sum() + np.sin(phase) * (v * np.sin(phase)).sum()) / v.size
    return kept


@given(arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(-3, 3)))
@settings(max_examples=40)
def test_bands_are_rings_of_waves(v: Floats) -> None:
    """Catches a frequency counted twice or in no band, a mean that stays, and a shift between axes: even and odd sides.

    The bands add up to the image without its mean and are orthogonal.
    """
    found = [
        information.band_pass(torch.from_numpy(v)[None], low, high)[0].numpy() for _, low, high in information.BANDS
    ]
    for band, (_, low, high) in zip(found, information.BANDS, strict=True):
        same(band, by_frequency(v, low, high))
    same(sum(found), v - v.mean())
    for i, j in ((0, 1), (0, 2), (1, 2)):
        same((found[i] * found[j]).sum(), 0)


@given(arrays(np.float64, (1, 3, 16, 16), elements=st.floats(-3, 3)))
@settings(max_examples=20)
def test_components_share_an_image_out(x: Floats) -> None:
    """Catches a colour that has luminance in it: the two are orthogonal and add up to the image, bands to the first."""
    parts = {name: information.component(torch.from_numpy(x), name).numpy() for name in information.COMPONENTS}
    same(parts["image"], x)
    same(parts["luminance"], np.repeat(x.sum(axis=1, keepdims=True) / 3, 3, axis=1))
    same(parts["luminance"] + parts["colour"], x)
    same((parts["luminance"] * parts["colour"]).sum(), 0)
    bands = parts["coarse"] + parts["middle"] + parts["fine"]
    same(bands, parts["luminance"] - parts["luminance"].mean())


def share(v: Floats, name: str) -> Floats:
    """A component of one image, (C, H, W)."""
    grey = np.broadcast_to(v.mean(axis=0), v.shape)
    bands = {"middle": (1 / 8, 1 / 2), "fine": (1 / 2, 1)}
    if name in bands:
        return np.broadcast_to(by_frequency(grey[0], *bands[name]), v.shape)
    return {"image": v, "luminance": grey, "colour": v - grey}[name]


@given(SEEDS)
@settings(max_examples=6)
def test_information_is_kept_as_defined(seed: int) -> None:
    """Catches layers in reverse order, and a component of the map beside another one of the image."""
    c = make_case("plain", seed)
    got = information.measure(c.trace)["kept"]
    for layer in range(1, c.depth + 1):
        R = c.from_layer(oracle.GRAD, c.neurons(layer), layer).reshape(SHAPE).numpy()
        x = c.x[0].numpy()
        for name in ("image", "luminance", "colour", "middle", "fine"):
            same(got.sel(layer=layer, component=name), alpha(share(R, name), share(x, name)))
    assert got.sel(component="coarse").isnull().all()  # 5 × 5 pixels have no wave that long


# Removal, Fig. 5

KERNEL = torch.arange(1.0, 1 + 2 * 3 * 9).view(2, 3, 3, 3)
KEPT = {
    "cross": [[1, 1, 1], [1, 0, 0], [1, 0, 0]],
    "corner": [[1, 0, 0], [0, 0, 0], [0, 0, 0]],
}


@pytest.mark.parametrize("reading", KEPT)
def test_what_is_left_of_a_kernel(reading: str) -> None:
    """Catches rows taken for columns, the last for the first, and a weight that changes."""
    got = removal.READINGS[reading](KERNEL)
    assert torch.equal(got, KERNEL * torch.tensor(KEPT[reading]))


def test_what_is_left_of_the_matrix_of_kernels() -> None:
    """Catches a reading of the matrix that keeps other kernels than the first neuron's and the first channel's."""
    got = removal.matrix(KERNEL)
    for neuron, channel in product(range(2), range(3)):
        kept = neuron == 0 or channel == 0
        assert torch.equal(got[neuron, channel], KERNEL[neuron, channel] * kept)


@pytest.mark.parametrize(("inputs", "few"), [(1, 1), (399, 1), (400, 1), (800, 2), (4096, 10), (25088, 63)])
def test_a_quarter_of_a_percent_of_the_inputs_is_left(inputs: int, few: int) -> None:
    """Catches a share of neurons for one of inputs, 0.25 for 0.25 %, and a layer that is left without any."""
    W = torch.ones(3, inputs)
    assert torch.equal(removal.first_inputs(W), torch.cat([W[:, :few], 0 * W[:, few:]], dim=1))


def test_random_weights_have_the_mean_square_of_the_layer() -> None:
    """Catches a scale of another layer, or by variance where the mean is not 0. Five standard errors of 20,000."""
    W = 3 + torch.randn(100, 200, generator=generator(0), dtype=torch.float64)
    fresh = removal.randomised(W, generator(1))
    assert fresh.shape == W.shape
    assert abs(fresh.square().mean() / W.square().mean() - 1) < 5 * (2 / W.numel()) ** 0.5
    assert abs(fresh.mean()) < 5 * (W.square().mean() / W.numel()) ** 0.5
    assert abs(alpha(fresh, W)) < 5 / W.numel() ** 0.5
    assert not torch.equal(fresh, removal.randomised(W, generator(2)))


def changed(made: Twin, top: int, reading: str) -> Twin:
    """The network whose top affine parts lose weights, in both forms, by masks."""
    affine = [i for i, part in enumerate(made.parts) if part.kind == "affine"]
    for i in affine[len(affine) - top :]:
        keywords = dict(made.parts[i].function.keywords)  # type: ignore[attr-defined]
        W = keywords["weight"]
        mask = torch.zeros_like(W)
        if W.dim() == 2:
            mask[:, 0] = 1
        elif reading == "matrix":
            mask[0], mask[:, 0] = 1, 1
        else:
            mask[:, :, 0, 0] = 1
            if reading == "cross":
                mask[:, :, 0, :], mask[:, :, :, 0] = 1, 1
        function = partial(made.parts[i].function.func, **{**keywords, "weight": W * mask})  # type: ignore[attr-defined]
        made.parts[i] = oracle.Part("affine", function, made.parts[i].inputs)
    return made


@pytest.mark.parametrize("name", ["plain", "residual"])
@given(SEEDS)
@settings(max_examples=5)
def test_maps_after_removal_are_those_of_the_changed_network(name: str, seed: int) -> None:
    """Catches a layer too few or too many, biases that go too, the old activations, and zero maps as α = 0."""
    depths, names = (1, 3), (*THREE, BLIND)
    c = make_case(name, seed)
    got = removal.measure(c.trace, names, depths, generator(seed))["alpha_changed"]
    assert list(got["changed"].values) == [0, 1, 3]
    for change in got["change"].values:
        same(got.sel(change=change, changed=0, rule=list(names)), [alpha(c.map(rule), c.x) for rule in names])
    for reading, top in product(("cross", "corner", "matrix"), depths):
        after = Case(changed(twin(name, seed), top, reading), c.x)
        wanted = [alpha(after.map(rule), c.x) for rule in names]
        same(got.sel(change=reading, changed=top, rule=list(names)), wanted)


@pytest.mark.parametrize("top", [0, 1, 3, 99])
def test_only_the_top_layers_change(top: int) -> None:
    """Catches a change below or beside the top layers: weights of the others, all biases, all other nodes."""
    made = twin("residual", 1)
    graph = removal.with_top(made.graph, top, removal.changes(generator(0))["random"])
    for node, old, layer in zip(graph.nodes, made.graph.nodes, made.graph.layer_of, strict=True):
        assert (node.name, node.inputs) == (old.name, old.inputs)
        if isinstance(old.op, Weighted):
            assert isinstance(node.op, Weighted)
            assert torch.equal(node.op.weight, old.op.weight) == (layer <= made.graph.depth - top)
            assert node.op.bias is old.op.bias
        else:
            assert node.op is old.op


# Neurons, Fig. 2b and 2c


def statistics(W: Floats) -> dict[str, float]:
    """Lengths and cosines of all neurons, by loops over pairs."""
    N, d = W.shape
    lengths = [float(np.sqrt(sum(w * w))) for w in W]
    pairs = [(i, j) for i in range(N) for j in range(N) if i < j]
    cosines = np.array([abs(W[i] @ W[j]) / lengths[i] / lengths[j] for i, j in pairs])
    eighths = [float(np.mean(part**2)) for part in np.array_split(W, min(8, d), axis=1)]
    return {
        "fan_in": d,
        "cosine": np.mean(cosines),
        "cosine_largest": max(cosines),
        "cosine_rms": np.sqrt(d * np.mean(cosines**2)),
        "norm": np.mean(lengths),
        "norm_sd": np.std(lengths, ddof=1),
        "mean": np.linalg.norm(W.sum(axis=0) / N) / (np.sqrt(np.mean(W**2)) * np.sqrt(d / N)),
        "spread": max(eighths) / min(eighths),
        "kurtosis": np.mean((W - W.mean()) ** 4) / np.var(W) ** 2,
    }


@given(SEEDS, st.integers(2, 20), st.integers(1, 40), st.sampled_from([0.0, 0.25, 3.0]))
@settings(max_examples=40)
def test_statistics_of_neurons(seed: int, N: int, d: int, shift: float) -> None:
    """Catches columns for rows, an orientation or normalisation off, and a kurtosis that a mean disturbs."""
    W = shift + np.random.default_rng(seed).standard_normal((N, d))
    got = neurons.neuron_statistics(torch.from_numpy(W))
    wanted = statistics(W)
    assert got.keys() == wanted.keys()
    for name, value in wanted.items():
        assert got[name] == pytest.approx(value, rel=1e-9), name


@given(SEEDS, st.integers(2, 20), st.integers(1, 40), st.sampled_from([0.5, 1.0]))
@settings(max_examples=20)
def test_angles_of_shifted_neurons(seed: int, N: int, d: int, by: float) -> None:
    """Catches a mean in other units than the RMS weight, or added to some weights only."""
    W = np.random.default_rng(seed).standard_normal((N, d))
    got = neurons.angles(neurons.shifted_gram(torch.from_numpy(W), by), d)
    wanted = statistics(W + by * np.sqrt(np.mean(W**2)))
    assert got == pytest.approx({name: wanted[name] for name in got}, rel=1e-7)


def test_many_neurons_are_sampled_once_and_for_all() -> None:
    """Catches the first neurons instead of random ones: of two halves, one long and one short, both are met. And others
    in another draw, which would make a number of one network many.
    """
    W = torch.cat([torch.eye(200, 400), 3 * torch.eye(200, 400).flip(1)])
    chosen = neurons.some(W)
    assert torch.equal(chosen, neurons.some(W))
    assert len(torch.unique(chosen, dim=0)) == len(chosen) == 128
    got = neurons.neuron_statistics(chosen)
    assert 1.6 < got["norm"] < 2.4  # 128 of 400, s.d. of the mean 0.07
    assert got["cosine_largest"] == 0


def test_one_neuron_alone_has_no_angle() -> None:
    """Catches a network with a single output that cannot be measured, or a warning about it: no pair, no number."""
    got = neurons.neuron_statistics(torch.tensor([[3.0, -4.0]]))
    none = {name for name, value in got.items() if np.isnan(value)}
    assert none == {"cosine", "cosine_largest", "cosine_rms", "norm_sd"}
    assert got["norm"] == 5


def test_active_share_is_of_layers_with_a_relu() -> None:
    """Catches a linear output counted as active because it happens to be positive, and zeros counted as active."""
    hidden = Linear(torch.tensor([[1.0], [-1.0], [2.0], [-2.0]]))
    nodes = Node("a", hidden, (-1,)), Node("relu", ReLU(), (0,)), Node("b", Linear(torch.ones(2, 4)), (1,))
    got = neurons.measure(Graph(nodes).forward(torch.ones(1, 1)))
    same(got["active"], [0.5, np.nan])
    same(got["width"], [4, 2])
    same(got["fan_in"], [1, 4])


def test_neurons_of_a_convolution_are_its_output_channels() -> None:
    """Catches input channels taken for neurons, and a layer missed."""
    c = make_case("residual", 0)
    got = neurons.measure(c.trace)
    weights = [part.function.keywords["weight"] for part in c.made.parts if part.kind == "affine"]  # type: ignore[attr-defined]
    for layer, W in enumerate(weights, start=1):
        assert float(got["width"].sel(layer=layer)) == len(W)
        rows = W.flatten(1).numpy()
        wanted = statistics(rows)
        off = statistics(rows + np.sqrt(np.mean(rows**2)))
        wanted |= {f"{name}_shifted": off[name] for name in ("cosine", "cosine_rms", "mean")}
        for name, value in wanted.items():
            at = {"shift": 1.0} if name.endswith("shifted") else {}
            assert float(got[name].sel(at).sel(layer=layer)) == pytest.approx(value, rel=1e-9), (layer, name)


# Pictures


def test_pictures_are_the_maps_that_were_measured() -> None:
    """Catches a picture under another name than its number, and one of another layer."""
    c = make_case("plain", 5)
    by_layer, after_change = pictures.maps_by_layer(c.trace), pictures.changed_maps(c.trace, THREE, 3, generator(0))
    got = xr.merge([pictures.measure(c.trace), by_layer, after_change], combine_attrs="no_conflicts")
    assert {str(v.dtype) for v in got.values()} == {"float32"}
    assert got.attrs["removed"] == 3
    same(got["image"], c.x[0], 1e-6)

    def shows(name: str, R: Any, **at: Any) -> None:
        picture = got[name].sel(at).values.ravel()
        np.testing.assert_allclose(picture, R.flatten(), rtol=1e-6, atol=1e-6 * float(R.abs().max()))

    for method, pair in table_1(c).items():
        for bottom, R in zip(resemblance.BOTTOMS, pair, strict=True):
            if bool(torch.isfinite(R).all()):
                shows("map", R, method=method, bottom=bottom)
            else:
                assert got["map"].sel({"method": method, "bottom": bottom}).isnull().all()
    for layer in range(1, c.depth + 1):
        shows("activation_map", c.from_layer(oracle.GRAD, c.neurons(layer), layer), layer=layer)
    for reading, rule in product(KEPT, THREE):
        after = Case(changed(twin("plain", 5), 3, reading), c.x)
        shows("changed_map", after.map(rule), change=reading, rule=rule)
