"""One draw of a setting: a network, an image, and every effect that the setting asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
import xarray as xr
from torch import Generator, Tensor

from nfrlab.simulations.bridge.compared import compared_rules, randomised_rules
from nfrlab.simulations.bridge.networks import graph
from nfrlab.simulations.bridge.populations import (
    OTHERS,
    image,
    image_number,
    network_number,
    other_image,
    target_classes,
)
from nfrlab.simulations.bridge.rival_settings import CHANNELS, CLASSES, CONVERGENCE, FLIPS, RANDOMISATION
from nfrlab.simulations.bridge.settings import CASCADE, ENDS, INFORMATION, LEVELS, NEURONS, REMOVAL, SANITY, Setting
from nfrlab.simulations.bridge.sources import Draw
from nfrlab.simulations.deep.effects import (
    cascade,
    channels,
    classes,
    convergence,
    extremes,
    filtering,
    flips,
    information,
    neurons,
    pictures,
    randomisation,
    removal,
    resemblance,
    sanity,
)
from nfrlab.simulations.deep.effects.common import BLIND, GRADIENT, IMAGE
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.memory import keep_freed_memory


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
    if SANITY in setting.effects:
        maps.append(pictures.maps_by_rule(trace, (GRADIENT, *setting.rules)))
    return xr.merge(maps, join="outer", compat="no_conflicts", combine_attrs="no_conflicts")


EFFECTS: dict[str, Callable[[Setting, Trace, Tensor, Generator], xr.Dataset]] = {
    CASCADE: lambda setting, trace, others, rng: cascade.measure(trace, setting.rules),
    LEVELS: lambda setting, trace, others, rng: cascade.levels(trace, setting.rules),
    ENDS: lambda setting, trace, others, rng: cascade.ends(trace, setting.rules),
    "resemblance": lambda setting, trace, others, rng: resemblance.measure(trace, others),
    NEURONS: lambda setting, trace, others, rng: neurons.measure(trace),
    "filtering": lambda setting, trace, others, rng: filtering.measure(trace, (*setting.rules, BLIND)),
    INFORMATION: lambda setting, trace, others, rng: information.measure(trace),
    "extremes": lambda setting, trace, others, rng: extremes.measure(trace, (*setting.rules, BLIND), rng),
    SANITY: lambda setting, trace, others, rng: sanity.measure(trace, (GRADIENT, *setting.rules), rng),
    REMOVAL: lambda setting, trace, others, rng: removal.measure(trace, (*setting.rules, BLIND), setting.removed, rng),
    CONVERGENCE: lambda setting, trace, others, rng: convergence.measure(
        trace, trace.graph.forward(others[:1]), fresh(trace, rng), setting.rules, rng
    ),
    RANDOMISATION: lambda setting, trace, others, rng: randomisation.measure(
        trace, trace.graph.forward(others[:1]), (IMAGE, *randomised_rules(setting)), rng
    ),
    CLASSES: lambda setting, trace, others, rng: classes.measure(trace, (IMAGE, *compared_rules(setting)), rng),
    FLIPS: lambda setting, trace, others, rng: flips.measure(trace, setting.rules, rng),
    CHANNELS: lambda setting, trace, others, rng: channels.measure(trace, rng),
}


def fresh(trace: Trace, rng: Generator) -> Trace:
    """The image in the network with Gaussian weights, of each layer's own mean square."""
    graph = trace.graph
    return removal.with_top(graph, graph.depth, lambda op: removal.randomised(op.weight, rng)).forward(trace.x)


def forward_trace(draw: Draw) -> tuple[Trace, Generator]:
    """The draw's network as it meets the draw's image, and random numbers for the effects."""
    prepare(draw.sources.device)
    x = image(draw)
    rng = Generator(x.device).manual_seed(int(draw.seeds("effects").generate_state(1)[0]))
    trace = graph(draw, x).forward(x)
    return replace(trace, target=target_classes(draw, trace.output)), rng


def prepare(device: str) -> None:
    """One thread on a CPU, so that the bits do not depend on the number of workers; whole float32 on a GPU."""
    keep_freed_memory()
    if device == "cpu":
        torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
