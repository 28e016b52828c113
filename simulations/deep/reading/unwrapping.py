"""Networks as people hand them over: what wraps them is taken off, what cannot be read is refused by name."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.parameter import is_lazy

WRAPPERS = {"DataParallel": "module", "DistributedDataParallel": "module", "OptimizedModule": "_orig_mod"}
"""Classes that wrap a network, and where they keep it."""


def unwrapped(module: nn.Module) -> nn.Module:
    """The network inside `DataParallel`, `DistributedDataParallel` and `torch.compile`.

    Raises `ValueError` for a scripted network, and for lazy layers that have not seen an input.
    """
    if not isinstance(module, nn.Module):
        raise ValueError(f"a network is a torch.nn.Module, not a {type(module).__name__}")
    while isinstance(inner := getattr(module, WRAPPERS.get(type(module).__name__, ""), None), nn.Module):
        module = inner
    if isinstance(module, torch.jit.ScriptModule):
        raise ValueError("a scripted network cannot be rewritten; give the torch.nn.Module that it was made from")
    for name, parameter in module.named_parameters():
        if is_lazy(parameter):
            raise ValueError(f"parameter '{name}' is lazy and has no shape yet; run the network once on an image first")
    return module
