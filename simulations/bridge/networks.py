"""The network of a draw: built once a worker, with fresh weights where they are random, and read into a graph.

What was drawn is what computes: graph and module are compared in every draw, and no hook may put other weights in the
place of those that were drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import torch
from torch import Tensor, nn

from nfrlab.simulations.bridge.populations import image
from nfrlab.simulations.bridge.settings import Weights
from nfrlab.simulations.bridge.sources import OFFICIAL, Draw, Sources
from nfrlab.simulations.deep.engine.graph import Graph
from nfrlab.simulations.deep.networks import checkpoints, named, trained, weights
from nfrlab.simulations.deep.reading.comparison import compare_outputs
from nfrlab.simulations.deep.reading.rewrite import read, rewrite
from nfrlab.simulations.network_names import is_own_file
from nfrlab.simulations.workers import exits_refused


@dataclass
class BuiltNetwork:
    """A worker's network, and its graph once it is rewritten."""

    module: nn.Module
    graph: Graph | None = None

    @property
    def shared(self) -> bool:
        """Whether the graph computes with the module's own parameters: not where a normalisation is folded in."""
        own = {parameter.data_ptr() for parameter in self.module.parameters()}
        return self.graph is not None and all(tensor.data_ptr() in own for tensor in self.graph.tensors)


def graph(draw: Draw, x: Tensor) -> Graph:
    """The draw's network, with fresh weights where they are random, as it reads x.

    Raises `ValueError` for a network that cannot be rewritten, and one that computes with other weights than drawn.
    """
    setting = draw.setting
    built = network(setting.network, setting.weights, setting.bias, setting.precision, draw.sources, setting.side)
    if setting.weights == "random":
        weights.randomise(built.module, setting.family, draw.seeds("weights"), setting.scale, setting.bias)
        drawn = weights.stamps(built.module)
    if built.graph is None:
        built.graph = rewrite(built.module, x)
    elif setting.weights == "random":
        built.graph = built.graph if built.shared else read(built.module, x)
        with torch.no_grad():
            expected = built.module(x.clone())
        if expected.isfinite().all():
            compare_outputs(built.graph(x.clone()), expected, "an image")
    if setting.weights == "random" and weights.stamps(built.module) != drawn:
        raise ValueError(
            f"{setting.network} does not compute with the weights that were drawn: a hook puts others in their place; "
            "remove it before the network is returned"
        )
    return built.graph


@lru_cache(maxsize=1)
def network(name: str, weighted: str, bias: bool, precision: str, sources: Sources, side: int) -> BuiltNetwork:
    """The network of a setting, built once a worker."""
    module = build(name, weighted, bias, sources, side)
    try:
        return BuiltNetwork(module.to(sources.device, getattr(torch, precision)).eval())
    except NotImplementedError as error:
        raise ValueError(f"{name} has no numbers, it lies on the device meta; give it weights first") from error


def weights_of(name: str, sources: Sources) -> Weights:
    """Trained, or built: what a user's function gave it, where no checkpoint is named."""
    return "built" if is_own_file(name) and sources.checkpoint is None else "trained"


def as_it_comes(name: str, sources: Sources, side: int) -> nn.Module:
    """A network by name, or a user's, with its own weights and on the device."""
    return build(name, weights_of(name, sources), True, sources, side).to(sources.device)


def build(name: str, weighted: str, bias: bool, sources: Sources, side: int | None = None) -> nn.Module:
    """A network by name or `FILE.py:FUNCTION`.

    Where `weighted` is "trained" it has trained weights, those that the digits' network learned here or a checkpoint's;
    where it is "built", those that the user's function gave it.
    """
    if weighted == "trained" and name == "digits" and sources.weights_of(name) is None:
        return trained.digits(sources.out)[0]
    module = named.build(name, bias, side)
    if weighted == "trained":
        load(module, name, sources)
    return module


def load(module: nn.Module, name: str, sources: Sources) -> str:
    """Give a network by name the weights of its checkpoint, where there is one; return what has to be said of them."""
    checkpoint = sources.weights_of(name)
    if checkpoint is None:
        return ""
    if checkpoint == OFFICIAL:
        return checkpoints.load_official(module, name)
    return checkpoints.load(module, checkpoint)


@cache
def remarks(draw: Draw) -> tuple[str, ...]:
    """What has to be said of a user's network as the draw has it: what was left out, which premises fail."""
    with exits_refused(draw.setting.network):
        return graph(draw, image(draw)).remarks


@cache
def network_digest(draw: Draw) -> str:
    """What the user's network of a setting's first draw computes: its operations and every tensor in them.

    Empty for a network by name, which the code and the checkpoint determine. Where weights are random those of the
    draw count, and not those that they replace.
    """
    if ":" not in draw.setting.network:
        return ""
    built = BuiltNetwork(
        build(draw.setting.network, draw.setting.weights, draw.setting.bias, draw.sources, draw.setting.side).eval()
    )
    built.module.to(dtype=getattr(torch, draw.setting.precision))
    if draw.setting.weights == "random":
        weights.randomise(
            built.module, draw.setting.family, draw.seeds("weights"), draw.setting.scale, draw.setting.bias
        )
    return rewrite(built.module, image(draw).cpu()).digest
