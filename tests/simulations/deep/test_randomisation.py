"""Maps of changed networks and of two classes, against networks that are changed by hand and Jacobian algebra."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import entropy as entropy_of

torch = pytest.importorskip("torch")

import torch.nn.functional as F

from nfrlab.simulations.deep.effects import classes, randomisation
from nfrlab.simulations.deep.similarity import METRICS, similarities
from tests.support.oracles import jacobian as oracle
from tests.support.oracles.nets import SHAPE, Twin, twin
from tests.support.oracles.pairs import PAIRS

SEEDS = st.integers(0, 2**32 - 1)
RULES = {"grad-input": "grad", "grad": "grad", "gbp": "gbp", "zplus": "z⁺"}
MAPS = ("image", *RULES)
STOPS = range(1, 5)

pytestmark = pytest.mark.usefixtures("one_thread")


def generator(seed: int) -> torch.Generator:
    """PyTorch's random numbers from a seed."""
    return torch.Generator().manual_seed(seed)


def image(seed: int) -> Any:
    """An image without zeros."""
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((1, *SHAPE)))


def weights_of(made: Twin) -> list[dict[str, Any]]:
    """Weight and bias of every affine part, from the bottom."""
    return [part.function.keywords for part in made.parts if part.kind == "affine"]  # type: ignore[attr-defined]


def put(made: Twin, changed: dict[int, dict[str, Any]]) -> list[oracle.Part]:
    """The parts, with other weights in the layers that are named."""
    found, layer = [], 0
    for part in made.parts:
        layer += part.kind == "affine"
        if part.kind == "affine" and layer in changed:
            inner: Any = part.function
            part = oracle.Part(
                part.kind, partial(inner.func, **{**inner.keywords, **changed[layer]}), part.inputs, part.mean
            )
        found.append(part)
    return found


def fresh(made: Twin, rng: torch.Generator) -> list[dict[str, Any]]:
    """Gaussian weights, and biases, with the mean squares of every layer."""

    def like(W: Any) -> Any:
        return torch.randn(W.shape, generator=rng, dtype=W.dtype) * W.pow(2).mean().sqrt()

    return [{"weight": like(old["weight"]), "bias": like(old["bias"])} for old in weights_of(made)]


def crossed(W: Any) -> Any:
    """A kernel's first row and first column; of a matrix the first column, as 0.25 % are less than one input."""
    kept = torch.zeros_like(W)
    if W.dim() == 2:
        kept[:, 0] = W[:, 0]
        return kept
    for i, j in product(range(W.shape[2]), range(W.shape[3])):
        kept[:, :, i, j] = W[:, :, i, j] * (i == 0 or j == 0)
    return kept


def maps(parts: list[oracle.Part], x: Any, k: int) -> Any:
    """The map of every method at class k, one by one."""
    net = oracle.Net(parts, x)
    found = [x]
    for name, pair in RULES.items():
        rule = PAIRS[pair][1]
        started = oracle.at_output(net, rule, k).abs()
        R = oracle.carry(net, rule, {len(parts) - 1: started}, net.layers)[oracle.INPUT]
        found.append(R.view(x.shape) * (x if name == "grad-input" else 1))
    return torch.cat(found)


def largest(parts: list[oracle.Part], x: Any) -> int:
    """The class of the largest output."""
    return int(oracle.Net(parts, x).values[-1].argmax())


def layers(order: str, depth: int, stop: int) -> set[int]:
    """The layers that are changed, from the words of the definition."""
    many = max(1, round(stop / 4 * depth))
    from_top = sorted(range(1, depth + 1), reverse=True)
    if order == "bottom-up":
        return set(from_top[-many:])
    if order == "independent":
        return {from_top[round((stop - 1) / 3 * (depth - 1))]}
    return set(from_top[:many])


@pytest.mark.parametrize("name", ["plain", "dense"])
@given(SEEDS)
@example(5)  # whose maps survive the removal
@settings(max_examples=1)
def test_similarity_is_that_with_networks_changed_by_hand(name: str, seed: int) -> None:
    """Catches an order from the wrong end, a layer too many, weights that stay or biases, a class that is chosen where
    it is held, one random network for two, and arrays whose axes change places.
    """
    made, x, y = twin(name, seed), image(seed), image(seed + 1)
    trace, other = made.graph.forward(x), made.graph.forward(y)
    got = randomisation.measure(trace, other, MAPS, generator(seed))
    rng, k = generator(seed), largest(made.parts, x)
    networks = [fresh(made, rng) for _ in range(2)]
    bare = [{"weight": crossed(old["weight"])} for old in weights_of(made)]
    depth, own = len(bare), maps(made.parts, x, k)
    for order, stop in product(randomisation.ORDERS, STOPS):
        found = []
        for source in [bare] if order == "removal" else networks:
            parts = put(made, {layer: source[layer - 1] for layer in layers(order, depth, stop)})
            found.append([similarities(own, maps(parts, x, of)) for of in (k, largest(parts, x))])
        wanted = np.mean([[of.numpy() for of in each] for each in found], axis=0)
        np.testing.assert_allclose(got["similarity"].sel(order=order, stop=stop), wanted, atol=1e-7)
    beside = got["similarity_by_chance"].sel(chance="other image")
    np.testing.assert_allclose(
        beside, similarities(own, maps(made.parts, y, largest(made.parts, y))).numpy(), atol=1e-7
    )
    wholly = [maps(put(made, dict(enumerate(source, start=1))), x, k) for source in networks]
    beside = got["similarity_by_chance"].sel(chance="two random networks")
    np.testing.assert_allclose(beside, similarities(*wholly).numpy(), atol=1e-7)
    for m, of in enumerate(MAPS):
        np.testing.assert_allclose(got["entropy"].sel(weights="own", map=of), in_bins(own[m]), atol=1e-9)
        random = np.mean([in_bins(each[m]) for each in wholly])
        np.testing.assert_allclose(got["entropy"].sel(weights="random", map=of), random, atol=1e-9)


def in_bins(map: Any) -> float:
    """The entropy of a histogram of 100 bins, NaN for a constant map."""
    v = map.numpy().ravel()
    return float(entropy_of(np.histogram(v, 100)[0])) if np.ptp(v) else np.nan


def test_the_image_is_what_no_network_changes() -> None:
    """Catches an image that is attributed, and its null from the same image or place."""
    got = randomisation.measure(*(twin("plain", 0).graph.forward(image(i)) for i in range(2)), MAPS, generator(0))
    of_image = got.sel(map="image", metric=["cosine", "rank correlation", "SSIM", "HOG"])
    np.testing.assert_allclose(of_image["similarity"], 1, atol=1e-9)
    assert float(of_image["similarity_by_chance"].sel(chance="two random networks").min()) > 1 - 1e-9
    assert float(of_image["similarity_by_chance"].drop_sel(chance="two random networks").max()) < 0.9
    np.testing.assert_allclose(
        got["entropy"].sel(map="image", weights="own"), got["entropy"].sel(map="image", weights="random")
    )


def test_activations_keep_their_size() -> None:
    """Catches a scale that is measured at another layer or not over what it was, and weights that have another one."""
    scales = []
    for seed in range(1, 7):
        made, x = twin("dense", seed), image(seed)
        got = randomisation.measure(*[made.graph.forward(x)] * 2, ("grad",), generator(seed))["activation_scale"]
        assert float(got.sel(order="cascading", stop=1)) == 1  # above the highest hidden layer
        scales.append(float(got.sel(order="bottom-up", stop=2)))
        rng = generator(seed)
        size = [hidden(put(made, {1: fresh(made, rng)[0]}), x) for _ in range(2)]
        assert scales[-1] == pytest.approx(np.mean(size) / hidden(made.parts, x))
    assert 0.3 < np.mean(scales) < 3


def hidden(parts: list[oracle.Part], x: Any) -> float:
    """The root mean square of the first ReLU's output."""
    first = next(i for i, part in enumerate(parts) if part.function is F.relu)
    return float(oracle.Net(parts, x).values[first].pow(2).mean().sqrt())


def test_what_chance_makes_of_noise_and_products() -> None:
    """Catches noise that is the map's own, a shift that is none, pairs that change places, and products without the
    image or with one noise for both.
    """
    found, rng, n = [], generator(0), 300
    for seed in range(n):
        map, near = image(seed), image(seed) + image(seed + n)
        got = randomisation.by_chance(map, near, [near, map + 1e-3], rng)[:, 0, 0]
        found.append([*got, *randomisation.of_products(map, rng)[2:4]])
    other, shift, networks, noise, signed, absolute = np.mean(found, axis=0)
    sd = 1 / np.sqrt(50 * n)
    assert max(abs(noise), abs(shift), abs(signed)) < 5 * sd
    assert absolute > 10 * sd
    assert abs(other - np.sqrt(1 / 2)) < 5 * sd
    assert abs(networks - np.sqrt(1 / 2)) < 5 * sd


@pytest.mark.parametrize("name", ["plain", "dense"])
@given(SEEDS)
@settings(max_examples=2)
def test_classes_are_compared_with_another_one(name: str, seed: int) -> None:
    """Catches the same class twice, a class that never comes, and an image that changes with it."""
    made, x = twin(name, seed), image(seed)
    got = classes.measure(made.graph.forward(x), MAPS, generator(seed))["between_classes"]
    k = largest(made.parts, x)
    own = maps(made.parts, x, k)
    rivals = [similarities(own, maps(made.parts, x, c)).numpy() for c in range(3) if c != k]
    assert min(np.nanmax(np.abs(got.values - wanted)) for wanted in rivals) < 1e-7
    assert float(got.sel(map="image", metric="distance")) == 0
    assert list(got["metric"].values) == list(METRICS)


def test_one_class_has_no_other() -> None:
    """Catches an error where there is nothing to compare with."""
    made = Twin(0, True)
    made.linear(made.relu(made.linear(made.flat(oracle.INPUT), 6, 50)), 1, 6)
    got = classes.measure(made.graph.forward(image(0)), MAPS, generator(0))
    assert bool(got["between_classes"].isnull().all())
