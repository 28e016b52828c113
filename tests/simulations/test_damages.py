"""Stored files that are damaged in every way: each is named or does no harm, and what is made of them is the same."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr

torch = pytest.importorskip("torch")

from safetensors.torch import save

from nfrlab.simulations import sweep
from nfrlab.simulations.bridge import run as bridge
from nfrlab.simulations.bridge.run import Part, first_digest
from nfrlab.simulations.bridge.sources import Draw, Sources
from nfrlab.simulations.deep.networks import checkpoints, models
from nfrlab.simulations.sealed import read_dataset, seal, unseal, write_dataset
from nfrlab.simulations.slots import HEAD, Slots
from nfrlab.simulations.sweep.blocks import Store, blocks
from nfrlab.verify.proceedings.store import datasets
from tests.simulations.bridge.test_run import SEED, SETTINGS
from tests.verify.test_cli import contents, posix

pytestmark = [posix, pytest.mark.usefixtures("one_thread")]

SPEC = sweep.Spec(("gbp",), ("gaussian",), (30,), (8,), trials=300, block=100)
DRAWS, TRIES = 2, 216


@dataclass(frozen=True)
class Kept:
    """A stored file, and how it is read again: what comes back compares with `==`."""

    path: Path
    read: Callable[[], Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sweep, the bridge's results, a checkpoint and the epochs of a training."""
    place = tmp_path_factory.mktemp("made")
    sweep.run(SPEC, place / "sweep")
    bridge.run(SETTINGS, DRAWS, SEED, Sources(place / "bridge"), 1)
    content = checkpoints.sealed(models.digits_vgg(True).state_dict(), {"side": "16"})
    (place / "checkpoint.safetensors").write_bytes(content)
    return place


def kept(place: Path) -> list[Kept]:
    """One stored file of every kind."""
    (block, *_) = blocks(SPEC, next(SPEC.points()))
    store, draw = Store(place / "sweep" / "blocks"), Draw(SETTINGS[0], SEED, 0, Sources(place / "bridge"))
    part = Part(draw, bridge.code_version(), first_digest(draw))
    result, weights = place / "bridge" / f"{SETTINGS[0].name}.nc", place / "checkpoint.safetensors"
    table = place / "sweep" / "sweep.nc"
    return [
        Kept(store.path(block), lambda: store.read(block)),
        Kept(part.path, part.read),
        Kept(part.maps_path, lambda: part.has_maps),
        Kept(result, lambda: datasets(result.parent)[result.stem].to_dict()),
        Kept(table, lambda: found.to_dict() if (found := read_dataset(table)) is not None else None),
        Kept(weights, lambda: save(checkpoints.read(weights))),
    ]


def flip(data: bytes, rng: random.Random) -> bytes:
    """One to eight bits."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 8))):
        found[rng.randrange(len(found))] ^= 1 << rng.randrange(8)
    return bytes(found)


def zeros(data: bytes, rng: random.Random) -> bytes:
    """A range of zeros, as after a crash of the disk."""
    start = rng.randrange(len(data))
    end = rng.randint(start + 1, len(data))
    return data[:start] + bytes(end - start) + data[end:]


def hdf5(data: bytes, rng: random.Random) -> bytes:
    """Somebody else's HDF5."""
    return bytes(xr.Dataset({"alpha": ("draw", np.arange(float(rng.randrange(2, 9))))}).to_netcdf(engine="h5netcdf"))


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flip,
    lambda data, rng: data[: rng.randrange(len(data))],
    lambda data, rng: data[len(data) // 2 :] + data[: len(data) // 2],
    zeros,
    lambda data, rng: data + rng.randbytes(rng.randrange(1, 99)),
    lambda data, rng: rng.randbytes(rng.randrange(1, 9999)),
    hdf5,
    lambda data, rng: seal(hdf5(data, rng), "other.nc"),
)


def obstruct(path: Path, rng: random.Random) -> None:
    """What is no file."""
    path.unlink()
    rng.choice(
        (
            lambda: path.symlink_to(path.name),
            lambda: path.symlink_to("nowhere"),
            lambda: path.symlink_to("/dev/zero"),
            lambda: os.mkfifo(path),
            path.mkdir,
        )
    )()


def damage(path: Path, rng: random.Random) -> None:
    """One of them, at random."""
    chosen = rng.randrange(len(DAMAGES) + 2)
    if chosen < len(DAMAGES):
        path.write_bytes(DAMAGES[chosen](path.read_bytes(), rng))
    else:
        obstruct(path, rng)


def test_every_damage_is_named_or_does_no_harm(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a damage that is believed, a reader that hangs, and HDF5 that is opened on what is not its digest's."""
    place = shutil.copytree(made, tmp_path / "copy")
    files, opened = kept(place), list[object]()
    whole = {each.path: (each.path.read_bytes(), each.read()) for each in files}
    assert all(value is not None and value is not False for _, value in whole.values())
    usual = h5py.File.__init__
    monkeypatch.setattr(h5py.File, "__init__", lambda self, *a, **k: (opened.append(self), usual(self, *a, **k))[1])
    named = 0
    for number in range(TRIES):
        each, rng = files[number % len(files)], random.Random(number)
        content, value = whole[each.path]
        damage(each.path, rng)
        opened.clear()
        try:
            assert each.read() == value, (number, each.path)
        except ValueError as error:
            assert str(each.path) in str(error), (number, error)  # noqa: PT017
            assert not opened, number
            named += 1
        if each.path.is_dir() and not each.path.is_symlink():
            each.path.rmdir()
        else:
            each.path.unlink()
        each.path.write_bytes(content)
    assert named >= 175


@pytest.mark.parametrize("seed", range(3))
def test_what_is_damaged_is_measured_again(seed: int, made: Path, tmp_path: Path) -> None:
    """Catches damage that stops a run, goes unsaid, or reaches the result."""
    place, rng = shutil.copytree(made, tmp_path / "copy"), random.Random(seed)
    wanted, told, damaged = contents(place), list[str](), list[str]()
    for name in sorted(set(wanted) - {"checkpoint.safetensors"}):
        if rng.random() < 0.5 and not name.endswith(".lock"):
            while damaged.count(name) == 0:
                damage(place / name, rng)
                if (place / name).is_dir() and not (place / name).is_symlink():
                    (place / name).rmdir()
                    (place / name).write_bytes(wanted[name])
                else:
                    damaged.append(name)
    progress = sweep.Progress()
    sweep.run(SPEC, place / "sweep", watch=lambda now: vars(progress).update(vars(now)))
    bridge.run(SETTINGS, DRAWS, SEED, Sources(place / "bridge"), 1, told=told.append)
    assert contents(place) == wanted
    said = "\n".join([*told, *progress.damaged])
    assert all(str(place / name) in said for name in damaged if name != "sweep/sweep.nc")


def test_a_damaged_result_of_another_setting_is_named_before_anything_is_measured(made: Path, tmp_path: Path) -> None:
    """Catches hours of measurement that end at a file which nobody will measure again."""
    out = shutil.copytree(made / "bridge", tmp_path / "copy")
    (out / "parts" / sorted(os.listdir(out / "parts"))[0]).unlink()
    before = set(contents(out))
    for name in ("other.nc", "pictures/other.nc"):
        (out / name).write_bytes(b"not mine")
        with pytest.raises(ValueError, match=f"{name} is damaged: .*; delete it and measure its setting again"):
            bridge.run(SETTINGS, DRAWS, SEED, Sources(out), 1)
        (out / name).unlink()
    assert set(contents(out)) == before


def test_sealed_files_open_everywhere(tmp_path: Path) -> None:
    """Catches a seal that keeps other programs from reading a table."""
    dataset = xr.Dataset({"alpha": ("draw", np.arange(5.0))}, {"draw": list("abcde")}, {"title": "α"})
    write_dataset(tmp_path / "a.nc", dataset)
    xr.testing.assert_identical(xr.load_dataset(tmp_path / "a.nc"), dataset)
    with h5py.File(tmp_path / "a.nc") as file:
        assert file["alpha"][:].tolist() == [0, 1, 2, 3, 4]


def test_a_content_under_another_name_is_not_believed() -> None:
    """Catches a copy of one draw that passes for another."""
    assert unseal(seal(b"content", "a"), "a") == b"content"
    for data, name in ((seal(b"content", "a"), "b"), (seal(b"a\0content", ""), "a"), (b"", "a"), (b"short", "")):
        with pytest.raises(ValueError, match="damaged"):
            unseal(data, name)


# Slots


def test_one_of_two_slots_is_always_whole(tmp_path: Path) -> None:
    """Catches an epoch that is believed half written, one that is lost though the other file is whole, and a file that
    outgrows the space that was taken for it.
    """
    slots = Slots(tmp_path / "epochs", "key")
    slots.folder.mkdir()
    slots.reserve(100)
    assert slots.newest() is None
    written = {}
    for number in range(1, 6):
        slots.write(number, written.setdefault(number, bytes([number]) * (90 + number)))
        assert slots.newest() == (number, written[number])
        assert {path.stat().st_size for path in slots.paths} == {HEAD + 100}
    rng = random.Random(0)
    for _ in range(200):
        path = slots.paths[1]
        content = path.read_bytes()
        length = HEAD + 95
        changed = flip(content[:length], rng) + content[length:]
        path.write_bytes(changed)
        assert slots.newest() == ((4, written[4]) if changed[:length] != content[:length] else (5, written[5]))
        path.write_bytes(content)
    for make in (lambda: os.mkfifo(slots.paths[0]), lambda: slots.paths[0].symlink_to("key.0")):
        slots.paths[0].unlink()
        make()
        assert slots.newest() == (5, written[5])
    slots.reserve(100)
    slots.write(6, b"six")
    assert slots.newest() == (6, b"six")
    slots.remove()
    assert not slots.folder.exists()
