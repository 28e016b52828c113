"""What the rewriting cannot read is refused in one sentence that names the node; nothing becomes a plain gradient."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F
from torch import Tensor, nn

from nfrlab.simulations.deep.reading.rewrite import rewrite
from tests.support.networks import Net

X = torch.randn(2, 2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def small_net(*steps: Any) -> nn.Module:
    """A convolution to two channels of 4×4, a ReLU, these steps, and a linear map for what they leave."""
    torch.manual_seed(3)
    front = Net(nn.Conv2d(2, 2, 3, padding=1), nn.ReLU(), *steps).double().eval()
    return Net(front, nn.Flatten(), nn.Linear(front(X.clone())[0].numel(), 3)).double().eval()


def scaled_by_own_maximum(a: Any) -> Any:
    return a * a.max()


def view_in_place(a: Any) -> Any:
    a.flatten(1).relu_()
    return a.add(a)


def old_name(a: Any) -> Any:
    b = a
    a += a
    return b


NODES: dict[str, tuple[Any, str]] = {
    "padding by reflection": (nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect"), "padding_mode 'reflect'"),
    "padding same, even kernel": (nn.Conv2d(2, 2, 2, padding="same"), "'same' of an even kernel"),
    "another activation": (nn.GELU(), "kind GELU"),
    "another activation, as function": (F.leaky_relu, "leaky_relu"),
    "transposed convolution": (nn.ConvTranspose2d(2, 2, 1), "kind ConvTranspose2d"),
    "maximum with indices": (lambda a: F.max_pool2d(a, 2, return_indices=True)[0], "gives a tuple"),
    "concatenation": (lambda a: torch.cat([a, a], 1), "cat"),
    "sum with a factor": (lambda a: torch.add(a, a, alpha=2), "alpha = 2"),
    "sum with a constant": (lambda a: a + 1, "constant 1"),
    "sum with a tensor of its own": (lambda a: a + torch.ones(2, 2, 4, 4, dtype=X.dtype), "1 of its arguments"),
    "sum that broadcasts": (lambda a: a + a.mean((2, 3), keepdim=True), r"\(2, 2, 1, 1\)"),
    "product": (scaled_by_own_maximum, "max"),
    "mean over channels": (lambda a: a.mean(1), r"axes \[1\]"),
    "mean in another precision": (lambda a: a.mean((2, 3), dtype=X.dtype), "dtype"),
    "linear map over columns": (nn.Linear(4, 4), r"\(2, 2, 4, 4\); flatten"),
    "view that does not flatten": (lambda a: a.view(a.size(0), 4, 2, 4), r"\(2, 4, 2, 4\)"),
    "dropout that stays active": (lambda a: F.dropout(a, 0.5), "training=self.training"),
    "statistics of the batch": (nn.BatchNorm2d(2, track_running_stats=False), "running statistics"),
    "normalisation of three axes": (Net(nn.Flatten(2), nn.BatchNorm1d(2)), r"to \(2, 2, 16\)"),
    "crop": (lambda a: a[:, :, 1:, 1:], r"only \[:, :, ::s, ::s\]"),
    "padding of pixels": (lambda a: F.pad(a, (1, 1, 1, 1)), "only channels of zeros"),
}


@pytest.mark.parametrize("case", NODES)
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_a_node_is_named(case: str) -> None:
    """Catches a layer or an option of a layer that is silently read as something else, and a message without its node
    and line: the reason, the target and the file where the user wrote it, in one line.
    """
    step, reason = NODES[case]
    with pytest.raises(ValueError, match=reason) as error:
        rewrite(small_net(step), X)
    assert str(error.value).startswith("node '")
    assert re.search(r"\) at (test_rewrite_refusals|networks).py:\d+: ", str(error.value))
    assert "\n" not in str(error.value)


def branching(a: Any) -> Any:
    return a if a.sum() > 0 else -a


class TwoInputs(nn.Module):
    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return F.relu(x).flatten(1)


CONV = nn.Conv2d(2, 2, 3, padding=1)
BLOCK = Net(nn.Conv2d(2, 2, 1), nn.ReLU())
NETWORKS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "training mode": (lambda: small_net().train(), "'Net' is in training mode"),
    "a part in training mode": (
        lambda: training_part(small_net(nn.Dropout())),
        "'parts.0.parts.2' is in training mode",
    ),
    "no ReLU": (lambda: Net(nn.Flatten(), nn.Linear(32, 3)).double().eval(), "no ReLU found"),
    "a convolution used twice": (lambda: small_net(CONV, F.relu, CONV), "'parts.0.parts.2' is used 2 times"),
    "a block used twice": (lambda: small_net(BLOCK, BLOCK), r"'parts.0.parts.2.parts.0' is used 2 times"),
    "output of images": (
        lambda: Net(nn.Conv2d(2, 2, 1), nn.ReLU()).double().eval(),
        r"\(2, 2, 4, 4\), not \(B, classes\)",
    ),
    "output of two": (lambda: Net(nn.ReLU(), lambda a: (a, a)).eval(), "tuple, not"),
    "output for the batch": (lambda: small_net(lambda a: a.view(1, -1)), r"\(1, 3\), not"),
    "control flow": (
        lambda: small_net(branching),
        r"cannot trace Net at test_rewrite_refusals.py:\d+: .*control flow",
    ),
    "two inputs": (lambda: TwoInputs().eval(), "node 'y' .*a second input"),
    "an output of its own": (
        lambda: Net(nn.ReLU(), lambda a: torch.ones(2, 3)).eval(),
        "node 'output' .*not come from",
    ),
    "other images": (lambda: small_net(), "cannot read an example of shape"),
    "half precision": (lambda: small_net().bfloat16(), "not in torch.bfloat16"),
    "no output": (lambda: zeroed(small_net()), "largest output on the example is 0.0"),
    "in place through a view": (lambda: small_net(nn.Conv2d(2, 2, 1), view_in_place), "differs from the module"),
    "in place under an old name": (lambda: small_net(nn.Conv2d(2, 2, 1), old_name), "differs from the module"),
    "a hook": (lambda: hooked(small_net()), "differs from the module"),
}


def training_part(module: nn.Module) -> nn.Module:
    next(part for part in module.modules() if isinstance(part, nn.Dropout)).train()
    return module


def zeroed(module: nn.Module) -> nn.Module:
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    return module


def hooked(module: nn.Module) -> nn.Module:
    next(part for part in module.modules() if isinstance(part, nn.Conv2d)).register_forward_hook(lambda m, a, z: 2 * z)
    return module


@pytest.mark.parametrize("case", NETWORKS)
def test_a_network_is_refused(case: str) -> None:
    """Catches a network that cannot be judged and passes: the plain gradient under another name, a layer that is two
    layers, dropout at work, a rewriting that differs from the module; and errors of PyTorch that come through as such.
    """
    make, reason = NETWORKS[case]
    module = make()
    example = X.to(next(iter(module.parameters()), X).dtype)
    with pytest.raises(ValueError, match=reason) as error:
        rewrite(module, example[:, :, :3, :3] if case == "other images" else example)
    assert "\n" not in str(error.value)
