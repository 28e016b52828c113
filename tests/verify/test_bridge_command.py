"""The command `nfrlab bridge` from outside: one-line refusals, a user's own network from end to end, life without
PyTorch.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from nfrlab.simulations.bridge.settings import FILTERS, plan_for
from nfrlab.verify.examine.over_draws import draws_needed
from nfrlab.verify.exhibits import stored as exhibit
from nfrlab.verify.exhibits.stored import OF_BRIDGE
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.proceedings.store import MEASUREMENTS
from tests.verify.test_cli import (
    ENVIRONMENT,
    PATIENCE,
    Record,
    assert_refused,
    contents,
    in_process,
    nfrlab,
    noise,
    script,
    stored,
)

ROOT = Path(__file__).parents[2]
DEEP = [id for id, claim in REGISTRY.items() if claim.on_deep_networks]
needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="builds networks")

OWN = """
import torch.nn.functional as F
from torch import nn


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, stride=2)
        self.second = nn.Conv2d(6, 8, 3, stride=2)
        self.read = nn.Linear(8, 5)

    def forward(self, x):
        x = F.relu(self.second(F.relu(self.first(x))))
        return self.read(F.adaptive_avg_pool2d(x, 1).flatten(1))


def small():
    return Small()


def fails():
    raise RuntimeError("no weights today")


def seven():
    return 7


def linear():
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 5))


def larger():
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, 5), nn.ReLU())


def grey():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 30 * 30, 5))


def flat():
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 9), nn.ReLU(), nn.Linear(9, 5))


def shallow():
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 5), nn.ReLU())
"""
LAYERS, DRAWS = 3, 2


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a user's networks and files that are none."""
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "broken.py").write_text("def net(:\n")
    (tmp_path / "weights.pt").write_bytes(b"these bytes are no checkpoint")
    (tmp_path / "folder").mkdir()
    return tmp_path


# Bad input


def refused(*arguments: str | Path, naming: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that names the offending thing, exit status 2, nothing on standard output, nothing measured."""
    monkeypatch.chdir(place)
    monkeypatch.delenv("NFRLAB_DATA", raising=False)
    result = in_process("bridge", *arguments)
    (line,) = result.stderr.splitlines()
    assert line.startswith("nfrlab: ")
    assert naming in line
    assert (result.exit_code, result.stdout) == (2, "")
    assert not [file for file in contents(place) if file.endswith(".nc") and "stale" not in file]


@needs_torch
@pytest.mark.parametrize(
    ("arguments", "naming"),
    [
        (("--rules", "gbp,lime"), "'lime'"),
        (("--rules", ""), "''"),
        (("--device", "tpu"), "'tpu'"),
        (("--seeds", "-1"), "--seeds"),
        (("--seed", "-1"), "--seed"),
        (("--jobs", "-2"), "--jobs"),
        (("--size", "8"), "--size"),
        (("--images", "nowhere"), "nowhere"),
        (("--weights", "weights.pt"), "--model"),
        (("--quick", "--model", "resnet18"), "--quick"),
        (("--mean", "0.5", "--std", "1"), "--model"),
        (("--out", "own.py"), "own.py"),
        (("--out", "own.py/deeper"), "own.py/deeper"),
    ],
)
def test_a_bad_option_is_refused(
    arguments: Sequence[str], naming: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a traceback, a wrong exit status, an option that is ignored, or one that is only read at the end."""
    refused(*arguments, naming=naming, place=place, monkeypatch=monkeypatch)


@needs_torch
def test_labels_are_looked_up(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches labels that are given and not read: the true class would be asked for all the same."""
    Image.fromarray(noise(40)).save(place / "folder" / "a.png")
    (place / "labels.csv").write_text("b.png,1\n")
    given = ("--images", "folder", "--labels", "labels.csv", "--size", "32", "--target", "true")
    refused("--model", "own.py:small", *given, naming="no line for a.png", place=place, monkeypatch=monkeypatch)


@needs_torch
@pytest.mark.parametrize(
    ("model", "naming"),
    [
        (("alexnet",), "'alexnet'"),
        (("nowhere.py:net",), "nowhere.py"),
        (("broken.py:net",), "SyntaxError"),
        (("own.py:absent",), "absent"),
        (("own.py:fails",), "no weights today"),
        (("own.py:seven",), "int"),
        (("own.py:linear",), "no ReLU"),
        (("own.py:larger",), "(1, 3, 32, 32)"),
        (("own.py:grey",), "give --mean and --std"),
        (("own.py:grey", "--mean", "0.5", "--std", "0"), "--std above 0"),
        (("own.py:grey", "--mean", "0.5"), "--mean and --std go together"),
        (("own.py:small", "--mean", "0.5,0.5", "--std", "1,1"), "each of the 3 channels"),
        (("own.py:small", "--mean", "half", "--std", "1"), "'half'"),
        (("digits", "--mean", "0", "--std", "1"), "images of its training"),
        (("own.py:small", "--preprocess", "own.py:seven", "--mean", "1", "--std", "1"), "leave --mean and --std out"),
        (("own.py:small", "--preprocess", "own.py:absent"), "absent"),
        (("own.py:small", "--preprocess", "own.py:seven"), "--preprocess own.py:seven failed: TypeError"),
        (("own.py:small", "--target", "first"), "'first'"),
        (("own.py:small", "--target", "5"), "class 5, where the network has 5"),
        (("own.py:small", "--target", "top-6"), "5 outputs"),
        (("own.py:small", "--target", "true"), "--labels FILE"),
        (("own.py:small", "--rules", "rectgrad:q"), "'q' is no switch=value"),
        (("own.py:small", "--rules", "gbp:q=0.5"), "'q'"),
        (("resnet18", "--weights", "nowhere.pt"), "nowhere.pt"),
        (("resnet18", "--weights", "folder"), "folder"),
        (("resnet18", "--weights", "weights.pt"), "weights.pt"),
        (("own.py:small", "--weights", "weights.pt"), "weights.pt"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_network_that_cannot_be_had_is_refused(
    model: Sequence[str], naming: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a traceback out of a user's file, a silent plain gradient, and weights that were never loaded."""
    arguments = ("--model", *model, "--size", "32", "--seeds", "1", "--jobs", "1", "--out", "out")
    refused(*arguments, naming=naming, place=place, monkeypatch=monkeypatch)


LEAVING = """
import multiprocessing, os, sys
from torch import nn

IN_WORKER = multiprocessing.parent_process() is not None


class Leaving(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 9), nn.ReLU(), nn.Linear(9, 5))

    def forward(self, x):
        if {where}:
            {how}(0)
        return self.inner(x)


def leaving():
    return Leaving()
"""


@needs_torch
@pytest.mark.parametrize("how", ["sys.exit", "os._exit"])
@pytest.mark.parametrize(("where", "jobs"), [("True", "1"), ("IN_WORKER", "2")])
def test_a_network_that_ends_the_program_is_named(how: str, where: str, jobs: str, place: Path) -> None:
    """Catches exit status 0 and silence where a model file ends the program, in this process or in a worker."""
    (place / "leaving.py").write_text(LEAVING.format(where=where, how=how))
    arguments = ("--model", "leaving.py:leaving", "--size", "32", "--seeds", "2", "--jobs", jobs, "--out", "out")
    done = nfrlab("bridge", *arguments, cwd=place)
    sentence = "nfrlab: leaving.py:leaving ended the program, with exit status 0; take that out of it\n"
    assert (done.returncode, done.stderr) == (2, sentence)
    assert not (place / "out" / "verdicts.json").exists()


@needs_torch
def test_no_gpu_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches CUDA's own error, after the networks are built, or a silent run on the CPU."""
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    refused("--device", "cuda", naming="--device cuda", place=place, monkeypatch=monkeypatch)


@needs_torch
@pytest.mark.parametrize("damaged", ["verdicts.json", "report.html"])
def test_an_output_folder_that_cannot_be_used_is_refused_before_anything_is_measured(
    damaged: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches minutes of measurement that end in a traceback, and a file of the user's that is overwritten."""
    out = place / "out"
    out.mkdir()
    if damaged == "verdicts.json":
        (out / damaged).write_text("{}")
    else:
        (out / damaged).mkdir()
    refused("--out", "out", naming=damaged, place=place, monkeypatch=monkeypatch)


@needs_torch
def test_workers_that_fail_say_it_once(place: Path) -> None:
    """Catches a traceback of each worker process beside the refusal."""
    arguments = ("--model", "own.py:fails", "--size", "32", "--seeds", "2", "--jobs", "2")
    assert_refused(nfrlab("bridge", *arguments, cwd=place), "no weights today")


def test_damaged_measurements_are_refused(tmp_path: Path) -> None:
    """Catches a traceback of the reader, and a NOT RUN where there is something, only unreadable."""
    (tmp_path / "bridge").mkdir()
    (tmp_path / "bridge" / "digits-trained.nc").write_bytes(b"no netCDF")
    result = in_process("verify", "fig-2a-rises", "--jobs", "1", "--out", tmp_path)
    (line,) = result.stderr.splitlines()
    assert "digits-trained.nc is damaged" in line
    assert (result.exit_code, result.stdout) == (2, "")


# A user's own network


@dataclass(frozen=True)
class Finished:
    """A run that came to its end."""

    place: Path
    stdout: str

    @property
    def out(self) -> Path:
        return self.place / "out"

    def numbers(self, name: str) -> xr.Dataset:
        """The stored measurements of a setting."""
        return xr.load_dataset(self.out / "bridge" / f"{name}.nc", engine="h5netcdf")

    def verdicts(self) -> dict[str, Record]:
        return stored(self.out)


ARGUMENTS = ("bridge", "--model", "own.py:small", "--seeds", str(DRAWS), "--size", "32", "--seed", "7", "--out", "out")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """`nfrlab bridge` on a network of three layers and the photographs that are shipped, by two workers."""
    pytest.importorskip("torch")
    place = tmp_path_factory.mktemp("own")
    (place / "own.py").write_text(OWN)
    with pytest.MonkeyPatch.context() as patched:
        patched.delitem(ENVIRONMENT, "NFRLAB_DATA", raising=False)
        done = nfrlab(*ARGUMENTS, "--jobs", "2", cwd=place)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return Finished(place, done.stdout)


@pytest.mark.parametrize("name", ["own_small-built", "own_small-gaussian"])
def test_own_network_is_measured_with_units_and_provenance(name: str, finished: Finished) -> None:
    """Catches numbers that nobody can trace back, a level or layer too few, and a draw that was not made."""
    own = finished.numbers(name)
    assert dict(own.sizes) | {"draw": DRAWS, "level": LAYERS + 1, "layer": LAYERS} == dict(own.sizes)
    assert own["level"].values.tolist() == list(range(LAYERS + 1))
    for variable in own.data_vars.values():
        assert variable.dtype == np.float64
        assert variable.attrs["units"] == "1"
        assert variable.attrs["long_name"]
    attrs = own.attrs
    assert (attrs["network"], attrs["seed"], attrs["images"]) == ("own.py:small", 7, "scikit-learn photographs (two)")
    assert attrs["weights"] == {"own_small-built": "built", "own_small-gaussian": "random"}[name]
    assert json.loads(attrs["setting"])["side"] == 32
    assert set(json.loads(attrs["versions"])) == {"nfrlab", "torch", "numpy", "python"}
    assert attrs["device"].startswith("CPU")
    assert attrs["code_version"]
    options = dict(zip(ARGUMENTS[1::2], ARGUMENTS[2::2], strict=True))
    del options["--out"]  # where it lies is not what it depends on
    again = attrs["command"].split()
    assert again[:2] == ["nfrlab", "bridge"]
    assert dict(zip(again[2::2], again[3::2], strict=True)) == options


def test_own_network_is_measured_in_every_way(finished: Finished) -> None:
    """Catches an effect that is left out for other networks than VGG16, and α outside its range."""
    random, trained = finished.numbers("own_small-gaussian"), finished.numbers("own_small-built")
    effects = ("alpha", "alpha_map", "cosine", "margin", "kept", "alpha_part", "alpha_changed", "sanity")
    for own in (random, trained):
        assert set(effects) <= set(own.data_vars)
        alpha = own["alpha"].sel(rule=list(FILTERS))
        assert bool(((alpha >= -1) & (alpha <= 1)).all())
        assert len(np.unique(alpha.sel(rule="gbp", level=LAYERS))) == DRAWS
    assert bool((abs(random["lost_to_bias"]) == 0).all())
    assert bool((abs(trained["lost_to_bias"].sel(level=0)) > 0).all())
    np.testing.assert_array_equal(np.unique(random["norm"].sel(layer=1)).size, DRAWS)  # fresh weights in every draw
    np.testing.assert_array_equal(np.unique(trained["norm"].sel(layer=1)).size, 1)  # its own weights in every worker


def test_own_network_is_shown(finished: Finished) -> None:
    """Catches a table without a rule or level, a network without its diagnosis, and a picture that is announced and
    missing.
    """
    for name in ("own_small-built", "own_small-gaussian"):
        assert f"{name}, layer by layer" in finished.stdout
    assert "as built: own.py:small may be trained or not; name a checkpoint by --weights" in finished.stdout
    for name in ("own_small-built", "own_small-gaussian"):
        for rule in (*FILTERS, "activation"):
            (row,) = [line for line in finished.stdout.splitlines() if f" {name} " in line and f" {rule} " in line]
            assert len([word for word in row.split() if "." in word]) == LAYERS + (rule != "activation")
    drawn = {path.stem for path in (finished.out / "bridge" / "figures").glob("*.png")}
    assert drawn == set(OF_BRIDGE) - {"fig3", "fig4"}  # those compare families on VGG16
    for name in drawn:
        for suffix in ("png", "svg"):
            assert (finished.out / "bridge" / "figures" / f"{name}.{suffix}").stat().st_size > 1000
            assert f"{name}.{suffix}" in finished.stdout
    maps = xr.load_dataset(finished.out / "bridge" / "pictures" / "own_small-built.nc", engine="h5netcdf")
    assert dict(maps["map"].sizes) == {"method": 6, "bottom": 2, "channel": 3, "y": 32, "x": 32}


def test_few_draws_judge_nothing(finished: Finished) -> None:
    """Catches verdicts from draws that cannot decide anything, and a run that does not say how many would."""
    assert not (finished.out / "verdicts.json").exists()
    last = finished.stdout.splitlines()[-1]
    needed = draws_needed()
    assert last == f"own.py:small: measured in 2 draws a setting; the claims need {needed}, and none was judged"


def test_what_the_numbers_depend_on_is_said_first(finished: Finished) -> None:
    """Catches a default that changes a number and is not printed: weights, images, preparation, class, every switch."""
    first = finished.stdout.splitlines()[:6]
    assert first[0].startswith(
        "own.py:small: the weights that it is built with and random weights (gaussian, E w² = 2/d"
    )
    assert "2 draws each, seed 7, on CPU" in first[0]
    assert first[1].startswith("images: scikit-learn photographs (two), 32 × 32, random square crops, 224/256 of")
    assert first[1].endswith("(x − mean)/s.d. with 0.485, 0.456, 0.406 and 0.229, 0.224, 0.225")
    assert first[2] == "explained: the largest output"
    rule = "rectgrad_quantile(q=0.9, mask=True); residual=z, pooling=winner; map r_0 rectified times input"
    assert f"rule rectgrad: {rule}" in first


def test_own_network_is_in_the_report(finished: Finished) -> None:
    """Catches a report without the network's numbers, its maps, or the command that measures it again."""
    page = (finished.out / "report.html").read_text(encoding="utf-8")
    assert "<h2>Network own.py:small</h2>" in page
    assert page.count("<image ") >= 2 * (2 + len(FILTERS))
    assert "nfrlab bridge --seed 7 --model own.py:small" in page
    random = finished.numbers("own_small-gaussian")
    alpha = float(random["alpha"].sel(rule="gbp", level=LAYERS).median())
    cosine = float(random["sanity"].sel(rule="gbp", beside="the image", measure="cosine").median())
    assert f">{alpha:.3f}<" in page
    assert f">{cosine:+.3f} (" in page
    assert cosine == pytest.approx(alpha)


@needs_torch
def test_a_network_of_digits_meets_digits(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a preparation of photographs that is asked for where there are none, and digits without their classes."""
    monkeypatch.chdir(place)
    monkeypatch.delenv("NFRLAB_DATA", raising=False)
    result = in_process(
        "bridge", "--model", "digits", "--seeds", "1", "--target", "true", "--jobs", "1", "--out", "out"
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert "images: scikit-learn digits, as the network was trained on them" in result.stdout
    assert "explained: the image's true class" in result.stdout


@needs_torch
def test_names_from_outside_are_drawn_and_printed_letter_by_letter(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a formula or markup in the name of a file that stops the figures or is swallowed, and one that colours
    the terminal.
    """
    monkeypatch.chdir(place)
    monkeypatch.delenv("NFRLAB_DATA", raising=False)
    odd = "[red]x[bold] $\\foo$ \x1b[31m_{"
    Path(f"{odd}.py").write_text(OWN)
    options = ("--seeds", "1", "--size", "32", "--rules", "gbp", "--jobs", "1", "--out", odd)
    result = in_process("bridge", "--model", f"{odd}.py:small", *options)
    assert (result.exit_code, result.stderr) == (0, "")
    assert all(line.isprintable() for line in result.stdout.splitlines())
    assert "[red]x[bold] $\\foo$ \\x1b[31m_{_small-built, layer by layer" in result.stdout
    assert len(list(Path(odd, "bridge", "figures").glob("*.png"))) > 3


def measured_again(function: str, rules: tuple[str, ...] = FILTERS, seed: int = 7) -> dict[str, xr.Dataset]:
    """What a new process would measure or find in `out/bridge`, by one worker."""
    from nfrlab.simulations.bridge import networks, sources
    from nfrlab.simulations.bridge.run import run

    sources.file_digest.cache_clear()
    networks.network.cache_clear()
    networks.network_digest.cache_clear()
    settings = [replace(own, rules=rules) for own in plan_for(f"own.py:{function}", "built", 32)]
    return run(settings, DRAWS, seed, sources.Sources(Path("out") / MEASUREMENTS), jobs=1)


def test_own_network_is_measured_again_only_when_its_file_changes(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a run that does not resume, one worker's numbers that differ from two's, and old numbers that are taken
    for those of a network that was edited.
    """
    monkeypatch.chdir(shutil.copytree(finished.place, tmp_path / "copy"))
    parts = Path("out") / MEASUREMENTS / "parts"
    before = {path: path.stat().st_mtime_ns for path in parts.iterdir()}
    assert len(before) == 2 * DRAWS
    lost = sorted(before)[-1]
    lost.unlink()
    for name, own in measured_again("small").items():
        xr.testing.assert_identical(own, finished.numbers(name).assign_attrs(command=""))
    after = {path: path.stat().st_mtime_ns for path in parts.iterdir()}
    assert {path for path in after if after[path] != before[path]} == {lost}
    Path("own.py").write_text(OWN.replace("self.read = nn.Linear(8, 5)", "self.read = nn.Linear(8, 9)"))
    edited = measured_again("small", ("zplus",))["own_small-built"]
    assert set(edited["width"].sel(layer=LAYERS).values) == {9}
    assert set(edited["rule"].values) == {"grad", "zplus", "blind-filter"}


@needs_torch
@pytest.mark.parametrize(("function", "layers"), [("flat", 2), ("shallow", 1)])
def test_flat_and_shallow_networks(function: str, layers: int, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches bounds of z^B that fit convolutions only, and an effect or figure that asks for a hidden layer."""
    monkeypatch.chdir(place)
    for own in measured_again(function).values():
        assert own["level"].values.tolist() == list(range(layers + 1))
        alpha = own["alpha_map"].sel(target="image")
        undefined = alpha.sel({"method": "zplus", "bottom": "without"}).isnull()  # where all of the output is zero
        assert not bool(undefined.all())
        np.testing.assert_array_equal(alpha.sel({"method": "dtd", "bottom": "with"}).isnull(), undefined)
    assert exhibit.draw(Path("out") / MEASUREMENTS, place / "figures", ["fig2", "fig6"])


@needs_torch
def test_photographs_are_taken_from_where_data_lie(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches crops of two photographs where there are more, an option that is overruled, and a verdict that does not
    say where the images come from.
    """
    for folder, count in (("imagenet-sample", 3), ("mine", 2)):
        (place / folder).mkdir()
        for k in range(count):
            Image.new("RGB", (40, 40), (40 + 60 * k, 0, 255)).save(place / folder / f"{k}.png")
    monkeypatch.chdir(place)
    monkeypatch.setenv("NFRLAB_DATA", str(place))
    arguments = ("--model", "own.py:small", "--seeds", "3", "--size", "32", "--jobs", "1")
    for images, source, numbers in ((), "imagenet-sample", {0, 1, 2}), (("--images", "mine"), "mine", {0, 1}):
        result = in_process("bridge", *arguments, *images, "--out", source)
        assert "Traceback" not in result.stdout
        measured = xr.load_dataset(place / source / MEASUREMENTS / "own_small-gaussian.nc", engine="h5netcdf")
        assert set(measured["image"].values) == numbers
        assert Path(measured.attrs["images"]).name == source


# Without PyTorch

SITECUSTOMIZE = """
from importlib.machinery import PathFinder


usual = PathFinder.find_spec
PathFinder.find_spec = classmethod(
    lambda cls, name, *where: None if name.partition(".")[0] == "torch" else usual(name, *where)
)
"""
"""As if PyTorch were not installed, in this process and all that it starts."""


def without_torch(*command: str | Path, cwd: Path, hidden: Path) -> subprocess.CompletedProcess[str]:
    """Run a command where PyTorch cannot be found."""
    hidden.mkdir(exist_ok=True)
    (hidden / "sitecustomize.py").write_text(SITECUSTOMIZE)
    return subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env=ENVIRONMENT | {"PYTHONPATH": os.pathsep.join([str(hidden), ENVIRONMENT.get("PYTHONPATH", "")])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )


def test_the_bridge_without_torch_says_how_to_install_it(tmp_path: Path) -> None:
    """Catches a ModuleNotFoundError, and advice that is not the name of our own extra."""
    done = without_torch(script(), "bridge", cwd=tmp_path, hidden=tmp_path / "hidden")
    assert_refused(done, "pip install nfrlab[bridge]")
    assert {path.name for path in tmp_path.iterdir()} == {"hidden"}


def test_claims_on_deep_networks_without_torch_or_measurements(tmp_path: Path) -> None:
    """Catches a claim that imports PyTorch to say that nothing was measured, and a NOT RUN that fails the run."""
    arguments = ("verify", "fig-2a-rises", "eq-13-deep-imagenet", "--jobs", "1", "--out", "empty")
    done = without_torch(script(), *arguments, cwd=tmp_path, hidden=tmp_path / "hidden")
    assert (done.returncode, done.stderr) == (0, "")
    verdicts = stored(tmp_path / "empty")
    assert {verdict["status"] for verdict in verdicts.values()} == {"NOT RUN"}
    assert "nfrlab bridge --model vgg16 --weights" in verdicts["eq-13-deep-imagenet"]["missing"]
    assert "2 NOT RUN" in done.stdout


def test_the_theorems_are_collected_without_torch(tmp_path: Path) -> None:
    """Catches a test that imports PyTorch unguarded: `pytest -m theorem` collects every file."""
    command = (sys.executable, "-m", "pytest", "-m", "theorem", "--collect-only", "-q", "-p", "no:cacheprovider")
    done = without_torch(*command, cwd=ROOT, hidden=tmp_path / "hidden")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "fig-2a-rises" in done.stdout or "test_trial" in done.stdout


LOADED = """
import importlib, pkgutil, sys
import nfrlab.verify.cli
for package in ("nfrlab.verify.claims", "nfrlab.theory", "nfrlab.simulations.dense", "nfrlab.paper_figs"):
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        importlib.import_module(module.name)
print(sorted(name for name in sys.modules if name.partition(".")[0] == "torch"))
"""


def test_court_and_claims_do_not_load_torch(tmp_path: Path) -> None:
    """Catches seconds of start, and a dependency, for claims that are judged from stored numbers."""
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"
