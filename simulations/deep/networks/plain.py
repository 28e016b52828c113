"""Weights that are parameters of their layers, whatever computed them.

Pruning, weight and spectral normalisation compute a layer's weight from other numbers whenever the layer runs: whoever
writes into the weight has written into the air. What they compute in evaluation mode becomes the parameter.
"""

from __future__ import annotations

from torch import nn
from torch.nn.utils import parametrize, prune, remove_spectral_norm, remove_weight_norm
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from nfrlab.simulations.deep.reading.unwrapping import unwrapped


def plain(module: nn.Module) -> nn.Module:
    """The network `unwrapped`, in evaluation mode, its computed weights made parameters in place."""
    module = unwrapped(module).eval()
    for part in module.modules():
        if isinstance(computed := getattr(part, "parametrizations", None), nn.ModuleDict):
            for name in list(computed):
                parametrize.remove_parametrizations(part, name, leave_parametrized=True)
        for hook in list(part._forward_pre_hooks.values()):
            if isinstance(hook, prune.BasePruningMethod):
                prune.remove(part, hook._tensor_name)  # type: ignore[no-untyped-call]
            elif isinstance(hook, WeightNorm):
                remove_weight_norm(part, hook.name)
            elif isinstance(hook, SpectralNorm):
                remove_spectral_norm(part, hook.name)
    return module
