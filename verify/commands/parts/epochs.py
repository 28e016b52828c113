"""What trainings share: how an epoch is told, under which name it is kept, and what ends one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from nfrlab.simulations.bridge.sources import file_digest, folder_digest
from nfrlab.simulations.resumable import code_digest, lacks_memory
from nfrlab.verify.commands.console import console, tell
from nfrlab.verify.commands.progress import duration

EPOCHS = "epochs"
KEPT = "finished epochs are kept, the same command resumes"


def digest_of(source: Path) -> str:
    """Which images are learned from: the digest of a folder or file."""
    return folder_digest(source) if source.is_dir() else file_digest(source)


def training_key(origin: Mapping[str, object], digest: str) -> str:
    """What training starts from, as a name: options, machine, images and code."""
    code = code_digest(("simulations/deep/**/*.py",))
    return sha256(json.dumps([origin, digest, code], sort_keys=True).encode()).hexdigest()[:16]


def lack_of_memory(error: Exception) -> str | None:
    """The sentence for it; None for any other error."""
    return "memory does not suffice for training; choose a smaller --size" if lacks_memory(error) else None


def told(epochs: int) -> Callable[[int, float, float], None]:
    """What says how an epoch went; after the first of a run also how long the others take, if a minute or more."""
    started, first = time.monotonic(), [True]

    def tell_of(number: int, loss: float, accuracy: float) -> None:
        print_epoch(number, loss, accuracy)
        left = (time.monotonic() - started) * (epochs - number)
        if first and left >= 60:
            tell(f"{duration(left)} to go at this pace; {KEPT}")
        first.clear()

    return tell_of


def print_epoch(number: int, loss: float, accuracy: float) -> None:
    """One line an epoch."""
    console.print(f"epoch {number}: cross-entropy {loss:.3f}, accuracy {100 * accuracy:.2f} %", highlight=False)
