"""How captum and zennit are asked for the same maps. Both ask for torchvision, which nothing here uses: where it is not
installed they get a stand-in, and where it was compiled for another PyTorch it is helped along.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType

import torch
from torch import Tensor, nn

from nfrlab.simulations.deep.networks.named import torchvision_models

Method = Callable[[nn.Module, Tensor, Tensor], Tensor]
"""Network, images, one output of each: maps."""


def _stand_in(name: str, *classes: str) -> None:
    """A module of empty classes under this name, with its packages, unless there is one."""
    try:
        __import__(name)
    except ImportError:
        steps = name.split(".")
        for end in range(1, len(steps) + 1):
            sys.modules.setdefault(".".join(steps[:end]), ModuleType(steps[end - 1]))
        for each in classes:
            setattr(sys.modules[name], each, type(each, (), {}))


with suppress(ImportError):
    torchvision_models()
_stand_in("torchvision.models.resnet", "BasicBlock", "Bottleneck")
_stand_in("tqdm.auto", "tqdm")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from captum.attr import LRP, GuidedBackprop
    from captum.attr._utils.lrp_rules import Alpha1_Beta0_Rule
    from zennit.attribution import Gradient
    from zennit.composites import GuidedBackprop as GuidedBackpropComposite
    from zennit.composites import LayerMapComposite
    from zennit.core import Composite
    from zennit.rules import AlphaBeta, Pass, ZPlus
    from zennit.types import Activation, Linear


def captum_gbp(module: nn.Module, x: Tensor, k: Tensor) -> Tensor:
    """Guided backpropagation of the outputs k."""
    return GuidedBackprop(module).attribute(x, target=k)


def captum_zplus(module: nn.Module, x: Tensor, k: Tensor) -> Tensor:
    """LRP-α1β0, whose rules captum forgets after every call."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            part.rule = Alpha1_Beta0_Rule()
    return LRP(module).attribute(x, target=k)


def zennit(composite: Callable[[], Composite]) -> Method:
    """The map of a zennit composite from the outputs k."""

    def attribute(module: nn.Module, x: Tensor, k: Tensor) -> Tensor:
        with Gradient(module, composite()) as attributor:
            return attributor(x, lambda f: torch.zeros_like(f).scatter_(1, k[:, None], 1))[1]

    return attribute


def _relevance(rule: Callable[[], object]) -> Callable[[], Composite]:
    return lambda: LayerMapComposite([(Activation, Pass()), (Linear, rule())])


PEERS: dict[str, dict[str, Method]] = {
    "captum": {"gbp": captum_gbp, "zplus": captum_zplus},
    "zennit": {
        "gbp": zennit(GuidedBackpropComposite),
        "zplus": zennit(_relevance(ZPlus)),
        "lrp-alpha-beta": zennit(_relevance(AlphaBeta)),
    },
}
