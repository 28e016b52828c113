"""Cosine similarity convergence on VGG16 at 224×224, on one core: `python -m benchmarks.convergence`.

Five vectors enter at the output and are carried through all layers in one pass; at every layer their cosines are taken
by position and as whole maps. The time is compared with what the products alone take, the forward pass once and five
transposes at every layer, and with zennit, which takes five copies of the image through the network and back. Times are
medians of processor time, all called in turn; the peak of memory is that of a process of its own. Exit status 1 where
the bar is missed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from rich.console import Console
from torch import Tensor, nn

from benchmarks.bridge import _mebibytes, images, network, seconds
from nfrlab.simulations.deep.effects.convergence import (
    MAPS,
    SAME,
    by_position,
    carried,
    cosines,
    entering,
    medians,
    of,
    scaled,
)
from nfrlab.simulations.deep.engine.graph import Graph
from nfrlab.simulations.deep.engine.memory import keep_freed_memory
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.engine.weighted import Weighted
from nfrlab.simulations.deep.reading.rewrite import rewrite

BAR = 1.15
WHO = "nfrlab", "zennit"
console = Console(width=120)


def agreement(maps: Tensor) -> tuple[float, float]:
    """The medians of |cos| by position and of whole maps, (1, V, …)."""
    ready = scaled(by_position(maps))
    at_positions, whole = cosines(ready, ready, SAME)
    return float(medians(at_positions)), float(medians(of(whole, SAME)))


def ours(graph: Graph, x: Tensor) -> list[tuple[float, float]]:
    """The cosines at every layer, from one pass."""
    trace, gbp = graph.forward(x), rule("gbp")
    v = entering(trace, gbp, graph.depth, torch.Generator().manual_seed(0))
    return [agreement(maps) for _, maps in carried(trace, gbp, {graph.depth: v})]


def theirs(module: nn.Module, x: Tensor) -> list[tuple[float, float]]:
    """The same by zennit, at every ReLU and at the input."""
    from zennit.composites import GuidedBackprop  # which asks for what `benchmarks.peers` puts in torchvision's place

    kept: list[Tensor] = []
    hooks = [
        part.register_forward_hook(lambda _, __, out: (out.retain_grad(), kept.append(out))[0])
        for part in module.modules()
        if isinstance(part, nn.ReLU)
    ]
    try:
        with GuidedBackprop().context(module) as modified:
            copies = x.expand(MAPS, *x.shape[1:]).clone().requires_grad_()
            f = modified(copies)
            f.backward(torch.randn(f.shape, generator=torch.Generator().manual_seed(0)))
            return [agreement(a.grad[None]) for a in (*reversed(kept), copies) if a.grad is not None]
    finally:
        for hook in hooks:
            hook.remove()


def lower_bound(graph: Graph, x: Tensor, repeats: int) -> float:
    """Seconds that the products take: every layer forward once and back `MAPS` times, each alone."""
    total = 0.0
    for node, record in zip(graph.nodes, graph.forward(x).records, strict=True):
        if isinstance(node.op, Weighted):
            r = record.output.expand(MAPS, *record.output.shape[1:]).contiguous()
            runs = partial(node.op.apply, *record.inputs), partial(node.op.transpose, r, record)
            total += sum(seconds(*runs, repeats=repeats))
    return total


def method(who: str, x: Tensor) -> Callable[[], object]:
    """One of them, ready to run."""
    module = network()
    return partial(ours, rewrite(module, x[..., ::4, ::4]), x) if who == "nfrlab" else partial(theirs, module, x)


def own_peak(who: str) -> float:
    """MiB that a method takes at most in this process; NaN outside Linux."""
    run, reset = method(who, images(1)), Path("/proc/self/clear_refs")
    if not reset.exists():
        return float("nan")
    reset.write_text("5")
    before = _mebibytes("VmRSS")
    run()
    return _mebibytes("VmHWM") - before


def peak(who: str) -> float:
    """`own_peak` of a fresh process."""
    command = sys.executable, "-m", "benchmarks.convergence", "peak", who
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main(repeats: int = 3) -> int:
    """Measure, print, and say whether the bar is met."""
    x = images(1)
    keep_freed_memory()
    bound = lower_bound(rewrite(network(), x[..., ::4, ::4]), x, repeats)
    times = dict(zip(WHO, seconds(*(method(who, x) for who in WHO), repeats=repeats), strict=True))
    console.print(f"products alone: {bound:.2f} s")
    for who in WHO:
        console.print(f"{who}: {times[who]:.2f} s, {times[who] / bound:.2f} times that; {peak(who):.0f} MiB")
    met = times["nfrlab"] <= BAR * bound
    console.print(f"bar {BAR}: {'met' if met else 'missed'}")
    return 0 if met else 1


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["peak"]:
        keep_freed_memory()
        print(own_peak(sys.argv[2]))
        sys.exit()
    sys.exit(main(*map(int, sys.argv[1:])))
