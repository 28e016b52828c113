"""The built-in deep networks by name: what a user may ask for, known without PyTorch."""

from __future__ import annotations

import re

SQUEEZENET, BODY = "squeezenet1_0", "vgg16-body"
"""Networks with weights from ImageNet; the second, VGG16 without a classifier, went on to learn edges."""
SMALL_VGG16, MEDIUM_VGG16 = "vgg16-32", "vgg16-112"
"""VGG16 for images of 32 × 32, with a quarter of the weights, and of 112 × 112, with two fifths."""
NETWORKS = (
    *("vgg16", SMALL_VGG16, MEDIUM_VGG16, "vgg16_bn", "vgg16-cifar10", BODY, SQUEEZENET),
    *("resnet18", "resnet20", "digits", "stack"),
)
"""As `simulations.deep.networks.named.MODELS` builds them."""
ALIASES = {"cifar": "resnet20"}
WIDTH = re.compile("resnet18-w([1-9][0-9]{0,2})")
"""ResNet-18 for the images of CIFAR-10, of any base width below 1,000: `resnet18-w16`."""
LIBRARIES = ("torchvision", "timm")
"""Whose networks are asked for as `torchvision:NAME`, where they are installed."""


def library_of(network: str) -> str | None:
    """The library whose network is meant, if any."""
    library = network.partition(":")[0]
    return library if ":" in network and library in LIBRARIES else None


def base_width(network: str) -> int | None:
    """The base width w of a network called `resnet18-w16`; None of any other."""
    found = WIDTH.fullmatch(network)
    return int(found[1]) if found else None


def is_own_file(network: str) -> bool:
    """Whether `FILE.py:FUNCTION` of the user's is meant."""
    return ":" in network and library_of(network) is None


def require_known(network: str) -> None:
    """Raises `ValueError` for what is neither a built-in network, nor a library's, nor `FILE.py:FUNCTION`."""
    if ":" not in network and base_width(network) is None and ALIASES.get(network, network) not in NETWORKS:
        others = "resnet18-w16 of any width, torchvision:NAME, timm:NAME, or FILE.py:FUNCTION of your own"
        known = f"{', '.join(NETWORKS)}, {others}"
        raise ValueError(f"unknown --model '{network}'; known: {known}")
