"""A trained network without a download: a VGG that learns scikit-learn's digits in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from filelock import FileLock
from jaxtyping import Int64
from torch import Tensor, nn

from nfrlab.simulations.deep.inputs import images
from nfrlab.simulations.deep.inputs.images import Labelled
from nfrlab.simulations.deep.networks import checkpoints, models, weights
from nfrlab.simulations.files import writable, write_atomically
from nfrlab.simulations.resumable import code_digest
from nfrlab.simulations.seeds import seed_sequence

CODE = (
    "simulations/deep/networks/trained.py",
    "simulations/deep/inputs/images.py",
    "simulations/deep/networks/models.py",
    "simulations/deep/networks/weights.py",
)
"""What a trained network comes from, as patterns relative to the root of the wings."""
TRAIN, EPOCHS, BATCH, RATE = 1400, 15, 50, 2e-3


def digits(cache: Path, seed: int = 0, bias: bool = True) -> tuple[models.VGG, float]:
    """The digits' VGG after training on 1,400 of them, and its accuracy on the other 397.

    Trained once and kept in `cache`, under a name that changes with the code, torch's version, the seed and `bias`; the
    same bits for the same name, on one kind of machine. A damaged file is made again. Raises `ValueError` where
    `cache` cannot be written.
    """
    file = cache / f"digits-{_key(seed, bias)}.safetensors"
    train, held_out = split(seed)
    module = models.digits_vgg(bias)
    if not _load_if_whole(module, file):
        with writable(cache):
            cache.mkdir(parents=True, exist_ok=True)
            with FileLock(file.with_suffix(".lock")):  # of two processes one trains, the other waits
                if not _load_if_whole(module, file):
                    fit_digits(module, images.digits(), train, seed)
                    write_atomically(file, checkpoints.sealed(module.state_dict(), {}))
    return module, accuracy(module, images.digits(), held_out)


def _load_if_whole(module: nn.Module, file: Path) -> bool:
    """Load the weights from the file; whether they were there and whole."""
    try:
        checkpoints.load(module, file)
    except ValueError:
        return False
    return True


@torch.no_grad()
def accuracy(module: nn.Module, data: Labelled, which: Int64[Tensor, " n"] | None = None, batch: int = 200) -> float:
    """The share of images, of those numbered `which`, whose largest output is their class."""
    chosen, device = torch.arange(len(data)) if which is None else which, next(module.parameters()).device
    right = [module(data.x(i).to(device)).argmax(dim=1).cpu() == data.labels[i] for i in torch.split(chosen, batch)]
    return float(torch.cat(right).double().mean())


def split(seed: int) -> tuple[Int64[Tensor, " 1400"], Int64[Tensor, " 397"]]:
    """Which digits are learned from, and which are held out."""
    order = torch.from_numpy(np.random.default_rng(seed_sequence(seed, "digits", "split")).permutation(1797))
    return order[:TRAIN], order[TRAIN:]


def fit_digits(module: models.VGG, data: Labelled, train: Int64[Tensor, " n"], seed: int) -> None:
    """Train in place from He's Gaussian weights: Adam on the cross-entropy, its rate falling to 0 along a cosine."""
    weights.randomise(module, "gaussian", seed_sequence(seed, "digits", "weights"))
    rng = np.random.default_rng(seed_sequence(seed, "digits", "order"))
    x, y, steps = data.x(train), data.labels[train], EPOCHS * (len(train) // BATCH)
    with _one_thread():
        optimiser = torch.optim.Adam(module.parameters(), RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        for i in _batches(rng, len(train), steps):
            optimiser.zero_grad()
            torch.autograd.backward(F.cross_entropy(module(x[i]), y[i]))
            optimiser.step()
            schedule.step()
    module.zero_grad()


def _batches(rng: np.random.Generator, n: int, steps: int) -> Iterator[Int64[Tensor, " B"]]:
    """`steps` batches of numbers of images, every image once before any comes again."""
    for _ in range(0, steps, n // BATCH):
        yield from torch.split(torch.from_numpy(rng.permutation(n)[: n // BATCH * BATCH]), BATCH)


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread in here: sums are taken in one order, whatever the number of cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _key(seed: int, bias: bool) -> str:
    return code_digest(CODE, torch.__version__, str(seed), str(bias))
