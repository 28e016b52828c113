"""The command `nfrlab bridge`: measure deep networks, judge the claims on them, print and draw what came out."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
import xarray as xr
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nfrlab.simulations.bridge.run import Stopped, run
from nfrlab.simulations.bridge.settings import CIFAR_VGG16, FILTERS, Setting, plan, plan_for
from nfrlab.simulations.bridge.sources import Sources
from nfrlab.simulations.images import image_set
from nfrlab.simulations.workers import default_jobs, interrupts_heard
from nfrlab.verify.commands.console import OUT, console, refuse
from nfrlab.verify.commands.deep_options import (
    CIFAR_IMAGES,
    LEARNED,
    RESNETS,
    at_hand,
    device_from,
    learned_at,
    refusals,
    require_counts,
    require_torch,
)
from nfrlab.verify.commands.deep_tables import print_alphas, print_diagnosis
from nfrlab.verify.commands.verify import hear
from nfrlab.verify.examine.draws import draws_needed
from nfrlab.verify.exhibits import stored
from nfrlab.verify.proceedings import store
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.proceedings.trial import MEASUREMENTS


def bridge(
    model: Annotated[
        str | None, typer.Option(help="vgg16, resnet18, or FILE.py:FUNCTION; the built-in plan by default.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="Its checkpoint: safetensors, a torch file of tensors, or “official” (download)."),
    ] = None,
    images: Annotated[Path | None, typer.Option(help="A folder of images instead of scikit-learn's.")] = None,
    rules: Annotated[str, typer.Option(help="Filtering rules, by commas.")] = ",".join(FILTERS),
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seeds: Annotated[
        int, typer.Option(help="Draws of network and image per setting; 0: as many as the claims need.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Root of all random numbers.")] = 0,
    size: Annotated[int, typer.Option(help="Side of the images of large networks.")] = 224,
    quick: Annotated[
        bool, typer.Option("--quick", help="VGG16 at 32 × 32, fewer families and effects (minutes).")
    ] = False,
    jobs: Annotated[int, typer.Option(help="Worker processes; one per core by default, one on a GPU.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for verdicts.json, report.html and bridge/.")] = OUT,
) -> None:
    """The same effects on deep networks: VGG16, a trained VGG on digits, ResNets, or your own network."""
    with refusals():
        require_torch()
        chosen = rules_from(rules)
        used = device_from(device)
        count = draws_from(seeds)
        require_counts(seed=seed, jobs=jobs)
        image_set(images)
        store.prepare(out)
        store.read(out)
        measurements = out / MEASUREMENTS
        cifar, vgg16, cifar_images = at_hand(RESNETS), at_hand(LEARNED, measurements), at_hand(CIFAR_IMAGES)
        sources = Sources(measurements, images, weights, cifar, vgg16, cifar_images, used)
        settings = settings_from(model, weights, quick, size, sources)
    settings = tuple(replace(setting, rules=chosen) for setting in settings)
    workers = 1 if used != "cpu" else jobs or default_jobs()
    own = {
        "model": model,
        "weights": weights,
        "images": images,
        "rules": rules,
        "device": used,
        "seeds": seeds,
        "size": size,
    }
    found = held(settings, count, seed, sources, workers, typed(seed, quick, own))
    print_alphas(found)
    if model is not None:
        print_diagnosis(found)
    with refusals():
        for path in stored.draw(sources.out, sources.out / "figures"):
            console.print(path, highlight=False, soft_wrap=True)
    deep = [claim.id for claim in REGISTRY.values() if claim.on_deep_networks]
    raise typer.Exit(0 if hear(deep, seed, "quick" if quick else "full", images, jobs or default_jobs(), out) else 1)


def rules_from(text: str) -> tuple[str, ...]:
    """The rules named. Raises `ValueError` for an unknown one."""
    chosen = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in chosen:
        if name not in FILTERS:
            raise ValueError(f"unknown filtering rule '{name}' in --rules; choose from {', '.join(FILTERS)}")
    return chosen


def draws_from(seeds: int) -> int:
    """Draws per setting. Raises `ValueError` for a negative number."""
    if seeds < 0:
        raise ValueError(f"--seeds must be a positive integer, or 0 for as many as the claims need, got {seeds}")
    return seeds or draws_needed()


def settings_from(
    model: str | None, weights: Path | None, quick: bool, size: int, sources: Sources
) -> tuple[Setting, ...]:
    """The built-in plan, or one network. Raises `ValueError` for weights without a model, a size below 32, and `quick`
    with a model.
    """
    if size < 32:
        raise ValueError(f"--size must be at least 32, got {size}")
    if quick and model is not None:
        raise ValueError("--quick is for the built-in networks; with --model, use --size and --seeds")
    if model is None:
        if weights is not None:
            raise ValueError("--weights needs --model: name the network that the checkpoint is of")
        at = None if quick or sources.cifar_images is None else learned_at(sources.cifar_vgg16)
        return plan(quick, sources.cifar is not None, size, at)
    at = learned_at(weights if model == CIFAR_VGG16 else None) or size
    return plan_for(model, weights is not None or ":" in model, at)


def typed(seed: int, quick: bool, options: Mapping[str, object]) -> str:
    """The command that reaches the same numbers: of the options those that are not as they are by default."""
    usual = {"rules": ",".join(FILTERS), "device": "cpu", "seeds": 0, "size": 224}
    given = {name: value for name, value in options.items() if value is not None and value != usual.get(name)}
    words = ["nfrlab", "bridge", *(["--quick"] if quick else []), "--seed", str(seed)]
    return shlex.join([*words, *(word for name, value in given.items() for word in (f"--{name}", str(value)))])


def held(
    settings: Sequence[Setting], draws: int, seed: int, sources: Sources, jobs: int, command: str
) -> Mapping[str, xr.Dataset]:
    """`run` with a live display; what stops it becomes one sentence, Ctrl-C exit status 130."""
    with _display() as watch, interrupts_heard():
        try:
            return run(settings, draws, seed, sources, jobs, watch, command)
        except (ValueError, Stopped) as error:
            raise refuse(str(error)) from error
        except KeyboardInterrupt:
            kept = f"finished draws are kept in {sources.out}, the same command resumes"
            print(f"nfrlab: interrupted; {kept}", file=sys.stderr)
            raise typer.Exit(130) from None


@contextmanager
def _display() -> Iterator[Callable[[int, int], None]]:
    """A live bar of draws with time left, on a terminal only; yields what to call after each draw."""
    columns = TextColumn("draws"), MofNCompleteColumn(), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("bridge", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
