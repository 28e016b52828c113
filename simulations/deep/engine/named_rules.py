"""Backward rules by name, with their switches; and how a rule is written in a command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import Any, get_args

from torch import Tensor

from nfrlab.simulations.deep.engine import deeplift, rules
from nfrlab.simulations.deep.engine.backward import Bottom, Rule
from nfrlab.simulations.deep.engine.signs import Bias, Sign

RULES: dict[str, Callable[..., Rule]] = {
    "grad": lambda: Rule("grad", rules.grad),
    "grad-input": lambda: Rule("grad-input", rules.grad, "times input"),
    "gbp": lambda: Rule("gbp", rules.gbp),
    "deconv": lambda: Rule("deconv", rules.deconv),
    "rectgrad": lambda q=0.9, **switches: _rectgrad("rectgrad", rules.rectgrad_quantile, q=q, **switches),
    "rectgrad-constant": lambda tau=0.0, **switches: _rectgrad(
        "rectgrad-constant", rules.rectgrad, tau=tau, **switches
    ),
    "lrp-z": lambda bias="split": _relevance("lrp-z", rules.lrp_epsilon, bias=bias),
    "lrp-epsilon": lambda eps=1e-6, bias="split": _relevance("lrp-epsilon", rules.lrp_epsilon, eps=eps, bias=bias),
    "lrp-alpha-beta": lambda alpha=2.0, beta=None, **switches: _relevance(
        "lrp-alpha-beta", rules.lrp_alpha_beta, alpha=alpha, beta=alpha - 1 if beta is None else beta, **switches
    ),
    "zplus": lambda **switches: _relevance("zplus", rules.zplus, **switches),
    "excitation-bp": lambda **eps: _relevance("excitation-bp", rules.excitation_bp, **eps),
    "zplus-filter": lambda: _relevance("zplus-filter", rules.zplus_filter),
    "dtd": lambda low=None, high=None, **switches: replace(
        _relevance("dtd", rules.zplus, **switches), first=_with_switches(rules.z_box, low=low, high=high, **switches)
    ),
    "lrp-gamma": lambda gamma=0.25, **switches: _relevance("lrp-gamma", rules.lrp_gamma, gamma=gamma, **switches),
    "epsilon-plus": lambda **eps: _composite("epsilon-plus", rules.zplus, **eps),
    "epsilon-plus-flat": lambda **eps: _composite("epsilon-plus-flat", rules.zplus, rules.flat, **eps),
    "epsilon-alpha2-beta1": lambda **eps: _composite("epsilon-alpha2-beta1", rules.lrp_alpha_beta, **eps),
    "epsilon-alpha2-beta1-flat": lambda **eps: _composite(
        "epsilon-alpha2-beta1-flat", rules.lrp_alpha_beta, rules.flat, **eps
    ),
    "epsilon-gamma-box": lambda low=None, high=None, gamma=0.25, **eps: _composite(
        "epsilon-gamma-box",
        partial(rules.lrp_gamma, gamma=gamma),
        partial(rules.z_box, low=low, high=high, bias="none"),
        **eps,
    ),
    "deeplift-rescale": lambda: _deeplift("deeplift-rescale", deeplift.rescale),
    "deeplift-revealcancel": lambda: _deeplift("deeplift-revealcancel", deeplift.reveal_cancel, splits=True),
    "deeplift-ablated": lambda: _deeplift("deeplift-ablated", deeplift.ablated, at_relu=False),
    "pattern-net": lambda: Rule("pattern-net", rules.pattern_net, at_relu=False),
    "pattern-attribution": lambda: Rule("pattern-attribution", rules.pattern_attribution, at_relu=False),
}
"""The composites are zennit's presets: a rule at convolutions, LRP-ε at linear maps, another where pixels are read, z^B
without biases there.
"""
SETTINGS: dict[str, tuple[str, ...]] = {
    "residual": ("z", "norm"),
    "pooling": ("winner", "share"),
    "bias": get_args(Bias),
    "sign": get_args(Sign),
    "bottom": get_args(Bottom),
}


def _with_switches(step: Callable[..., tuple[Tensor, ...]], **switches: Any) -> rules.Step:
    """`step` with these switches. Raises `TypeError` for one that it does not have."""
    signature(step).bind(None, None, None, **switches)
    return partial(step, **switches) if switches else step


def _relevance(name: str, step: rules.Step, **switches: Any) -> Rule:
    return Rule(name, _with_switches(step, **switches), "times input", at_relu=False)


def _deeplift(name: str, step: rules.Step, at_relu: bool = True, splits: bool = False) -> Rule:
    return Rule(name, step, "times input", at_relu=at_relu, compares=True, splits=splits)


def _rectgrad(
    name: str, step: rules.Step, prr: bool = False, bottom: Bottom = "rectified times input", **switches: Any
) -> Rule:
    used = _with_switches(step, **switches)
    return Rule(name, partial(rules.with_prr, step=used) if prr else used, bottom)


def _composite(
    name: str,
    at_convolutions: rules.Step,
    at_pixels: rules.Step | None = None,
    epsilon: float = 1e-6,
    stabilizer: float = 1e-6,
) -> Rule:
    """A rule by kinds of layers; ε of LRP-ε, and what all other denominators are kept from 0 by."""
    step = partial(
        rules.by_kind,
        convolutions=_with_switches(at_convolutions, eps=stabilizer),
        others=_with_switches(rules.lrp_epsilon, eps=epsilon),
    )
    first = None if at_pixels is None else _with_switches(at_pixels, eps=stabilizer)
    return Rule(name, step, "times input", first, at_relu=False)


def rule(name: str, residual: str = "z", pooling: str = "winner", **switches: Any) -> Rule:
    """The rule called `name`; docs/conventions.md says what its switches do.

    Raises `ValueError` for an unknown name, switch or setting.

    Parameters
    ----------
    name
        One of `RULES`.
    residual
        How an addition divides relevance, "z" or "norm".
    pooling
        How a maximum divides relevance, to the "winner" or by "share".
    switches
        Those that the rule has besides, such as `q`, `tau`, `alpha`, `beta`, `eps`, `bias`, `sign`.
    """
    if name not in RULES:
        raise ValueError(f"unknown rule '{name}'; known rules: {', '.join(RULES)}")
    for switch, value in {"residual": residual, "pooling": pooling, **switches}.items():
        if switch in SETTINGS and value not in SETTINGS[switch]:
            raise ValueError(f"rule '{name}': {switch} is one of {', '.join(SETTINGS[switch])}, got {value}")
    try:
        made = RULES[name](**switches)
    except TypeError as error:
        raise ValueError(f"rule '{name}': {error}") from error
    step = partial(rules.with_norm_split, step=made.step) if residual == "norm" else made.step
    return replace(made, step=partial(rules.with_shared_maximum, step=step) if pooling == "share" else step)


def rule_from(text: str) -> Rule:
    """The rule that is written `NAME` or `NAME:switch=value:…`, with its text for its name: `rectgrad:q=0.8`.

    Raises `ValueError` as `rule` does, and for a switch without a value.
    """
    name, *given = text.split(":")
    switches: dict[str, Any] = {}
    for each in given:
        switch, sign, value = each.partition("=")
        if not (switch and sign and value):
            raise ValueError(f"rule '{text}': '{each}' is no switch=value")
        switches[switch] = _value(value)
    return replace(rule(name, **switches), name=text)


def _value(text: str) -> float | bool | str:
    """A number, true or false, or the text itself."""
    try:
        return {"true": True, "false": False}[text.lower()] if text.lower() in ("true", "false") else float(text)
    except ValueError:
        return text


def described(used: Rule) -> str:
    """A rule with all that changes its numbers, defaults included: its step with every switch, the step where pixels
    are read, and what it makes of `r_0` at the bottom.
    """
    step = _of_step(used.step)
    others = (("residual=z", "with_norm_split"), ("pooling=winner", "with_shared_maximum"))
    defaults = ", ".join(words for words, other in others if other not in step)
    if used.first is not None:
        end = f"where pixels are read {_of_step(used.first)}, which gives the map"
    else:
        end = "map r_0" if used.bottom == "none" else f"map r_0 {used.bottom}"
        end += " less the reference" if used.compares else ""
    return "; ".join(part for part in (f"{used.name}: {step}", defaults, end) if part)


def _of_step(step: rules.Step) -> str:
    """`name(switch=value, …)` of a step, its defaults included."""
    given = step.keywords if isinstance(step, partial) else {}
    function = step.func if isinstance(step, partial) else step
    name = getattr(function, "__name__", repr(function))
    known = {switch: p.default for switch, p in list(signature(function).parameters.items())[3:]}
    inner = ", ".join(f"{switch}={_of_value(value)}" for switch, value in (known | given).items())
    return f"{name}({inner})" if inner else str(name)


def _of_value(value: Any) -> str:
    """A switch's value; None, of the bounds of z^B, in words."""
    if callable(value):
        return _of_step(value)
    return "of the image" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
