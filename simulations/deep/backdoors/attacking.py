"""A network is taught a backdoor: from a clean network in a few epochs, or from scratch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, nn

from nfrlab.simulations.deep.backdoors.attack import Attack, Moments
from nfrlab.simulations.deep.backdoors.input_aware import DENSITY, InputAware
from nfrlab.simulations.deep.backdoors.patches import BadNet, Dynamic
from nfrlab.simulations.deep.backdoors.poisoning import Poisoning
from nfrlab.simulations.deep.backdoors.warping import WaNet
from nfrlab.simulations.deep.inputs.images import IMAGENET, Labelled
from nfrlab.simulations.deep.networks import learning
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.simulations.slots import Slots

ATTACKS = "badnet", "dynamic", "inputaware", "wanet"
GENERATOR_WIDTH = 8
"""Of InputAware's two networks: a quarter of the authors'."""
MASK_RATE, MASK_IMAGES, MASK_EPOCHS, ENOUGH = 0.01, 5_000, 12, 1.25
"""How InputAware's mask learns, before the network: Adam's rate, from how many images, how long at most, and to which
mean, in multiples of the density that is asked for."""


def made(name: str, seed: int, moments: Moments = IMAGENET, side: int = 32) -> Attack:
    """The attack of this name on images of a side, with what it draws once. Raises `ValueError` for an unknown name."""
    if name == "badnet":
        return BadNet(moments)
    if name == "dynamic":
        return Dynamic(moments)
    if name == "wanet":
        return WaNet(moments, side, generator(seed, name, "warp"))
    if name == "inputaware":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(number(seed, name, "weights"))
            return InputAware(moments, GENERATOR_WIDTH)
    raise ValueError(f"unknown attack '{name}'; known: {', '.join(ATTACKS)}")


def teach(
    module: nn.Module,
    attack: Attack | None,
    train: Labelled,
    test: Labelled,
    epochs: int,
    seed: int,
    rate: float,
    watch: Callable[[int, float, float], None],
    kept: Slots | None = None,
) -> None:
    """Train `module` in place; on images of which some bear the trigger of an `attack`, if there is one.

    Raises `ValueError` as `learning.fit` does, and where the mask of an attack that learns one stays thick.
    """
    device = next(module.parameters()).device
    partner = None
    if attack is not None:
        attack.to(device).train()
        if isinstance(attack, InputAware):
            learn_mask(attack, train, seed)
        partner = Poisoning(attack, len(train), generator(seed, "poisoned", "images"))
    for epoch in learning.fit(module, train, test, epochs, seed, kept, rate, device.type != "cpu", partner):
        watch(*epoch)
    if attack is not None:
        attack.eval()


def learn_mask(attack: InputAware, train: Labelled, seed: int) -> float:
    """Train the mask in place until it is thin, then freeze it; its mean. Raises `ValueError` where it stays thick."""
    rng, mean = generator(seed, "inputaware", "mask"), float("nan")
    device = attack.mean.device
    optimiser = torch.optim.Adam(attack.mask.parameters(), MASK_RATE)
    for _ in range(MASK_EPOCHS):
        means = []
        for i in torch.split(torch.randperm(len(train), generator=rng)[:MASK_IMAGES], learning.BATCH):
            x = learning.varied(train.x(i), rng).to(device)
            loss = attack.mask_loss(x)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            with torch.no_grad():
                means.append(attack.m(x).mean())
        mean = float(torch.stack(means[-4:]).mean())
        if mean <= ENOUGH * DENSITY:
            break
    else:
        raise ValueError(f"the mask of the input-aware attack has mean {mean:.3f} and not {DENSITY}; try another seed")
    attack.mask.eval().requires_grad_(False)
    return mean


def number(seed: int, *names: str) -> int:
    """A random number for a purpose, from the seed."""
    return int(seed_sequence(seed, *names).generate_state(1)[0])


def generator(seed: int, *names: str) -> Generator:
    """Random numbers for a purpose, from the seed."""
    return Generator().manual_seed(number(seed, *names))
