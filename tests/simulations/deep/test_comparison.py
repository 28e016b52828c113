"""A graph that is not its module is refused, whatever hides it: a huge logit, a ReLU at rest, a wrong transpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F
from torch import Tensor, nn

from nfrlab.simulations.deep.engine import ops
from nfrlab.simulations.deep.reading.comparison import NOISE, compare_outputs, perturbed
from nfrlab.simulations.deep.reading.rewrite import rewrite
from tests.support.networks import Net

X = torch.rand(2, 2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 0.1


class Says(nn.Module):
    """A layer that computes one thing and says that it is another."""

    def __init__(self, forward: Callable[[Tensor], Tensor], op: ops.Op) -> None:
        super().__init__()
        self.compute, self.op = forward, op

    def as_op(self) -> ops.Op:
        return self.op

    def forward(self, a: Tensor) -> Tensor:
        return self.compute(a)


class Scaled(ops.ReLU):
    """A ReLU whose transpose is off by a tenth."""

    def transpose(self, r: Tensor, record: ops.Record) -> tuple[Tensor, ...]:
        return (1.1 * super().transpose(r, record)[0],)


def network(*steps: Any) -> nn.Module:
    torch.manual_seed(1)
    front = Net(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), *steps).double().eval()
    return Net(front, nn.Flatten(), nn.Linear(front(X.clone())[0].numel(), 5)).double().eval()


def all_pass(module: nn.Module) -> nn.Module:
    """With biases that keep every neuron of the second layer awake on the example."""
    with torch.no_grad():
        module.get_submodule("parts.0.parts.2").bias.fill_(1.0)  # type: ignore[union-attr, operator]
    return module


def one_huge(module: nn.Module) -> nn.Module:
    """With a logit 10¹² times the others."""
    with torch.no_grad():
        module.get_submodule("parts.2").bias[0] = 1e12  # type: ignore[index]
    return module


def blind_forward() -> nn.Module:
    class Blind(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def forward(self, x: Tensor) -> Tensor:
            return self.net(x.detach())

    return Blind().eval()


LIES: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "a layer behind one huge logit": (
        lambda: one_huge(network(Says(lambda a: 1.001 * F.relu(a), ops.ReLU()))),
        "differs from the module on the example",
    ),
    "a ReLU at rest on the example": (
        lambda: all_pass(network(nn.Conv2d(4, 4, 1), Says(lambda a: a.clamp(min=-3), ops.ReLU()))),
        "with noise added",
    ),
    "a transpose off by a tenth": (lambda: network(Says(F.relu, Scaled())), "differs from autograd's by 1.0e-01"),
}


@pytest.mark.parametrize("case", LIES)
def test_a_graph_that_is_not_the_module_is_refused(case: str) -> None:
    """Catches a comparison on the sum of all outputs, on the example alone, or of the way up alone."""
    make, reason = LIES[case]
    with pytest.raises(ValueError, match=reason):
        rewrite(make(), X)


def test_what_autograd_cannot_follow_is_refused() -> None:
    """Catches a gradient taken where the network itself has none, and an error of autograd that comes through."""
    with pytest.raises(ValueError, match="node 'detach'"):
        rewrite(blind_forward(), X)
    module = network()
    module.forward = torch.no_grad()(module.forward)  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="remove no_grad"):
        rewrite(module, X)


@pytest.mark.parametrize("add", [lambda a, b: sum((a, b)), lambda a, b: 0 + a + b, lambda a, b: torch.add(a, 0) + b])
def test_a_sum_begins_with_zero(add: Callable[[Any, Any], Any]) -> None:
    """Catches a refusal of `sum(branches)`, which adds the first branch to 0."""

    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other, self.out = nn.Conv2d(2, 3, 3), nn.Conv2d(2, 3, 3), nn.Linear(12, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(F.relu(add(self.one(x), self.other(x))).flatten(1))

    module = Branches().double().eval()
    graph = rewrite(module, X)
    torch.testing.assert_close(graph(X), module(X), rtol=1e-12, atol=1e-12)
    assert sum(isinstance(node.op, ops.Add) for node in graph.nodes) == 1


def test_a_network_may_be_as_sensitive_as_to_a_rounding_of_its_pixels() -> None:
    """Catches a refusal of gates that saturate: on large noise they tell roundings apart, the module's own as well."""
    torch.manual_seed(2)
    norm = nn.BatchNorm2d(4)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.2, 3.0)
    steps = (
        nn.Conv2d(2, 4, 3, padding=1),
        norm,
        lambda a: torch.sin(10 * a**3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64, 5),
    )
    module, x = Net(*steps).float().eval(), X.float()
    graph = rewrite(module, x)
    noisy = perturbed(x, NOISE[1])
    with torch.no_grad():
        expected = module(noisy.clone())
    with pytest.raises(ValueError, match="differs from the module"):
        compare_outputs(graph(noisy.clone()), expected, "the example with noise added")
