"""A rewritten network is the network: outputs and gradients are PyTorch's own, and what cannot be read is named."""

from __future__ import annotations

import operator
from collections import Counter
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F
from hypothesis import given, settings
from torch import Tensor, nn

from nfrlab.simulations.deep.engine.backward import attribution
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.engine.ops import AdaptiveAvgPool, Add, AvgPool, Flatten, MaxPool, Op, Subsample
from nfrlab.simulations.deep.engine.weighted import Weighted
from nfrlab.simulations.deep.networks.named import MODELS
from nfrlab.simulations.deep.reading.rewrite import rewrite
from tests.support.networks import EXACT, RELUS, Net, gradient, head, images, kinds, networks, off, with_statistics


@settings(max_examples=150)
@given(networks())
def test_outputs_and_gradients_are_pytorchs(case: tuple[nn.Module, Tensor]) -> None:
    """Catches any form of any layer read wrongly: a normalisation folded into what does not feed it, an argument of a
    pooling lost, a branch of an addition dropped, an operation in place that others do not see, a number of the
    example (its batch, its pixels) baked in: compared on images that the rewriting has not seen, three instead of two.
    """
    module, example = case
    graph = rewrite(module, example)
    x = images(3, *example.shape[1:], seed=1)
    with torch.no_grad():
        assert off(graph(x.clone()), module(x.clone())) <= EXACT
    assert off(attribution(graph.forward(x), rule("grad")), gradient(module, x)) <= EXACT


def test_the_search_reaches_what_it_should() -> None:
    """Catches a generator that makes dead networks, or leaves a layer or a fold out: the test above would be empty."""
    seen: Counter[str] = Counter()

    @settings(max_examples=100, database=None, derandomize=True)
    @given(networks())
    def count(case: tuple[nn.Module, Tensor]) -> None:
        module, x = case
        graph = rewrite(module, x)
        norms = sum(isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d) for part in module.modules())
        weighted = sum(isinstance(part, nn.Conv2d | nn.Linear) for part in module.modules())
        own = sum(isinstance(node.op, Weighted) for node in graph.nodes) - weighted
        seen.update({"case": 1, "alive": bool(gradient(module, x).any()), "own": own, "folded": norms - own})
        seen.update(set(kinds(graph)))

    count()
    assert seen["alive"] >= seen["case"] / 2
    wanted = [
        "own",
        "folded",
        *(kind.__name__ for kind in (MaxPool, AvgPool, AdaptiveAvgPool, Add, Subsample, Flatten)),
    ]
    assert min(seen[kind] for kind in wanted) >= 10, seen


def small_net(*steps: Any) -> nn.Module:
    """A convolution to two channels of 4×4, a ReLU, these steps, and a linear map for what they leave."""
    torch.manual_seed(3)
    front = Net(nn.Conv2d(2, 2, 3, padding=1), nn.ReLU(), *steps).double().eval()
    return Net(front, *head(front(images(2, 2, 4, 4))[0].numel())).double().eval()


def test_weights_are_shared() -> None:
    """Catches a copy of the weights (553 MB for VGG16) where nothing is folded, and a graph that autograd sees."""
    module = small_net()
    first, last = (node.op for node in rewrite(module, images(1, 2, 4, 4)).nodes if isinstance(node.op, Weighted))
    for op, name in ((first, "parts.0.parts.0.weight"), (last, "parts.2.weight")):
        assert op.weight.data_ptr() == module.get_parameter(name).data_ptr()
        assert not op.weight.requires_grad


@pytest.mark.parametrize("form", range(len(RELUS)))
def test_guided_backpropagation_is_guided(form: int) -> None:
    """Catches ReLUs that are not found (captum's failure for functions): the map would be the plain gradient. The
    reference is autograd with hooks on a twin of ReLU modules; the twins differ from the gradient by more than a tenth.
    """
    torch.manual_seed(4)
    make = RELUS[form]
    convs = [nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 3)]
    module = Net(convs[0], make(), convs[1], make(), *head(64)).double().eval()
    twin = Net(convs[0], nn.ReLU(), convs[1], nn.ReLU(), *module.steps[4:]).eval()
    x = images(2, 2, 8, 8)
    found = attribution(rewrite(module, x).forward(x), rule("gbp"))
    for part in twin.modules():
        if isinstance(part, nn.ReLU):
            part.register_full_backward_hook(lambda part, below, above: (below[0].clamp(min=0),))
    assert off(found, gradient(twin, x)) <= EXACT
    assert off(found, gradient(module, x)) > 0.1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["resnet20", "digits"])
def test_our_own_networks(name: str, dtype: torch.dtype) -> None:
    """Catches a model that the rewriting does not read, its shortcut A above all, and a fold that loses precision."""
    torch.manual_seed(5)
    module = MODELS[name]()
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.1)
    module = with_statistics(module).to(dtype)
    x = images(2, *((3, 32, 32) if name == "resnet20" else (1, 16, 16))).to(dtype)
    graph = rewrite(module, x)
    relus = sum(isinstance(part, nn.ReLU) for part in module.modules())
    assert kinds(graph).count("ReLU") == relus
    assert off(graph(x).double(), module.double()(x.double()).detach()) <= (1e-4 if dtype == torch.float32 else EXACT)


class Doubling(nn.Module):
    """A module that says itself what it is, and could not be looked into."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, ::2, ::2] if x.sum() > 0 else x[:, :, ::2, ::2].clone()

    def as_op(self) -> Op:
        return Subsample(2, 0)


def test_a_module_may_name_its_operation() -> None:
    """Catches a leaf with `as_op` that is looked into, or not known."""
    assert kinds(rewrite(small_net(Doubling()), images(2, 2, 4, 4))) == [
        "Conv",
        "ReLU",
        "Subsample",
        "Flatten",
        "Linear",
    ]


def in_place_before_addition(a: Any) -> Any:
    b = F.conv2d(a, torch.ones(2, 2, 1, 1, dtype=torch.float64))
    c = F.relu(b, inplace=True)
    return b + c


def test_an_operation_in_place_is_seen_by_all_who_read_the_tensor() -> None:
    """Catches places that belong to names: here b is `relu(b)` as well, after the second line."""
    x = images(2, 2, 4, 4)
    module = small_net(in_place_before_addition)
    graph = rewrite(module, x)
    places = [node.inputs for node in graph.nodes if isinstance(node.op, Add)]
    assert places == [(3, 3)]
    assert off(graph(x), module(x).detach()) <= EXACT


def test_what_the_output_does_not_need_is_left_out() -> None:
    """Catches an auxiliary branch that becomes layers, or the network's last node."""

    def with_auxiliary(a: Any) -> Any:
        a.mean((2, 3))
        return a

    assert kinds(rewrite(small_net(with_auxiliary), images(2, 2, 4, 4))) == ["Conv", "ReLU", "Flatten", "Linear"]


class Functional(nn.Module):
    """A network without modules: parameters, buffers and functions."""

    def __init__(self) -> None:
        super().__init__()
        self.w, self.b = nn.Parameter(torch.randn(4, 2, 3, 3)), nn.Parameter(torch.randn(4))
        self.register_buffer("mean", torch.randn(4))
        self.register_buffer("variance", torch.rand(4) + 0.2)
        self.v = nn.Parameter(torch.randn(3, 4))

    def forward(self, x: Tensor) -> Tensor:
        z = F.conv2d(x, self.w, self.b, padding=1)
        a = F.relu(F.batch_norm(z, self.mean, self.variance, eps=0.1))
        a = operator.iadd(a, z)
        a = F.dropout2d(a, training=self.training).contiguous()
        return F.linear(torch.mean(a, dim=(-1, -2), keepdim=True).squeeze(), self.v)


def test_functions_with_parameters_of_their_own() -> None:
    """Catches a weight, a bias or statistics that only modules may carry, and `squeeze` where it flattens."""
    torch.manual_seed(7)
    module = Functional().double().eval()
    x = images(2, 2, 4, 4)
    graph = rewrite(module, x)
    assert kinds(graph) == ["Conv", "Conv", "ReLU", "Add", "AdaptiveAvgPool", "Flatten", "Linear"]
    assert off(attribution(graph.forward(x), rule("grad")), autograd_out_of_place(x, module)) <= EXACT


def autograd_out_of_place(x: Tensor, module: Functional) -> Tensor:
    """The gradient of the same function without its addition in place, which autograd cannot go back through."""

    def same(x: Tensor) -> Tensor:
        z = F.conv2d(x, module.w, module.b, padding=1)
        a = ((z - module.mean[:, None, None]) / (module.variance[:, None, None] + 0.1).sqrt()).relu() + z
        return a.mean((2, 3)) @ module.v.T

    return torch.autograd.functional.jacobian(lambda x: same(x).amax(dim=1).sum(), x)
