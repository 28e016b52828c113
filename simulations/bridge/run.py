"""Measure settings draw by draw: every draw is a file of its own, so that a run killed at any moment resumes.

A draw is named by all that its numbers depend on: setting, seed, index, image folder, checkpoint, device and code.
The draws of a setting are put together in the order of their index, so the result is the same for any number of
workers.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

import numpy as np
import xarray as xr
from filelock import FileLock, Timeout

from nfrlab.simulations.bridge.settings import Setting
from nfrlab.simulations.bridge.sources import Draw, Sources, file_digest
from nfrlab.simulations.files import sweep_parts, write_atomically
from nfrlab.simulations.workers import reached

ROOT = Path(__file__).parents[2]
CODE = (
    "simulations/deep/**/*.py",
    "simulations/images.py",
    "simulations/dense/weights.py",
    "simulations/seeds.py",
    "simulations/bridge/draws.py",
    "simulations/bridge/sources.py",
)
LEARNING = ROOT / "simulations/deep/networks/learning.py"
"""What came out of it is a checkpoint, and counts as that."""

PARTS, PICTURES = "parts", "pictures"
MEANINGS = {
    "finite": "1 where every number of the forward pass is finite, 0 after an overflow",
    "alpha": "input alignment α of the map r_0 of a cascade",
    "alpha_naive": "the same computed in the map's precision without scaling",
    "alpha_activation": "α of Activation from a layer",
    "alpha_shuffled": "α of Activation with the neurons of the layer in random order",
    "alpha_map": "α of a map with a target",
    "alpha_part": "α of the map of the largest or smallest activations of a layer",
    "between": "cosine between the maps of the largest and the smallest activations",
    "alpha_changed": "α after the top layers were changed",
    "kept": "α between a component of Activation's map and of the image",
    "margin": "relative margin of ineq. 13",
    "lost": "share of f that ⟨A_l, r_l⟩ of the gradient misses",
    "lost_to_bias": "share of f that the biases above the layer hold",
}


class Stopped(RuntimeError):
    """The run could not go on; the draws it had finished are kept, and the same command resumes."""


@dataclass(frozen=True)
class Part:
    """The measurements of one draw, stored or yet to be made."""

    draw: Draw
    code: str

    @property
    def identity(self) -> str:
        """All that its numbers depend on."""
        sources = self.draw.sources
        own: dict[str, object] = {
            "setting": {name: value for name, value in asdict(self.draw.setting).items() if name != "times"},
            "seed": self.draw.seed,
            "index": self.draw.index,
            "images": sources.images_digest(self.draw.setting.network),
            "weights": sources.weights_digest(self.draw.setting),
            "device": sources.device_name,
            "code": self.code,
        }
        file = Path(self.draw.setting.network.rpartition(":")[0])
        if file.is_file():  # FILE.py:FUNCTION
            own["file"] = file_digest(file)
        return json.dumps(own, sort_keys=True)

    @property
    def path(self) -> Path:
        """Where it is, or will be."""
        key = sha256(self.identity.encode()).hexdigest()[:20]
        return self.draw.sources.out / PARTS / f"{self.draw.setting.name}-{self.draw.index:05d}-{key}.nc"

    @property
    def picture(self) -> Path:
        """Where the maps of the setting's first draw are, or will be."""
        return self.draw.sources.out / PICTURES / f"{self.draw.setting.name}.nc"

    @property
    def is_pictured(self) -> bool:
        """Whether the maps that are there are this draw's."""
        try:
            with xr.open_dataset(self.picture, engine="h5netcdf") as stored:
                return bool(stored.attrs.get("identity") == self.identity)
        except (OSError, ValueError):
            return False

    @property
    def is_missing(self) -> bool:
        """Whether there is something to measure: of a setting's first draw the maps too."""
        return self.read() is None or (self.draw.index == 0 and not self.is_pictured)

    def read(self) -> xr.Dataset | None:
        """The stored measurements; None where there are none, or what is there is damaged."""
        try:
            content = unsealed(self.path.read_bytes())
        except (OSError, ValueError):
            return None
        return xr.load_dataset(BytesIO(content), engine="scipy")


def sealed(dataset: xr.Dataset) -> bytes:
    """As classic NetCDF, twenty times faster than HDF5 to write and to read at this size, with its SHA-256 behind it,
    which readers pass over.
    """
    content = bytes(dataset.to_netcdf(engine="scipy", format="NETCDF3_64BIT"))
    return content + sha256(content).digest()


def unsealed(data: bytes) -> bytes:
    """What was sealed. Raises `ValueError` where a bit of it has changed."""
    content, seal = data[: -sha256().digest_size], data[-sha256().digest_size :]
    if sha256(content).digest() != seal:
        raise ValueError("damaged")
    return content


def measured(part: Part) -> Part:
    """Measure what is missing of a draw and store it, in whichever process."""
    from nfrlab.simulations.bridge import draws

    if part.draw.index == 0 and not part.is_pictured:
        maps = draws.pictured(part.draw).assign_attrs(identity=part.identity)
        write_atomically(part.picture, bytes(maps.to_netcdf(engine="h5netcdf")))
    if part.read() is None:
        write_atomically(part.path, sealed(draws.measure(part.draw)))
    return part


@cache
def code_version() -> str:
    """Digest of the code and the packages that the numbers come from."""
    digest = sha256(f"{np.__version__} {version('torch')}".encode())
    for pattern in CODE:
        for source in sorted(set(ROOT.glob(pattern)) - {LEARNING}):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def run(
    settings: Sequence[Setting],
    draws: int,
    seed: int,
    sources: Sources,
    jobs: int,
    watch: Callable[[int, int], None] = lambda done, total: None,
    command: str = "",
) -> dict[str, xr.Dataset]:
    """Every setting's draws, measured or found, also written to `out/SETTING.nc` with the `command` that runs this;
    `watch(done, total)` after each draw.

    The first draws come first: they take longest, with their maps, and one of them with training the digits' network.

    Raises `ValueError` as `measure` does, and `Stopped` where the disk is full, memory ran out or another run is
    writing.
    """
    parts = [
        Part(Draw(setting, seed, i, sources), code_version())
        for setting in settings
        for i in range(draws * setting.times)
    ]
    with writing(sources.out):
        missing = [part for part in parts if part.is_missing]
        watch(done := len(parts) - len(missing), len(parts))
        for _ in reached(measured, [(part,) for part in sorted(missing, key=lambda part: part.draw.index > 0)], jobs):
            watch(done := done + 1, len(parts))
        found = {
            setting.name: together(setting, [p for p in parts if p.draw.setting == setting], command)
            for setting in settings
        }
        for name, dataset in found.items():
            write_atomically(sources.out / f"{name}.nc", bytes(dataset.to_netcdf(engine="h5netcdf")))
    return found


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Alone in the folder, cleared of what killed runs left half written; what stops the run in one sentence."""
    kept = "finished draws are kept, the same command resumes"
    try:
        for folder in (PARTS, PICTURES):
            (out / folder).mkdir(parents=True, exist_ok=True)
        with FileLock(out / ".lock", timeout=0):
            sweep_parts(out)
            sweep_parts(out / PARTS)
            sweep_parts(out / PICTURES)
            yield
    except Timeout as error:
        raise Stopped(f"another run is writing to {out}; wait for it or name another folder") from error
    except (RuntimeError, MemoryError) as error:
        if not lacks_memory(error):
            raise
        raise Stopped(f"a worker was ended (out of memory?); {kept}, with --jobs 1 in less memory") from error
    except OSError as error:
        raise Stopped(f"cannot write to {out}: {error.strerror or error}; {kept}") from error


def lacks_memory(error: Exception) -> bool:
    """Whether a worker was killed, or an allocation failed: PyTorch says so in a `RuntimeError`."""
    said = ("out of memory", "allocate memory")
    return isinstance(error, BrokenProcessPool | MemoryError) or any(words in str(error).lower() for words in said)


def together(setting: Setting, parts: Sequence[Part], command: str) -> xr.Dataset:
    """The draws of a setting along the dimension `draw`, with units and provenance."""
    found = xr.concat([_stored(part) for part in parts], "draw", join="exact")
    for name, variable in found.data_vars.items():
        variable.attrs = {"units": "1", "long_name": MEANINGS.get(str(name), str(name).replace("_", " "))}
    first = parts[0].draw
    return found.assign_attrs(
        title=setting.title,
        setting=json.dumps(asdict(setting)),
        network=setting.network,
        weights=setting.weights,
        seed=first.seed,
        images=first.sources.images_source(setting.network),
        device=first.sources.device_name,
        checkpoint=first.sources.weights_digest(setting),
        training=json.dumps(first.sources.training(setting)),
        code_version=code_version(),
        command=command,
        versions=json.dumps(
            {name: version(name) for name in ("nfrlab", "torch", "numpy")} | {"python": platform.python_version()}
        ),
    )


def _stored(part: Part) -> xr.Dataset:
    dataset = part.read()
    if dataset is None:
        raise Stopped(f"{part.path} has vanished during the run; the same command measures it again")
    return dataset
