"""SqueezeNet, and VGG16 without its linear maps: networks of which weights that come from ImageNet are at hand.

Names and shapes of parameters are torchvision's, so that its checkpoints load; parameters come uninitialised, as those
of `models`. Shapes: `(B, 3, H, W)` to `(B, classes)`.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nfrlab.simulations.deep.networks.models import VGG16_PLAN, convolutions
from nfrlab.simulations.deep.networks.unset import uninitialised

FIRES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
"""Channels of every fire module: squeezed to, and expanded to on either path."""
POOLS_BEFORE = 0, 3, 7
"""The fire modules before which a maximum is taken."""


class Fire(nn.Module):
    """Squeezed by a 1×1 convolution, then expanded by one of 1×1 and one of 3×3, side by side."""

    def __init__(self, below: int, squeezed: int, expanded: int, bias: bool) -> None:
        super().__init__()
        self.squeeze, self.squeeze_activation = nn.Conv2d(below, squeezed, 1, bias=bias), nn.ReLU()
        self.expand1x1, self.expand1x1_activation = nn.Conv2d(squeezed, expanded, 1, bias=bias), nn.ReLU()
        self.expand3x3, self.expand3x3_activation = nn.Conv2d(squeezed, expanded, 3, padding=1, bias=bias), nn.ReLU()

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D H W"]:
        """Both paths, one behind the other."""
        s = self.squeeze_activation(self.squeeze(x))
        paths = self.expand1x1_activation(self.expand1x1(s)), self.expand3x3_activation(self.expand3x3(s))
        return torch.cat(paths, 1)


class SqueezeNet(nn.Module):
    """SqueezeNet 1.0, Iandola et al. 2016: 1,248,424 parameters with biases for 1,000 classes."""

    def __init__(self, classes: int, bias: bool) -> None:
        super().__init__()
        features: list[nn.Module] = [nn.Conv2d(3, 96, 7, stride=2, bias=bias), nn.ReLU()]
        below = 96
        for place, (squeezed, expanded) in enumerate(FIRES):
            if place in POOLS_BEFORE:
                features.append(nn.MaxPool2d(3, 2, ceil_mode=True))
            features.append(Fire(below, squeezed, expanded, bias))
            below = 2 * expanded
        self.features = nn.Sequential(*features)
        head = nn.Dropout(), nn.Conv2d(below, classes, 1, bias=bias), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(*head)

    def forward(self, x: Tensor) -> Tensor:
        """`f(x)`."""
        return torch.flatten(self.classifier(self.features(x)), 1)


@uninitialised
def squeezenet(bias: bool = True, classes: int = 1000) -> SqueezeNet:
    """SqueezeNet 1.0; its outputs are means of ReLUs, never negative."""
    return SqueezeNet(classes, bias)


class VGGBody(nn.Module):
    """The convolutions of VGG16; `f` is the mean of each of the 512 channels of the last one."""

    def __init__(self, bias: bool) -> None:
        super().__init__()
        self.features = nn.Sequential(*convolutions(VGG16_PLAN[:-1], 3, bias))
        self.avgpool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        """`f(x)`."""
        return torch.flatten(self.avgpool(self.features(x)), 1)


@uninitialised
def vgg16_body(bias: bool = True) -> VGGBody:
    """VGG16 without a classifier: 13 convolutions, 14,714,688 parameters with biases."""
    return VGGBody(bias)
