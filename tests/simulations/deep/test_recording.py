"""Where a call is said to be made."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn

from nfrlab.simulations.deep.reading.recording import record


class Inner(nn.Module):
    """A layer that makes its ReLU while it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        return nn.ReLU()(self.linear(x))


class Outer(nn.Module):
    """A network with such a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.inner(x))


def test_a_call_is_made_by_the_module_that_runs() -> None:
    """Catches a call of a part without a name, said to be made by the whole network and not by what made the part."""
    calls, _, _ = record(Outer().eval(), torch.zeros(1, 3))
    assert [(call.name, call.place) for call in calls] == [
        ("linear", "inner.linear"),
        ("relu", "inner"),
        ("tanh", ""),
    ]
