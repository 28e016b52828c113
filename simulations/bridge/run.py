"""Measure settings draw by draw: every draw is a file of its own, so that a run killed at any moment resumes.

A draw is named by all that its numbers depend on: setting, seed, index, the content of its images, of the checkpoint
and of a user's network, device and code.
The draws of a setting are put together in the order of their index: the result does not depend on how many workers
there are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nfrlab.simulations.bridge.meanings import MEANINGS
from nfrlab.simulations.bridge.parts import along_draws, netcdf
from nfrlab.simulations.bridge.settings import SANITY, Setting
from nfrlab.simulations.bridge.sources import Draw, Sources
from nfrlab.simulations.files import require_space, write_atomically
from nfrlab.simulations.resumable import Stopped, code_digest, exclusive_folder, installed_versions, lacks_memory
from nfrlab.simulations.sealed import Damaged, read_dataset, read_sealed, require_replaceable, seal, write_dataset
from nfrlab.simulations.workers import exits_refused, results_as_completed

if TYPE_CHECKING:
    import xarray as xr

CODE = (
    "simulations/deep/**/*.py",
    "simulations/images/*.py",
    "simulations/dense/arrays.py",
    "simulations/dense/weights.py",
    "simulations/seeds.py",
    "simulations/bridge/compared.py",
    "simulations/bridge/draws.py",
    "simulations/bridge/names.py",
    "simulations/bridge/networks.py",
    "simulations/bridge/populations.py",
    "simulations/bridge/preparation.py",
    "simulations/network_names.py",
    "simulations/bridge/sources.py",
)
"""Where the numbers of a draw come from, as patterns relative to the root of the wings."""
LEARNING = "simulations/deep/networks/learning.py"
"""Not part of it: what training gives is a checkpoint, and counts as that."""

PARTS, PICTURES = "parts", "pictures"
MEASUREMENTS, MAPS = 12 << 10, 48
"""Bytes of a draw's measurements, and maps of a setting's first draw, about."""
KEPT = "finished draws are kept, the same command resumes"


@dataclass(frozen=True)
class Part:
    """The measurements of one draw, stored or yet to be made; `network` is the digest of a user's network."""

    draw: Draw
    code: str
    network: str = ""

    @property
    def identity(self) -> str:
        """All that its numbers depend on."""
        from nfrlab.simulations.bridge.populations import image_digests, read_as

        sources = self.draw.sources
        identity: dict[str, object] = {
            "setting": {name: value for name, value in asdict(self.draw.setting).items() if name != "times"},
            "seed": self.draw.seed,
            "index": self.draw.index,
            "images": image_digests(self.draw),
            "read as": read_as(self.draw),
            "weights": sources.weights_digest(self.draw.setting),
            "network": self.network,
            "device": sources.device_name,
            "code": self.code,
        }
        return json.dumps(identity, sort_keys=True)

    @property
    def path(self) -> Path:
        """Where it is, or will be."""
        key = sha256(self.identity.encode()).hexdigest()[:20]
        return self.draw.sources.out / PARTS / f"{self.draw.setting.name}-{self.draw.index:05d}-{key}.nc"

    @property
    def maps_path(self) -> Path:
        """Where the maps of the setting's first draw are, or will be."""
        return self.draw.sources.out / PICTURES / f"{self.draw.setting.name}.nc"

    @property
    def has_maps(self) -> bool:
        """Whether the maps that are there are this draw's. Raises as `read_sealed`."""
        stored = read_dataset(self.maps_path)
        return stored is not None and bool(stored.attrs.get("identity") == self.identity)

    def read(self) -> bytes | None:
        """The stored measurements as NetCDF; None where there are none. Raises as `read_sealed`."""
        return read_sealed(self.path)

    def missing(self, told: Callable[[str], None] = lambda sentence: None) -> tuple[bool, bool]:
        """Whether the measurements are to be made, and of a setting's first draw the maps.

        What is there and damaged counts as missing, and is `told` in one sentence.
        """

        def is_there(stored: Callable[[], bool]) -> bool:
            try:
                return stored()
            except Damaged as error:
                told(str(error))
                return False

        pictured = self.draw.index == 0 and self.draw.setting.pictured
        maps_are_there = not pictured or is_there(lambda: self.has_maps)
        return not is_there(lambda: self.read() is not None), not maps_are_there


def measure_part(part: Part) -> Part:
    """Measure what is missing of a draw and store it, in whichever process."""
    with exits_refused(part.draw.setting.network):
        return _measure_part(part)


def _measure_part(part: Part) -> Part:
    from nfrlab.simulations.bridge import draws

    if first_digest(part.draw) != part.network:
        raise ValueError(
            f"{part.draw.setting.network} gives other weights, or another network, each time it is called; load a "
            "checkpoint in it, or seed all random numbers that it uses"
        )
    measurements, maps = part.missing()
    if maps:
        write_dataset(part.maps_path, draws.collect_maps(part.draw).assign_attrs(identity=part.identity))
    if measurements:
        write_atomically(part.path, seal(netcdf(draws.measure(part.draw)), part.path.name))
    return part


def first_digest(draw: Draw) -> str:
    """The digest of a user's network, as the first draw of the setting has it."""
    from nfrlab.simulations.bridge.networks import network_digest

    with exits_refused(draw.setting.network):
        return network_digest(replace(draw, index=0))


@cache
def code_version() -> str:
    """Digest of the code and the packages that the numbers come from."""
    return code_digest(CODE, np.__version__, version("torch"), leaving_out=(LEARNING,))


def run(
    settings: Sequence[Setting],
    draws: int,
    seed: int,
    sources: Sources,
    jobs: int,
    watch: Callable[[int, int], None] = lambda done, total: None,
    command: str = "",
    told: Callable[[str], None] = lambda sentence: None,
) -> dict[str, xr.Dataset]:
    """The draws of every setting by its name, also written to `out/SETTING.nc`; stored ones are not measured again.

    First draws come first: they take longest, with their maps, and one of them with training the digits' network.

    Raises `ValueError` as `draws.measure` does, and where the disk has too little space or a stored file of another
    setting is damaged; and `Stopped` where the disk is full, memory ran out, or another run writes to the folder.

    Parameters
    ----------
    draws
        Of a setting, in multiples of its `times`.
    sources
        Where images and checkpoints come from, and the folder `out` that is written to.
    watch
        Called as `watch(done, total)` at the start and after each draw.
    command
        What a user typed to run this; stored with the results.
    told
        Called with a sentence on each stored file that is damaged; it is measured again.
    """
    parts = [
        Part(Draw(setting, seed, i, sources), code_version(), first_digest(Draw(setting, seed, i, sources)))
        for setting in settings
        for i in range(draws * setting.times)
    ]
    with exclusive_folder(sources.out, (PARTS, PICTURES), lambda: KEPT, _stop_reason):
        look_at_results(sources.out, {setting.name for setting in settings}, told)
        missing = [part for part in parts if any(part.missing(told))]
        require_space(sources.out, sum(space(part) for part in missing), "the measurements")
        calls = [(part,) for part in sorted(missing, key=lambda part: part.draw.index > 0)]
        watch(done := len(parts) - len(missing), len(parts))
        for _ in results_as_completed(measure_part, calls, jobs):
            watch(done := done + 1, len(parts))
        datasets = {
            setting.name: stack_draws(setting, [part for part in parts if part.draw.setting == setting], command)
            for setting in settings
        }
        for name, dataset in datasets.items():
            write_dataset(sources.out / f"{name}.nc", dataset)
    return datasets


def look_at_results(out: Path, measured: Collection[str], told: Callable[[str], None]) -> None:
    """See that what will be read beside the results of this run is whole.

    A damaged result of a setting that is `measured` here is told. Raises `ValueError` for one that is not.
    """
    for path in sorted([*out.glob("*.nc"), *(out / PICTURES).glob("*.nc")]):
        require_replaceable(path)
        if path.parent == out or path.stem not in measured:
            try:
                read_sealed(path)
            except Damaged as error:
                if path.stem not in measured:
                    raise ValueError(f"{error}; delete it and measure its setting again") from error
                told(str(error))


def space(part: Part) -> int:
    """Bytes that a draw takes on the disk, about: its measurements, once more in the result, and its maps."""
    setting = part.draw.setting
    maps = MAPS * 3 * 4 * setting.side**2 if part.draw.index == 0 and setting.pictured else 0
    return 2 * MEASUREMENTS + maps


def _stop_reason(error: Exception) -> str | None:
    return f"a worker was ended (out of memory?); {KEPT}, with --jobs 1 in less memory" if lacks_memory(error) else None


def stack_draws(setting: Setting, parts: Sequence[Part], command: str) -> xr.Dataset:
    """The draws of a setting along the dimension `draw`, with units and provenance."""
    stacked = along_draws([_read_stored(part) for part in parts])
    for name, variable in [*stacked.data_vars.items(), *((name, stacked[name]) for name in ("network", "image"))]:
        variable.attrs = {"units": "1", "long_name": MEANINGS.get(str(name), str(name).replace("_", " "))}
    first = parts[0].draw
    return stacked.assign_attrs(
        title=setting.title,
        setting=json.dumps(asdict(setting)),
        network=setting.network,
        weights=setting.weights,
        remarks=in_words(first),
        seed=first.seed,
        images=first.sources.images_source(setting.network),
        device=first.sources.device_name,
        checkpoint=first.sources.weights_digest(setting),
        training=json.dumps(first.sources.training(setting)),
        code_version=code_version(),
        command=command,
        versions=installed_versions(),
    )


def in_words(draw: Draw) -> str:
    """What a setting's numbers depend on besides its files, and what has to be said of its network, a line each."""
    from nfrlab.simulations.bridge import networks, populations
    from nfrlab.simulations.deep.engine.named_rules import described, rule_from

    setting = draw.setting
    said = networks.remarks(replace(draw, index=0)) if ":" in setting.network else ()
    rules = (described(rule_from(name)) for name in setting.rules) if SANITY in setting.effects else ()
    images = populations.prepared_in_words(draw)
    return "\n".join((f"images: {images}", f"explained: {setting.explained}", *rules, *said))


def _read_stored(part: Part) -> bytes:
    content = part.read()
    if content is None:
        raise Stopped(f"{part.path} has vanished during the run; the same command measures it again")
    return content
