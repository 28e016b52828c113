"""Batch normalisation is folded along the flow of data: into the convolution that feeds it alone, or nowhere."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn

from nfrlab.simulations.deep.engine.backward import attribution
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.engine.weighted import Conv
from nfrlab.simulations.deep.reading.rewrite import rewrite
from tests.support.networks import EXACT, Net, Residual, gradient, head, images, kinds, off, with_statistics


class PreActivation(nn.Module):
    """`x + conv2(relu(bn2(conv1(relu(bn1(x))))))`, registered in the order conv1, bn1, conv2, bn2."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(self.relu(self.bn1(x)))
        y = self.conv2(self.relu(self.bn2(y)))
        y += x
        return y


def test_preactivation_follows_the_data() -> None:
    """Catches folding by the order of registration: bn1 stands behind conv1 there, but reads the block's input. Its
    place is a grouped 1×1 convolution; bn2, which conv1 feeds, is folded. One ReLU module serves twice.
    """
    torch.manual_seed(1)
    module = with_statistics(Net(PreActivation(3), nn.Flatten(), nn.Linear(75, 4)))
    x = images(2, 3, 5, 5)
    graph = rewrite(module, x)
    assert kinds(graph) == ["Conv", "ReLU", "Conv", "ReLU", "Conv", "Add", "Flatten", "Linear"]
    first = graph.nodes[0].op
    assert isinstance(first, Conv)
    assert (first.groups, tuple(first.weight.shape)) == (3, (3, 1, 1, 1))
    assert graph.nodes[5].inputs == (4, -1)
    assert off(attribution(graph.forward(x), rule("grad")), gradient(module, x)) <= EXACT


def test_a_convolution_that_branches_is_not_folded() -> None:
    """Catches a fold that changes what another branch reads."""
    torch.manual_seed(2)
    branch = Net(nn.BatchNorm2d(2), nn.ReLU())
    module = with_statistics(Net(nn.Conv2d(1, 2, 1), Residual(branch, nn.Identity(), torch.add), *head(2 * 9)))
    graph = rewrite(module, images(2, 1, 3, 3))
    assert kinds(graph) == ["Conv", "Conv", "ReLU", "Add", "Flatten", "Linear"]


class Late(nn.Module):
    """`bn1(conv1(x)) + bn2(conv2(x))`, both convolutions before both normalisations."""

    def __init__(self) -> None:
        super().__init__()
        self.bn1, self.bn2 = nn.BatchNorm2d(2), nn.BatchNorm2d(2)
        self.conv1, self.conv2 = nn.Conv2d(2, 2, 3), nn.Conv2d(2, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.conv1(x), self.conv2(x)
        return self.bn1(a) + self.bn2(b)


def test_a_normalisation_finds_its_convolution() -> None:
    """Catches a fold into the convolution called last, or readers who look for the sum elsewhere."""
    torch.manual_seed(6)
    module = with_statistics(Net(Late(), nn.ReLU(), *head(8)))
    x = images(2, 2, 4, 4)
    graph = rewrite(module, x)
    assert [node.inputs for node in graph.nodes[:3]] == [(-1,), (-1,), (0, 1)]
    assert off(graph(x), module(x).detach()) <= EXACT
