"""The deep engine against captum and zennit on VGG16 at 224×224, on one core: `python -m benchmarks.bridge`.

Times are medians of processor time, all methods called in turn, as ratios to a forward and backward pass of PyTorch's
autograd for the gradient by the input. All run under the engine's setting of the allocator. `REPEATS BATCH …` on the
command line replace 3, 1 and 8.
Memory is the peak above what network and image take, each method in a process of its own; the peers and autograd keep
the default allocator there, with which they need least. Exit status 1 where a bar is missed.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from benchmarks.peers import PEERS, Method
from nfrlab.simulations.deep.engine.backward import attribution, start_at_output
from nfrlab.simulations.deep.engine.cascades import cascades
from nfrlab.simulations.deep.engine.graph import Graph
from nfrlab.simulations.deep.engine.memory import keep_freed_memory
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.engine.weighted import Weighted
from nfrlab.simulations.deep.networks import models, weights
from nfrlab.simulations.deep.reading.rewrite import rewrite

console = Console(width=150)
BARS = {"gbp": 1.06, "rectgrad": 1.25, "zplus": 1.6, "lrp-alpha-beta": 2.2, "cascades": 5.6}
WHO = "nfrlab", "captum", "zennit"
Key = tuple[str, str]
AUTOGRAD: Key = "autograd", ""
Run = Callable[[], object]


def network() -> nn.Module:
    """VGG16 with random weights and biases; nobody asks for gradients by them."""
    module = models.vgg16()
    weights.randomise(module, "gaussian", np.random.SeedSequence(0), bias=True)
    return module.requires_grad_(False)


def images(batch: int) -> Tensor:
    """Noise."""
    return torch.randn(batch, 3, 224, 224, generator=torch.Generator().manual_seed(0))


def autograd(module: nn.Module, x: Tensor, k: Tensor) -> None:
    """What everything is compared to."""
    x = x.clone().requires_grad_()
    module(x).gather(1, k[:, None]).sum().backward()


def engine(name: str, graph: Graph, x: Tensor, k: Tensor) -> Tensor:
    """Forward, and the map of a rule or of GBP's cascades."""
    trace = graph.forward(x, once=name != "cascades")
    r = start_at_output(trace, k)
    return cascades(trace, rule("gbp"), r) if name == "cascades" else attribution(trace, rule(name), r)


def quietly(theirs: Method, module: nn.Module, x: Tensor, k: Tensor) -> Tensor:
    """A peer's map, without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return theirs(module, x, k)


def rows() -> Iterator[Key]:
    """Everything that is measured: autograd, and every rule by all who have it."""
    yield AUTOGRAD
    for name in BARS:
        yield from ((name, who) for who in WHO if who == "nfrlab" or name in PEERS[who])


def method(key: Key, module: nn.Module, x: Tensor) -> Run:
    """One of them, ready to run."""
    name, who = key
    k = torch.arange(len(x), device=x.device)
    if key == AUTOGRAD:
        return partial(autograd, module, x, k)
    if who == "nfrlab":
        return partial(engine, name, rewrite(module, x[:1, :, ::4, ::4]), x, k)
    return partial(quietly, PEERS[who][name], module, x, k)


def seconds(*runs: Run, repeats: int) -> list[float]:
    """Median processor time of each, called in turn; the first round warms up."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(repeats + 1):
        for run, own in zip(runs, times, strict=True):
            start = time.process_time()
            run()
            own.append(time.process_time() - start)
    return [median(own[1:]) for own in times]


def peak(batch: int, key: Key) -> float:
    """MiB that a method takes at most, above what was there before it; from a fresh process. NaN outside Linux."""
    command = sys.executable, "-m", "benchmarks.bridge", "peak", str(batch), *key
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def own_peak(batch: int, key: Key) -> float:
    """MiB that a method takes at most in this process; reading the network, from a small image, counts."""
    module, x = network(), images(batch)
    reset = Path("/proc/self/clear_refs")
    if not reset.exists():
        return float("nan")
    reset.write_text("5")  # the peak starts anew
    before = _mebibytes("VmRSS")
    method(key, module, x)()
    return _mebibytes("VmHWM") - before


def _mebibytes(field: str) -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))


def lower_bounds(graph: Graph, x: Tensor, repeats: int) -> tuple[float, float]:
    """What all cascade levels must cost: layer l forward once and back L − l + 1 times, against once and once.

    By numbers of multiplications, and by the time that each product takes alone.
    """
    counts, times = [], []
    for node, record in zip(graph.nodes, graph.forward(x).records, strict=True):
        if isinstance(node.op, Weighted):
            op, z = node.op, record.output
            counts.append([op.weight.numel() * z[0].numel() / len(op.weight)] * 2)
            times.append(seconds(partial(op.apply, *record.inputs), partial(op.transpose, z, record), repeats=repeats))
    return _bound(np.array(counts)), _bound(np.array(times))


def _bound(costs: np.ndarray) -> float:
    forward, back = costs.T
    return float((forward.sum() + np.arange(len(back), 0, -1) @ back) / costs.sum())


def introduce(module: nn.Module, repeats: int) -> None:
    """Print what the numbers below are to be seen against."""
    x = images(1)
    plain = method(AUTOGRAD, module, x)
    (default,) = seconds(plain, repeats=repeats)
    kept = keep_freed_memory()
    (ours,) = seconds(plain, repeats=repeats)
    setting = "freed memory kept, as below" if kept else "no other: this is not glibc"
    console.print(f"{platform.machine()}, one core, Python {platform.python_version()}, PyTorch {torch.__version__}")
    console.print(f"autograd, batch 1: {default:.2f} s with the default allocator, {ours:.2f} s with {setting}")
    counted, timed = lower_bounds(rewrite(module, x), x, repeats)
    console.print(
        f"all cascade levels cost at least {counted:.2f} by multiplications, {timed:.2f} by the products' time"
    )


def compare(module: nn.Module, batch: int, repeats: int) -> list[bool]:
    """Print the table of one batch size; which bars are met."""
    keys = list(rows())
    runs = (method(key, module, images(batch)) for key in keys)
    times = dict(zip(keys, seconds(*runs, repeats=repeats), strict=True))
    peaks = {key: peak(batch, key) for key in keys}
    table = Table("rule", *WHO, "bar", "", *(f"{who}, MiB" for who in WHO), "", header_style="bold")
    table.title = f"batch {batch}: autograd takes {times[AUTOGRAD]:.2f} s, {peaks[AUTOGRAD]:.0f} MiB"
    met = []
    for name, bar in BARS.items():
        ratios = [times.get((name, who), np.inf) / times[AUTOGRAD] for who in WHO]
        memory = [peaks.get((name, who), np.inf) for who in WHO]
        fast = ratios[0] <= bar and ratios[0] < min(ratios[1:])
        small = not memory[0] > min(memory[1:])
        met += [fast, small]
        table.add_row(name, *_numbers(ratios, 2), f"{bar}", _mark(fast), *_numbers(memory, 0), _mark(small))
    console.print(table)
    return met


def _numbers(values: list[float], digits: int) -> list[str]:
    return ["–" if value == np.inf else f"{value:.{digits}f}" for value in values]


def _mark(good: bool) -> str:
    return "met" if good else "missed"


def main(repeats: int = 3, *batches: int) -> int:
    """Measure, print, and say whether every bar is met."""
    module = network()
    introduce(module, repeats)
    met = [good for batch in batches or (1, 8) for good in compare(module, batch, repeats)]
    console.print(f"{sum(met)} of {len(met)} bars met")
    return 0 if all(met) else 1


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["peak"]:
        print(own_peak(int(sys.argv[2]), (sys.argv[3], sys.argv[4])))
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
