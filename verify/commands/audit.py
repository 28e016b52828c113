"""The command `nfrlab audit`: what can the saliency maps of a network be trusted for?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from nfrlab.simulations.bridge.sources import Sources
from nfrlab.simulations.network_names import require_known
from nfrlab.simulations.workers import exits_refused
from nfrlab.verify.audit.audit import METHODS, NAMES, Audit
from nfrlab.verify.commands.console import (
    OUT,
    Images,
    Seed,
    folder,
    print_paths,
    refusals,
    refuse,
    require_counts,
    say,
)
from nfrlab.verify.commands.parts.deep_options import device_from, require_torch, sources_found
from nfrlab.verify.commands.progress import progress
from nfrlab.verify.court.verdict import Status
from nfrlab.verify.proceedings.store import MEASUREMENTS

DEFAULT = ",".join(METHODS)
COUNT, QUICK = 64, 32
"""Images that are looked at."""


def audit(
    model: Annotated[str, typer.Argument(help="digits, resnet18, torchvision:NAME, FILE.py:FUNCTION, …")] = "digits",
    weights: Annotated[Path | None, typer.Option(help="Its checkpoint.")] = None,
    images: Images = None,
    labels: Annotated[
        Path | None, typer.Option(help="The classes of your images: a file with a line name,class for each.")
    ] = None,
    methods: Annotated[str, typer.Option(help="Rules and methods by name, with commas between them.")] = DEFAULT,
    maps: Annotated[
        list[str] | None, typer.Option(help="NAME=FILE, maps of your own: .npy, .npz, .pt, .safetensors; repeatable.")
    ] = None,
    require: Annotated[str, typer.Option(help=f"Questions that must be answered with yes: {', '.join(NAMES)}.")] = "",
    alpha: Annotated[float, typer.Option(help="Probability that any answer is wrong.")] = 1e-6,
    count: Annotated[int, typer.Option("--count", help="Images that are looked at.")] = COUNT,
    size: Annotated[int, typer.Option(help="Side, in pixels, of photographs.")] = 224,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seed: Seed = 0,
    quick: Annotated[bool, typer.Option("--quick", help=f"{QUICK} images.")] = False,
    report: Annotated[Path | None, typer.Option(help="The page; audit.html in --out by default.")] = None,
    json: Annotated[Path | None, typer.Option(help="Every number, as JSON.")] = None,
    junit: Annotated[
        Path | None, typer.Option(help="The required questions as test cases, for continuous integration.")
    ] = None,
    out: Annotated[Path, folder("--out", "Folder for what is not named.")] = OUT,
) -> None:
    """What can the saliency maps of a network be trusted for?

    Exit status 0, or 1 where a required question is answered with no or stays open. If MODEL is FILE.py:FUNCTION, the
    code of FILE.py is run.
    """
    with refusals():
        require_torch()
        require_counts(seed=seed, count=count)
        require_known(model)
        wanted = tuple(each for each in require.split(",") if each)
        for each in wanted:
            if each not in NAMES:
                raise ValueError(f"unknown question '{each}'; known: {', '.join(NAMES)}")
        given, guesses = ways(methods, maps or [])
        sources = sources_found(out / MEASUREMENTS, images, weights)
        sources = replace(sources, labels=labels, device=device_from(device))
        found = run(model, sources, given, alpha, QUICK if quick else count, size, seed)
        found = replace(found, remarks=(*guesses, *found.remarks))
        out.mkdir(parents=True, exist_ok=True)
        found.report(page := report or out / "audit.html")
        written = [page]
        if json is not None:
            found.to_json(json)
            written.append(json)
        if junit is not None:
            found.to_junit(junit, wanted or NAMES)
            written.append(junit)
    for line in found.table().splitlines():
        say(line)
    for remark in found.remarks:
        say(remark)
    if found.images < found.needed:
        say(f"{found.images} images are too few for any answer at α = {alpha}: {found.needed} are needed")
    for cell in found.cells:
        if cell.question in wanted and cell.status is not Status.CONFIRMED:
            say(f"{cell.method}, {cell.question}: {cell.status}. {cell.sentence}")
    print_paths(*written)
    raise typer.Exit(0 if not wanted or found.passed(*wanted) else 1)


def ways(methods: str, maps: list[str]) -> tuple[dict[str, object], list[str]]:
    """Methods and maps by name, and what was guessed of files.

    Raises `ValueError` for `NAME=FILE` that is none, a name given twice, and where nothing is named.
    """
    from nfrlab.simulations.deep.audit.files import maps_in

    found: dict[str, object] = {name: name for name in methods.split(",") if name}
    guesses = []
    for each in maps:
        name, equals, file = each.partition("=")
        if not (name and equals and file):
            raise ValueError(f"--maps {each}: give NAME=FILE")
        if name in found:
            raise ValueError(f"--maps {each}: there is a method '{name}' already; choose another name")
        found[name], guess = maps_in(Path(file))
        guesses += [guess] if guess else []
    if not found:
        raise ValueError("there is nothing to look at; name --methods or --maps")
    return found, guesses


def run(
    model: str, sources: Sources, given: dict[str, object], alpha: float, count: int, size: int, seed: int
) -> Audit:
    """The audit of a network by name on the images that it was made for."""
    import torch

    from nfrlab.simulations.bridge.labelled import images_for
    from nfrlab.simulations.bridge.networks import as_it_comes
    from nfrlab.verify.audit.audit import audit as asked

    data = images_for(model, sources, seed, size, known=False)
    x = data.x(torch.arange(min(count, len(data.y)))).to(sources.device)
    with exits_refused(model), progress("methods") as bar:
        module = as_it_comes(model, sources, size)
        try:
            return asked(module, x, None, given, alpha, seed, lambda name, done, total: bar.update(done, total, name))
        except RuntimeError as error:
            raise refuse(str(error).splitlines()[0]) from error
