"""What a backdoor came to on images that were not trained on: counts, of which intervals can be had."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Generator, Tensor, nn

from nfrlab.simulations.deep.backdoors.attack import TARGET, Attack
from nfrlab.simulations.deep.inputs.images import Labelled

BATCH = 250


@dataclass(frozen=True)
class Count:
    """So many of so many."""

    hits: int
    n: int


@torch.no_grad()
def outcomes(module: nn.Module, attack: Attack | None, test: Labelled, rng: Generator) -> dict[str, Count]:
    """`clean`: images given their class. `success`: triggered images, of other classes than the target, given the
    target. `decoy`: images with another image's trigger, or warped with noise, given their class; of attacks that have
    such.
    """
    device = next(module.parameters()).device
    found = {"clean": Count(0, 0)}
    if attack is not None:
        found["success"] = Count(0, 0)
        if attack.decoy_share:
            found["decoy"] = Count(0, 0)
    for i in torch.split(torch.arange(len(test)), BATCH):
        x, y = test.x(i).to(device), test.labels[i].to(device)
        _count(found, "clean", module(x), y)
        if attack is not None:
            foreign = y != TARGET
            attacked = attack.triggered(x, rng)[foreign]
            _count(found, "success", module(attacked), torch.full_like(y[foreign], TARGET))
            if attack.decoy_share:
                _count(found, "decoy", module(attack.decoys(x, rng)), y)
    return found


def _count(found: dict[str, Count], name: str, f: Tensor, y: Int64[Tensor, " B"]) -> None:
    """Add the images whose largest output is `y`."""
    before = found[name]
    found[name] = Count(before.hits + int((f.argmax(1) == y).sum()), before.n + len(y))
