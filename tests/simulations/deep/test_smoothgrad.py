"""SmoothGrad where its mean is known: linear networks, one neuron, Stein's identity; noise, and its standard error."""

from __future__ import annotations

from math import erf, log, sqrt
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn

from nfrlab.simulations.deep.engine.graph import Graph, Node
from nfrlab.simulations.deep.engine.ops import ReLU
from nfrlab.simulations.deep.engine.weighted import Linear
from nfrlab.simulations.deep.methods import points, smoothgrad
from tests.support.networks import gradient
from tests.support.oracles.nets import NETS, SHAPE, twin

pytestmark = pytest.mark.usefixtures("one_thread")


def images(n: int = 2, seed: int = 3) -> Any:
    """A batch of signed images."""
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((n, *SHAPE)))


def one_neuron(w: Any, v: float) -> Graph:
    """`f = v relu(w·x)`."""
    inner, outer = Linear(w[None]), Linear(torch.tensor([[v]], dtype=torch.float64))
    return Graph((Node("in", inner, (-1,)), Node("relu", ReLU(), (0,)), Node("out", outer, (1,))))


def test_of_a_linear_network_it_is_w() -> None:
    """Catches noise in a map that has none, and an error that is stated for it: to the bit, `R = w` and error 0."""
    module = nn.Linear(6, 3).double().requires_grad_(False)
    net = Graph((Node("linear", Linear(module.weight, module.bias), (-1,)),))
    x = torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = smoothgrad(net, x, 2)
    assert torch.equal(found.map, module.weight[2].expand(4, 6))
    assert not found.error.any()
    assert bool((found.defect_error > 0).all())


def test_of_one_neuron_it_is_the_share_that_passes() -> None:
    """Catches noise of another size: `E R = v w Φ(w·x / σ‖w‖)`, σ = 0.15 of the range of each image, and the mean is
    v w times a share of n, whose distance from Φ Hoeffding bounds; the error is that share's own standard error.
    """
    n, miss = 20_000, 1e-9
    w = torch.tensor([0.3, -1.2, 0.7, 0.5], dtype=torch.float64)
    x = torch.tensor([[0.2, 0.1, -0.1, 0.0], [0.5, 0.3, 0.2, -0.1]], dtype=torch.float64)
    found = smoothgrad(one_neuron(w, -2.0), x, samples=n)
    for image, map, error in zip(x, found.map, found.error, strict=True):
        sigma = 0.15 * float(image.max() - image.min())
        wanted = (1 + erf(float(w @ image) / (sigma * float(w.norm())) / sqrt(2))) / 2
        share = float(map[1] / (-2 * w[1]))
        assert abs(share - wanted) <= sqrt(log(2 / miss) / (2 * n))
        torch.testing.assert_close(map, -2 * w * share)
        torch.testing.assert_close(error, (2 * w).abs() * sqrt(share * (1 - share) / (n - 1)))


@pytest.mark.parametrize("net", NETS)
def test_the_sum_is_that_of_steins_identity(net: str) -> None:
    """Catches a gradient of another function, class or place than the values: it is 0 but for its standard error."""
    found = smoothgrad(twin(net, 11).graph, images(), samples=2000)
    assert bool((found.defect.abs() < 5 * found.defect_error).all())
    inner = (found.map * images()).flatten(1).sum(dim=1).abs()
    assert bool((found.defect_error < inner.max()).all())


def test_the_error_is_that_of_other_noise() -> None:
    """Catches a standard error that is off by a factor √n, or by the square: maps of 40 seeds scatter as they say."""
    graph, x = twin("plain", 8).graph, images(1)
    found = [smoothgrad(graph, x, samples=30, seed=seed) for seed in range(40)]
    scatter = torch.stack([each.map for each in found]).var(dim=0).sum()
    stated = torch.stack([each.error.square() for each in found]).mean(dim=0).sum()
    assert 0.5 < float(scatter / stated) < 2


def test_little_noise_leaves_the_gradient() -> None:
    """Catches a mean that is not one, and noise around another place than the image."""
    module = nn.Sequential(nn.Linear(5, 9), nn.Tanh(), nn.Linear(9, 3)).double().eval()
    x = torch.rand(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(smoothgrad(module, x, noise=1e-7).map, gradient(module, x), rtol=1e-4, atol=1e-6)


def test_the_same_seed_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches noise that depends on what was drawn before, or on how many points share a pass; and none at all."""
    graph, x = twin("residual", 4).graph, images()
    first, again, other = (smoothgrad(graph, x, samples=9, seed=seed).map for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    monkeypatch.setattr(points, "BYTES", 1)
    torch.testing.assert_close(smoothgrad(graph, x, samples=9, seed=1).map, first)


def test_the_class_is_that_of_the_image_without_noise() -> None:
    """Catches a class that is chosen anew at every noisy copy: two outputs that are all but equal."""
    weight = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    x = torch.tensor([[0.51, 0.5], [0.5, 0.51]], dtype=torch.float64)
    assert torch.equal(smoothgrad(Graph((Node("linear", Linear(weight), (-1,)),)), x, noise=9.0).map, weight)


@pytest.mark.parametrize(
    ("switches", "said"),
    [
        ({"samples": 1}, "at least 2 samples, got 1"),
        ({"noise": 0.0}, "noise is a positive share of the image's range, got 0.0"),
        ({"noise": float("nan")}, "noise is a positive share of the image's range, got nan"),
    ],
)
def test_what_cannot_be_smoothed_is_refused(switches: dict[str, Any], said: str) -> None:
    """Catches a standard error of one sample, and noise that is none."""
    with pytest.raises(ValueError, match=said):
        smoothgrad(twin("plain", 5).graph, images(), **switches)


def test_an_image_of_one_colour_is_refused() -> None:
    """Catches σ = 0, by which everything would be divided."""
    x = images()
    x[1] = 0.5
    with pytest.raises(ValueError, match="entries are all equal has no range"):
        smoothgrad(twin("plain", 5).graph, x)
