"""Guided backpropagation and Deconv by autograd: every nonlinearity exchanged while a network runs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

NONLINEAR = (
    *(
        "relu",
        "relu6",
        "leaky_relu",
        "prelu",
        "rrelu",
        "hardtanh",
        "clamp",
        "clamp_max",
        "clip",
        "silu",
        "gelu",
        "tanh",
    ),
    *("hardswish", "elu", "celu", "selu", "softplus", "mish", "softsign", "log_sigmoid", "threshold", "hardshrink"),
    *("softshrink", "tanhshrink"),
)
"""What counts as one, by its plain name. Sigmoids are left alone: they may be gates."""


class Guided(TorchFunctionMode):
    """Every nonlinearity passes the positive part of what comes back to it; with `deconv` that alone is done."""

    def __init__(self, deconv: bool) -> None:
        super().__init__()
        self.deconv, self.met = deconv, 0

    def __torch_function__(self, function: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:
        if getattr(function, "__name__", "").strip("_") not in NONLINEAR:
            return function(*arguments, **(named or {}))
        self.met += 1
        z, deconv = arguments[0], self.deconv
        at_rest = {key: value for key, value in (named or {}).items() if key != "inplace"}
        leaf = z.detach().clone().requires_grad_()
        with torch.enable_grad():
            output = function(leaf.clone(), *arguments[1:], **at_rest)

        class Step(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, a: Tensor) -> Tensor:
                return output.detach().clone()

            @staticmethod
            def backward(ctx: Any, r: Tensor) -> Tensor:
                return r.clamp(min=0) if deconv else torch.autograd.grad(output, leaf, r.clamp(min=0))[0]

        return Step.apply(z)
