"""Networks learn CIFAR-10: VGG16 at any size of the images, the paper's network where ImageNet is out of reach.

Batch normalisations stand behind its convolutions while it learns, and are folded into them afterwards: what is kept
is plain VGG16 with biases. `fit` trains any network, alone or beside a `Partner` that changes what it sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Generator, Tensor, nn

from nfrlab.simulations.deep.engine.weighted import Weighted
from nfrlab.simulations.deep.inputs.images import Labelled
from nfrlab.simulations.deep.networks import models, weights
from nfrlab.simulations.deep.networks.trained import accuracy
from nfrlab.simulations.deep.reading.rewrite import rewrite
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.simulations.slots import Slots

M = TypeVar("M", bound=nn.Module)
BATCH, RATE, MOMENTUM, DECAY, STEEPEST = 250, 0.03, 0.9, 5e-4, 2.0
REACH = 4
"""Pixels of 32 by which an image is shifted at most."""


class Epoch(NamedTuple):
    """What an epoch of training came to: its number from 1, the mean cross-entropy, the share of test images right."""

    number: int
    loss: float
    accuracy: float


@runtime_checkable
class Partner(Protocol):
    """What changes the batches of a training, and may learn beside it."""

    def parts(self) -> Mapping[str, Any]:
        """What a training that goes on needs of it: whatever has a state."""

    def altered(
        self, x: Float[Tensor, "B C H W"], y: Int64[Tensor, " B"], which: Int64[Tensor, " B"], rng: Generator
    ) -> tuple[Float[Tensor, "B C H W"], Int64[Tensor, " B"], Float[Tensor, ""]]:
        """The batch that is learned from in the place of images `which`, and what is added to its loss."""

    def zero_grad(self) -> None:
        """Before the gradients of a step."""

    def step(self) -> None:
        """After them: its own step."""


def learn(
    train: Labelled,
    test: Labelled,
    epochs: int,
    device: str,
    seed: int,
    watch: Callable[[int, float, float], None],
    kept: Slots | None = None,
) -> tuple[models.VGG, float]:
    """VGG16 trained from He's Gaussian weights, its batch normalisations folded away, and its accuracy on `test`.

    Raises `ValueError` where the loss is no longer a number, and `OSError` where the disk has no space for the epochs.

    Parameters
    ----------
    train, test
        Images at the size that is learned from, with their classes.
    epochs
        How often every image is seen.
    seed
        Root of the random numbers of weights, order and variation.
    watch
        Called as `watch(number, loss, accuracy)` after each epoch.
    kept
        Where every finished epoch is kept, and training goes on from: the weights come out the same to the bit.
    """
    module = models.vgg16_bn(classes=len(train.classes))
    weights.randomise(module, "gaussian", seed_sequence(seed, "learning", "weights"))
    for epoch in fit(module.to(device), train, test, epochs, seed, kept):
        watch(*epoch)
    plain = folded(module.cpu(), models.vgg16(classes=len(train.classes)), test.x(slice(1)))
    return plain, accuracy(plain.to(device), test)


def fit(
    module: nn.Module,
    train: Labelled,
    test: Labelled,
    epochs: int,
    seed: int,
    kept: Slots | None = None,
    rate: float | None = None,
    half: bool = True,
    partner: Partner | None = None,
) -> Iterator[Epoch]:
    """Train in place, without dropout: epochs are few. Stochastic gradients with Nesterov's momentum, in bfloat16 if
    `half`, the `rate` rising and falling once. Yields the epochs that are not kept already. Raises as `learn` does.
    """
    rate = RATE if rate is None else rate
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    rng = Generator().manual_seed(int(seed_sequence(seed, "learning", "order").generate_state(1)[0]))
    optimiser = torch.optim.SGD(module.parameters(), rate, MOMENTUM, weight_decay=DECAY, nesterov=True)
    steps = len(train) // min(BATCH, len(train))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=epochs * steps, cycle_momentum=False)
    parts = {"module": module, "optimiser": optimiser, "schedule": schedule} | dict(partner.parts() if partner else {})
    if kept is not None:
        size = state_size(*(part for part in parts.values() if isinstance(part, nn.Module)))
        kept.reserve(size, beside=size // 2)
    for number in range(resume(kept, parts, rng) + 1, epochs + 1):
        losses = []
        module.train()
        for x, y, which in batches(train, rng):
            losses.append(descend(module, optimiser, x, y, which, rng, partner, half))
            schedule.step()
        mean = float(torch.stack(losses).mean())
        if not np.isfinite(mean):
            raise ValueError(f"training diverged in epoch {number}: the loss is {mean}")
        if kept is not None:
            kept.write(number, state(parts, rng))
        yield Epoch(number, mean, accuracy(module.eval(), test))
    module.eval()


def state_size(*modules: nn.Module) -> int:
    """Bytes of `state`, at most: parameters, their momenta (two of each, for a partner's), buffers, and names."""
    tensors = [tensor for module in modules for tensor in module.state_dict().values()]
    return (2 if len(modules) < 2 else 3) * sum(tensor.nbytes for tensor in tensors) + 4096 * len(tensors) + (1 << 16)


def state(parts: Mapping[str, Any], rng: Generator) -> memoryview:
    """All that training goes on from after an epoch: module, optimiser and schedule, and the random numbers."""
    buffer = BytesIO()
    torch.save({name: part.state_dict() for name, part in parts.items()} | {"rng": rng.get_state()}, buffer)
    return buffer.getbuffer()


def resume(kept: Slots | None, parts: Mapping[str, Any], rng: Generator) -> int:
    """Take up the newest epoch that is kept, in place; its number, 0 where there is none."""
    found = None if kept is None else kept.newest()
    if found is None:
        return 0
    number, content = found
    stored = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(stored[name])
    rng.set_state(stored["rng"])
    return number


def batches(
    train: Labelled, rng: Generator
) -> Iterator[tuple[Float[Tensor, "B C side side"], Int64[Tensor, " B"], Int64[Tensor, " B"]]]:
    """Every image once, varied and then enlarged, its class and its number."""
    batch, small = min(BATCH, len(train)), replace(train, side=None)
    order = torch.randperm(len(train), generator=rng)[: len(train) // batch * batch]
    for i in torch.chunk(order, len(order) // batch):
        yield train.enlarged(varied(small.x(i), rng)), train.labels[i], i


def descend(
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    x: Float[Tensor, "B ..."],
    y: Int64[Tensor, " B"],
    which: Int64[Tensor, " B"],
    rng: Generator,
    partner: Partner | None,
    half: bool,
) -> Float[Tensor, ""]:
    """One step down the cross-entropy, which is returned; a gradient longer than 2 is shortened to 2."""
    device = next(module.parameters()).device
    x, y = x.to(device), y.to(device)
    optimiser.zero_grad()
    penalty: Tensor | float = 0.0
    if partner is not None:
        partner.zero_grad()
        x, y, penalty = partner.altered(x, y, which, rng)
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        f = module(x.contiguous(memory_format=torch.channels_last))
    loss = F.cross_entropy(f.float(), y)
    torch.autograd.backward(loss + penalty)
    nn.utils.clip_grad_norm_(module.parameters(), STEEPEST)
    optimiser.step()
    if partner is not None:
        partner.step()
    return loss.detach()


def varied(x: Float[Tensor, "B C H W"], rng: Generator) -> Float[Tensor, "B C H W"]:
    """Every image flipped with probability ½ and shifted by up to 4 pixels each way; the mean colour moves in."""
    B, C, H, W = x.shape
    turned = torch.where(torch.rand(B, 1, 1, 1, generator=rng) < 0.5, x.flip(3), x)
    top, left = torch.randint(2 * REACH + 1, (2, B, 1), generator=rng)
    rows, columns = top + torch.arange(H), left + torch.arange(W)
    image, channel = torch.arange(B)[:, None, None, None], torch.arange(C)[:, None, None]
    return F.pad(turned, (REACH,) * 4)[image, channel, rows[:, None, :, None], columns[:, None, None, :]]


@torch.no_grad()
def folded(module: nn.Module, plain: M, example: Float[Tensor, "1 C H W"]) -> M:
    """`plain` with the weights and biases that make it the same function as `module`.

    Raises `ValueError` as `rewrite` does, which compares both at the `example`.
    """
    ops = [node.op for node in rewrite(module, example).nodes if isinstance(node.op, Weighted)]
    for part, op in zip((p for p in plain.modules() if isinstance(p, nn.Conv2d | nn.Linear)), ops, strict=True):
        part.weight.copy_(op.weight)
        if part.bias is not None and op.bias is not None:
            part.bias.copy_(op.bias)
    return plain
