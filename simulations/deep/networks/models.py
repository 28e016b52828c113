"""Networks without weights: VGG16, ResNet-18, the ResNet of CIFAR-10; for digits a small VGG and a stack.

Names and shapes of parameters are torchvision's, so that its checkpoints load. No module is used twice and no ReLU
writes in place: every operation can be told apart. Parameters come uninitialised, in evaluation mode:
`weights.randomise` or `checkpoints.load` gives them values. Shapes: `(B, C, H, W)` to `(B, classes)`.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from nfrlab.simulations.deep.engine.ops import Subsample
from nfrlab.simulations.deep.networks.unset import uninitialised

POOL = 0  # in a plan of channels
VGG16_PLAN = (64, 64, POOL, 128, 128, POOL, *(256,) * 3, POOL, *(512,) * 3, POOL, *(512,) * 3, POOL)
STACK_WIDTHS = (256, 512, 512, 512)
DIGITS_PLAN = (16, 16, POOL, 32, 32, POOL, 64, 64, POOL)


def convolutions(plan: tuple[int, ...], channels: int, bias: bool, norm: bool = False) -> list[nn.Module]:
    """Convolutions 3×3 with ReLUs and maximum pools by `plan`, of images of so many channels."""
    found: list[nn.Module] = []
    for width in plan:
        if width == POOL:
            found.append(nn.MaxPool2d(2, 2))
        else:
            normalised = [_norm(width, bias)] if norm else []
            found += [nn.Conv2d(channels, width, 3, padding=1, bias=bias), *normalised, nn.ReLU()]
            channels = width
    return found


class VGG(nn.Module):
    """Convolutions 3×3 with ReLUs and maximum pools by `plan`, then linear maps of the widths `hidden` and `classes`.

    Takes images of any size that survives the pools: adaptive pooling brings them to `pool × pool`. With `norm` a batch
    normalisation behind every convolution.
    """

    def __init__(
        self,
        plan: tuple[int, ...],
        hidden: tuple[int, ...],
        classes: int,
        channels: int,
        pool: int,
        bias: bool,
        norm: bool = False,
    ) -> None:
        super().__init__()
        self.features = nn.Sequential(*convolutions(plan, channels, bias, norm))
        self.avgpool = nn.AdaptiveAvgPool2d(pool)
        classifier: list[nn.Module] = []
        below = plan[-2] * pool**2
        for width in hidden:
            classifier += [nn.Linear(below, width, bias), nn.ReLU(), nn.Dropout()]
            below = width
        self.classifier = nn.Sequential(*classifier, nn.Linear(below, classes, bias))

    def forward(self, x: Tensor) -> Tensor:
        """`f(x)`."""
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


@uninitialised
def vgg16(bias: bool = True, classes: int = 1000) -> VGG:
    """VGG16, Simonyan & Zisserman 2015: 13 convolutions, 3 linear maps, 138,357,544 parameters with biases; 224×224."""
    return VGG(VGG16_PLAN, (4096, 4096), classes, channels=3, pool=7, bias=bias)


@uninitialised
def vgg16_at_32(bias: bool = True, classes: int = 1000) -> VGG:
    """VGG16 for images of 32×32, of which one position is left: its first linear map reads it once and not 49 times."""
    return VGG(VGG16_PLAN, (4096, 4096), classes, channels=3, pool=1, bias=bias)


@uninitialised
def vgg16_at_112(bias: bool = True, classes: int = 1000) -> VGG:
    """VGG16 for images of 112×112, of which 3×3 positions are left: its first linear map reads each of them once."""
    return VGG(VGG16_PLAN, (4096, 4096), classes, channels=3, pool=3, bias=bias)


@uninitialised
def vgg16_bn(bias: bool = True, classes: int = 1000) -> VGG:
    """VGG16 with a batch normalisation behind every convolution: 138,365,992 parameters with biases."""
    return VGG(VGG16_PLAN, (4096, 4096), classes, channels=3, pool=7, bias=bias, norm=True)


def vgg16_cifar(bias: bool = True) -> VGG:
    """VGG16 for the ten classes of CIFAR-10."""
    return vgg16(bias, classes=10)


@uninitialised
def digits_vgg(bias: bool = True) -> VGG:
    """A VGG of 6 convolutions and 2 linear maps for grey digits of 16×16, ten classes."""
    return VGG(DIGITS_PLAN, (64,), 10, channels=1, pool=2, bias=bias)


class Stack(nn.Module):
    """Linear maps of these widths, input first, with ReLUs between them, of flattened images; one output."""

    def __init__(self, widths: tuple[int, ...], bias: bool) -> None:
        super().__init__()
        hidden = [layer for below, width in pairwise(widths) for layer in (nn.Linear(below, width, bias), nn.ReLU())]
        self.layers = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(widths[-1], 1, bias))

    def forward(self, x: Tensor) -> Tensor:
        """`f(x)`."""
        return self.layers(x)


@uninitialised
def stack(bias: bool = True) -> Stack:
    """Three hidden layers of 512 neurons for grey digits of 16×16: wide enough for the cascade law."""
    return Stack(STACK_WIDTHS, bias)


class Shortcut(nn.Module):
    """He et al.'s shortcut A: every `stride`-th position, `channels` zero channels on either side."""

    def __init__(self, stride: int, channels: int) -> None:
        super().__init__()
        self.stride, self.channels = stride, channels

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D h w"]:
        """`x[:, :, ::stride, ::stride]`, padded."""
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.channels, self.channels))

    def as_op(self) -> Subsample:
        """The shortcut as one operation of the engine."""
        return Subsample(self.stride, self.channels)


def _conv(below: int, width: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(below, width, size, stride, padding=size // 2, bias=False)


def _norm(width: int, bias: bool) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(width)
    if not bias:
        norm.register_parameter("bias", None)
    return norm


class Block(nn.Module):
    """`relu(g(x) + shortcut(x))`, g two 3×3 convolutions with batch normalisation and a ReLU between them."""

    def __init__(self, below: int, width: int, stride: int, bias: bool, downsample: nn.Module | None) -> None:
        super().__init__()
        self.conv1, self.bn1, self.relu1 = _conv(below, width, 3, stride), _norm(width, bias), nn.ReLU()
        self.conv2, self.bn2, self.relu2 = _conv(width, width, 3), _norm(width, bias), nn.ReLU()
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        """The block's output."""
        g = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        return self.relu2(g + (x if self.downsample is None else self.downsample(x)))


def _stage(count: int, below: int, width: int, stride: int, bias: bool, project: bool) -> nn.Sequential:
    """`count` blocks; where the first one changes stride or width, its shortcut projects (B) or subsamples (A)."""
    down: nn.Module | None = None
    if stride > 1 or below != width:
        projection = (_conv(below, width, 1, stride), _norm(width, bias))
        down = nn.Sequential(*projection) if project else Shortcut(stride, (width - below) // 2)
    rest = (Block(width, width, 1, bias, None) for _ in range(count - 1))
    return nn.Sequential(Block(below, width, stride, bias, down), *rest)


class ResNet(nn.Module):
    """ResNet-18, He et al. 2016, shortcut B: stages of w, 2w, 4w and 8w channels, 11,689,512 parameters for w = 64 and
    1,000 classes. For `small` images the first convolution is 3×3, and nothing is subsampled before the second stage.
    """

    def __init__(self, classes: int, bias: bool, w: int = 64, small: bool = False) -> None:
        super().__init__()
        first = _conv(3, w, 3) if small else _conv(3, w, 7, 2)
        self.conv1, self.bn1, self.relu = first, _norm(w, bias), nn.ReLU()
        self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, 2, padding=1)
        self.layer1, self.layer2, self.layer3, self.layer4 = (
            _stage(2, below, width, stride, bias, project=True)
            for below, width, stride in ((w, w, 1), (w, 2 * w, 2), (2 * w, 4 * w, 2), (4 * w, 8 * w, 2))
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8 * w, classes, bias)

    def forward(self, x: Tensor) -> Tensor:
        """`f(x)`."""
        a = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        a = self.layer4(self.layer3(self.layer2(self.layer1(a))))
        return self.fc(torch.flatten(self.avgpool(a), 1))


@uninitialised
def resnet18(bias: bool = True, classes: int = 1000) -> ResNet:
    """ResNet-18; without biases its batch normalisations have a scale and no shift."""
    return ResNet(classes, bias)


@uninitialised
def small_resnet18(width: int, bias: bool = True, classes: int = 10) -> ResNet:
    """ResNet-18 of this base width for images of 32×32: 11,173,962 parameters at width 64."""
    return ResNet(classes, bias, width, small=True)


class CifarResNet(nn.Module):
    """He et al. 2016, Sec. 4.2: three stages of n blocks with 16, 32, 64 channels and shortcut A; depth 6n + 2."""

    def __init__(self, n: int, classes: int, bias: bool) -> None:
        super().__init__()
        self.conv1, self.bn1, self.relu = _conv(3, 16, 3), _norm(16, bias), nn.ReLU()
        self.layer1, self.layer2, self.layer3 = (
            _stage(n, below, width, stride, bias, project=False)
            for below, width, stride in ((16, 16, 1), (16, 32, 2), (32, 64, 2))
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.linear = nn.Linear(64, classes, bias)

    def forward(self, x: Tensor) -> Tensor:
        """`f(x)`."""
        a = self.layer3(self.layer2(self.layer1(self.relu(self.bn1(self.conv1(x))))))
        return self.linear(torch.flatten(self.avgpool(a), 1))


@uninitialised
def cifar_resnet(depth: int = 20, bias: bool = True, classes: int = 10) -> CifarResNet:
    """The ResNet of this depth for 32×32 images. Raises `ValueError` unless depth is 6n + 2."""
    if depth < 8 or depth % 6 != 2:
        raise ValueError(f"a CIFAR ResNet has depth 6n + 2 (8, 14, 20, …), got {depth}")
    return CifarResNet(depth // 6, classes, bias)
