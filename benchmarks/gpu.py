"""The deep engine on a GPU beside captum and zennit, in absolute times: `python -m benchmarks.gpu [FOLDER [DEVICE]]`.

VGG16 at 224×224 in float32, with TF32 off and on. Milliseconds: medians of wall time between two synchronisations, all
methods called in turn. Memory is the peak that PyTorch allocates, network and image included. Printed, and written with
what it was measured on to `FOLDER/times.json`; `results/gpu` by default.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.bridge import AUTOGRAD, WHO, Run, images, method, network, rows
from simulations.files import write_atomically

console = Console(width=150)
BATCHES, REPEATS, WARM = (1, 8, 64), 20, 3
Record = dict[str, str | int | float | bool]


def wait(device: str) -> None:
    """Until everything asked of the device is done."""
    if device != "cpu":
        torch.cuda.synchronize(device)


def milliseconds(*runs: Run, device: str, repeats: int, warm: int) -> list[float]:
    """Median wall time of each, called in turn after `warm` rounds."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(warm + repeats):
        for run, own in zip(runs, times, strict=True):
            wait(device)
            start = time.perf_counter()
            run()
            wait(device)
            own.append(1e3 * (time.perf_counter() - start))
    return [median(own[warm:]) for own in times]


def mebibytes(run: Run, device: str) -> float:
    """The peak of what is allocated on the device during a run; NaN on a CPU."""
    if device == "cpu":
        return float("nan")
    torch.cuda.reset_peak_memory_stats(device)
    run()
    wait(device)
    return torch.cuda.max_memory_allocated(device) / 2**20


def measured(device: str, batches: tuple[int, ...], repeats: int, warm: int) -> Iterator[Record]:
    """One record for each rule, who, batch size, and TF32 off and on."""
    module = network().to(device)
    for tf32 in (False, True):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        for batch in batches:
            keys = list(rows())
            runs = [method(key, module, images(batch).to(device)) for key in keys]
            times = milliseconds(*runs, device=device, repeats=repeats, warm=warm)
            for (name, who), run, ms in zip(keys, runs, times, strict=True):
                yield {
                    "rule": name,
                    "by": who,
                    "batch": batch,
                    "tf32": tf32,
                    "milliseconds": ms,
                    "MiB": mebibytes(run, device),
                }


def origin(device: str) -> dict[str, str]:
    """What the times were measured on."""
    return {
        "device": platform.machine() if device == "cpu" else torch.cuda.get_device_name(device),
        "CUDA": str(torch.version.cuda),
        "date": date.today().isoformat(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("nfrlab", "torch", "captum", "zennit")},
    }


def show(records: list[Record]) -> None:
    """A table for each batch size, TF32 off and on."""
    at = {(r["tf32"], r["batch"], r["rule"], r["by"]): r for r in records}
    for tf32, batch in dict.fromkeys((r["tf32"], r["batch"]) for r in records):
        plain = at[tf32, batch, *AUTOGRAD]
        table = Table("rule", *(f"{who}, ms" for who in WHO), *(f"{who}, MiB" for who in WHO), header_style="bold")
        table.title = (
            f"batch {batch}, TF32 {'on' if tf32 else 'off'}: autograd takes {plain['milliseconds']:.1f} ms, "
            f"{plain['MiB']:.0f} MiB"
        )
        for name in dict.fromkeys(r["rule"] for r in records if r["by"]):
            own = [at.get((tf32, batch, name, who)) for who in WHO]
            table.add_row(
                str(name), *(f"{r[column]:.1f}" if r else "–" for column in ("milliseconds", "MiB") for r in own)
            )
        console.print(table)


def main(
    folder: Path,
    device: str = "cuda",
    batches: tuple[int, ...] = BATCHES,
    repeats: int = REPEATS,
    warm: int = WARM,
) -> Path:
    """Measure, print, write."""
    records = list(measured(device, batches, repeats, warm))
    show(records)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "times.json", json.dumps({**origin(device), "times": records}, indent=1))
    return folder / "times.json"


if __name__ == "__main__":
    folder, device = (*sys.argv[1:], *("results/gpu", "cuda")[len(sys.argv) - 1 :])
    if device != "cpu" and not torch.cuda.is_available():
        sys.exit("benchmarks.gpu: PyTorch sees no GPU")
    console.print(main(Path(folder), device), highlight=False, soft_wrap=True)
