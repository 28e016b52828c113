"""The command `nfrlab rivals`: measure what the paper and its rivals predict differently, and try their claims."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from nfrlab.simulations.bridge.rival_settings import rivals_plan, rivals_plan_for
from nfrlab.simulations.bridge.settings import Setting, Weights
from nfrlab.simulations.bridge.sources import Sources
from nfrlab.simulations.network_names import is_own_file, require_known
from nfrlab.simulations.sealed import write_dataset
from nfrlab.simulations.workers import exits_refused, jobs_for
from nfrlab.verify.commands.bridge import (
    GIB,
    draw_figures,
    draws_from,
    judge_networks,
    rerun_command,
    run_with_progress,
)
from nfrlab.verify.commands.console import (
    OUT,
    Images,
    Seed,
    check_images,
    folder,
    refusals,
    require_counts,
    say,
)
from nfrlab.verify.commands.parts.deep_options import (
    device_from,
    imagenets_found,
    require_agreement,
    require_device,
    require_storable,
    require_torch,
    said_first,
    said_of_network,
    said_of_weights,
    sources_found,
)
from nfrlab.verify.commands.tables.rivals import print_rivals
from nfrlab.verify.examine.rival_rows import SAMPLED, sample_layers
from nfrlab.verify.exhibits.write import write
from nfrlab.verify.proceedings import power, store
from nfrlab.verify.proceedings.registry import REGISTRY, is_of_rivals
from nfrlab.verify.proceedings.rivals_table import row_results
from nfrlab.verify.proceedings.store import MEASUREMENTS, datasets
from nfrlab.verify.report.rivals import drawn


def rivals(
    model: Annotated[
        str | None,
        typer.Option(help="vgg16, torchvision:NAME, timm:NAME, or FILE.py:FUNCTION; the built-in plan by default."),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="Its checkpoint: safetensors, a torch file of tensors, or “official” (download)."),
    ] = None,
    images: Images = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seeds: Annotated[
        int, typer.Option(help="Draws of network and image per setting; 0 for as many as the claims need.")
    ] = 0,
    seed: Seed = 0,
    size: Annotated[int, typer.Option(help="Side, in pixels, of the images of large networks.")] = 224,
    quick: Annotated[bool, typer.Option("--quick", help="VGG16 at 32 × 32, with fewer rules (minutes).")] = False,
    jobs: Annotated[
        int, typer.Option(help="Worker processes, at most one per core; 0 for as many, or one on a GPU.")
    ] = 0,
    out: Annotated[Path, folder("--out", "Folder for verdicts.json, report.html and bridge/.")] = OUT,
) -> None:
    """Measure what the paper and its rivals predict differently. Their claims are tried, and a table says who is right.

    If --model is FILE.py:FUNCTION, the code of FILE.py is run. You can interrupt the measurements at any time; run the
    same command again to resume.
    """
    with refusals():
        require_torch()
        require_counts(seed=seed, jobs=jobs)
        require_storable(seed)
        require_device(device)
        if model is not None:
            require_known(model)
        sources = sources_found(out / MEASUREMENTS, images, weights)
        settings = rivals_settings(model, quick, size, sources)
        count = draws_from(seeds)
        with exits_refused(str(model)):
            said = said_of_weights(model, sources)
            noted = said_of_network(settings, seed, sources, count) if model is not None and ":" in model else ""
        of_rivals = {id: None for id, claim in REGISTRY.items() if is_of_rivals(claim)}
        store.prepare(out, len(of_rivals))
        store.read(out)
        power.stored_sights(out)
        sources = replace(sources, device=device_from(device))
        seen = check_images(sources.images)
    if model is not None:
        for sentence in (*said_first(settings, count, seed, sources), said, noted):
            say(sentence)
    workers = 1 if sources.device != "cpu" else jobs_for(jobs, GIB["quick" if quick or size <= 64 else "full"])
    options = {
        "model": model,
        "weights": weights,
        "images": images,
        "device": sources.device,
        "seeds": seeds,
        "size": size,
    }
    command = rerun_command("rivals", seed, quick, options)
    found = run_with_progress(settings, count, seed, sources, workers, command)
    with refusals():
        write_dataset(sources.out / f"{SAMPLED}.nc", sample_layers(seed))
    whole = datasets(sources.out)
    of_network = {name: data for name, data in whole.items() if model in (None, data.attrs["network"])}
    rows = row_results(of_network | {SAMPLED: whole[SAMPLED]})
    print_rivals(rows)
    say(seen)
    draw_figures(sources.out, lambda folder: write(folder, "rivals", lambda: drawn(rows)))
    judge_networks(model, weights, quick, count, found, of_rivals, images, seed, out, of_rivals=True)


def rivals_settings(model: str | None, quick: bool, size: int, sources: Sources) -> tuple[Setting, ...]:
    """The settings of the built-in plan, or of one network.

    Raises `ValueError` for a side that no image can have, weights without a model, and `quick` with a model.
    """
    require_agreement(model, sources.checkpoint, quick, size)
    if model is None:
        return rivals_plan(quick, sources.cifar is not None, size, imagenets_found(sources))
    own: Weights | None = "built" if is_own_file(model) else None
    own = "trained" if sources.weights_of(model) is not None else own
    return rivals_plan_for(model, own, size)
