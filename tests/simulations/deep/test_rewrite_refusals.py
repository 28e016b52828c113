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
    with torch.no_grad():
        width = front(X.clone())[0].numel()
    return Net(front, nn.Flatten(), nn.Linear(width, 3)).double().eval()


def scaled_by_largest(a: Any) -> Any:
    return a * a.max()


def view_in_place(a: Any) -> Any:
    a.flatten(1).relu_()
    return a.add(a)


def written_into(a: Any) -> Any:
    b = a + 0.5
    b[:, 0] = 0
    return b


NODES: dict[str, tuple[Any, str]] = {
    "an unknown function": (lambda a: torch.fft.fft2(a).real, "not handled; docs/operations.md"),
    "convolution in three dimensions": (
        lambda a: F.conv3d(a[:, None], torch.ones(1, 1, 1, 1, 1).double())[:, 0],
        "not",
    ),
    "sum with a tensor for one batch": (lambda a: a + torch.ones(2, 2, 4, 4, dtype=X.dtype), "must match the size"),
    "batch written out": (lambda a: a.view(2, 4, 2, 4), "shape '\\[2, 4, 2, 4\\]' is invalid"),
    "scaled by the batch's maximum": (scaled_by_largest, "joins the images of a batch"),
    "centred in the batch": (lambda a: a - a.mean(0), "joins the images of a batch"),
    "a tensor written into": (written_into, "writes into a tensor"),
    "dropout that stays active": (lambda a: F.dropout(a, 0.5), "training=self.training"),
    "statistics of the batch": (nn.BatchNorm2d(2, track_running_stats=False), "running statistics"),
    "a number in Python": (lambda a: a * float(a.mean()), "numbers of the images"),
    "a way by numbers": (lambda a: a if a.sum() > 0 else -a, "numbers of the images"),
    "images in the second axis": (lambda a: F.silu(a.transpose(0, 1)).transpose(0, 1), "images not first"),
    "weights from the image": (lambda a: F.conv2d(a, a[:2, :, :1, :1]), "joins|depend on the image"),
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
    assert "node '" in str(error.value)
    assert re.search(r"\) at (test_rewrite_refusals|networks).py:\d+: ", str(error.value))
    assert "\n" not in str(error.value)


class TwoInputs(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return F.relu(x + y).flatten(1)


class ByBatch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x).flatten(1) if len(x) < 3 else x.flatten(1).relu() * 1.0


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
    "two inputs": (lambda: TwoInputs().eval(), "cannot read an example of shape .* missing 1 required"),
    "another way for more images": (lambda: ByBatch().eval(), "other calls for another number of images"),
    "an output of its own": (
        lambda: Net(nn.ReLU(), lambda a: torch.ones(2, 3)).eval(),
        "does not come from the input",
    ),
    "other images": (
        lambda: small_net(),
        r"cannot read an example of shape \(2, 2, 3, 3\).* node 'parts.2' \(linear\) .*cannot be multiplied",
    ),
    "half precision": (lambda: small_net().bfloat16(), "not in torch.bfloat16"),
    "no output": (lambda: zeroed(small_net()), "largest output on the example is 0.0"),
    "in place through a view": (lambda: small_net(nn.Conv2d(2, 2, 1), view_in_place), "differs from the module"),
}


def training_part(module: nn.Module) -> nn.Module:
    next(part for part in module.modules() if isinstance(part, nn.Dropout)).train()
    return module


def zeroed(module: nn.Module) -> nn.Module:
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
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
