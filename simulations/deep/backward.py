"""From one step to a map: named rules, the way down through a network, all cascades in one pass, bottom processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from simulations.deep import rules
from simulations.deep.graph import INPUT, Trace

Bottom = Literal["none", "times input", "rectified times input"]
Map = Float[Tensor, "B ..."]


@dataclass(frozen=True)
class Rule:
    """A named backward rule: its step, its bottom process, and a step of layer 1 that ends in relevance, if it has one."""

    name: str
    step: rules.Step
    bottom: Bottom = "none"
    first: rules.Step | None = None
    at_relu: bool = True

    def step_at(self, layer: int) -> rules.Step:
        """The step of layer `layer`."""
        return self.first if layer == 1 and self.first is not None else self.step

    def process(self, r0: Map, x: Map) -> Map:
        """The bottom process, `r_0` to `R`; after z^B nothing is left to do."""
        if self.bottom == "none" or self.first is not None:
            return r0
        R = r0 * x
        return R.clamp(min=0) if self.bottom == "rectified times input" else R


def _relevance(name: str, step: rules.Step, **own: Any) -> Rule:
    return Rule(name, partial(step, **own) if own else step, "times input", at_relu=False)


RULES: dict[str, Callable[..., Rule]] = {
    "grad": lambda: Rule("grad", rules.grad),
    "grad-input": lambda: Rule("grad-input", rules.grad, "times input"),
    "gbp": lambda: Rule("gbp", rules.gbp),
    "deconv": lambda: Rule("deconv", rules.deconv),
    "rectgrad": lambda q=0.9, prr=False, bottom="rectified times input": _rectgrad(
        "rectgrad", partial(rules.rectgrad_quantile, q=q), prr, bottom
    ),
    "rectgrad-constant": lambda tau=0.0, prr=False, bottom="rectified times input": _rectgrad(
        "rectgrad-constant", partial(rules.rectgrad, tau=tau), prr, bottom
    ),
    "lrp-z": lambda bias="split": _relevance("lrp-z", rules.lrp_epsilon, bias=bias),
    "lrp-epsilon": lambda eps=1e-6, bias="split": _relevance("lrp-epsilon", rules.lrp_epsilon, eps=eps, bias=bias),
    "lrp-alpha-beta": lambda alpha=2.0, bias="split": _relevance(
        "lrp-alpha-beta", rules.lrp_alpha_beta, alpha=alpha, bias=bias
    ),
    "zplus": lambda bias="split": _relevance("zplus", rules.zplus, bias=bias),
    "zplus-filter": lambda: _relevance("zplus-filter", rules.zplus_filter),
    "dtd": lambda low, high: Rule(
        "dtd", rules.zplus, "times input", partial(rules.z_box, low=low, high=high), at_relu=False
    ),
}


def _rectgrad(name: str, step: rules.Step, prr: bool, bottom: Bottom) -> Rule:
    return Rule(name, rules.redistributed(step) if prr else step, bottom)


def rule(name: str, residual: Literal["z", "norm"] = "z", **own: Any) -> Rule:
    """The rule called `name` with its own switches (docs/conventions.md); `residual` says how additions divide.

    Raises `ValueError` for an unknown name or switch.
    """
    if name not in RULES:
        raise ValueError(f"unknown rule '{name}'; known rules: {', '.join(RULES)}")
    try:
        made = RULES[name](**own)
    except TypeError as error:
        raise ValueError(f"rule '{name}': {error}") from error
    if residual == "z":
        return made
    first = None if made.first is None else rules.norm_split(made.first)
    return Rule(made.name, rules.norm_split(made.step), made.bottom, first, made.at_relu)


GRAD = RULES["grad"]()
Pending = dict[int, Tensor]


def start_at_output(trace: Trace, k: Tensor | None = None) -> Tensor:
    """`e_k` for every image: k is given, or the class of the largest output. Its relevance is `f_k e_k`."""
    f = trace.output
    return torch.zeros_like(f).scatter_(1, (f.argmax(dim=1) if k is None else k)[:, None], 1)


def descend(trace: Trace, rule: Rule, pending: Pending, layers: range) -> Pending:
    """Carry what waits at outputs of nodes through `layers`, given from the top; what waits below them is returned.

    Relevance that reaches a place over several edges is summed. Layers 1 … L; layer 0 holds nodes before the first
    weighted one, if any, and belongs to layer 1.
    """
    graph = trace.graph
    nodes = [i for i, layer in enumerate(graph.layer_of) if max(layer, 1) in layers]
    for i in reversed(nodes):
        if i in pending:
            node = graph.nodes[i]
            below = rule.step_at(max(graph.layer_of[i], 1))(node.op, pending.pop(i), trace.met[i])
            for source, part in zip(node.inputs, below, strict=True):
                pending[source] = pending[source] + part if source in pending else part
    return pending


@torch.no_grad()
def backward(trace: Trace, rule: Rule, r: Tensor | None = None, layer: int | None = None) -> Map:
    """`r_0` of `rule`, from `r` at the neurons of `layer`; by default from the largest output.

    Relevance `R` enters a rule that distributes relevance as `r = R / A`. Where nothing reaches the input, it is zero.
    Raises `ValueError` when `r` is not shaped like `A_layer`.
    """
    layer = trace.graph.depth if layer is None else layer
    r = start_at_output(trace) if r is None else r
    if r.shape[1:] != trace.activation(layer).shape[1:]:
        raise ValueError(
            f"relevance of shape {tuple(r.shape[1:])} cannot enter at layer {layer}, "
            f"which has shape {tuple(trace.activation(layer).shape[1:])}"
        )
    pending = descend(trace, rule, {trace.graph.place(layer): r}, range(layer, 0, -1))
    return pending[INPUT]


def attribution(
    trace: Trace, rule: Rule, r: Tensor | None = None, layer: int | None = None, bottom: bool = True
) -> Map:
    """The map `R` of `rule`; `bottom = False` leaves `r_0`."""
    r0 = backward(trace, rule, r, layer)
    return rule.process(r0, trace.x) if bottom else r0


def activation(trace: Trace, layer: int) -> Map:
    """Activation weighting: `r_l := A_l` at layer l, plain gradient below it; `x` itself for l = 0."""
    return backward(trace, GRAD, trace.activation(layer), layer) if layer else trace.x


@torch.no_grad()
def cascades(trace: Trace, rule: Rule, r: Tensor | None = None) -> Float[Tensor, "levels B ..."]:
    """`r_0` of every N-level cascade, Def. 3, N = 0 … L: `rule` in the top N layers, the plain gradient below them.

    The rule goes down once. At every layer it hands a copy over to the gradient, and all copies share the gradient's
    pass from there: layer l costs L − l + 1 maps instead of L. A rule that acts at ReLUs leaves the linear output layer
    alone, so that N = 0 is N = 1.
    """
    graph = trace.graph
    top = {graph.place(graph.depth): start_at_output(trace) if r is None else r}
    ruled, handed = dict(top), {} if _spares_the_top(trace, rule) else dict(top)
    for layer in range(graph.depth, 0, -1):
        descend(trace, GRAD, handed, range(layer, layer - 1, -1))
        descend(trace, rule, ruled, range(layer, layer - 1, -1))
        if layer > 1:
            handed = {i: torch.cat([handed[i], ruled[i]]) if i in handed else ruled[i] for i in ruled}
    maps = torch.cat([handed[INPUT], ruled[INPUT]]).view(-1, *trace.x.shape) if handed else ruled[INPUT][None]
    return torch.cat([maps[:1], maps]) if _spares_the_top(trace, rule) else maps


def _spares_the_top(trace: Trace, rule: Rule) -> bool:
    """Whether the rule treats the top layer like the gradient: it acts at ReLUs, and there is none."""
    graph = trace.graph
    return (
        rule.at_relu
        and graph.place(graph.depth) == len(graph.nodes) - 1 == graph.neurons[-1]
        and not (graph.overwritten[graph.neurons[-1]])
    )


def activations(trace: Trace) -> Iterator[Map]:
    """Activation at layers L, L − 1, …, 0, one pass each."""
    return (activation(trace, layer) for layer in range(trace.graph.depth, -1, -1))
