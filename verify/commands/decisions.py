"""The command `nfrlab decisions`: feed maps back to the network, and try what Section V of the paper says of it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nfrlab.simulations.network_names import require_known
from nfrlab.simulations.sealed import write_dataset
from nfrlab.simulations.workers import exits_refused
from nfrlab.verify.commands.bridge import draw_figures, rerun_command
from nfrlab.verify.commands.console import OUT, Images, Seed, folder, print_paths, refusals, require_counts
from nfrlab.verify.commands.parts.deep_options import device_from, require_storable, require_torch, sources_found
from nfrlab.verify.commands.progress import progress
from nfrlab.verify.commands.tables.decisions import print_decisions
from nfrlab.verify.commands.verify import all_as_on_record, try_and_report
from nfrlab.verify.examine.decisions import BACKDOORS, BEGINNING
from nfrlab.verify.exhibits import stored
from nfrlab.verify.proceedings import store
from nfrlab.verify.proceedings.registry import REGISTRY, is_of_decisions
from nfrlab.verify.proceedings.store import MEASUREMENTS

if TYPE_CHECKING:
    from nfrlab.simulations.bridge.sources import Sources

POISONED = 2000
"""Images with a trigger, and as many without, of each network with a backdoor."""
QUICK = 200
"""Images of a quick run."""


def decisions(
    model: Annotated[
        str | None, typer.Option(help="A network and its own images, or FILE.py:FUNCTION; by default all at hand.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Its checkpoint.")] = None,
    images: Images = None,
    labels: Annotated[
        Path | None, typer.Option(help="The classes of your images: a file with a line name,class for each.")
    ] = None,
    rule: Annotated[str, typer.Option(help="The rule whose maps are fed back.")] = "gbp",
    count: Annotated[int, typer.Option("--count", help="Images of each network; 0 for all.")] = 0,
    size: Annotated[int, typer.Option(help="Side, in pixels, of photographs.")] = 224,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seed: Seed = 0,
    quick: Annotated[bool, typer.Option("--quick", help="Few images of each network (a minute).")] = False,
    out: Annotated[Path, folder("--out", "Folder for verdicts.json, report.html and bridge/.")] = OUT,
) -> None:
    """Feed maps back to the network: is the map what it used?

    Measures Key Information Sufficiency beside its nulls, and tries the claims of Section V.

    Networks at hand: the digits', and with NFRLAB_DATA a ResNet-20 on CIFAR-10 and SqueezeNet on photographs, and each
    ResNet18 that 'nfrlab train --attack' left in --out. If --model is FILE.py:FUNCTION, the code of FILE.py is run.
    """
    with refusals():
        require_torch()
        require_counts(seed=seed, count=count)
        require_storable(seed)
        if model is not None:
            require_known(model)
        sources = replace(sources_found(out / MEASUREMENTS, images, weights), labels=labels, device=device_from(device))
        of_decisions = {id: None for id, claim in REGISTRY.items() if is_of_decisions(claim)}
        store.prepare(out, len(of_decisions))
        networks = networks_at_hand(model, sources)
    options = {
        "model": model,
        "weights": weights,
        "images": images,
        "labels": labels,
        "rule": rule,
        "count": count or None,
        "size": size,
        "device": sources.device,
    }
    command = rerun_command("decisions", seed, quick, options)
    measure_all(networks, rule, QUICK if quick else count, seed, size, command)
    print_decisions(store.datasets(sources.out))
    draw_figures(sources.out, partial(stored.draw, sources.out, names=stored.OF_DECISIONS))
    verdicts = try_and_report(of_decisions, seed, "quick" if quick else "full", images, 1, out)
    raise typer.Exit(0 if quick or count or model or all_as_on_record(verdicts) else 1)


def networks_at_hand(model: str | None, sources: Sources) -> dict[str, Sources]:
    """The networks that are measured, each with its checkpoint: the one that is named, or all of which weights and
    images are there.
    """
    if model is not None:
        return {model: sources}
    found = {"digits": sources}
    if sources.cifar is not None and sources.cifar_images is not None:
        found["cifar"] = sources
    if sources.squeezenet is not None and sources.images is not None:
        found["squeezenet1_0"] = sources
    for path in sorted(sources.out.glob("resnet18-w*-clean-seed0.safetensors")) if sources.cifar_images else []:
        found[path.name.partition("-clean")[0]] = replace(sources, checkpoint=path)
    return found


def measure_all(networks: dict[str, Sources], rule: str, count: int, seed: int, size: int, command: str) -> None:
    """Measure each network, and those with backdoors that lie in the folder, and store what was found."""
    import xarray as xr

    from nfrlab.simulations.bridge.decisions import Subject, compact, decisions, poisoned_decisions, provenance
    from nfrlab.simulations.bridge.labelled import images_for

    sources = next(iter(networks.values()))
    sources.out.mkdir(parents=True, exist_ok=True)
    with refusals():
        for network, own in networks.items():
            with progress("images", 0, network) as bar, exits_refused(network):
                data = decisions(Subject.of(network, own, rule, seed, size), count, bar.update, command)
            write_dataset(path := own.out / f"{BEGINNING}{data.attrs['network']}.nc", data)
            print_paths(path)
        triggers = sorted(sources.out.glob("resnet18-w*-*-seed*.trigger.safetensors"))
        if triggers and sources.cifar_images is not None:
            test, found = images_for("cifar", sources, seed, size), []
            for trigger in triggers:
                path = trigger.with_suffix("").with_suffix(".safetensors")
                with progress("images", 0, path.stem) as bar:
                    watched = poisoned_decisions(path, test, sources, rule, count or POISONED, seed, bar.update)
                found.append(watched)
            attrs = provenance(sources, seed, rule, test.source, command)
            attrs |= {"title": "networks with a backdoor", "setting": json.dumps({"side": 32}), "weights": "trained"}
            whole = compact(xr.concat(found, "model")).assign_attrs(attrs)
            write_dataset(path := sources.out / f"{BACKDOORS}.nc", whole)
            print_paths(path)
