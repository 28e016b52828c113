"""From one step to a map: named rules, the way down through a network, cascade substitution, bottom processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Shaped

from nfrlab.simulations.dense import deeplift, patterns, rules
from nfrlab.simulations.dense.arrays import Array, Number, ratio, relu
from nfrlab.simulations.dense.network import Layer

Bottom = Callable[[Array, Array], Array]


def untouched(r0: Array, x: Array) -> Array:
    """No bottom process: `R = r_0`."""
    return r0


def times_input(r0: Array, x: Array) -> Array:
    """Bottom process of Grad⊙Input, z⁺ and DTD in filter form: `R = r_0 ⊙ x`."""
    return r0 * x


def rectified_times_input(r0: Array, x: Array) -> Array:
    """Bottom process of RectGrad: `R = relu(x ⊙ r_0)`."""
    return relu(x * r0)


def times_difference(r0: Array, difference: Array) -> Array:
    """Bottom process of DeepLIFT, of the difference to the reference: `R = r_0 ⊙ (x − x₀)`."""
    return r0 * difference


@dataclass(frozen=True)
class Rule:
    """A named backward rule: its step, what it carries, its bottom process, and a first-layer step where it has one.

    A rule that `compares` explains the difference to a reference input, `x − x₀` in place of x.
    """

    name: str
    step: rules.Step
    carries: Literal["gradient", "relevance"] = "gradient"
    bottom: Bottom = untouched
    first: rules.Step | None = None
    compares: bool = False

    def step_at(self, layer: int) -> rules.Step:
        """The step of layer number `layer`, 1 … L."""
        return self.first if layer == 1 and self.first is not None else self.step

    def met(self, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        """The layers, of a rule that compares beside those of a reference input: by default 0."""
        return deeplift.with_reference(layers) if self.compares and layers[0].reference is None else layers


RULES: dict[str, Callable[..., Rule]] = {
    "grad": lambda: Rule("grad", rules.grad),
    "grad-input": lambda: Rule("grad-input", rules.grad, bottom=times_input),
    "gbp": lambda: Rule("gbp", rules.gbp),
    "deconv": lambda: Rule("deconv", rules.deconv),
    "rectgrad": lambda q=0.9: Rule("rectgrad", partial(rules.rectgrad_quantile, q=q), bottom=rectified_times_input),
    "rectgrad-constant": lambda tau=0.0: Rule(
        "rectgrad-constant", partial(rules.rectgrad, tau=tau), bottom=rectified_times_input
    ),
    "lrp-z": lambda bias_in_denominator=True: Rule(
        "lrp-z", partial(rules.lrp_z, bias_in_denominator=bias_in_denominator), "relevance"
    ),
    "lrp-alpha-beta": lambda alpha=2.0, beta=None: Rule(
        "lrp-alpha-beta", partial(rules.lrp_alpha_beta, alpha=alpha, beta=beta), "relevance"
    ),
    "zplus": lambda: Rule("zplus", rules.zplus, "relevance"),
    "excitation-bp": lambda: Rule("excitation-bp", rules.excitation_bp, "relevance"),
    "zplus-gradient": lambda: Rule("zplus-gradient", rules.zplus_gradient, bottom=times_input),
    "zplus-filter": lambda: Rule("zplus-filter", rules.zplus_filter, bottom=times_input),
    "dtd": lambda low, high: Rule("dtd", rules.zplus, "relevance", first=partial(rules.z_box, low=low, high=high)),
    "deeplift-rescale": lambda: _deeplift("deeplift-rescale", deeplift.deeplift_rescale),
    "deeplift-revealcancel": lambda: _deeplift("deeplift-revealcancel", deeplift.deeplift_revealcancel),
    "deeplift-ablated": lambda: _deeplift("deeplift-ablated", deeplift.deeplift_ablated),
    "pattern-net": lambda: Rule("pattern-net", patterns.pattern_net),
    "pattern-attribution": lambda: Rule("pattern-attribution", patterns.pattern_attribution),
}
NEED_PATTERNS = "pattern-net", "pattern-attribution"
"""Those that ask for patterns of the data."""


def _deeplift(name: str, step: rules.Step) -> Rule:
    return Rule(name, step, bottom=times_difference, compares=True)


def rule(name: str, **parameters: Number) -> Rule:
    """The rule called `name` with the parameters that it has (`q`, `tau`, `alpha` and `beta`, `low` and `high`).

    Raises `ValueError` for an unknown name, and `TypeError` for a parameter that it lacks.
    """
    if name not in RULES:
        raise ValueError(f"unknown rule '{name}'; known rules: {', '.join(RULES)}")
    return RULES[name](**parameters)


def backward(layers: tuple[Layer, ...], rule: Rule, r: Array, start: int | None = None, stop: int = 0) -> Array:
    """Carry `r`, given at layer `start` (default: the output L), down to layer `stop`; 0 is the input.

    What goes down is what the rule carries, gradient or relevance. Raises `ValueError` for layers that do not exist,
    and when `r` does not have one entry per neuron of layer `start`.
    """
    start = len(layers) if start is None else start
    if not 0 <= stop <= start <= len(layers):
        raise ValueError(f"levels run from 0 to {len(layers)}, got start {start} and stop {stop}")
    layers = rule.met(layers)
    width = layers[start - 1].z.shape if start else layers[0].a.shape
    if r.shape != width:
        raise ValueError(f"relevance of shape {r.shape} cannot enter at layer {start}, which has shape {width}")
    for layer in range(start, stop, -1):
        r = rule.step_at(layer)(layers[layer - 1], r)
    return r


def start_at_output(layers: tuple[Layer, ...], rule: Rule, k: int = 0) -> Array:
    """What enters at output `k`: `e_k` for a gradient-like rule, `f_k e_k` for a relevance rule."""
    f = layers[-1].z
    return np.where(np.arange(len(f)) == k, f if rule.carries == "relevance" else 1 + 0 * f, 0 * f)


def attribution(
    layers: tuple[Layer, ...],
    rule: Rule,
    r: Array | None = None,
    start: int | None = None,
    bottom: bool = True,
) -> Shaped[Array, " d"]:
    """The map `R` of `rule`.

    Parameters
    ----------
    layers
        A network as an input met it, `Network.forward(x)`.
    r
        What enters at the neurons of layer `start`; by default what `start_at_output` gives.
    start
        Where it enters, by default the output L.
    bottom
        False leaves `r_0`; of a rule that carries relevance, the relevance divided by the input where that is not 0.
    """
    layers = rule.met(layers)
    r0 = backward(layers, rule, start_at_output(layers, rule) if r is None else r, start)
    x = layers[0].a - deeplift.reference_of(layers[0]).a if rule.compares else layers[0].a
    if rule.carries == "relevance":
        return r0 if bottom else ratio(r0, x)
    return rule.bottom(r0, x) if bottom else r0


GRAD = RULES["grad"]()


def cascade(layers: tuple[Layer, ...], rule: Rule, level: int, r: Array | None = None) -> Shaped[Array, " d"]:
    """`r_0` of N-level cascade substitution, Def. 3, N = `level`: `rule` in the top N layers, the plain gradient below.

    Where a relevance rule hands over to the gradient, `r = R / A` (0 where `A = 0`). N = 0 is the gradient.
    Raises `ValueError` unless 0 ≤ N ≤ L.
    """
    if not 0 <= level <= len(layers):
        raise ValueError(f"cascade level must lie in 0 … {len(layers)}, got {level}")
    handover = len(layers) - level
    used = rule if level else GRAD
    r = backward(layers, used, start_at_output(layers, used) if r is None else r, stop=handover)
    if used.carries == "relevance":
        r = ratio(r, layers[handover - 1].act if handover else layers[0].a)
    return backward(layers, GRAD, r, start=handover)


def activation(layers: tuple[Layer, ...], layer: int) -> Shaped[Array, " d"]:
    """`r_0` of Activation weighting, Table I: `r_l := A_l` at layer l = `layer`, the plain gradient below it.

    l = 0 gives x itself. Raises `ValueError` unless 0 ≤ l ≤ L.
    """
    if not 0 <= layer <= len(layers):
        raise ValueError(f"activation level must lie in 0 … {len(layers)}, got {layer}")
    at = layers[layer - 1].act if layer else layers[0].a
    return backward(layers, GRAD, at, start=layer)
