"""Networks built without drawing a weight: their parameters have shapes, and no values yet."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import torch
from torch import nn

P = ParamSpec("P")
M = TypeVar("M", bound=nn.Module)


def uninitialised(build: Callable[P, M]) -> Callable[P, M]:
    """Build without drawing a weight; batch normalisations start as the identity."""

    @wraps(build)
    def builduninitialised(*args: P.args, **kwargs: P.kwargs) -> M:
        with torch.device("meta"):
            module = build(*args, **kwargs)
        module.to_empty(device="cpu").eval()
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                identity_norm(part)
        return module

    return builduninitialised


@torch.no_grad()
def identity_norm(norm: nn.Module) -> None:
    """Running mean 0 and variance 1, where a normalisation has them; scale 1, shift 0."""
    if isinstance(norm, nn.modules.batchnorm._NormBase):
        norm.reset_running_stats()
    for name, value in (("weight", 1), ("bias", 0)):
        if isinstance(parameter := getattr(norm, name, None), torch.Tensor):
            parameter.fill_(value)
