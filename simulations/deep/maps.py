"""Maps of a network in one call: what a researcher asks for, from a module, images and the name of a rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nfrlab.simulations.deep.engine import backward
from nfrlab.simulations.deep.engine.backward import Rule
from nfrlab.simulations.deep.engine.cascades import cascades as every_cascade
from nfrlab.simulations.deep.engine.graph import Graph, Trace
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.reading.rewrite import rewrite

Network = nn.Module | Graph | Trace
Target = int | Sequence[int] | Tensor | None


def trace_of(
    network: Network, x: Float[Tensor, "B ..."] | None = None, reference: Float[Tensor, "K ..."] | None = None
) -> Trace:
    """A network as it meets x: a module is rewritten first, a graph meets x, a trace is what it is.

    Raises `ValueError` as `rewrite` and `forward` do, for a module or graph without x, and for a trace beside a
    reference.
    """
    if isinstance(network, Trace):
        if reference is not None:
            raise ValueError("a trace has its reference already; give it to forward, beside the images")
        return network
    if x is None:
        raise ValueError("a module or graph needs the images x that are to be explained; only a trace has met some")
    graph = network if isinstance(network, Graph) else rewrite(network, x)
    return graph.forward(x, reference=reference)


def rule_of(named: str | Rule, **switches: Any) -> Rule:
    """A rule, or the one of this name with these switches. Raises `ValueError` as `rule` does."""
    return rule(named, **switches) if isinstance(named, str) else named


def classes_of(trace: Trace, target: Target) -> Tensor | None:
    """The class to be explained for every image, None for that of the largest output.

    Raises `ValueError` for a class that the network does not have, and for another number of classes than of images.
    """
    if target is None:
        return None
    images, classes = trace.output.shape
    k = torch.as_tensor(target, device=trace.output.device)
    k = k.expand(images) if k.ndim == 0 else k
    if k.shape != (images,):
        raise ValueError(f"target is one class, or one for each of the {images} images, got shape {tuple(k.shape)}")
    if not bool(((k >= 0) & (k < classes)).all()):
        raise ValueError(f"classes run from 0 to {classes - 1}, got {k.tolist()}")
    return k.long()


def attribution(
    network: Network,
    x: Float[Tensor, "B ..."] | None = None,
    rule: str | Rule = "gbp",
    target: Target = None,
    bottom: bool = True,
    reference: Float[Tensor, "K ..."] | None = None,
    **switches: Any,
) -> Float[Tensor, "B ..."]:
    """The saliency map `R` of every image, shaped like x.

    Parameters
    ----------
    network
        A module in evaluation mode; or what `rewrite` made of it, or the trace of a forward pass.
    x
        A batch of images.
    rule
        A name (grad, gbp, deconv, rectgrad, zplus, …) or a `Rule`; `switches` are those of a named one.
    target
        The class explained: one for all images or one each; by default that of the largest output.
    bottom
        Whether the rule's bottom process is applied; without it the map is `r_0`.
    reference
        What DeepLIFT compares with, one image or one for each; by default 0.

    Raises `ValueError` for a network that cannot be rewritten, an unknown rule, switch or class, and images with NaN or
    infinite entries.
    """
    trace, used = trace_of(network, x, reference), rule_of(rule, **switches)
    return backward.attribution(trace, used, backward.start_at_output(trace, classes_of(trace, target)), bottom=bottom)


def cascades(
    network: Network,
    x: Float[Tensor, "B ..."] | Rule | str | None = None,
    rule: str | Rule = "gbp",
    target: Target = None,
    **switches: Any,
) -> Float[Tensor, "levels B ..."]:
    """`r_0` of every N-level cascade, Def. 3, N = 0 … L: the rule in the top N layers, the plain gradient below them.

    Takes the arguments of `attribution`; `cascades(trace, rule)` too. Raises `ValueError` as `attribution` does.
    """
    images, named = (None, x) if isinstance(x, Rule | str) else (x, rule)
    trace, used = trace_of(network, images), rule_of(named, **switches)
    return every_cascade(trace, used, backward.start_at_output(trace, classes_of(trace, target)))


def activation(
    network: Network, x: Float[Tensor, "B ..."] | int | None = None, layer: int = 1, pooled: bool = False
) -> Tensor:
    """The map of activation weighting at a layer, `r_l := A_l` and the plain gradient below it; x itself for layer 0.

    Takes the first arguments of `attribution`; `activation(trace, layer)` too. Where a pooling follows the layer, `A_l`
    is taken before it, and with `pooled` after it: the two maps differ. Raises `ValueError` as `attribution` does, and
    for a layer that does not exist.
    """
    images, at = (None, x) if isinstance(x, int) else (x, layer)
    return backward.activation(trace_of(network, images), at, pooled)
