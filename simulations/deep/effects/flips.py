"""Whether a map knows its class: that of another class, and of an image changed by little so that its class flips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Generator, Tensor

from nfrlab.simulations.deep.effects.common import dataset_of, rule_under_test
from nfrlab.simulations.deep.effects.sanity import another_class
from nfrlab.simulations.deep.engine.backward import GRAD, backward, start_at_output
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.similarity.vectors import cosine

INSTEAD = ("another class", "flipped", "noise")
SIZES = tuple(2.0**-k for k in range(8, 1, -1))
"""Sizes of an attack, in units of the range of the image's entries: 1/256 … 1/4."""
Image = Float[Tensor, "1 ..."]


def measure(trace: Trace, names: Sequence[str], rng: Generator) -> xr.Dataset:
    """`class_cosine(rule, instead)`: the cosine between the map `r_0` of the image's class and

    - that of another class, a random one;
    - that of the class that the network sees after an attack that flips it, at the attacked image;
    - that of the same class at the image with as much noise: as large an entry everywhere, of random sign.

    `attack`: the size ε of the attack. NaN where there is one class only, where no attack flips it, and for zero maps.
    """
    k = start_at_output(trace).argmax(dim=1)
    other = another_class(k, trace.output.shape[1], rng)
    signs = torch.randint(0, 2, trace.x.shape, generator=rng, device=trace.x.device).to(trace.x) * 2 - 1
    size, attacked = attack(trace, k)
    own = replace(trace, target=k)
    changed = {"another class": None if other is None else replace(trace, target=other)}
    if attacked is not None:
        changed["flipped"] = replace(attacked, target=attacked.output.argmax(dim=1))
        changed["noise"] = replace(trace.graph.forward(trace.x + size * extent(trace.x) * signs), target=k)
    found = np.full((len(names), len(INSTEAD)), np.nan)
    for i, name in enumerate(names):
        rule = rule_under_test(name)
        map = backward(own, rule)
        for j, what in enumerate(INSTEAD):
            there = changed.get(what)
            if there is not None:
                found[i, j] = float(cosine(map, backward(there, rule)))
    return dataset_of(class_cosine=(("rule", "instead"), found), attack=((), size)).assign_coords(
        rule=list(names), instead=list(INSTEAD)
    )


def attack(trace: Trace, k: Tensor) -> tuple[float, Trace | None]:
    """The smallest of `SIZES` at which a step along the signs of the gradient of `f_j − f_k`, j the class next to k,
    flips the class (Goodfellow et al. 2015), and what the network makes of the image there; NaN and None if none does.
    """
    if trace.output.shape[1] == 1:
        return float("nan"), None
    rivals = trace.output.scatter(1, k[:, None], -torch.inf)
    r = start_at_output(trace, rivals.argmax(dim=1)) - start_at_output(trace, k)
    signs = backward(trace, GRAD, r).sign()
    for size in SIZES:
        there = trace.graph.forward(trace.x + size * extent(trace.x) * signs)
        if bool((there.output.argmax(dim=1) != k).all()):
            return size, there
    return float("nan"), None


def extent(x: Image) -> float:
    """The range of the entries of an image."""
    return float(x.max() - x.min())
