"""GradCAM and Guided GradCAM (Selvaraju et al. 2017): where, at a layer whose neurons have places, a class is seen."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from nfrlab.simulations.deep.engine import backward
from nfrlab.simulations.deep.engine.backward import GRAD, start_at_output, through
from nfrlab.simulations.deep.engine.graph import Graph
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.engine.weighted import Conv
from nfrlab.simulations.deep.maps import Network, Target, classes_of, trace_of

INTERPOLATIONS = ("bilinear", "nearest")


@torch.no_grad()
def gradcam(
    network: Network,
    x: Float[Tensor, "B ..."] | None = None,
    target: Target = None,
    layer: int | None = None,
    interpolation: str = "bilinear",
) -> Float[Tensor, "B ..."]:
    """`relu(Σ_c w_c A_c)`, `w_c` the mean over places of `∂f_k/∂A_c`, brought to the size of the image.

    Every channel of the map is the same. "bilinear" takes pixels for squares: corners are not aligned.

    Parameters
    ----------
    network, x, target
        As in `attribution`.
    layer
        l of the activation `A_l`, its ReLU included, 0 for the image; by default that of the last convolution.
    interpolation
        "bilinear" or "nearest".

    Raises `ValueError` as `attribution` does, for a network without convolutions, a layer without places, inputs that
    are no images, and an unknown interpolation.
    """
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"interpolation is one of {', '.join(INTERPOLATIONS)}, got {interpolation}")
    trace = trace_of(network, x)
    layer = _last_convolution(trace.graph) if layer is None else layer
    place = trace.graph.place(layer)
    A = trace.value(place)
    if A.dim() != 4 or trace.x.dim() != 4:
        shapes = f"the input has {tuple(trace.x.shape)}, layer {layer} {tuple(A.shape)}"
        raise ValueError(f"GradCAM needs images and activations of shape (B, C, H, W); {shapes}")
    nodes = range(place + 1, len(trace.graph.nodes))
    started = {len(trace.graph.nodes) - 1: start_at_output(trace, classes_of(trace, target))}
    slope = through(trace, GRAD, started, nodes)[place]
    seen = (slope.mean((2, 3), keepdim=True) * A).sum(dim=1, keepdim=True).clamp(min=0)
    smooth = {"align_corners": False} if interpolation == "bilinear" else {}
    return F.interpolate(seen, trace.x.shape[2:], mode=interpolation, **smooth).expand_as(trace.x).contiguous()


@torch.no_grad()
def guided_gradcam(
    network: Network,
    x: Float[Tensor, "B ..."] | None = None,
    target: Target = None,
    layer: int | None = None,
    interpolation: str = "bilinear",
) -> Float[Tensor, "B ..."]:
    """The map of GBP times that of GradCAM, entry by entry. Takes the arguments of `gradcam`, and raises as it does."""
    trace = trace_of(network, x)
    guided = backward.attribution(trace, rule("gbp"), start_at_output(trace, classes_of(trace, target)))
    return guided * gradcam(trace, target=target, layer=layer, interpolation=interpolation)


def _last_convolution(graph: Graph) -> int:
    """Its layer. Raises `ValueError` where there is none."""
    found = [at for node, at in zip(graph.nodes, graph.layer_of, strict=True) if isinstance(node.op, Conv)]
    if not found:
        raise ValueError("GradCAM needs a convolution, and the network has none")
    return found[-1]
