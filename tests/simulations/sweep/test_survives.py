"""Sweeps that are killed, run on a cluster, meet a full disk or a second run: nothing is lost, the bits are the same.

All of it from outside, through the installed command.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
import xarray as xr

from nfrlab.simulations import sweep
from nfrlab.simulations.sweep.blocks import Store, blocks
from tests.verify.test_cli import ENVIRONMENT, PATIENCE, contents, members, posix, script

SPEC = """
rule = "rectgrad(q=0.9)"
family = ["gaussian", "cauchy"]   # drawn reduced, blocks of a millisecond; then with all weights, of 25
d = 300
N = 40
seed = [0, 1]
trials = 4000
block = 100
"""
TOTAL = 160
KILLS = 5
"""Of the run, and as many of a worker; the moments are drawn afresh in every test run: what is claimed holds at any."""
STORED = re.compile(rb'\{"sha256":"([0-9a-f]{64})","content":(\{.*\})\}\n')
PART = re.compile(r"\.[0-9a-f]{64}\.json\..+\.part")
KEPT = re.compile(r"(\d+) of (\d+) blocks are kept, the same command resumes")

pytestmark = posix
watched = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for workers in /proc")


@dataclass(frozen=True)
class Whole:
    """An uninterrupted run: its result, and the sizes of its blocks in the order in which they were written."""

    spec: Path
    out: Path
    sizes: dict[str, int]

    def assert_same(self, out: Path) -> None:
        """`out` holds the same result, the same blocks, and nothing besides."""
        assert (out / "sweep.nc").read_bytes() == (self.out / "sweep.nc").read_bytes()
        xr.testing.assert_identical(xr.load_dataset(out / "sweep.nc"), xr.load_dataset(self.out / "sweep.nc"))
        assert set(contents(out)) - {".lock"} == {"sweep.nc", *(lying(name) for name in self.sizes)}

    def assert_intact(self, out: Path) -> None:
        """Every file among the blocks of `out` is a whole block under its own name, or a hidden part of one."""
        for file in (out / "blocks").glob("*/*"):
            if not PART.fullmatch(file.name):
                stored = STORED.fullmatch(file.read_bytes())
                assert stored, file
                assert sha256(stored[2]).hexdigest().encode() == stored[1], file
                block = json.loads(stored[2])["block"]
                identity = json.dumps(block, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                assert file.name == f"{sha256(identity.encode()).hexdigest()}.json"
        store, spec = Store(out / "blocks"), sweep.read(self.spec)
        found = [store.read(block) for point in spec.points() for block in blocks(spec, point)]
        assert len([sums for sums in found if sums is not None]) == len(ages(out))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The sweep of `SPEC`, computed within this process, one block after the other."""
    place = tmp_path_factory.mktemp("whole")
    spec, out = place / "spec.toml", place / "out"
    spec.write_text(SPEC, encoding="utf-8")
    sweep.run(sweep.read(spec), out, jobs=1)
    sizes = {name: (out / lying(name)).stat().st_size for name in sorted(ages(out), key=ages(out).__getitem__)}
    assert len(sizes) == TOTAL
    return Whole(spec, out, sizes)


def lying(name: str) -> str:
    """Where the block of this name lies in the folder of the run."""
    return f"blocks/{name[:2]}/{name}"


def ages(out: Path) -> dict[str, int]:
    """The names of the blocks that are there, and when each was written."""
    found = {}
    for file in (out / "blocks").glob("*/*.json"):
        with suppress(FileNotFoundError):
            found[file.name] = file.stat().st_mtime_ns
    return found


@dataclass(frozen=True)
class Run:
    """A command that was started, in a process group of its own."""

    process: subprocess.Popen[str]
    errors: Path

    def complaints(self) -> str:
        """What it has written on standard error."""
        return self.errors.read_text(encoding="utf-8", errors="replace")

    def ended(self) -> tuple[int, str]:
        """Its exit status and what it complained of, once it has ended."""
        status = self.process.wait(PATIENCE)
        return status, self.complaints()

    def send(self, kind: signal.Signals, group: bool = False) -> None:
        """A signal to the process, or to all of its group as a terminal would."""
        (os.killpg if group else os.kill)(self.process.pid, kind)

    def workers(self) -> list[int]:
        """The processes in which it computes."""
        return [pid for pid, line in members(self.process.pid).items() if "popen_loky" in line]

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Return once `condition` holds; fail where the process ends before, or on a hang."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, f"it ended too soon: {self.complaints()}"
            assert time.monotonic() < end, f"waited in vain: {self.complaints()}"
            time.sleep(0.002)


@contextmanager
def started(errors: Path, *command: str | Path) -> Iterator[Run]:
    """A command whose group is killed on leaving.

    What it complains of goes to a file: a pipe stays open as long as its workers live.
    """
    with (
        errors.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            [*map(str, command)],
            cwd=errors.parent,
            env=ENVIRONMENT | {"PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
            encoding="utf-8",
            start_new_session=True,
        ) as process,
    ):
        try:
            yield Run(process, errors)
        finally:
            if process.poll() is None or members(process.pid):
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def sweeping(spec: Path, out: Path, *more: str | Path, jobs: int = 2) -> tuple[str | Path, ...]:
    """The command line of a sweep."""
    return script(), "sweep", spec, "--jobs", str(jobs), "--out", out, *more


def run_through(spec: Path, out: Path, *more: str | Path, jobs: int = 2) -> None:
    """Run to the end, without a word of complaint."""
    with started(out.with_suffix(".stderr"), *sweeping(spec, out, *more, jobs=jobs)) as run:
        assert run.ended() == (0, "")


def assert_stopped(status: int, complaints: str, cause: str, kept: int) -> None:
    """Exit status 2 and one sentence that names the cause and counts the blocks that are kept."""
    assert "Traceback" not in complaints, complaints
    assert len(complaints.splitlines()) == 1, complaints
    assert re.match(f"nfrlab: .*{cause}", complaints), complaints
    assert status == 2, complaints
    counted = KEPT.search(complaints)
    assert counted, complaints
    assert int(counted[1]) == kept, complaints


def wait_for(condition: Callable[[], object], seconds: float) -> None:
    """Return once `condition` holds; fail where it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain"
        time.sleep(0.05)


# Bits


@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_same_bits_for_any_number_of_workers(jobs: int, whole: Whole, tmp_path: Path) -> None:
    """Catches a result that depends on how many processes compute it, or on which of them."""
    run_through(whole.spec, tmp_path / "out", jobs=jobs)
    whole.assert_same(tmp_path / "out")


# Kills


def kill_run(run: Run, out: Path, rng: random.Random) -> None:
    """kill -9 of the process that writes; those that compute are left behind."""
    run.send(signal.SIGKILL)
    run.process.wait(PATIENCE)


def kill_worker(run: Run, out: Path, rng: random.Random) -> None:
    """kill -9 of the processes that compute, one by one; the run says so and ends the others.

    One that is killed while it waits for work is replaced without a word, and none is missed after the last block.
    """
    while run.process.poll() is None:
        for worker in rng.sample(workers := run.workers(), min(1, len(workers))):
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        time.sleep(0.02)
    ended = run.ended()
    if len(ages(out)) < TOTAL:
        assert_stopped(*ended, "a worker process was killed", len(ages(out)))
    wait_for(lambda: not run.workers(), 20)


@watched
@pytest.mark.parametrize("kill", [kill_run, kill_worker])
def test_killed_at_any_moment(kill: Callable[[Run, Path, random.Random], None], whole: Whole, tmp_path: Path) -> None:
    """Catches a block that a kill -9 loses, leaves half written or has computed again, and a result that shows it."""
    rng, out = random.Random(os.urandom(16)), tmp_path / "out"
    runs: list[tuple[Run, float]] = []
    kept: dict[str, int] = {}
    moments: list[str] = []
    midway = 0
    with ExitStack() as stack:
        for number in range(1, KILLS + 1):
            run = stack.enter_context(started(tmp_path / f"{number}.stderr", *sweeping(whole.spec, out)))
            goal = rng.randint(len(kept) + 1, max(len(kept) + 1, TOTAL * number // (KILLS + 3)))
            pause = rng.uniform(0, 0.05)
            run.wait_until(lambda goal=goal: len(ages(out)) >= goal)
            time.sleep(pause)
            moments.append(f"{1000 * pause:.0f} ms after block {goal} of {TOTAL}")
            kill(run, out, rng)
            runs.append((run, time.monotonic()))
            after = ages(out)
            assert kept.items() <= after.items(), moments
            whole.assert_intact(out)
            kept = after
            midway += 0 < len(kept) < TOTAL
            if len(kept) == TOTAL:  # on a busy machine it can be over before the signal arrives
                break
        print(f"{kill.__name__}: {'; '.join(moments)}")
        assert midway >= 3, moments  # 6 of 10 with the other victim
        run_through(whole.spec, out)
        assert kept.items() <= ages(out).items(), moments
        whole.assert_same(out)
        run, since = runs[0]
        wait_for(lambda: not run.workers(), since + 60 - time.monotonic())


# Ctrl-C


@watched
@pytest.mark.parametrize("target", ["group", "parent"])
def test_ctrl_c_keeps_finished_blocks(target: str, whole: Whole, tmp_path: Path) -> None:
    """Catches a block lost to Ctrl-C, workers that outlive it, and more on standard error than one sentence."""
    out = tmp_path / "out"
    with started(tmp_path / "stderr", *sweeping(whole.spec, out)) as run:
        run.wait_until(lambda: len(ages(out)) >= TOTAL // 4)
        run.send(signal.SIGINT, group=target == "group")
        status, complaints = run.ended()
        wait_for(lambda: not run.workers(), 20)
    assert complaints == f"nfrlab: interrupted; {len(ages(out))} of {TOTAL} blocks are kept in {out}\n"
    assert status == 130
    whole.assert_intact(out)


@watched
def test_ctrl_c_while_workers_start(whole: Whole, tmp_path: Path) -> None:
    """Catches the tracebacks of workers that Ctrl-C meets while they import."""
    out = tmp_path / "out"

    def imports_half_done() -> bool:
        with suppress(OSError):
            return any("numpy" in Path(f"/proc/{pid}/maps").read_text() for pid in run.workers())
        return False

    with started(tmp_path / "stderr", *sweeping(whole.spec, out)) as run:
        run.wait_until(imports_half_done)
        run.send(signal.SIGSTOP)  # a parent that is slow to act leaves workers the time to complain
        run.send(signal.SIGINT, group=True)
        time.sleep(0.5)
        run.send(signal.SIGCONT)
        status, complaints = run.ended()
    assert complaints == f"nfrlab: interrupted; 0 of {TOTAL} blocks are kept in {out}\n"
    assert status == 130


# One run at a time


def test_a_second_run_is_refused(whole: Whole, tmp_path: Path) -> None:
    """Catches two runs that write to one folder, and a refused one that touches the folder or takes the lock along."""
    out = tmp_path / "out"
    with started(tmp_path / "first", *sweeping(whole.spec, out, jobs=1)) as first:
        first.wait_until(lambda: len(ages(out)) >= 10)
        first.send(signal.SIGSTOP)  # holds the folder however long the second takes
        os.waitpid(first.process.pid, os.WUNTRACED)
        before = contents(out)
        with started(tmp_path / "second", *sweeping(whole.spec, out, jobs=1)) as second:
            status, complaints = second.ended()
        assert status == 2
        assert len(complaints.splitlines()) == 1, complaints
        assert complaints.startswith(f"nfrlab: another run is writing to {out};")
        assert contents(out) == before
        first.send(signal.SIGCONT)
        assert first.ended() == (0, "")
    whole.assert_same(out)


# Full disk

TMPFS = """
mount -t tmpfs -o size=8m tmpfs "$DISK" || exit 99
"$@" > /dev/null 2> first.stderr &
until [ "$(ls -R "$DISK/out/blocks" 2> /dev/null | grep -c json$)" -ge "$SOME" ]; do sleep 0.01; done
cat /dev/zero > "$DISK/full" 2> /dev/null
wait $!
echo $? > first.status
rm "$DISK/full"
cp -Rp "$DISK/out" first
"$@" > /dev/null 2> second.stderr
echo $? > second.status
cp -Rp "$DISK/out" second
"""
"""A disk that somebody else fills up after some blocks; before the same command is run again there is room."""
LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""A command none of whose files may be larger: the write that exceeds it fails half way, as on a full disk."""


def own_mounts() -> bool:
    """Whether this machine lets us mount a small disk of our own."""
    probe = "mount -t tmpfs -o size=64k tmpfs /tmp"
    try:
        return subprocess.run(["unshare", "-rm", "sh", "-c", probe], capture_output=True).returncode == 0
    except OSError:
        return False


def full_disk(whole: Whole, place: Path) -> tuple[int, str]:
    """Two workers write to a disk that fills up after a quarter of the blocks."""
    (place / "disk").mkdir()
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", TMPFS, "sh", *map(str, sweeping(whole.spec, place / "disk" / "out"))],
        cwd=place,
        env=ENVIRONMENT | {"SOME": f"{TOTAL // 4}", "DISK": str(place / "disk")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ((place / "second.status").read_text(), (place / "second.stderr").read_text()) == ("0\n", "")
    return int((place / "first.status").read_text()), (place / "first.stderr").read_text(encoding="utf-8")


def files_too_large(whole: Whole, place: Path) -> tuple[int, str]:
    """No file may be larger than the first blocks were: a later one, or the result, is cut off."""
    limit = max([*whole.sizes.values()][: TOTAL // 4])
    limited = (sys.executable, "-c", LIMITED, str(limit))
    with started(place / "stderr", *limited, *sweeping(whole.spec, place / "first", jobs=1)) as run:
        ended = run.ended()
    shutil.copytree(place / "first", place / "second")
    run_through(whole.spec, place / "second")
    return ended


@pytest.mark.parametrize(
    ("fill", "cause"),
    [(files_too_large, "File too large")] + [(full_disk, "No space left on device")] * own_mounts(),
)
def test_full_disk(fill: Callable[[Whole, Path], tuple[int, str]], cause: str, whole: Whole, tmp_path: Path) -> None:
    """Catches a traceback, a part left behind or a finished block lost where the disk is full, and a run that cannot
    go on when there is room again.
    """
    status, complaints = fill(whole, tmp_path)
    first, second = tmp_path / "first", tmp_path / "second"
    kept = ages(first)
    assert TOTAL // 4 <= len(kept) <= TOTAL
    assert_stopped(status, complaints, cause, len(kept))
    assert set(contents(first)) - {".lock"} == {lying(name) for name in kept}
    whole.assert_intact(first)
    whole.assert_same(second)
    assert kept.items() <= ages(second).items()


# Memory

PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""A process so small that what its child inherits from it does not count."""


def test_memory_does_not_grow_with_the_number_of_trials(tmp_path: Path) -> None:
    """Catches draws, or sums of blocks, that are held until the end.

    10⁷ draws alone take 80 MB, more than a quarter of what the interpreter and its libraries take; a block of 2²⁰ and
    what is computed from it takes a twelfth.
    """

    def peak(trials: int) -> int:
        spec = tmp_path / f"{trials}.toml"
        spec.write_text(f'rule = "gbp"\nfamily = "gaussian"\nd = 784\nN = 4\ntrials = {trials}\n', encoding="utf-8")
        command = [sys.executable, "-S", "-c", PEAK, *map(str, sweeping(spec, tmp_path / f"{trials}", jobs=1))]
        return int(subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT, timeout=60).stdout)

    few, many = peak(10**3), peak(10**7)
    print(f"peak memory at 10³ and 10⁷ trials: {few} and {many}")
    assert many < 1.15 * few


# A cluster


@dataclass(frozen=True)
class Cluster:
    """A Dask scheduler and its workers, processes of their own."""

    address: str
    scheduler: Run
    workers: tuple[Run, ...]

    def sweeping(self, spec: Path, out: Path) -> tuple[str | Path, ...]:
        """The command line of a sweep on this cluster."""
        return *sweeping(spec, out), "--backend", "dask", "--scheduler", self.address


@contextmanager
def cluster(place: Path, workers: int = 2) -> Iterator[Cluster]:
    """A scheduler on a free port of loopback, and workers of one thread that have found it."""
    at = place / "scheduler.json"
    local = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0", "--scheduler-file", at)
    dask = sys.executable, "-W", "ignore", "-m"
    with ExitStack() as stack:
        head = stack.enter_context(
            started(place / "scheduler", *dask, "distributed.cli.dask_scheduler", *local, "--port", "0", "--no-show")
        )
        head.wait_until(lambda: at.exists() and at.read_text(encoding="utf-8").endswith("}"))
        address = json.loads(at.read_text(encoding="utf-8"))["address"]
        settings = ("--nthreads", "1", "--no-nanny", "--local-directory", place / "scratch")
        hands = tuple(
            stack.enter_context(
                started(place / f"worker-{number}", *dask, "distributed.cli.dask_worker", *local, *settings)
            )
            for number in range(workers)
        )
        for hand in hands:
            hand.wait_until(lambda hand=hand: "Registered to" in hand.complaints())
        yield Cluster(address, head, hands)


def test_same_bits_on_a_cluster(whole: Whole, tmp_path: Path) -> None:
    """Catches a result that depends on the back end, and a cluster that is not used."""
    out = tmp_path / "out"
    with cluster(tmp_path) as dask, started(tmp_path / "stderr", *dask.sweeping(whole.spec, out)) as run:
        run.wait_until(lambda: ages(out))
        assert not run.workers()
        assert run.ended() == (0, "")
    whole.assert_same(out)


def test_killed_worker_of_a_cluster(whole: Whole, tmp_path: Path) -> None:
    """Catches blocks that are lost, or not computed again, when one of two Dask workers meets kill -9."""
    out, rng = tmp_path / "out", random.Random(os.urandom(16))
    with cluster(tmp_path) as dask, started(tmp_path / "stderr", *dask.sweeping(whole.spec, out)) as run:
        goal = rng.randint(1, TOTAL // 2)
        print(f"after block {goal}")
        run.wait_until(lambda: len(ages(out)) >= goal)
        kept = ages(out)
        rng.choice(dask.workers).send(signal.SIGKILL)
        status, complaints = run.ended()
        assert status == 0, complaints
        assert "Traceback" not in complaints
    assert kept.items() <= ages(out).items()
    whole.assert_same(out)


def test_lost_scheduler(whole: Whole, tmp_path: Path) -> None:
    """Catches a traceback where the scheduler is killed, and a run begun on a cluster that cannot end without it."""
    out, rng = tmp_path / "out", random.Random(os.urandom(16))
    with cluster(tmp_path) as dask, started(tmp_path / "stderr", *dask.sweeping(whole.spec, out)) as run:
        goal = rng.randint(1, TOTAL // 2)
        run.wait_until(lambda: len(ages(out)) >= goal)
        dask.scheduler.send(signal.SIGKILL)
        status, complaints = run.ended()
    kept = ages(out)
    whole.assert_intact(out)
    run_through(whole.spec, out)
    assert kept.items() <= ages(out).items()
    whole.assert_same(out)
    assert_stopped(status, complaints, "scheduler", len(kept))


IMPATIENT = """
from importlib import import_module
from nfrlab.verify.cli import main

import_module("nfrlab.simulations.sweep.run").PATIENCE = 2
main()
"""
"""The command that soon gives a cluster up."""


def test_cluster_without_workers(whole: Whole, tmp_path: Path) -> None:
    """Catches a cluster that nobody works for and that is reported as a folder that cannot be written to."""
    out = tmp_path / "out"
    with cluster(tmp_path, workers=0) as dask:
        call = (sys.executable, "-c", IMPATIENT, *dask.sweeping(whole.spec, out)[1:])
        with started(tmp_path / "stderr", *call) as run:
            status, complaints = run.ended()
    assert status == 2
    assert len(complaints.splitlines()) == 1, complaints
    assert re.match("nfrlab: .*worker", complaints), complaints
    assert "cannot write" not in complaints


# Bad input


def test_a_bad_spec_is_refused(tmp_path: Path) -> None:
    """Catches a traceback, a wrong exit status, and a folder made for a sweep that cannot be."""
    spec = tmp_path / "spec.toml"
    spec.write_text(SPEC + "tirals = 10\n", encoding="utf-8")
    with started(tmp_path / "stderr", *sweeping(spec, tmp_path / "out")) as run:
        status, complaints = run.ended()
    assert status == 2
    assert len(complaints.splitlines()) == 1, complaints
    assert complaints.startswith("nfrlab: ")
    assert "'tirals'" in complaints
    assert not (tmp_path / "out").exists()
