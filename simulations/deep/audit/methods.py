"""Ways to a saliency map as an audit takes them: by name, as a function of a user's, or as maps that were made before.

A function is called as `method(model, x, target)`, with a batch of images and the class of each, and returns maps
shaped like the images, or without their channels. Maps that were made before answer what needs no other network, class
or image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nfrlab.simulations.deep.methods import method

Images = Float[Tensor, "B C H W"]
Function = Callable[[nn.Module, Tensor, Tensor], Any]
BATCH = 16


@dataclass(frozen=True)
class Way:
    """One way to a map. `function` is None where only `made` maps are there."""

    name: str
    function: Function | None = None
    made: Any = None

    @classmethod
    def of(cls, name: str, given: object) -> Way:
        """From what a user gives under a name: the name of a method, a function, or an array of maps.

        Raises `ValueError` for an unknown method.
        """
        if isinstance(given, str):
            return cls(name, method(given))
        return cls(name, given) if callable(given) else cls(name, made=given)

    def maps(self, model: nn.Module, x: Images, target: Int64[Tensor, " B"]) -> Images:
        """The maps of these images, in batches; one that does not fit into memory is split.

        Raises `ValueError` for maps of another shape than the images.
        """
        if self.function is None:
            return as_maps(self.made, x, self.name)
        found: list[Tensor] = []
        size = BATCH
        while (done := sum(map(len, found))) < len(x):
            part = slice(done, done + size)
            try:
                found.append(as_maps(self.function(model, x[part], target[part]), x[part], self.name))
            except (RuntimeError, MemoryError) as error:
                if size == 1 or not is_memory(error):
                    raise
                size //= 2
        return torch.cat(found)


def is_memory(error: Exception) -> bool:
    """Whether memory ran out, on whatever device."""
    return isinstance(error, MemoryError) or "memory" in str(error).lower()


def as_maps(given: object, x: Images, name: str) -> Images:
    """Maps as a tensor shaped like the images; one without channels counts for all of them.

    Raises `ValueError` for another number of maps, another size, and maps that are no numbers.
    """
    R = torch.as_tensor(np.asarray(given) if not isinstance(given, Tensor) else given.detach())
    if not R.dtype.is_floating_point:
        R = R.float()
    if R.ndim == 3:
        R = R[:, None].expand(-1, x.shape[1], -1, -1)
    if R.ndim == 4 and R.shape[1] == 1:
        R = R.expand(-1, x.shape[1], -1, -1)
    if R.shape != x.shape:
        raise ValueError(
            f"the maps of '{name}' have shape {tuple(R.shape)}, the images {tuple(x.shape)}; give one map for each "
            "image, (n, C, H, W) or (n, H, W)"
        )
    return R.to(x)


@dataclass(frozen=True)
class Variants:
    """A model beside the same one with random weights in all layers, twice, and in the upper half of them."""

    model: nn.Module
    seed: int

    @cached_property
    def random(self) -> tuple[nn.Module, nn.Module]:
        """Two models with random weights."""
        return randomised(self.model, self.seed, 1.0), randomised(self.model, self.seed + 1, 1.0)

    @cached_property
    def upper(self) -> nn.Module:
        """The model with random weights in the upper half of its layers."""
        return randomised(self.model, self.seed + 2, 0.5)


def randomised(model: nn.Module, seed: int, share: float) -> nn.Module:
    """A copy whose upper `share` of layers has Gaussian weights and biases of each parameter's own mean square.

    Layers are modules that have parameters of their own with more than one axis, in the order of their names in the
    model; normalisations keep theirs. Raises `ValueError` where there is none.
    """
    from copy import deepcopy

    copy = deepcopy(model)
    layers = [part for part in copy.modules() if any(p.ndim > 1 for p in part.parameters(recurse=False))]
    if not layers:
        raise ValueError("the model has no weights that could be randomised")
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for part in layers[len(layers) - max(1, round(share * len(layers))) :]:
            for parameter in part.parameters(recurse=False):
                fresh = torch.randn(parameter.shape, generator=rng).to(parameter)
                parameter.copy_(fresh * parameter.square().mean().sqrt())
    return copy
