"""A network by its name, or by the function in a user's file that builds it."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from types import ModuleType

import torch
from torch import nn

from nfrlab.simulations.deep.networks import imagenet, models
from nfrlab.simulations.deep.networks.own_files import first_line, made_in_file
from nfrlab.simulations.deep.networks.plain import plain
from nfrlab.simulations.network_names import ALIASES, base_width, library_of, require_known

MODELS: dict[str, Callable[..., nn.Module]] = {
    "vgg16": models.vgg16,
    "vgg16-32": models.vgg16_at_32,
    "vgg16-112": models.vgg16_at_112,
    "vgg16_bn": models.vgg16_bn,
    "vgg16-cifar10": models.vgg16_cifar,
    "vgg16-body": imagenet.vgg16_body,
    "squeezenet1_0": imagenet.squeezenet,
    "resnet18": models.resnet18,
    "resnet20": models.cifar_resnet,
    "digits": models.digits_vgg,
    "stack": models.stack,
}


def build(name: str, bias: bool = True, side: int | None = None) -> nn.Module:
    """`vgg16`, `resnet18`, … without values for their weights, a library's untrained network, or what
    `FILE.py:FUNCTION` returns, as it is. `side` is that of the images, for a library's network that has to know it.

    Raises `ValueError` for an unknown name, a library that is not installed, and for a file or function that gives no
    network.
    """
    if library_of(name):
        return from_library(name, side)
    if ":" in name:
        return from_file(name)
    require_known(name)
    if width := base_width(name):
        return models.small_resnet18(width, bias)
    return MODELS[ALIASES.get(name, name)](bias=bias)


def channels(module: nn.Module, side: int) -> int:
    """The channels of the images that a network reads: those of its first convolution; where it begins with a linear
    map, 1 if its inputs are as many as the pixels of an image of `side × side`; else 3.
    """
    for part in module.modules():
        if isinstance(part, nn.Conv1d | nn.Conv2d | nn.Conv3d):
            return part.in_channels
        if isinstance(part, nn.Linear):
            return 1 if part.in_features == side * side else 3
    return 3


def from_library(name: str, side: int | None = None) -> nn.Module:
    """The network `torchvision:NAME` or `timm:NAME`, untrained, in evaluation mode and made `plain`.

    A transformer of torchvision that reads images of one size is made for those of this `side`.
    """
    library, _, network = name.partition(":")
    try:
        installed = torchvision_models() if library == "torchvision" else importlib.import_module(library)
    except Exception as error:  # not there, or built for another PyTorch
        raise ValueError(f"--model {name}: {library} cannot be imported ({first_line(error)}); install it") from error
    known = installed.list_models()
    if network not in known:
        near = ", ".join(get_close_matches(network, known, 3))
        raise ValueError(f"--model {name}: {library} has no such network{near and f'; near it: {near}'}")
    try:
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of initialisations that will be replaced
            torch.manual_seed(0)
            make = installed.get_model if library == "torchvision" else installed.create_model
            made = make(network)
            if library == "torchvision" and side and getattr(made, "image_size", side) != side:
                made = make(network, image_size=side)
    except Exception as error:  # what a library's network needs besides
        raise ValueError(f"--model {name} failed: {type(error).__name__}: {first_line(error)}") from error
    return plain(made)


@cache
def torchvision_models() -> ModuleType:
    """`torchvision.models`. A torchvision compiled for another build of PyTorch lacks two operators that it asks for
    and that no network of its needs: they are declared.
    """
    try:
        return importlib.import_module("torchvision.models")
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for name in ("nms", "qnms"):
            signature = f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            library.define(signature)  # type: ignore[no-untyped-call]
        DECLARED.append(library)
        for module in [module for module in sys.modules if module.split(".")[0] == "torchvision"]:
            del sys.modules[module]
        return importlib.import_module("torchvision.models")


DECLARED: list[torch.library.Library] = []
"""Declarations hold as long as the library that made them lives."""


def from_file(name: str) -> nn.Module:
    """The network that a function of a Python file returns, in evaluation mode and made `plain`.

    The function is called without arguments, and weights that it draws from PyTorch's random numbers are the same at
    every call.
    """
    module = made_in_file("--model", name, lambda function: function())
    if not isinstance(module, nn.Module):
        raise ValueError(f"--model {name} returned a {type(module).__name__}; it has to return a torch.nn.Module")
    return plain(module)
