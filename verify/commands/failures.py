"""The command `nfrlab failures`: does following an image layer by layer show where its decision fails?"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from nfrlab.simulations.network_names import require_known
from nfrlab.simulations.sealed import write_dataset
from nfrlab.simulations.workers import exits_refused
from nfrlab.verify.commands.bridge import draw_figures, rerun_command
from nfrlab.verify.commands.console import OUT, Images, Seed, folder, print_paths, refusals, require_counts
from nfrlab.verify.commands.parts.deep_options import device_from, require_storable, require_torch, sources_found
from nfrlab.verify.commands.progress import progress
from nfrlab.verify.commands.tables.failures import print_failures
from nfrlab.verify.commands.verify import all_as_on_record, try_and_report
from nfrlab.verify.examine.decisions import FAILURES
from nfrlab.verify.exhibits.write import write
from nfrlab.verify.proceedings import store
from nfrlab.verify.proceedings.store import MEASUREMENTS

CLAIM = "fig-7-failures"
SHEETS = 6
"""Failures that are shown as pictures."""


def failures(
    model: Annotated[str, typer.Option(help="A network and its own images, or FILE.py:FUNCTION.")] = "digits",
    weights: Annotated[Path | None, typer.Option(help="Its checkpoint.")] = None,
    images: Images = None,
    labels: Annotated[
        Path | None, typer.Option(help="The classes of your images: a file with a line name,class for each.")
    ] = None,
    masks: Annotated[
        Path | None, folder("--masks", "Pictures that are bright where the objects of your images are, of their names.")
    ] = None,
    rule: Annotated[str, typer.Option(help="The rule that follows two classes down.")] = "gbp",
    count: Annotated[int, typer.Option("--count", help="Images; 0 for all.")] = 0,
    size: Annotated[int, typer.Option(help="Side, in pixels, of photographs.")] = 224,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seed: Seed = 0,
    out: Annotated[Path, folder("--out", "Folder for verdicts.json, report.html and bridge/.")] = OUT,
) -> None:
    """Follow wrong decisions layer by layer: where do they fail?

    Beside them stand the right ones, and a network with random weights.

    If --model is FILE.py:FUNCTION, the code of FILE.py is run.
    """
    with refusals():
        require_torch()
        require_counts(seed=seed, count=count)
        require_storable(seed)
        require_known(model)
        sources = sources_found(out / MEASUREMENTS, images, weights)
        sources = replace(sources, labels=labels, masks=masks, device=device_from(device))
        store.prepare(out, 1)
        sources.out.mkdir(parents=True, exist_ok=True)
        from nfrlab.simulations.bridge import decisions
        from nfrlab.verify.exhibits import failed

        options = {
            "model": model,
            "weights": weights,
            "images": images,
            "labels": labels,
            "masks": masks,
            "rule": rule,
            "count": count or None,
            "size": size,
            "device": sources.device,
        }
        with progress("images") as bar, exits_refused(model):
            subject = decisions.Subject.of(model, sources, rule, seed, size)
            command = rerun_command("failures", seed, quick=False, options=options)
            data = decisions.failures(subject, count, bar.update, command)
        name = f"{FAILURES}{data.attrs['network']}"
        write_dataset(path := sources.out / f"{name}.nc", data)
        print_paths(path)
        print_failures(data)
        wrong = [i for i, right in enumerate(data["right"].values) if not right][:SHEETS]
        if wrong:
            maps = decisions.failure_maps(subject, wrong)
            draw_figures(sources.out, lambda place: write(place, name, partial(failed.figure, maps)))
    verdicts = try_and_report({CLAIM: None}, seed, "full", images, 1, out)
    raise typer.Exit(0 if all_as_on_record(verdicts) else 1)
