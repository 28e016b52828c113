"""Every command that writes is killed, meets a full disk and a second one of its kind at each kind of file that it
writes: nothing that was finished is lost, one sentence says what happened, and in the end the bytes are the same.

The commands run in processes that one server forks, with everything imported; a fault strikes when a file of a given
name is brought to the disk, which is the moment before it gets its name.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from nfrlab.simulations.deep.inputs.images import CIFAR_CLASSES
from nfrlab.verify.commands.parts.deep_options import LEARNED
from tests.verify.test_bridge_command import OWN
from tests.verify.test_cli import PATIENCE, contents

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="tells files by their handles, in /proc")

SPEC = 'rule = "gbp"\nfamily = "gaussian"\nd = 30\nN = [8, 16]\ntrials = 400\nblock = 100\n'


@dataclass(frozen=True)
class Command:
    """Its words, and at which files it is struck: the n-th that matches a pattern; what a second one at once meets."""

    words: tuple[str, ...]
    moments: tuple[tuple[str, int], ...]
    second: str
    out: str = "out"


OF_CONVERGE = "converge", "--rule", "gbp", "--family", "gaussian", "--x", "normal"
OF_BRIDGE = "--size", "32", "--seeds", "1", "--rules", "gbp", "--jobs", "1"
COMMANDS = {
    "verify": Command(
        ("verify", "limit-axis", "thm-1-premise", "--jobs", "1", "--out", "out"),
        (("verdicts.json", 2), ("report.html", 1)),
        "is stored too",
    ),
    "sweep": Command(
        ("sweep", "spec.toml", "--jobs", "1", "--out", "out"),
        (("blocks/", 3), ("sweep.nc", 1)),
        "another run is writing to out",
    ),
    "converge": Command(
        (*OF_CONVERGE, "--most", "128", "--trials", "20", "--jobs", "1", "--out", "out"),
        (("blocks/", 2), ("converge.nc", 1), ("mean_over_trials.png", 1)),
        "another run is writing to out",
    ),
    "figures": Command(
        ("figures", "isotropy", "--out", "out"),
        (("isotropy.svg", 1), ("isotropy.png", 1)),
        "another run is writing to out",
    ),
    "bridge": Command(
        ("bridge", "--model", "own.py:small", *OF_BRIDGE, "--out", "out"),
        (("pictures/", 1), ("parts/", 2), ("own_small-gaussian.nc", 1), ("fig6.png", 1), ("report.html", 1)),
        "another run is writing to out/bridge",
    ),
    "train": Command(
        ("train", "--size", "32", "--epochs", "4", "--device", "cpu", "--out", "out"),
        (("epochs/", 1), ("epochs/", 3), (LEARNED[0], 1)),
        "another run is writing to out/bridge",
    ),
}
PRELOADED = [f"nfrlab.verify.commands.{name}" for name in COMMANDS] + [
    "nfrlab.verify.cli",
    "nfrlab.verify.exhibits.stored",
    "nfrlab.verify.exhibits.convergence",
    "nfrlab.verify.report.html",
    "nfrlab.simulations.bridge.draws",
    "nfrlab.simulations.deep.networks.learning",
    "tests.verify.test_never_lost",
]
TIMES = re.compile(rb'"wall_s": [0-9.]+|<dt>run</dt><dd>[0-9.]+ s')


# What runs in a process of its own


def call(place: str, words: tuple[str, ...], fault: tuple[str, str, int] | None) -> None:
    """The command, in a folder; what it complains of goes to a file there."""
    os.chdir(place)
    errors = os.open("stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(errors, 2)
    os.environ["NFRLAB_DATA"] = place if words[0] == "train" else ""
    torch.set_num_threads(1)
    if fault is not None:
        strike(*fault)
    make_small()
    sys.argv = ["nfrlab", *words]
    from nfrlab.verify.cli import main

    main()


def strike(kind: str, pattern: str, count: int) -> None:
    """Let a fault strike when the `count`-th file of a name is brought to the disk; a full disk stays full for it.

    A small one has no space from the beginning.
    """
    usual, seen = os.fsync, 0
    if kind == "small":
        shutil.disk_usage = lambda path: SimpleNamespace(free=1000)  # type: ignore[assignment, return-value]
        return

    def fsync(handle: int) -> None:
        nonlocal seen
        name = os.readlink(f"/proc/self/fd/{handle}").replace("/.", "/")
        seen += pattern in name
        if pattern in name and seen >= count:
            if kind == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if kind == "full":
                raise OSError(errno.ENOSPC, "No space left on device")
            Path("paused").touch()
            while not Path("go").exists():
                time.sleep(0.01)
        usual(handle)

    os.fsync = fsync


def make_small() -> None:
    """One figure of the bridge in place of seven, and a network of three layers in place of VGG16."""
    from nfrlab.simulations.deep.networks import models
    from nfrlab.verify.exhibits import stored

    def small(norm: bool) -> Callable[[int], models.VGG]:
        return lambda classes: models.VGG((8, models.POOL), (16,), classes, 3, pool=2, bias=True, norm=norm).eval()

    models.vgg16_bn, models.vgg16 = small(True), small(False)  # type: ignore[assignment]
    draw = stored.draw
    stored.draw = lambda results, folder: draw(results, folder, ["fig6"])  # type: ignore[assignment]


# What the tests see of it


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit status, and what it complained of."""

    status: int | None
    complaints: str

    def refused_with(self, cause: str) -> None:
        """It ended with exit status 2 and one sentence that names the cause."""
        assert self.status == 2, self
        (line,) = self.complaints.splitlines()
        assert line.startswith("nfrlab: "), self
        assert cause in line, self


@pytest.fixture(scope="module")
def server() -> Any:
    """Forks processes with everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def started(server: Any, place: Path, command: Command, fault: tuple[str, str, int] | None = None) -> BaseProcess:
    """The command under way."""
    process: BaseProcess = server.Process(target=call, args=(str(place), command.words, fault))
    process.start()
    return process


def ended(process: BaseProcess, place: Path) -> Ended:
    """How it ended."""
    process.join(PATIENCE)
    assert process.exitcode is not None, "it hangs"
    return Ended(process.exitcode, (place / "stderr").read_text(encoding="utf-8"))


def run(server: Any, place: Path, command: Command, fault: tuple[str, str, int] | None = None) -> Ended:
    """The command from its beginning to its end."""
    return ended(started(server, place, command, fault), place)


def results(place: Path) -> dict[str, str]:
    """Digests of all that a command left behind, but for locks and for how long it took."""
    found = {name: sha256(TIMES.sub(b"", data)).hexdigest() for name, data in contents(place / "out").items()}
    return {name: data for name, data in found.items() if not name.endswith(".lock")}


def furnished(place: Path) -> Path:
    """A folder with all that a command is given."""
    place.mkdir()
    (place / "own.py").write_text(OWN)
    (place / "spec.toml").write_text(SPEC)
    for k, name in enumerate(CIFAR_CLASSES):
        for part in ("train", "test"):
            folder = place / "cifar10" / part / name
            folder.mkdir(parents=True)
            for i in range(2):
                Image.new("RGB", (32, 32), (25 * k, 0, 100 * i)).save(folder / f"{i:04}.png")
    return place


@pytest.fixture(scope="module", params=COMMANDS)
def undisturbed(request: pytest.FixtureRequest, server: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A command, and what it leaves behind where nothing disturbs it."""
    command = COMMANDS[request.param]
    place = furnished(tmp_path_factory.mktemp(request.param) / "whole")
    assert run(server, place, command) == Ended(0, "")
    return command, results(place)


def test_killed_and_on_a_full_disk_at_every_moment(server: Any, undisturbed: Any, tmp_path: Path) -> None:
    """Catches work that a kill or a full disk loses, a traceback, half a file that stays, and a result that shows it:
    the folder goes through all of it, one after the other, and the command comes to its end with the same bytes.
    """
    command, whole = undisturbed
    place = furnished(tmp_path / "place")
    for moment in command.moments:
        killed = run(server, place, command, ("kill", *moment))
        assert killed == Ended(-signal.SIGKILL, ""), moment
        full = run(server, place, command, ("full", moment[0], 1))  # fewer of its kind are left to write
        full.refused_with("No space left on device")
        finished = {name: data for name, data in results(place).items() if not re.search(r"\.part$|epochs/", name)}
        changing = {"verdicts.json", "report.html"}  # grow by one verdict after the other
        assert {name: data for name, data in finished.items() if name not in changing}.items() <= whole.items()
    assert run(server, place, command) == Ended(0, "")
    assert results(place) == whole


def test_two_at_once(server: Any, undisturbed: Any, tmp_path: Path) -> None:
    """Catches two commands that write to one folder, both with exit status 0, and only one's results there.

    The first is held while it writes: the second is refused, or waits and adds to it.
    """
    command, whole = undisturbed
    place = furnished(tmp_path / "place")
    first = started(server, place, command, ("wait", *command.moments[0]))
    until(lambda: (place / "paused").exists())
    (place / "stderr").rename(place / "stderr of the first")
    second = started(server, place, command)
    if command.second == "is stored too":
        until(lambda: (place / "stderr").exists())
        second.join(1)
    else:
        ended(second, place).refused_with(command.second)
    (place / "go").touch()
    assert ended(second, place).status == (0 if command.second == "is stored too" else 2)
    (place / "stderr of the first").rename(place / "stderr")
    assert ended(first, place) == Ended(0, "")
    assert results(place) == whole


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_long_work_asks_for_its_space_first(name: str, server: Any, tmp_path: Path) -> None:
    """Catches hours of work that end at a disk which was too small from the beginning, and one that half fills it."""
    place = furnished(tmp_path / "place")
    run(server, place, COMMANDS[name], ("small", "", 0)).refused_with("MiB of disk left, ")
    assert not [path for path in results(place) if not path.endswith(".lock")]


def until(condition: Callable[[], object]) -> None:
    """Wait for it; fail on a hang."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
