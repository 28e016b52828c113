"""One draw of a setting: a network, an image, and every effect that the setting asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
import xarray as xr
from torch import Generator, Tensor, nn

from nfrlab.simulations.bridge.populations import image, image_number, network_number, other_image
from nfrlab.simulations.bridge.settings import CASCADE, ENDS, INFORMATION, LEVELS, NEURONS, REMOVAL, Setting
from nfrlab.simulations.bridge.sources import OFFICIAL, Draw, Sources
from nfrlab.simulations.deep.effects import (
    cascade,
    extremes,
    filtering,
    information,
    neurons,
    pictures,
    removal,
    resemblance,
)
from nfrlab.simulations.deep.effects.common import BLIND
from nfrlab.simulations.deep.engine.graph import Graph, Trace
from nfrlab.simulations.deep.engine.memory import keep_freed_memory
from nfrlab.simulations.deep.networks import checkpoints, named, trained, weights
from nfrlab.simulations.deep.reading.rewrite import rewrite

OTHERS = 4
"""Other images whose average resemblance to a map is what there is by chance."""


def measure(draw: Draw) -> xr.Dataset:
    """All effects of a draw, and whether its forward pass was `finite`: where it was not, no map has an alignment.

    Coordinates say which `network` and which `image` it is: draws with equal numbers share it.

    Raises `ValueError` for a network, image or checkpoint that cannot be used.
    """
    trace, rng = forward_trace(draw)
    others = torch.cat([other_image(draw, k) for k in range(OTHERS)])
    effects = [EFFECTS[name](draw.setting, trace, others, rng) for name in draw.setting.effects]
    merged = xr.merge(effects, join="outer", compat="no_conflicts")
    finite = bool(trace.finite.all())
    maps = [name for name in merged.data_vars if str(name).startswith("alpha")]
    return merged.assign({name: merged[name].where(finite) for name in maps} | {"finite": float(finite)}).assign_coords(
        network=network_number(draw), image=image_number(draw)
    )


def collect_maps(draw: Draw) -> xr.Dataset:
    """The maps of a draw, those of its setting's effects, for the figures."""
    (trace, rng), setting = forward_trace(draw), draw.setting
    maps = [pictures.measure(trace)]
    if INFORMATION in setting.effects:
        maps.append(pictures.maps_by_layer(trace))
    if REMOVAL in setting.effects:
        maps.append(pictures.changed_maps(trace, setting.rules, min(setting.removed), rng))
    return xr.merge(maps, combine_attrs="no_conflicts")


EFFECTS: dict[str, Callable[[Setting, Trace, Tensor, Generator], xr.Dataset]] = {
    CASCADE: lambda setting, trace, others, rng: cascade.measure(trace, setting.rules),
    LEVELS: lambda setting, trace, others, rng: cascade.levels(trace, setting.rules),
    ENDS: lambda setting, trace, others, rng: cascade.ends(trace, setting.rules),
    "resemblance": lambda setting, trace, others, rng: resemblance.measure(trace, others),
    NEURONS: lambda setting, trace, others, rng: neurons.measure(trace),
    "filtering": lambda setting, trace, others, rng: filtering.measure(trace, (*setting.rules, BLIND)),
    INFORMATION: lambda setting, trace, others, rng: information.measure(trace),
    "extremes": lambda setting, trace, others, rng: extremes.measure(trace, (*setting.rules, BLIND)),
    REMOVAL: lambda setting, trace, others, rng: removal.measure(trace, (*setting.rules, BLIND), setting.removed, rng),
}


def forward_trace(draw: Draw) -> tuple[Trace, Generator]:
    """The draw's network as it meets the draw's image, and random numbers for the effects."""
    prepare(draw.sources.device)
    x = image(draw)
    rng = Generator(x.device).manual_seed(int(draw.seeds("effects").generate_state(1)[0]))
    return graph(draw, x).forward(x), rng


def prepare(device: str) -> None:
    """One thread on a CPU, so that the bits do not depend on the number of workers; whole float32 on a GPU."""
    keep_freed_memory()
    if device == "cpu":
        torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False


def graph(draw: Draw, x: Tensor) -> Graph:
    """The draw's network, with fresh weights where they are random."""
    setting = draw.setting
    built = network(setting.network, setting.weights, setting.bias, setting.precision, draw.sources)
    if setting.weights == "random":
        weights.randomise(built.module, setting.family, draw.seeds("weights"), setting.scale, setting.bias)
    if built.graph is None or (setting.weights == "random" and built.folds):
        built.graph = rewrite(built.module, x)
    return built.graph


@dataclass
class BuiltNetwork:
    """A worker's network, and its graph once it is rewritten: they share weights unless batch normalisations fold."""

    module: nn.Module
    graph: Graph | None = None

    @property
    def folds(self) -> bool:
        """Whether the graph has weights apart from the module's."""
        return any(isinstance(part, nn.BatchNorm2d) for part in self.module.modules())


@lru_cache(maxsize=1)
def network(name: str, weighted: str, bias: bool, precision: str, sources: Sources) -> BuiltNetwork:
    """The network of a setting, built once a worker."""
    module = build(name, weighted, bias, sources)
    return BuiltNetwork(module.to(sources.device, getattr(torch, precision)).eval())


def build(name: str, weighted: str, bias: bool, sources: Sources) -> nn.Module:
    """A network by name or `FILE.py:FUNCTION`.

    Where `weighted` is "trained" it has trained weights: those that the digits' network learned here, a checkpoint's,
    or those that the user's function gave it.
    """
    checkpoint = sources.weights_of(name)
    if weighted == "trained" and name == "digits" and checkpoint is None:
        return trained.digits(sources.out)[0]
    module = named.build(name, bias)
    if weighted == "trained" and checkpoint == OFFICIAL:
        checkpoints.load_official(module, name)
    elif weighted == "trained" and checkpoint is not None:
        checkpoints.load(module, checkpoint)
    return module
