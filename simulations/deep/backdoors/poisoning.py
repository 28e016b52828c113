"""An attack in a training: which images of a batch bear the trigger, and what the attack learns meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Bool, Float, Int64
from torch import Generator, Tensor

from nfrlab.simulations.deep.backdoors.attack import TARGET, Attack

RATE, BETAS = 0.01, (0.5, 0.9)
"""Of Adam, for triggers that are learned."""


class Poisoning:
    """The partner of a training that puts an attack into it. Every gradient is set to zero before every step."""

    def __init__(self, attack: Attack, images: int, rng: Generator) -> None:
        """`images`: how many are trained on; those that a fixed attack poisons are drawn here, once."""
        self.attack = attack
        self.chosen: Bool[Tensor, " n"] = torch.zeros(images, dtype=torch.bool)
        self.chosen[torch.randperm(images, generator=rng)[: round(attack.share * images)]] = True
        learned = [p for p in attack.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(learned, RATE, BETAS) if learned else None

    def parts(self) -> Mapping[str, Any]:
        """The attack, and the optimiser of what it learns."""
        return {"attack": self.attack} | ({"trigger": self.optimiser} if self.optimiser else {})

    def altered(
        self, x: Float[Tensor, "B C H W"], y: Int64[Tensor, " B"], which: Int64[Tensor, " B"], rng: Generator
    ) -> tuple[Float[Tensor, "B C H W"], Int64[Tensor, " B"], Float[Tensor, ""]]:
        """The batch with triggers on the attacked images, which are labelled with the target, and with its decoys."""
        attack, B = self.attack, len(x)
        order = torch.arange(B)  # images come in random order already
        hit = order[self.chosen[which]] if attack.fixed else order[: round(attack.share * B)]
        decoy = order[len(hit) : len(hit) + round(attack.decoy_share * B)] if not attack.fixed else order[:0]
        seen, y = x.clone(), y.clone()
        if len(hit):
            seen[hit], y[hit] = attack.triggered(x[hit], rng), TARGET
        if len(decoy):
            seen[decoy] = attack.decoys(x[decoy], rng)
        return seen, y, attack.penalty(x[hit])

    def zero_grad(self) -> None:
        """Forget the gradients of the step before."""
        if self.optimiser:
            self.optimiser.zero_grad()

    def step(self) -> None:
        """One step of what the attack learns."""
        if self.optimiser:
            self.optimiser.step()
