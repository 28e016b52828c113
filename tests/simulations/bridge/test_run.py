"""Runs of the bridge that are killed, interrupted, damaged, met by a second run or a full disk: nothing is lost, the
bits are the same. And the draws themselves: what the settings of a network share.
"""

from __future__ import annotations

import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from filelock import FileLock
from PIL import Image
from scipy.special import ndtr

torch = pytest.importorskip("torch")

from safetensors.torch import save_file

from nfrlab.simulations.bridge import draws, networks, populations
from nfrlab.simulations.bridge import run as bridge
from nfrlab.simulations.bridge.settings import ENDS, Setting, plan_for
from nfrlab.simulations.bridge.sources import Draw, Sources
from nfrlab.simulations.deep.engine.weighted import Weighted
from nfrlab.simulations.deep.inputs.images import CIFAR_CLASSES
from nfrlab.simulations.deep.networks import models
from nfrlab.simulations.deep.networks.weights import randomise
from nfrlab.simulations.images import IMAGENET_MEAN, IMAGENET_SD
from tests.simulations.sweep.test_survives import Run, started, wait_for, watched
from tests.verify.test_cli import contents, members, posix

SOME = Setting("digits-ring", "digits", family="ring", side=16, effects=(ENDS, "filtering"))
SETTINGS = (replace(SOME, name="digits-gaussian", family="gaussian"), SOME)
DRAWS, SEED = 6, 5
TOTAL = DRAWS * len(SETTINGS)

pytestmark = posix


@pytest.fixture(autouse=True, scope="module")
def _threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def run_here(out: Path, jobs: int = 1) -> dict[str, xr.Dataset]:
    """The run under test, within this process."""
    return bridge.run(SETTINGS, DRAWS, SEED, Sources(out), jobs)


COMMAND = f"""
import sys
from pathlib import Path

if __name__ == "__main__":  # workers need none of it
    import typer

    from nfrlab.verify.commands.bridge import run_with_progress
    from nfrlab.simulations.bridge.settings import Setting
    from nfrlab.simulations.bridge.sources import Sources

    try:
        run_with_progress({SETTINGS!r}, {DRAWS}, {SEED}, Sources(Path(sys.argv[1])), int(sys.argv[2]), "")
    except typer.Exit as end:
        sys.exit(end.exit_code)
"""
"""The run as a process, with the command's answers to what stops it."""


def ages(out: Path) -> dict[str, int]:
    """The parts that are there, and when each was written."""
    return {file.name: file.stat().st_mtime_ns for file in (out / "parts").glob("[!.]*.nc")}


def results(out: Path) -> dict[str, bytes]:
    """All that a run leaves behind, byte by byte."""
    return {name: data for name, data in contents(out).items() if name != ".lock"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted run within this process, one draw after the other."""
    out = tmp_path_factory.mktemp("whole")
    run_here(out)
    assert len(ages(out)) == TOTAL
    return out


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, int], Any]:
    """Starts the run as a process of its own that writes to a folder, with as many workers."""
    script = tmp_path_factory.mktemp("command") / "measure.py"
    script.write_text(COMMAND, encoding="utf-8")

    @contextmanager
    def starts(out: Path, jobs: int) -> Iterator[Run]:
        with started(out.with_suffix(".stderr"), sys.executable, script, out, str(jobs)) as run:
            yield run

    return starts


def some_parts(out: Path, run: Run, number: int) -> None:
    """Wait until this many are there."""
    run.wait_until(lambda: (out / "parts").is_dir() and len(ages(out)) >= number)


def assert_stopped(ended: tuple[int, str], cause: str) -> None:
    """Exit status 2 and one sentence with the cause, which tells that nothing is lost."""
    status, complaints = ended
    assert len(complaints.splitlines()) == 1, complaints
    assert re.match(f"nfrlab: .*{cause}.*finished draws are kept, the same command resumes", complaints), complaints
    assert status == 2, complaints


def assert_rest_is_measured(out: Path, kept: dict[str, int], whole: Path) -> None:
    """A run that resumes measures what is missing, nothing else, and leaves the same bytes as an uninterrupted one."""
    steps: list[tuple[int, int]] = []
    bridge.run(SETTINGS, DRAWS, SEED, Sources(out), 1, lambda *step: steps.append(step))
    assert steps == [(done, TOTAL) for done in range(len(kept), TOTAL + 1)]
    assert kept.items() <= ages(out).items()
    assert results(out) == results(whole)


# Bits


def test_results_are_the_draws_in_their_order(whole: Path) -> None:
    """Catches draws in the order of their completion, a draw that is there twice, and lost provenance."""
    for setting in SETTINGS:
        got = xr.load_dataset(whole / f"{setting.name}.nc", engine="h5netcdf")
        assert got.sizes["draw"] == DRAWS
        for i in (0, 1, DRAWS - 1):
            one = draws.measure(Draw(setting, SEED, i, Sources(whole)))
            xr.testing.assert_equal(got.isel(draw=i), one)
        assert len(np.unique(got["alpha"].sel(rule="gbp", level=0))) == DRAWS
        assert got.attrs["seed"] == SEED
        assert {"title", "network", "weights", "images", "device", "versions", "setting"} <= set(got.attrs)
        assert got["network"].values.tolist() == list(range(DRAWS))
        assert len(np.unique(got["image"])) == DRAWS
        described = [*got.data_vars.values(), got["network"], got["image"]]
        assert all(variable.attrs.keys() == {"units", "long_name"} for variable in described)


def test_more_draws_keep_the_first_ones(whole: Path, tmp_path: Path) -> None:
    """Catches draws that depend on how many there are to be: of a larger run, a smaller one's parts are the first."""
    bridge.run(SETTINGS, 2, SEED, Sources(tmp_path), 1)
    assert len(ages(tmp_path)) == 2 * len(SETTINGS)
    all_parts = contents(whole / "parts")
    assert contents(tmp_path / "parts").items() <= all_parts.items()


def test_a_part_is_named_by_all_that_it_depends_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a stored draw that is taken for another one: seed, setting, checkpoint, images, device, code, model."""
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"the GPU {device}")
    checkpoint, images, model = tmp_path / "a.safetensors", tmp_path / "images", tmp_path / "net.py"
    for file in (checkpoint, images / "a.png", model):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"1")
    trained = replace(SOME, weights="trained")
    photographed = replace(trained, network="vgg16")
    sources = Sources(tmp_path)
    first = bridge.Part(Draw(trained, 0, 0, sources), "code")
    others = [
        bridge.Part(replace(first.draw, **change), "code")
        for change in (
            {"seed": 1},
            {"index": 1},
            {"setting": replace(trained, side=32)},
            {"setting": replace(trained, rules=("gbp",))},
            {"setting": replace(trained, network=f"{model}:build")},
            {"sources": replace(sources, checkpoint=checkpoint)},
            {"setting": photographed},
            {"setting": photographed, "sources": replace(sources, images=images)},
            {"sources": replace(sources, device="cuda")},
        )
    ] + [bridge.Part(first.draw, "other code"), bridge.Part(first.draw, "code", "another network")]
    assert len({part.path.name for part in (first, *others)}) == len(others) + 1
    assert bridge.Part(replace(first.draw, sources=replace(sources, out=tmp_path / "b")), "code").identity == (
        first.identity
    )


# Kills


@watched
def test_killed_at_any_moment(whole: Path, command: Any, tmp_path: Path) -> None:
    """Catches a draw that a kill -9 of the run loses, leaves half written or has measured again; orphaned workers; and
    numbers, or an order of draws, that depend on how many processes measure: here two, there one.
    """
    rng, out = random.Random(os.urandom(16)), tmp_path / "out"
    goal, pause = rng.randint(0, TOTAL * 2 // 3), rng.uniform(0, 0.1)
    moment = f"{1000 * pause:.0f} ms after draw {goal} of {TOTAL}"
    with command(out, 2) as run:
        some_parts(out, run, goal)
        time.sleep(pause)
        run.send(signal.SIGKILL)
        run.process.wait()
        wait_for(lambda: not members(run.process.pid), 20)
    kept = ages(out)
    assert contents(out / "parts").keys() >= kept.keys(), moment
    with command(out, 2) as again:
        assert again.ended() == (0, ""), moment
    assert kept.items() <= ages(out).items(), moment
    assert results(out) == results(whole), moment


@watched
def test_a_killed_worker_is_told_in_one_sentence(whole: Path, command: Any, tmp_path: Path) -> None:
    """Catches a traceback, a hang, or lost draws where the system ends a worker for want of memory."""
    out = tmp_path / "out"
    with command(out, 2) as run:
        some_parts(out, run, 3)
        workers = [pid for pid, line in members(run.process.pid).items() if "spawn_main" in line]
        os.kill(workers[0], signal.SIGKILL)
        assert_stopped(run.ended(), "a worker was ended")
        wait_for(lambda: not members(run.process.pid), 20)
    assert_rest_is_measured(out, ages(out), whole)


@watched
@pytest.mark.parametrize(("jobs", "group"), [(1, False), (2, True)])
def test_ctrl_c_keeps_finished_draws(jobs: int, group: bool, whole: Path, command: Any, tmp_path: Path) -> None:
    """Catches a draw lost to Ctrl-C, workers that outlive it, and more on standard error than one sentence."""
    out = tmp_path / "out"
    with command(out, jobs) as run:
        some_parts(out, run, 3)
        run.send(signal.SIGINT, group=group)
        status, complaints = run.ended()
        wait_for(lambda: not members(run.process.pid), 20)
    told = f"nfrlab: interrupted; finished draws are kept in {out}, the same command resumes\n"
    assert complaints == told
    assert status == 130
    assert 3 <= len(ages(out)) < TOTAL
    assert_rest_is_measured(out, ages(out), whole)


# Damage


DAMAGES: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: b"",
    lambda data: data[: len(data) // 2],
    lambda data: data[:-1],
    lambda data: data + b"\0",
    lambda data: bytes(reversed(data)),
    lambda data: data[:1000] + bytes([data[1000] ^ 1]) + data[1001:],
)
"""Nothing, half, a byte less, a byte more, all of it reversed, one bit."""


def test_damaged_parts_are_measured_again(whole: Path, tmp_path: Path) -> None:
    """Catches a damaged part that is believed, that stops the run, or for which others are measured again."""
    for name, data in results(whole).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    kept = ages(tmp_path)
    for name, damage in zip(sorted(kept)[1:], DAMAGES, strict=False):
        victim = tmp_path / "parts" / name
        victim.write_bytes(damage(victim.read_bytes()))
        del kept[name]
    assert len(kept) == TOTAL - len(DAMAGES)
    assert_rest_is_measured(tmp_path, kept, whole)


def test_parts_are_netcdf_all_the_same(whole: Path) -> None:
    """Catches a seal that keeps other programs from reading a part."""
    part = sorted((whole / "parts").iterdir())[0]
    assert "alpha" in xr.load_dataset(part, engine="scipy")


# One run at a time, full disks, little memory


def test_a_second_run_is_refused(whole: Path, tmp_path: Path) -> None:
    """Catches two runs that write to one folder, and a refused one that sweeps away what the first has half written."""
    (tmp_path / "parts").mkdir()
    half = tmp_path / "parts" / ".digits.nc.abcdefgh.part"
    half.write_bytes(b"half")
    with FileLock(tmp_path / ".lock"):
        with pytest.raises(bridge.Stopped, match=f"another run is writing to {re.escape(str(tmp_path))};"):
            in_thread(lambda: run_here(tmp_path))
        assert half.exists()
        assert not ages(tmp_path)


def in_thread(function: Callable[[], Any]) -> None:
    """Call it in another thread, and raise what it raised."""
    raised: list[BaseException] = []

    def call() -> None:
        try:
            function()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


def test_a_run_that_finds_everything_needs_no_worker(whole: Path, tmp_path: Path) -> None:
    """Catches a pool of no workers, and a draw that is measured although it is there."""
    out = shutil.copytree(whole, tmp_path / "copy")
    kept = ages(out)
    bridge.run(SETTINGS, DRAWS, SEED, Sources(out), 2)
    assert ages(out) == kept
    assert results(out) == results(whole)


def test_maps_that_are_not_this_runs_are_made_again(whole: Path, tmp_path: Path) -> None:
    """Catches figures that show another run's maps beside this run's numbers, and maps that stay away for good."""
    out = shutil.copytree(whole, tmp_path / "copy")
    kept, names = ages(out), [f"{setting.name}.nc" for setting in SETTINGS]
    wanted = {name: (out / "pictures" / name).read_bytes() for name in names}
    other = [replace(setting, rules=("gbp",)) for setting in SETTINGS]
    bridge.run(other, 1, SEED, Sources(out), 1)
    assert all((out / "pictures" / name).read_bytes() != wanted[name] for name in names)
    (out / "pictures" / names[0]).unlink()
    run_here(out)
    found = ages(out)
    assert {name: found[name] for name in kept} == kept
    for name in names:
        with xr.open_dataset(whole / "pictures" / name) as one, xr.open_dataset(out / "pictures" / name) as same:
            xr.testing.assert_equal(one, same)
            assert one.attrs["identity"] == same.attrs["identity"]


def test_a_checkpoint_of_ones_own_is_what_is_measured(tmp_path: Path) -> None:
    """Catches the digits' own weights in place of a user's file, and a training that nobody is told of."""
    module = models.digits_vgg()
    randomise(module, "gaussian", np.random.SeedSequence(3))
    file = tmp_path / "mine.safetensors"
    save_file(module.state_dict(), file, {"accuracy": "0.1"})
    sources = Sources(tmp_path, checkpoint=file)
    built = networks.build("digits", "trained", True, sources).state_dict()
    assert all(torch.equal(built[name], value) for name, value in module.state_dict().items())
    trained = replace(SOME, weights="trained", bias=True, name="digits-trained")
    own = bridge.run((trained, SOME), 1, SEED, sources, 1)
    assert json.loads(own["digits-trained"].attrs["training"]) == {"accuracy": "0.1"}
    assert own["digits-trained"].attrs["checkpoint"] != own[SOME.name].attrs["checkpoint"] == "none"
    assert json.loads(own[SOME.name].attrs["training"]) == {}


def test_small_networks_meet_images_of_the_size_that_they_are_made_for() -> None:
    """Catches CIFAR-10's images enlarged to 224 × 224 for a network of 32 × 32."""
    sides = {
        model: {s.side for s in plan_for(model, "trained", 224)} for model in ("digits", "cifar", "resnet20", "vgg16")
    }
    assert sides == {"digits": {16}, "cifar": {32}, "resnet20": {32}, "vgg16": {224}}


def test_a_network_of_ones_own_draws_the_same_numbers_wherever_its_file_lies() -> None:
    """Catches random numbers that change with the way a path is typed."""
    words = [
        Draw(replace(SOME, network=network), SEED, 3, Sources(Path())).seeds("weights").generate_state(4).tolist()
        for network in ("own.py:net", "./deeper/own.py:net", "/elsewhere/own.py:net", "own.py:other", "other.py:net")
    ]
    assert words[0] == words[1] == words[2]
    assert words[0] not in words[3:]


def test_what_killed_runs_left_is_swept(whole: Path, tmp_path: Path) -> None:
    """Catches parts of files that pile up with every kill."""
    for folder in (tmp_path / "parts", tmp_path / "pictures", tmp_path):
        folder.mkdir(exist_ok=True)
        (folder / ".digits.nc.abcdefgh.part").write_bytes(b"half")
    assert_rest_is_measured(tmp_path, {}, whole)


@contextmanager
def no_file_larger_than(limit: int) -> Iterator[None]:
    """The write that exceeds it fails half way, as on a full disk."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        signal.signal(signal.SIGXFSZ, heard)


def test_a_full_disk_keeps_finished_draws(whole: Path, tmp_path: Path) -> None:
    """Catches a traceback, a half-written file under its final name, and parts that are lost when the result fails."""
    sizes = {name: len(data) for name, data in results(whole).items()}
    part = max(size for name, size in sizes.items() if name.startswith("parts/"))
    for limit, written in ((part - 1, 0), (max(sizes.values()) - 1, None)):
        with (
            no_file_larger_than(limit),
            pytest.raises(bridge.Stopped, match=r"cannot write .* too large; finished draws"),
        ):
            run_here(tmp_path)
        assert written is None or len(ages(tmp_path)) == written
        assert results(tmp_path).items() <= results(whole).items()
    assert_rest_is_measured(tmp_path, ages(tmp_path), whole)


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("can't allocate memory")]
)
def test_little_memory_keeps_finished_draws(
    error: Exception, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a traceback where an allocation fails, on a CPU or a GPU."""
    with monkeypatch.context() as patched:
        usual = draws.measure

        def sometimes(draw: Draw) -> xr.Dataset:
            if draw.index == 2:
                raise error
            return usual(draw)

        patched.setattr(draws, "measure", sometimes)
        with pytest.raises(bridge.Stopped, match=r"out of memory.*finished draws are kept"):
            run_here(tmp_path)
    assert len(ages(tmp_path)) == len(SETTINGS) + 1  # the first draw of each, and a second one
    assert results(tmp_path).items() <= results(whole).items()


def test_other_errors_are_no_lack_of_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a defect that is reported as a machine too small."""

    def broken(draw: Draw) -> xr.Dataset:
        raise RuntimeError("an illegal memory access; shapes do not match")

    monkeypatch.setattr(draws, "measure", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        run_here(tmp_path)


# What the settings of a network share


def weights(family: str, index: int = 0, **own: Any) -> list[Any]:
    """The weights of a draw, one neuron per row."""
    draw = Draw(replace(SOME, name=family, family=family, **own), SEED, index, Sources(Path()))
    graph = networks.graph(draw, draws.image(draw))
    return [node.op.weight.flatten(1).double().clone() for node in graph.nodes if isinstance(node.op, Weighted)]


def test_settings_of_a_network_meet_the_same_images() -> None:
    """Catches images that change with family, scale or precision: draws are compared in pairs. They change with the
    index, and for other purposes.
    """
    draw = Draw(SOME, SEED, 3, Sources(Path()))
    x = draws.image(draw)
    for change in ({"family": "uniform"}, {"scale": "raw"}, {"name": "b"}, {"bias": True, "scale": "default"}):
        assert torch.equal(draws.image(replace(draw, setting=replace(SOME, **change))), x)
    double = draws.image(replace(draw, setting=replace(SOME, precision="float64")))
    assert double.dtype == torch.float64
    assert torch.equal(double.float(), x)
    again = [replace(draw, index=i) for i in range(12)]
    assert sum(torch.equal(draws.image(other), x) for other in again) == 1
    assert not any(torch.equal(draws.image(one), draws.other_image(one, k)) for one in again for k in range(4))
    assert len({tuple(draws.other_image(draw, k).flatten().tolist()) for k in range(4)}) > 1


def test_photographs_are_shared_too() -> None:
    """Catches crops that differ between the settings of a network, or not between its draws."""
    setting = replace(SOME, network="vgg16", side=32)
    one, same = (draws.image(Draw(s, SEED, 0, Sources(Path()))) for s in (setting, replace(setting, name="b")))
    assert one.shape == (1, 3, 32, 32)
    assert torch.equal(one, same)
    others = [draws.image(Draw(setting, SEED, i, Sources(Path()))) for i in range(1, 6)]
    assert sum(torch.equal(one, other) for other in others) <= 1  # there are some 500 such small crops


def red_squares(folder: Path, count: int) -> dict[float, int]:
    """Images of one colour each, by their normalised red, and their numbers."""
    folder.mkdir()
    for k in range(count):
        Image.new("RGB", (40, 40), (20 * k, 0, 255)).save(folder / f"{k:02d}.png")
    return {round((20 * k / 255 - IMAGENET_MEAN[0]) / IMAGENET_SD[0], 3): k for k in range(count)}


def test_every_draw_meets_another_image(tmp_path: Path) -> None:
    """Catches images drawn with replacement while there are others, a number that is not the image's, another order in
    another setting, and a chance level from the image itself.
    """
    number_of = red_squares(tmp_path / "images", 7)
    sources = Sources(tmp_path, images=tmp_path / "images")
    setting = replace(SOME, network="vgg16", side=32)

    def seen(x: torch.Tensor) -> int:
        return number_of[round(float(x[0, 0, 0, 0]), 3)]

    met = [Draw(setting, SEED, i, sources) for i in range(14)]
    numbers = [seen(draws.image(draw)) for draw in met]
    assert set(numbers[:7]) == set(range(7))
    assert numbers[:7] == numbers[7:]
    assert numbers == [populations.image_number(draw) for draw in met]
    assert numbers == [populations.image_number(replace(draw, setting=replace(setting, name="b"))) for draw in met]
    assert numbers != [populations.image_number(replace(draw, seed=SEED + 1)) for draw in met]
    others = {
        (number, seen(draws.other_image(draw, k))) for number, draw in zip(numbers, met, strict=True) for k in range(4)
    }
    assert all(own != other for own, other in others)
    assert len({other for _, other in others}) > 4


def test_one_image_alone_is_beside_itself(tmp_path: Path) -> None:
    """Catches a folder of one image that cannot be measured for want of another."""
    red_squares(tmp_path / "images", 1)
    draw = Draw(replace(SOME, network="vgg16", side=32), SEED, 3, Sources(tmp_path, images=tmp_path / "images"))
    torch.testing.assert_close(draws.other_image(draw, 0), draws.image(draw), rtol=0, atol=1e-5)  # one colour all over


def test_a_trained_network_is_one_and_random_ones_are_many(tmp_path: Path) -> None:
    """Catches draws of one trained network that count as draws of many."""
    trained = replace(SOME, weights="trained")
    for setting, numbers in ((SOME, [0, 1, 2]), (trained, [0, 0, 0])):
        assert [populations.network_number(Draw(setting, SEED, i, Sources(tmp_path))) for i in range(3)] == numbers


def test_a_cifar_network_meets_cifar_where_it_is_there(tmp_path: Path) -> None:
    """Catches photographs in its place, an image that is none of them, and numbers that outlive their images."""
    for k, name in enumerate(CIFAR_CLASSES):
        (tmp_path / "cifar10" / "test" / name).mkdir(parents=True)
        Image.new("RGB", (32, 32), (20 * k, 0, 255)).save(tmp_path / "cifar10" / "test" / name / "0000.png")
    sources = Sources(tmp_path, cifar_images=tmp_path / "cifar10")
    setting = replace(SOME, network="cifar", side=32)
    found = [draws.image(Draw(setting, SEED, i, sources)) for i in range(12)]
    reds = {round(float(x[0, 0, 0, 0] * IMAGENET_SD[0] + IMAGENET_MEAN[0]) * 255) for x in found}
    assert reds <= {20 * k for k in range(10)}
    assert len(reds) == 10
    assert sources.images_source("cifar") == "CIFAR-10's test images"
    assert sources.images_source("vgg16") == "scikit-learn photographs (two)"
    assert sources.images_source("stack") == "scikit-learn digits"
    other = replace(sources, cifar_images=None)
    assert sources.images_digest("cifar") != other.images_digest("cifar") == other.images_digest("vgg16")


def test_families_share_normal_numbers() -> None:
    """Catches weights of two families that are drawn apart: ring keeps the directions, uniform is `2 Φ(g) − 1`."""
    normal = weights("gaussian", scale="raw")
    for g, ring, uniform in zip(normal, weights("ring", scale="raw"), weights("uniform", scale="raw"), strict=True):
        torch.testing.assert_close(ring / ring.norm(dim=1, keepdim=True), g / g.norm(dim=1, keepdim=True))
        np.testing.assert_allclose(uniform, 2 * ndtr(g.numpy()) - 1, atol=1e-6)
    again, fresh = weights("gaussian", scale="raw"), weights("gaussian", 1, scale="raw")
    for g, same, other in zip(normal, again, fresh, strict=True):
        assert torch.equal(g, same)
        assert abs(float(torch.corrcoef(torch.stack([g.flatten(), other.flatten()]))[0, 1])) < 6 / g.numel() ** 0.5


@pytest.mark.parametrize(("network", "side"), [("digits", 16), ("cifar", 32)])
def test_draws_do_not_depend_on_those_before(network: str, side: int) -> None:
    """Catches a network that remembers earlier weights, its own or those that batch normalisations were folded into:
    the same draw alone, after another one and after another setting.
    """
    setting = replace(SOME, network=network, side=side, effects=(ENDS,))
    draw = Draw(setting, SEED, 4, Sources(Path()))
    networks.network.cache_clear()
    alone = draws.measure(draw)
    for other in (replace(draw, index=5), replace(draw, setting=replace(setting, family="gaussian"))):
        networks.network.cache_clear()
        assert not draws.measure(other).identical(alone)
        xr.testing.assert_identical(draws.measure(draw), alone)
