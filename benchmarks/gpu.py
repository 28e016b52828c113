"""The deep engine on a GPU beside captum and zennit, in absolute times: `python -m benchmarks.gpu [FOLDER [DEVICE]]`.

VGG16 at 224×224 in float32, with TF32 off and on. Milliseconds: medians of wall time between two synchronisations.
Memory is the peak that PyTorch allocates, network and images included. Each method has a process of its own, in which
it runs alone. Printed, and written with what it was measured on to `FOLDER/times.json`; `results/gpu` by default.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TypedDict

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.bridge import AUTOGRAD, WHO, Key, images, method, network, rows
from nfrlab.simulations.files import write_atomically

console = Console(width=150)
BATCHES, REPEATS, WARM = (1, 8, 64), 20, 3


class Measured(TypedDict):
    """Time and memory of a method; None where the memory did not suffice, or on a CPU is not counted."""

    rule: str
    by: str
    batch: int
    tf32: bool
    milliseconds: float | None
    MiB: float | None


def own(key: Key, batch: int, tf32: bool, device: str, repeats: int = REPEATS, warm: int = WARM) -> Measured:
    """A method, measured in this process."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    found = Measured(rule=key[0], by=key[1], batch=batch, tf32=tf32, milliseconds=None, MiB=None)
    try:
        run = method(key, network().to(device), images(batch).to(device))
        times = []
        for _ in range(warm + repeats):
            wait(device)
            start = time.perf_counter()
            run()
            wait(device)
            times.append(1e3 * (time.perf_counter() - start))
    except torch.OutOfMemoryError:
        return found
    found["milliseconds"] = median(times[warm:])
    found["MiB"] = None if device == "cpu" else torch.cuda.max_memory_allocated(device) / 2**20
    return found


def wait(device: str) -> None:
    """Until everything asked of the device is done."""
    if device != "cpu":
        torch.cuda.synchronize(device)


def measured(device: str) -> Iterator[Measured]:
    """Every rule by all who have it, for each batch size, TF32 off and on."""
    for tf32 in (False, True):
        for batch in BATCHES:
            for key in rows():
                command = sys.executable, "-m", "benchmarks.gpu", "own", *key, str(batch), str(int(tf32)), device
                yield json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def origin(device: str) -> dict[str, str]:
    """What the times were measured on."""
    return {
        "device": platform.machine() if device == "cpu" else torch.cuda.get_device_name(device),
        "CUDA": str(torch.version.cuda),
        "date": date.today().isoformat(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("nfrlab", "torch", "captum", "zennit")},
    }


def show(records: list[Measured]) -> None:
    """A table for each batch size, TF32 off and on."""
    at = {(r["tf32"], r["batch"], r["rule"], r["by"]): r for r in records}
    for tf32, batch in dict.fromkeys((r["tf32"], r["batch"]) for r in records):
        plain = at[tf32, batch, *AUTOGRAD]
        table = Table("rule", *(f"{who}, ms" for who in WHO), *(f"{who}, MiB" for who in WHO), header_style="bold")
        table.title = (
            f"batch {batch}, TF32 {'on' if tf32 else 'off'}: autograd takes {number(plain['milliseconds'])} ms, "
            f"{number(plain['MiB'])} MiB"
        )
        for name in dict.fromkeys(r["rule"] for r in records if r["by"]):
            those = [at.get((tf32, batch, name, who)) for who in WHO]
            times = (number(r["milliseconds"]) if r else "" for r in those)
            table.add_row(name, *times, *(number(r["MiB"]) if r else "" for r in those))
        console.print(table)


def number(value: float | None) -> str:
    """With one digit; a dash for none."""
    return "–" if value is None else f"{value:.1f}"


def main(folder: Path, device: str) -> Path:
    """Measure, print, write."""
    records = list(measured(device))
    show(records)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "times.json", json.dumps({**origin(device), "times": records}, indent=1))
    return folder / "times.json"


if __name__ == "__main__":
    if sys.argv[1:2] == ["own"]:
        rule, by, batch, tf32, device = sys.argv[2:]
        print(json.dumps(own((rule, by), int(batch), bool(int(tf32)), device)))
    else:
        folder, device = (*sys.argv[1:], *("results/gpu", "cuda")[len(sys.argv) - 1 :])
        if device != "cpu" and not torch.cuda.is_available():
            sys.exit("benchmarks.gpu: PyTorch sees no GPU")
        console.print(main(Path(folder), device), highlight=False, soft_wrap=True)
