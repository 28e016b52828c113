"""GradCAM and Guided GradCAM against loops over channels and places, with the gradient by autograd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F
from torch import nn

from nfrlab.simulations.deep.maps import attribution
from nfrlab.simulations.deep.methods import method
from nfrlab.simulations.deep.methods.gradcam import gradcam, guided_gradcam

pytestmark = pytest.mark.usefixtures("one_thread")


class Plain(nn.Module):
    """Three convolutions, a maximum before the last one and a mean after it; `stages` are A_1, A_2, A_3."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 5, 3, stride=2)
        self.third, self.head = nn.Conv2d(5, 6, 2), nn.Linear(6, 4)

    def stages(self, x: Any) -> list[Any]:
        first = F.relu(self.first(x))
        second = F.relu(self.second(first))
        return [first, second, F.relu(self.third(F.max_pool2d(second, 2, 1)))]

    def after(self, layer: int, A: Any) -> Any:
        """The output, from A_l."""
        if layer == 1:
            A = F.relu(self.second(A))
        if layer <= 2:
            A = F.relu(self.third(F.max_pool2d(A, 2, 1)))
        return self.head(F.adaptive_avg_pool2d(A, 1).flatten(1))

    def forward(self, x: Any) -> Any:
        return self.after(3, self.stages(x)[-1])


class Residual(Plain):
    """The last convolution's output meets a shortcut before its ReLU, and A_3 is what comes after the addition."""

    def __init__(self) -> None:
        super().__init__()
        self.third, self.head = nn.Conv2d(5, 5, 3, padding=1), nn.Linear(5, 4)

    def stages(self, x: Any) -> list[Any]:
        first = F.relu(self.first(x))
        second = F.relu(self.second(first))
        return [first, second, F.relu(self.third(second) + second)]

    def after(self, layer: int, A: Any) -> Any:
        if layer == 1:
            A = F.relu(self.second(A))
        if layer <= 2:
            A = F.relu(self.third(A) + A)
        return self.head(F.adaptive_avg_pool2d(A, 1).flatten(1))


NETWORKS = {"plain": Plain, "residual": Residual}


def network(name: str) -> Any:
    """In float64, with normal weights and biases."""
    made = NETWORKS[name]().double().eval()
    rng = torch.Generator().manual_seed(3)
    for p in made.parameters():
        p.data.normal_(generator=rng)
    return made.requires_grad_(False)


X = torch.randn(3, 3, 11, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(8))


def by_loops(net: Any, x: Any, layer: int, k: int) -> np.ndarray:
    """`relu(Σ_c w_c A_c)` of one image at the layer's own places."""
    A = net.stages(x[None])[layer - 1].detach().requires_grad_()
    (slope,) = torch.autograd.grad(net.after(layer, A)[0, k], A)
    A = A.detach()
    _, channels, height, width = A.shape
    seen = np.zeros((height, width))
    for c in range(channels):
        w = sum(float(slope[0, c, i, j]) for i in range(height) for j in range(width)) / (height * width)
        for i in range(height):
            for j in range(width):
                seen[i, j] += w * float(A[0, c, i, j])
    return np.maximum(seen, 0)


def enlarged(seen: np.ndarray, shape: tuple[int, ...], interpolation: str) -> np.ndarray:
    """Pixels are squares, the image's and the map's over the same field: bilinear between centres, constant outside."""
    out = np.zeros(shape)
    for i in range(shape[0]):
        for j in range(shape[1]):
            if interpolation == "nearest":
                out[i, j] = seen[i * seen.shape[0] // shape[0], j * seen.shape[1] // shape[1]]
                continue
            for row, down in between(i, shape[0], seen.shape[0]):
                for column, right in between(j, shape[1], seen.shape[1]):
                    out[i, j] += down * right * seen[row, column]
    return out


def between(i: int, large: int, small: int) -> list[tuple[int, float]]:
    """The two places of the small grid around the centre of place i of the large one, and their weights."""
    at = min(max((i + 0.5) * small / large - 0.5, 0), small - 1)
    low = min(int(at), max(small - 2, 0))
    return [(low, 1 - (at - low)), (min(low + 1, small - 1), at - low)]


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize("layer", [None, 1, 2, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_gradcam_is_its_printed_formula(name: str, layer: int | None, interpolation: str) -> None:
    """Catches a gradient at another place or class, weights that are no means, a sum over places, a missing relu, and
    corners that are aligned: loops, image by image, each with its class, at every layer and by default the last.
    """
    net, targets = network(name), [3, 0, 1]
    found = gradcam(net, X, targets, layer=layer, interpolation=interpolation)
    assert found.shape == X.shape
    for x, k, map in zip(X, targets, found, strict=True):
        wanted = enlarged(by_loops(net, x, layer or 3, k), tuple(x.shape[1:]), interpolation)
        for channel in map:
            np.testing.assert_allclose(channel.numpy(), wanted, rtol=0, atol=1e-12 * max(1, wanted.max()))
    assert float(found.max()) > 0


def test_at_the_image_it_is_the_mean_gradient_times_the_image() -> None:
    """Catches a layer 0 that is taken for the default."""
    net = network("plain")
    slope = attribution(net, X, "grad", target=1)
    wanted = (slope.mean((2, 3), keepdim=True) * X).sum(1, keepdim=True).clamp(min=0).expand_as(X)
    torch.testing.assert_close(gradcam(net, X, 1, layer=0), wanted)


@pytest.mark.parametrize("name", NETWORKS)
def test_guided_gradcam_is_the_product(name: str) -> None:
    """Catches a factor of another class, layer or image."""
    net = network(name)
    wanted = attribution(net, X, "gbp", target=2) * gradcam(net, X, 2, layer=2, interpolation="nearest")
    torch.testing.assert_close(guided_gradcam(net, X, 2, layer=2, interpolation="nearest"), wanted)
    assert wanted.any()


def dense_network() -> Any:
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 2)).eval()


@pytest.mark.parametrize("name", ["gradcam", "guided-gradcam"])
@pytest.mark.parametrize(
    ("net", "switches", "said"),
    [
        (dense_network(), {}, "GradCAM needs a convolution, and the network has none"),
        (dense_network(), {"layer": 1}, r"of shape \(B, C, H, W\); the input has \(1, 3, 2, 2\), layer 1 \(1, 5\)"),
        (network("plain").float(), {"layer": 4}, r"layer 4 \(1, 4\)"),
        (network("plain").float(), {"layer": 5}, "layers run from 0 .* to 4, got 5"),
        (network("plain").float(), {"interpolation": "cubic"}, "interpolation is one of bilinear, nearest, got cubic"),
    ],
)
def test_what_has_no_places_is_refused(name: str, net: Any, switches: dict[str, Any], said: str) -> None:
    """Catches a network without convolutions that gets some map, and a layer or an interpolation that is not there."""
    side = 2 if isinstance(net, nn.Sequential) else 9
    with pytest.raises(ValueError, match=said):
        method(name, **switches)(net, torch.ones(1, 3, side, side))


def test_lines_are_refused() -> None:
    """Catches a map of lines, whose convolutions have places in one direction, that is taken for one of images."""
    net = nn.Sequential(nn.Conv1d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(9, 2)).eval()
    with pytest.raises(ValueError, match=r"the input has \(1, 2, 5\)"):
        gradcam(net, torch.ones(1, 2, 5))
