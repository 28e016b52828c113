"""Which calls are known: PyTorch's modules, functions and methods, each with the form that reads it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from inspect import signature
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nfrlab.simulations.deep.reading import forms
from nfrlab.simulations.deep.reading.forms import Ops

Form = Callable[..., Ops]

FORMS: dict[Form, tuple[Any, ...]] = {
    forms.relu: (nn.ReLU, F.relu, F.relu_, torch.relu, torch.relu_, "relu", "relu_"),
    forms.linear: (nn.Linear, F.linear),
    forms.conv: (nn.Conv2d, F.conv2d),
    forms.batch_norm: (nn.BatchNorm1d, nn.BatchNorm2d, F.batch_norm),
    forms.max_pool: (nn.MaxPool2d, F.max_pool2d, torch.max_pool2d),
    forms.avg_pool: (nn.AvgPool2d, F.avg_pool2d),
    forms.adaptive_avg_pool: (nn.AdaptiveAvgPool2d, F.adaptive_avg_pool2d),
    forms.mean: (torch.mean, "mean"),
    forms.flatten: (nn.Flatten, torch.flatten, torch.reshape, torch.squeeze, "flatten", "view", "reshape", "squeeze"),
    forms.add: (operator.add, operator.iadd, torch.add, "add", "add_"),
    forms.dropout: (
        nn.Dropout,
        nn.Dropout1d,
        nn.Dropout2d,
        nn.Dropout3d,
        F.dropout,
        F.dropout1d,
        F.dropout2d,
        F.dropout3d,
    ),
    forms.nothing: (nn.Identity, "contiguous", "clone"),
    forms.subsample: (operator.getitem,),
    forms.pad: (F.pad,),
}
OF = {target: form for form, targets in FORMS.items() for target in targets}


def of_module(module: nn.Module, output: Tensor, *inputs: Tensor) -> Ops:
    """What a module of the table does, or one that says so itself by `as_op()`; its attributes are the arguments.

    Raises `ValueError` for any other module.
    """
    as_op = getattr(module, "as_op", None)
    if callable(as_op):
        return (as_op(),)
    form = next((OF[kind] for kind in type(module).__mro__ if kind in OF), None)
    if form is None:
        raise ValueError(f"a module of kind {type(module).__name__} is not handled")
    names = list(signature(form).parameters)[2:]
    return form(output, *inputs, **{name: getattr(module, name) for name in names if hasattr(module, name)})


def of_function(target: Any, output: Tensor, *arguments: Any, **named: Any) -> Ops:
    """What a call of a function or method of the table does. Raises `ValueError` for any other."""
    if target not in OF:
        raise ValueError("this function is not handled")
    return OF[target](output, *arguments, **named)
