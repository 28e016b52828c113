"""The command `nfrlab bridge`: measure deep networks, print and draw the results, and try the claims on them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from nfrlab.simulations.bridge.run import KEPT, run
from nfrlab.simulations.bridge.settings import CIFAR_VGG16, FILTERS, Setting, plan, plan_for
from nfrlab.simulations.bridge.sources import Sources
from nfrlab.simulations.network_names import is_own_file, require_known
from nfrlab.simulations.resumable import Stopped, exclusive_folder
from nfrlab.simulations.workers import exits_refused, interrupts_heard, jobs_for
from nfrlab.verify.commands.console import (
    OUT,
    Images,
    Seed,
    check_images,
    folder,
    print_paths,
    refusals,
    refuse,
    require_counts,
    say,
    tell,
)
from nfrlab.verify.commands.parts.deep_options import (
    device_from,
    imagenets_found,
    preparation_from,
    require_agreement,
    require_device,
    require_storable,
    require_target,
    require_torch,
    rules_from,
    said_first,
    said_of_network,
    said_of_weights,
    sources_found,
    training_side,
)
from nfrlab.verify.commands.progress import progress
from nfrlab.verify.commands.tables.deep import print_alphas, print_diagnosis, print_sanity
from nfrlab.verify.commands.verify import all_as_on_record, report, try_and_report
from nfrlab.verify.court.claim import Profile
from nfrlab.verify.examine.over_draws import draws_needed
from nfrlab.verify.proceedings import power, store
from nfrlab.verify.proceedings.on_network import claims_on, said_last, too_few
from nfrlab.verify.proceedings.registry import REGISTRY, is_of_bridge
from nfrlab.verify.proceedings.store import MEASUREMENTS

if TYPE_CHECKING:
    import xarray as xr

GIB = {"quick": 1.2, "full": 3.0}
"""Memory of a worker: VGG16, and its activations at 32×32 or at 224×224."""


def bridge(
    model: Annotated[
        str | None,
        typer.Option(help="vgg16, torchvision:NAME, timm:NAME, or FILE.py:FUNCTION; the built-in plan by default."),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="Its checkpoint: safetensors, a torch file of tensors, or “official” (download)."),
    ] = None,
    images: Images = None,
    rules: Annotated[
        str,
        typer.Option(help="Rules, separated by commas: gbp, rectgrad:q=0.8, epsilon-plus-flat and so on."),
    ] = ",".join(FILTERS),
    target: Annotated[
        str, typer.Option(help="The class explained: top, top-k (k-th largest output), true, or its number.")
    ] = "top",
    labels: Annotated[
        Path | None, typer.Option(help="For --target true: the classes of --images, a line name,class each.")
    ] = None,
    mean: Annotated[str | None, typer.Option(help="Of pixels in [0, 1], by channel; ImageNet's by default.")] = None,
    std: Annotated[str | None, typer.Option(help="Standard deviations, with --mean.")] = None,
    preprocess: Annotated[
        str | None, typer.Option(help="FILE.py:F in place of crop, mean and s.d.: F(PIL image) is a tensor (C, H, W).")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seeds: Annotated[
        int, typer.Option(help="Draws of network and image per setting; 0 for as many as the claims need.")
    ] = 0,
    seed: Seed = 0,
    size: Annotated[int, typer.Option(help="Side, in pixels, of the images of large networks.")] = 224,
    quick: Annotated[
        bool, typer.Option("--quick", help="VGG16 at 32 × 32, with fewer families and effects (minutes).")
    ] = False,
    jobs: Annotated[
        int, typer.Option(help="Worker processes, at most one per core; 0 for as many, or one on a GPU.")
    ] = 0,
    out: Annotated[Path, folder("--out", "Folder for verdicts.json, report.html and bridge/.")] = OUT,
) -> None:
    """Measure the effects on deep networks; try the claims on them.

    By default these are VGG16, a small VGG trained on digits, and ResNets; --model names one other network. If it is
    FILE.py:FUNCTION, the code of FILE.py is run. You can interrupt the measurements at any time; run the same command
    again to resume.
    """
    with refusals():
        require_torch()
        chosen, explained = rules_from(rules), require_target(target)
        require_counts(seed=seed, jobs=jobs)
        require_storable(seed)
        require_device(device)
        if model is not None:
            require_known(model)
        measurements = out / MEASUREMENTS
        sources = replace(sources_found(measurements, images, weights), labels=labels)
        settings = settings_from(model, weights, quick, size, sources)
        settings = tuple(replace(setting, rules=chosen, target=explained) for setting in settings)
        count = draws_from(seeds)
        with exits_refused(str(model)):
            prepared = preparation_from(mean, std, preprocess, None if model is None else settings[0], sources)
            sources = replace(sources, preparation=prepared)
            said = said_of_weights(model, sources)
            is_checked = model is not None and (":" in model or explained != "top")
            noted = said_of_network(settings, seed, sources, count) if is_checked else ""
        deep = {id: None for id, claim in REGISTRY.items() if is_of_bridge(claim)}
        store.prepare(out, len(deep))
        store.read(out)
        power.stored_sights(out)
        used = device_from(device)
        seen = check_images(sources.images)
    sources = replace(sources, device=used)
    if model is not None:
        for sentence in (*said_first(settings, count, seed, sources), said, noted):
            say(sentence)
    workers = 1 if used != "cpu" else jobs_for(jobs, GIB["quick" if quick or size <= 64 else "full"])
    options = {
        "model": model,
        "weights": weights,
        "images": images,
        "rules": rules,
        "target": target,
        "labels": labels,
        "mean": mean,
        "std": std,
        "preprocess": preprocess,
        "device": used,
        "seeds": seeds,
        "size": size,
    }
    found = run_with_progress(settings, count, seed, sources, workers, rerun_command("bridge", seed, quick, options))
    print_alphas(found)
    if model is not None:
        print_diagnosis(found)
        print_sanity(found)
    say(seen)
    from nfrlab.verify.exhibits import stored

    draw_figures(sources.out, partial(stored.draw, sources.out))
    judge_networks(model, weights, quick, count, found, deep, images, seed, out)


def judge_networks(
    model: str | None,
    weights: Path | None,
    quick: bool,
    draws: int,
    found: Mapping[str, xr.Dataset],
    built_in: Mapping[str, None],
    images: Path | None,
    seed: int,
    out: Path,
    of_rivals: bool = False,
) -> NoReturn:
    """Try the claims on what was measured, those of the `built_in` plan or those that speak of one network, and exit.

    With status 1 where a verdict stays open or is not the one on record; too few `draws` judge nothing.
    """
    profile: Profile = "quick" if quick else "full"
    if model is None:
        # judged in seconds, from stored numbers: workers would take longer to start
        verdicts = try_and_report(built_in, seed, profile, images, 1, out)
        raise typer.Exit(0 if draws < draws_needed() or all_as_on_record(verdicts) else 1)
    if draws < draws_needed():
        report(out)
        say(too_few(model, draws, draws_needed()))
        raise typer.Exit(0)
    apply, left_out = claims_on(model, weights is not None, found, of_rivals)
    verdicts = try_and_report(apply, seed, profile, images, 1, out)
    say(said_last(model, verdicts, left_out, found, draws_needed()))
    raise typer.Exit(0 if all_as_on_record(verdicts) else 1)


def draw_figures(measurements: Path, draw: Callable[[Path], list[Path]]) -> None:
    """Write figures into the folder beside the measurements, and print their paths."""
    drawn = measurements / "figures"
    with refusals((ValueError, Stopped)), exclusive_folder(drawn, (), lambda: KEPT, lambda error: None):
        print_paths(*draw(drawn))


def draws_from(seeds: int) -> int:
    """Draws per setting, by default as many as the claims need. Raises `ValueError` as `require_counts` does."""
    require_counts(seeds=seeds)
    return seeds or draws_needed()


def settings_from(
    model: str | None, weights: Path | None, quick: bool, size: int, sources: Sources
) -> tuple[Setting, ...]:
    """The settings of the built-in plan, or of one network.

    Raises `ValueError` for weights without a model, a side that no image can have, and `quick` with a model.
    """
    require_agreement(model, weights, quick, size)
    if model is None:
        side = None if quick or sources.cifar_images is None else training_side(sources.cifar_vgg16)
        return plan(quick, sources.cifar is not None, size, side, imagenets_found(sources))
    side = training_side(weights if model == CIFAR_VGG16 else None) or size
    return plan_for(model, "trained" if weights is not None else "built" if is_own_file(model) else None, side)


def rerun_command(command: str, seed: int, quick: bool, options: Mapping[str, object]) -> str:
    """The command that reaches these numbers again, with the options that are not at their defaults."""
    defaults = {"rules": ",".join(FILTERS), "device": "cpu", "seeds": 0, "size": 224, "target": "top"}
    given = {name: value for name, value in options.items() if value is not None and value != defaults.get(name)}
    words = ["nfrlab", command, *(["--quick"] if quick else []), "--seed", str(seed)]
    return shlex.join([*words, *(word for name, value in given.items() for word in (f"--{name}", str(value)))])


def run_with_progress(
    settings: Sequence[Setting], draws: int, seed: int, sources: Sources, jobs: int, command: str
) -> Mapping[str, xr.Dataset]:
    """`run` with a live display; what stops it becomes one sentence and exit status 2, Ctrl-C exit status 130."""
    damaged: list[str] = []
    with progress("draws", pace=", the slow ones first") as bar, interrupts_heard():
        try:
            found = run(settings, draws, seed, sources, jobs, bar.update, command, damaged.append)
        except (ValueError, Stopped) as error:
            raise refuse(str(error)) from error
        except KeyboardInterrupt:
            kept = f"finished draws are kept in {sources.out}, the same command resumes"
            tell(f"interrupted; {kept}")
            raise typer.Exit(130) from None
    for sentence in damaged:
        tell(f"{sentence}; it was measured again")
    return found
