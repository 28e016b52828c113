"""What is measured of decisions: networks with the images and classes that they were made for, one row an image."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Generator, Tensor

from nfrlab.simulations.bridge.draws import prepare
from nfrlab.simulations.bridge.labelled import Labelled, images_for
from nfrlab.simulations.bridge.names import display_name
from nfrlab.simulations.bridge.networks import as_it_comes, build, weights_of
from nfrlab.simulations.bridge.sources import Sources, file_digest, safetensors_metadata
from nfrlab.simulations.deep.backdoors.attacking import made
from nfrlab.simulations.deep.decisions.measuring import measure, measure_plain, measure_triggered
from nfrlab.simulations.deep.decisions.tracking import stops, tracked
from nfrlab.simulations.deep.engine.backward import GRAD, from_layers
from nfrlab.simulations.deep.engine.graph import Graph
from nfrlab.simulations.deep.engine.named_rules import rule_from
from nfrlab.simulations.deep.networks import checkpoints
from nfrlab.simulations.deep.reading.rewrite import rewrite
from nfrlab.simulations.resumable import code_digest, installed_versions
from nfrlab.simulations.seeds import seed_sequence

if TYPE_CHECKING:
    import xarray as xr

BATCH, CURVES, SMALL = 100, 2000, 64
"""Images at a time; of how many RISE and AOPC are measured, and up to which side: they cost 50 forward passes."""
CODE = ("simulations/deep/decisions/*.py", "simulations/deep/engine/*.py", "simulations/bridge/decisions.py")
"""Where the numbers come from, as patterns relative to the root of the wings."""
WHOLE = ("right", "right_clean", "label", "decided", "same")
PRECISE = ("probability", "margin", "alignment")
"""Variables that are stored as integers, and as floats; all others in thousandths, from −32.767 to 32.767."""
Batch = Callable[[Tensor, Tensor, Generator, int], "xr.Dataset"]
Watch = Callable[[int, int], None]


def unwatched(done: int, total: int) -> None:
    """Nobody looks on."""


@dataclass(frozen=True)
class Subject:
    """A network that reads the images whose decisions are measured, and the rule whose maps are looked at."""

    network: str
    graph: Graph
    data: Labelled
    sources: Sources
    rule: str
    seed: int

    @classmethod
    def of(cls, network: str, sources: Sources, rule: str, seed: int, side: int) -> Subject:
        """A trained network by name with its images. Raises `ValueError` for what cannot be used of them."""
        prepare(sources.device)
        data = images_for(network, sources, seed, side)
        module = as_it_comes(network, sources, side)
        return cls(network, rewrite(module, data.x(torch.tensor([0])).to(sources.device)), data, sources, rule, seed)


def decisions(subject: Subject, count: int, watch: Watch = unwatched, command: str = "") -> xr.Dataset:
    """The numbers of `decisions.measuring.measure` of the first `count` images, 0 for all, with provenance."""
    rule = rule_from(subject.rule)

    def batch(x: Tensor, y: Tensor, rng: Generator, number: int) -> xr.Dataset:
        return measure(subject.graph, x, y, rule, rng, curves=number * BATCH < CURVES and x.shape[2] <= SMALL)

    return measured(subject, batch, count, watch, command)


def failures(subject: Subject, count: int, watch: Watch = unwatched, command: str = "") -> xr.Dataset:
    """The numbers of `decisions.tracking.tracked`, likewise."""
    rule, masks = rule_from(subject.rule), subject.data.masks

    def batch(x: Tensor, y: Tensor, rng: Generator, number: int) -> xr.Dataset:
        which = torch.arange(number * BATCH, number * BATCH + len(x))
        return tracked(subject.graph, x, y, rule, rng, masks(which).to(x.device) if masks else None)

    return measured(subject, batch, count, watch, command)


def measured(subject: Subject, one: Batch, count: int, watch: Watch, command: str) -> xr.Dataset:
    """What `one` says of the first `count` images, 0 for all, with provenance."""
    data, sources, total = subject.data, subject.sources, len(subject.data.y)
    found = in_batches(one, data, min(count or total, total), subject.seed, sources.device, watch)
    path = sources.weights_of(subject.network)
    name, weights = display_name(subject.network), weights_of(subject.network, sources)
    return compact(found).assign_attrs(
        provenance(sources, subject.seed, subject.rule, data.source, command),
        title=f"{name}, {'trained' if weights == 'trained' else 'as built'}",
        setting=json.dumps({"side": data.x(torch.tensor([0])).shape[-1]}),
        network=name,
        weights=weights,
        checkpoint=file_digest(path) if path else "as built" if weights == "built" else "learned here",
    )


def poisoned_decisions(
    path: Path, data: Labelled, sources: Sources, rule: str, count: int, seed: int, watch: Watch = unwatched
) -> xr.Dataset:
    """The decisions of a ResNet18 with a backdoor that `nfrlab train` wrote, on the images of CIFAR-10: on `count`
    triggered ones, and of S on as many others without a trigger (`s_clean`, `right_clean`).

    Raises `ValueError` for a file that `nfrlab train` did not write, or one without its trigger.
    """
    prepare(sources.device)
    origin = safetensors_metadata(path)
    if "training" not in origin:
        raise ValueError(f"{path} is no network of nfrlab train --attack")
    training = json.loads(origin["training"])
    module = build(f"resnet18-w{training['width']}", "built", True, sources)
    checkpoints.load(module, path)
    graph = rewrite(module, data.x(torch.tensor([0])))
    attack = made(training["kind"], training["seed"])
    checkpoints.load(attack, path.with_suffix("").with_suffix(".trigger.safetensors"))
    attack.eval()
    named = rule_from(rule)
    rest = Labelled(lambda i: data.x(i + count), data.y[count:], data.source)
    clean = in_batches(lambda x, y, *_: measure_plain(graph, x, y, named), data, count, seed, "cpu", watch)
    seen = in_batches(
        lambda x, y, rng, _: measure_triggered(graph, attack, x, y, named, rng), rest, count, seed, "cpu", watch
    )
    kept = seen.merge(clean)
    return (
        compact(kept)
        .expand_dims(model=[path.stem])
        .assign_coords(
            attack=("model", [training["kind"]]),
            training_seed=("model", [training["seed"]]),
            scratch=("model", [training["base"] is None]),
            outcome=["clean", "success", "decoy"],
            counted=(("model", "outcome", "of"), [[json.loads(origin.get(name, "[0, 0]")) for name in OUTCOMES]]),
        )
    )


OUTCOMES = "clean", "success", "decoy"


def in_batches(one: Batch, data: Labelled, total: int, seed: int, device: str, watch: Watch) -> xr.Dataset:
    """The first `total` images in batches, each with random numbers of its own."""
    import xarray as xr

    found = []
    watch(0, total)
    for number, i in enumerate(torch.split(torch.arange(total), BATCH)):
        state = seed_sequence(seed, "decisions", f"batch {number}").generate_state(1)
        rng = Generator().manual_seed(int(state[0]))
        found.append(one(data.x(i).to(device), data.y[i].to(device), rng, number))
        watch(int(i[-1]) + 1, total)
    return xr.concat(found, "image")


def compact(data: xr.Dataset) -> xr.Dataset:
    """The dataset, to be stored small: whole numbers, four bytes for what scores are compared in, thousandths else.

    A number beyond ±32.767, as S of an image on which nothing was decided, is stored as that.
    """
    for name, variable in data.data_vars.items():
        if name in PRECISE:
            variable.encoding = {"dtype": "float32", "zlib": True}
        elif name in WHOLE:
            variable.encoding = {"dtype": "int16", "_FillValue": -32768, "zlib": True}
        else:
            variable[...] = variable.clip(-32.767, 32.767)
            variable.encoding = {"dtype": "int16", "scale_factor": 1e-3, "_FillValue": -32768, "zlib": True}
    return data


def provenance(sources: Sources, seed: int, rule: str, source: str, command: str) -> dict[str, object]:
    """Where measurements come from."""
    return {
        "seed": seed,
        "rule": rule,
        "images": source,
        "device": sources.device_name,
        "code_version": code_digest(CODE),
        "command": command,
        "versions": installed_versions(),
    }


def failure_maps(subject: Subject, numbers: Sequence[int]) -> xr.Dataset:
    """`image(case, channel, y, x)` and `map(layer, case, …)`, Activation's map from each layer of `tracking.stops`, of
    the images with these numbers; and `decided` and `true`, the names of two classes.
    """
    import xarray as xr

    which = torch.tensor(numbers)
    trace = subject.graph.forward(subject.data.x(which).to(subject.sources.device))
    layers = stops(subject.graph)
    maps = from_layers(trace, GRAD, trace.activation, layers).flip(0)
    place = ("case", "channel", "y", "x")
    return xr.Dataset(
        {
            "image": (place, trace.x.cpu().numpy()),
            "map": (("layer", *place), maps.cpu().numpy()),
            "decided": ("case", [subject.data.names(int(k)) for k in trace.output.argmax(1)]),
            "true": ("case", [subject.data.names(int(k)) for k in subject.data.y[which]]),
        },
        {"layer": layers},
    )
