"""`nfrlab train --attack …`: ResNet18 learns CIFAR-10, clean or with a backdoor, for `nfrlab decisions` to measure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nfrlab.simulations.bridge.sources import Sources, safetensors_metadata
from nfrlab.simulations.files import write_atomically
from nfrlab.simulations.resumable import exclusive_folder
from nfrlab.simulations.sealed import require_replaceable
from nfrlab.simulations.slots import Slots
from nfrlab.verify.commands.console import console, print_paths
from nfrlab.verify.commands.parts.epochs import EPOCHS, KEPT, digest_of, lack_of_memory, told, training_key
from nfrlab.verify.intervals.fixed import clopper_pearson

if TYPE_CHECKING:
    from nfrlab.simulations.deep.inputs.images import Labelled

ROUGH, CLEAN = "rough", "clean"
"""A network from scratch, and what it becomes in a second, gentler training; attacks begin with that."""
KINDS = (CLEAN, "badnet", "dynamic", "inputaware", "wanet")
"""What is trained: no attack, or one of four."""
MISS = 1e-6
"""The error probability of each printed interval."""
SCRATCH_EPOCHS, SCRATCH_RATE, FINE_RATE = 12, 0.2, 0.05
FINE_EPOCHS = {CLEAN: 6, "badnet": 2, "dynamic": 2, "inputaware": 3, "wanet": 3}
"""How often every image is seen in a training that begins with another network."""
MOST_SEEDS, WIDEST, SIDE = 100, 512, 32


@dataclass(frozen=True)
class Training:
    """One network to be trained. `base` is the clean network that it starts from; None for one from scratch."""

    kind: str
    width: int
    seed: int
    epochs: int
    rate: float
    base: Training | None = None

    @property
    def line(self) -> list[Training]:
        """The networks that it descends from, the first first, and itself."""
        return [*(self.base.line if self.base else []), self]

    @property
    def words(self) -> str:
        """All of it, as its checkpoint says it."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def name(self) -> str:
        """What its files are called."""
        scratch = "-scratch" if self.kind != ROUGH and self.base is None else ""
        return f"resnet18-w{self.width}-{self.kind}{scratch}-seed{self.seed}"


def kinds_of(attack: str) -> tuple[str, ...]:
    """What `--attack` names: one kind, or several with commas between them, or all. Raises `ValueError` for others."""
    kinds = KINDS if attack == "all" else tuple(attack.split(","))
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"unknown --attack '{kind}'; known: {', '.join(KINDS)}, all")
    return kinds


def trainings(attack: str, width: int, epochs: int | None, seed: int, seeds: int, scratch: bool) -> list[Training]:
    """The networks that are asked for, the clean one that they start from first.

    Raises `ValueError` for an unknown attack, a width and a number of seeds that cannot be, and a clean network that is
    to be trained from scratch: it always is.
    """
    kinds = kinds_of(attack)
    if not 1 <= width <= WIDEST:
        raise ValueError(f"--width must be from 1 to {WIDEST}, got {width}")
    if not 1 <= seeds <= MOST_SEEDS:
        raise ValueError(f"--seeds must be from 1 to {MOST_SEEDS}, got {seeds}")
    if scratch and CLEAN in kinds:
        raise ValueError("--scratch is for attacks: a clean network always begins with random weights")

    def clean(number: int) -> Training:
        rough = Training(ROUGH, width, number, SCRATCH_EPOCHS, SCRATCH_RATE)
        own = epochs if epochs and CLEAN in kinds else FINE_EPOCHS[CLEAN]
        return Training(CLEAN, width, number, own, FINE_RATE, rough)

    def training(kind: str, number: int) -> Training:
        if kind == CLEAN:
            return clean(number)
        if scratch:
            return Training(kind, width, number, epochs or SCRATCH_EPOCHS, SCRATCH_RATE)
        return Training(kind, width, number, epochs or FINE_EPOCHS[kind], FINE_RATE, clean(0))

    asked = (training(kind, number) for kind in kinds for number in range(seed, seed + seeds))
    return list(dict.fromkeys(each for one in asked for each in one.line))


def train_all(source: Path, asked: list[Training], device: str, folder: Path) -> None:
    """Train and save each that is not there yet; print what each came to.

    Raises `ValueError` where `source` is not CIFAR-10 or a training fails, `Stopped` as `exclusive_folder` does.
    """
    from nfrlab.simulations.deep.engine.memory import keep_freed_memory
    from nfrlab.simulations.deep.inputs import images

    keep_freed_memory()
    digest = digest_of(source)
    with exclusive_folder(folder, (EPOCHS,), lambda: KEPT, lack_of_memory):
        missing = [each for each in asked if not is_there(each, folder)]
        if missing:
            train, test = (images.cifar10(source, part) for part in ("train", "test"))
            for each in missing:
                train_one(each, train, test, device, folder, digest)
    for each in asked:
        path = folder / f"{each.name}.safetensors"
        console.print(f"{each.name}: {sentence(safetensors_metadata(path))}", highlight=False)
        print_paths(path)


def is_there(each: Training, folder: Path) -> bool:
    """Whether the network lies in the folder. Raises `ValueError` for one of its name that was trained otherwise."""
    path = folder / f"{each.name}.safetensors"
    if path.exists() and safetensors_metadata(path).get("training") != each.words:
        raise ValueError(f"{path} was trained otherwise; move it away or name another --out")
    return path.exists()


def train_one(each: Training, train: Labelled, test: Labelled, device: str, folder: Path, digest: str) -> None:
    """Train one network and write its checkpoint, its trigger beside it, each with what it comes from."""
    import torch

    from nfrlab.simulations.deep.backdoors import attacking
    from nfrlab.simulations.deep.backdoors.outcomes import outcomes
    from nfrlab.simulations.deep.networks import checkpoints, models, weights
    from nfrlab.simulations.seeds import seed_sequence

    path, trigger = folder / f"{each.name}.safetensors", folder / f"{each.name}.trigger.safetensors"
    require_replaceable(path)
    origin = {
        "training": each.words,
        "device": Sources(folder, device=device).device_name,
        "torch": torch.__version__,
        "images": digest,
    }
    (folder / EPOCHS).mkdir(exist_ok=True)  # the training before it has removed it
    kept = Slots(folder / EPOCHS, training_key(origin, digest))
    module = models.small_resnet18(each.width)
    if each.base is None:
        weights.randomise(module, "gaussian", seed_sequence(each.seed, "learning", "weights"))
    else:
        checkpoints.load(module, folder / f"{each.base.name}.safetensors")
    console.print(f"{each.name}:", highlight=False)
    attack = None if each.kind in (ROUGH, CLEAN) else attacking.made(each.kind, each.seed)
    module.to(device)
    attacking.teach(module, attack, train, test, each.epochs, each.seed, each.rate, told(each.epochs), kept)
    found = outcomes(module.eval(), attack, test, attacking.generator(each.seed, "outcomes"))
    origin |= {name: json.dumps([count.hits, count.n]) for name, count in found.items()}
    if attack is not None:
        write_atomically(trigger, checkpoints.sealed(attack.cpu().state_dict(), origin))
    write_atomically(path, checkpoints.sealed(module.cpu().state_dict(), origin))
    kept.remove()


def sentence(origin: Mapping[str, str]) -> str:
    """What a training came to: every rate with its interval."""
    words = {"clean": "accuracy", "success": "attack success without the target's images", "decoy": "decoys right"}
    found = []
    for name, words_of in words.items():
        if name in origin:
            hits, n = json.loads(origin[name])
            low, high = clopper_pearson(hits, n, MISS)
            found.append(f"{words_of} {100 * hits / n:.2f} % [{100 * low:.2f}, {100 * high:.2f}] of {n:,}")
    return "; ".join(found)
