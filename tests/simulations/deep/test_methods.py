"""Every method by name, and contrastive Excitation BP against two ways down as dense matrices."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch import nn

import nfrlab
from nfrlab.simulations.deep.engine.named_rules import RULES
from nfrlab.simulations.deep.maps import attribution
from nfrlab.simulations.deep.methods import METHODS, integrated_gradients, method, smoothgrad
from nfrlab.simulations.deep.patterns import with_patterns
from nfrlab.simulations.dense import NEED_PATTERNS
from tests.support.oracles import jacobian as oracle
from tests.support.oracles.nets import NETS, SHAPE, twin

pytestmark = pytest.mark.usefixtures("one_thread")
SEEDS = st.integers(0, 2**32 - 1)


def images(seed: int, n: int = 2) -> Any:
    """A batch of signed images."""
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((n, *SHAPE)))


# Contrastive Excitation BP.

EXCITATION = oracle.relevance(partial(oracle.z_plus_by_weight, bias="none"))


def inverted(at: oracle.At) -> oracle.At:
    """A part with −W in the place of W."""
    return oracle.At(at.kind, at.a, at.y, tuple(-J for J in at.J), at.b, at.windows, at.channels)


def by_two_ways(net: oracle.Net, k: int) -> Any:
    """Zhang et al. 2016: relevance 1 at the class goes down twice to below the classifier, with W and with −W; the
    difference goes on to the pixels.
    """
    one, depth = torch.eye(net.values[-1].numel(), dtype=torch.float64)[k], net.layers[-1]
    start = {len(net.parts) - 1: one}
    classifier = max(i for i, part in enumerate(net.parts) if part.kind == "affine")
    own = net.at[classifier]
    by_sign = []
    for at in (own, inverted(own)):
        net.at[classifier] = at
        by_sign.append(oracle.carry(net, EXCITATION, start, range(depth, depth + 1)))
    net.at[classifier] = own
    positive, negative = by_sign
    handed = {i: positive[i] - negative[i] for i in positive}
    return oracle.carry(net, EXCITATION, handed, range(1, depth)).get(oracle.INPUT)


@pytest.mark.parametrize("name", NETS)
@given(SEEDS, st.booleans())
@settings(max_examples=15)
def test_contrastive_excitation_is_the_difference_of_two_ways_down(name: str, seed: int, biased: bool) -> None:
    """Catches a sign, a start at f_k, whose sign is any, or biases that take part, at any class and with shortcuts."""
    made, x = twin(name, seed, biased), images(seed)
    f = made.graph(x)
    k = int(np.random.default_rng(seed).integers(f.shape[1]))
    found = method("contrastive-excitation-bp")(made.graph, x, k)
    for map, image in zip(found, x, strict=True):
        net, shaken = made.net(image[None]), twin(name, seed, biased, shake=1e-9).net(image[None])
        wanted, moved = by_two_ways(net, k).numpy(), by_two_ways(shaken, k).numpy()
        if float(net.values[-1].flatten()[k]) == 0:
            assert not map.any()
            continue
        condition = max(1.0, np.abs(wanted).max(), np.abs(moved - wanted).max() / 1e-9)  # 1 enters on each way
        np.testing.assert_allclose(map.flatten().numpy(), wanted, rtol=0, atol=5e-12 * condition)


def test_contrast_cancels_what_speaks_for_every_class() -> None:
    """Catches a contrast that is none: without biases each of the two ways sums to 1 where inputs are not negative."""
    torch.manual_seed(2)
    net = nn.Sequential(nn.Linear(20, 40, False), nn.ReLU(), nn.Linear(40, 3, False)).double().eval()
    total = method("contrastive-excitation-bp")(net, torch.rand(2, 20, dtype=torch.float64), 1).sum(dim=1)
    torch.testing.assert_close(total, torch.zeros_like(total), rtol=0, atol=1e-12)


# By name.


def network(form: str, name: str) -> tuple[Any, Any]:
    """A network with what the method needs of it, and images."""
    graph, x = twin(form, 6).graph, images(6)
    return with_patterns(graph, [images(seed) for seed in range(20)]) if name in NEED_PATTERNS else graph, x


@pytest.mark.parametrize("name", METHODS)
def test_every_method_gives_maps_shaped_like_the_images(name: str) -> None:
    """Catches a method of another signature, one that ignores the class, and one that has no default for it."""
    graph, x = network("residual", name)
    used = method(name)
    best = graph(x).argmax(dim=1)
    assert used(graph, x).shape == x.shape
    assert torch.equal(used(graph, x), used(graph, x, best))
    assert torch.equal(used(graph.forward(x), None, best), used(graph, x, best))
    other = (best + 1) % 3
    assert not torch.equal(used(graph, x, other), used(graph, x, best))


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_a_method(name: str) -> None:
    """Catches a rule that is left out, and a map other than that of `attribution`."""
    graph, x = network("plain", name)
    assert torch.equal(method(name, pooling="share")(graph, x, 1), attribution(graph, x, name, 1, pooling="share"))


def test_switches_reach_the_method() -> None:
    """Catches a switch that changes nothing."""
    graph, x = twin("plain", 6).graph, images(6)
    found = method("integrated-gradients", steps=7, quadrature="left", multiplier=False)(graph, x, 1)
    wanted = integrated_gradients(graph, x, 1, steps=7, quadrature="left", multiplier=False).map
    assert torch.equal(found, wanted)
    assert not torch.equal(found, method("integrated-gradients", steps=7)(graph, x, 1))
    found = method("smoothgrad", samples=5, seed=3)(graph, x, 1)
    assert torch.equal(found, smoothgrad(graph, x, 1, samples=5, seed=3).map)


@pytest.mark.parametrize(
    ("name", "switches", "said"),
    [
        ("lime", {}, "unknown method 'lime'; known methods: grad, .*guided-gradcam"),
        ("smoothgrad", {"sigma": 1.0}, "method 'smoothgrad': .*unexpected keyword argument 'sigma'"),
        ("gradcam", {"target": 3}, "method 'gradcam': multiple values for argument 'target'"),
        ("gbp", {"q": 1}, "rule 'gbp': .*unexpected keyword"),
        ("contrastive-excitation-bp", {"eps": 1}, "unexpected keyword argument 'eps'"),
    ],
)
def test_what_is_no_method_is_refused(name: str, switches: dict[str, Any], said: str) -> None:
    """Catches a misspelt method or switch that is found out only when maps are asked for, or never."""
    with pytest.raises(ValueError, match=said):
        method(name, **switches)


def test_methods_are_at_the_door() -> None:
    """Catches a method that users have to look for."""
    graph, x = twin("plain", 6).graph, images(6)
    found = nfrlab.integrated_gradients(graph, x, 1)
    assert torch.equal(found.map, nfrlab.method("integrated-gradients")(graph, x, 1))
    assert nfrlab.smoothgrad(graph, x).error.shape == x.shape
