"""Whether a graph is the network that it was read from: its outputs, class by class, and its gradient.

On the example, and on a perturbed one: what is never active on the example cannot hide there. No class hides behind one
huge logit, and a transpose that is not that of its forward map is seen by autograd.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from nfrlab.simulations.deep.engine.backward import GRAD, carry_down
from nfrlab.simulations.deep.engine.functions import Call, pulled
from nfrlab.simulations.deep.engine.graph import Graph
from nfrlab.simulations.deep.engine.ops import Record

OUTPUTS = {torch.float32: 1e-4, torch.float64: 1e-10}
"""How far outputs may differ, in units of `size_of_classes`."""
NOISE = 1.0, 10.0
"""How large noise is, relative to the example: enough to wake a ReLU, enough to saturate what looks like one."""
ROUNDINGS = 30
"""How many times as much as a rounding of the pixels those within the network may matter, where noise is large."""
GRADIENTS = {torch.float32: 1e-2, torch.float64: 1e-8}
"""‖difference‖ of gradients relative to ‖gradient‖: rounding may put out a ReLU, or turn a maximum."""


@dataclass(frozen=True)
class Whole:
    """A graph with the softmax that was left out of it, if any."""

    graph: Graph
    last: Call | None

    def __call__(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B classes"]:
        """What the module gives."""
        f = self.graph(x)
        return f if self.last is None else self.last(f)

    def gradient(self, x: Float[Tensor, "B ..."], r: Float[Tensor, "B classes"]) -> Float[Tensor, "B ..."]:
        """`Jᵀ r`."""
        trace = self.graph.forward(x)
        if self.last is not None:
            (r,) = pulled(self.last, r, Record((trace.output,), self.last(trace.output)))
        return carry_down(trace, GRAD, r)


def compare(
    graph: Graph,
    last: Call | None,
    module: nn.Module,
    example: Float[Tensor, "B ..."],
    output: Float[Tensor, "B classes"],
) -> None:
    """Raise `ValueError` where the graph, and `last` after it, differ from the module, which gives `output`.

    Also where they cannot be compared: a dtype other than float32 and float64, an output that is zero or infinite, or
    does not depend on the example as far as autograd knows.
    """
    if example.dtype not in OUTPUTS:
        raise ValueError(f"networks are compared in float32 or float64, not in {example.dtype}; convert with .float()")
    largest = float(output.abs().max())
    if not 0 < largest < float("inf"):
        raise ValueError(f"the largest output on the example is {largest}: nothing to compare; give another example")
    whole = Whole(graph, last)
    compare_outputs(whole(example.clone()), output, "the example")
    for size in NOISE:
        other = perturbed(example, size)
        with torch.no_grad():
            expected = module(other.clone())
        if expected.isfinite().all():
            slack = partial(sensitivity, module, other, expected)
            compare_outputs(whole(other.clone()), expected, "the example with noise added", slack)
    for x in (perturbed(example, NOISE[0])[:2], example[:2]):
        if compare_gradients(whole, module, x):
            break


def perturbed(example: Float[Tensor, "B ..."], size: float) -> Float[Tensor, "B ..."]:
    """The example with normal noise `size` times as large as itself, always the same."""
    noise = torch.empty(example.shape).normal_(generator=Generator().manual_seed(0)).to(example)
    return example + noise * size * (float(example.square().mean().sqrt()) or 1.0)


def size_of_classes(output: Float[Tensor, "B classes"]) -> Float[Tensor, " classes"]:
    """The largest |output| of every class, no less than that of the class in the middle, and not zero."""
    largest = output.abs().amax(dim=0)
    return largest.clamp(min=max(float(largest.median()), torch.finfo(output.dtype).tiny))


def sensitivity(module: nn.Module, x: Float[Tensor, "B ..."], output: Float[Tensor, "B classes"]) -> float:
    """`ROUNDINGS` times as much of an output as a rounding of every pixel changes: gates may tell large noise apart."""
    rounding = torch.finfo(x.dtype).eps * (torch.rand(x.shape, generator=Generator().manual_seed(1)).to(x) - 0.5)
    with torch.no_grad():
        moved = module(x + x * rounding)
    return ROUNDINGS * float(((moved - output).abs() / size_of_classes(output)).max())


def compare_outputs(after: Tensor, before: Tensor, where: str, slack: Callable[[], float] = float) -> None:
    """Raise `ValueError` where a class differs by more than its tolerance, and than `slack()`, asked for only then.

    A zero output has no tolerance.
    """
    off = float(((after - before).abs() / size_of_classes(before)).max())
    if not off <= OUTPUTS[before.dtype] and not off <= slack():
        raise ValueError(f"the rewritten network differs from the module on {where}, by {off:.1e} of an output")


def compare_gradients(whole: Whole, module: nn.Module, x: Float[Tensor, "B ..."]) -> bool:
    """Raise `ValueError` where the gradient of all classes together, with random signs, is not that of autograd.

    False where it overflows. Where an operation in place keeps autograd from computing one, there is nothing to compare
    with.
    """
    with torch.enable_grad():
        pixels = x.detach().clone().requires_grad_()
        output = module(pixels.clone())
        if not output.requires_grad:
            raise ValueError(
                "autograd finds no way from output to input; remove no_grad, inference_mode and detach from forward"
            )
        signs = torch.randint(2, output.shape[1:], generator=Generator().manual_seed(0)).to(output) * 2 - 1
        r = (signs / size_of_classes(output.detach())).expand_as(output).contiguous()
        try:
            (expected,) = torch.autograd.grad(output, pixels, r)
        except RuntimeError:
            return True
    if not expected.isfinite().all():
        return False
    difference = whole.gradient(x.detach().clone(), r) - expected
    off = float(difference.double().norm() / expected.double().norm().clamp(min=1e-300))
    if not off <= GRADIENTS[x.dtype]:
        raise ValueError(f"the gradient of the rewritten network differs from autograd's by {off:.1e} of its length")
    return True
