"""Blocks: the units that a sweep computes, stores and can lose. Each is named by all that its numbers depend on."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from jaxtyping import Float
from threadpoolctl import threadpool_limits

from nfrlab.simulations.dense import montecarlo, reduced
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.files import write_atomically
from nfrlab.simulations.resumable import code_digest
from nfrlab.simulations.sealed import Damaged, read_regular
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.simulations.sweep import inputs
from nfrlab.simulations.sweep.spec import Point, Spec, parse_rule
from nfrlab.simulations.sweep.sums import Sums

CODE = (
    "simulations/dense/**/*.py",
    "simulations/images/*.py",
    "simulations/seeds.py",
    "simulations/sweep/blocks.py",
    "simulations/sweep/inputs.py",
    "simulations/sweep/spec.py",
    "simulations/sweep/sums.py",
)
"""Where the numbers of a block come from, as patterns relative to the root of the wings."""


@cache
def code_version() -> str:
    """Digest of the code and the NumPy that the numbers of a block come from."""
    return code_digest(CODE, np.__version__)


@dataclass(frozen=True)
class Block:
    """Trials number `index · size …` of a point, `trials` of them, by the code of this version."""

    point: Point
    index: int
    trials: int
    code: str

    @property
    def seed_path(self) -> tuple[str | int, ...]:
        """Where the block's random numbers hang under the point's root seed."""
        p = self.point
        return "sweep", p.rule, p.family, p.d, p.N, p.relevance, p.x, p.sampler, self.index

    def as_json(self) -> dict[str, object]:
        """The block's identity: parameters, seed path and code version."""
        return {**asdict(self), "seed_path": list(self.seed_path)}

    @property
    def key(self) -> str:
        """The block's name: the SHA-256 of its identity."""
        return sha256(_canonical(self.as_json()).encode()).hexdigest()


def blocks(spec: Spec, point: Point) -> Iterator[Block]:
    """The blocks of one point; the last may be shorter."""
    size = spec.block_trials(point)
    for index in range(-(-spec.trials // size)):
        yield Block(point, index, min(size, spec.trials - index * size), code_version())


def compute(block: Block) -> Sums:
    """The sums of a block; the same bits wherever this version of the code runs.

    Raises `ValueError` on a machine with another version.
    """
    if block.code != code_version():
        raise ValueError(
            f"worker {platform.node()} has code version {code_version()}, the run {block.code}; install the same "
            "nfrlab and NumPy there"
        )
    rng = np.random.default_rng(seed_sequence(block.point.seed, *block.seed_path))
    return Sums.of(*sample(block.point, block.trials, rng))


def point_input(point: Point) -> Float[Array, " d"]:
    """The input x of a point, the same for every rule, family and N; it is scaled to length 1 before it is used."""
    return inputs.make(point.x, point.d, np.random.default_rng(seed_sequence(point.seed, "input", point.x, point.d)))


def sample(point: Point, trials: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """`(⟨R, x̂⟩, ‖R − ⟨R, x̂⟩ x̂‖)` of the maps `r_0` of `trials` random layers at a point."""
    name, parameters = parse_rule(point.rule)
    layers = point.N, trials, rng, point.relevance
    if point.sampler == "reduced":
        return reduced.parts(name, point.family, point.d, *layers, **parameters)
    with threadpool_limits(1):  # BLAS sums in one order, whatever the number of workers
        return montecarlo.parts(name, point.family, point_input(point), *layers, **parameters)


@dataclass(frozen=True)
class Store:
    """The blocks in a folder, one small JSON file each, with the digest of its content.

    They lie in up to 256 folders by the beginning of their names: a grid of 10⁵ points has some hundred in each.
    """

    folder: Path

    def path(self, block: Block) -> Path:
        """Where the block is, or would be."""
        return self.folder / block.key[:2] / f"{block.key}.json"

    @property
    def folders(self) -> list[Path]:
        """Those that blocks lie in."""
        if not os.path.isdir(self.folder):
            return []
        return sorted(path for path in self.folder.glob("[0-9a-f][0-9a-f]") if path.is_dir())

    def write(self, block: Block, sums: Sums) -> None:
        """Store a block whole."""
        content = _canonical({"block": block.as_json(), "sums": sums.as_json()})
        digest = sha256(content.encode()).hexdigest()
        self.path(block).parent.mkdir(exist_ok=True)
        write_atomically(self.path(block), f'{{"sha256":"{digest}","content":{content}}}\n')

    def read(self, block: Block) -> Sums | None:
        """The stored sums; None where there are none. Raises `Damaged` for a file that is not what was written, and
        `ValueError` for a folder in its place.
        """
        path = self.path(block)
        data = read_regular(path)
        if data is None:
            return None
        try:
            stored = json.loads(data)
            content = _canonical(stored["content"])
            whole = sha256(content.encode()).hexdigest() == stored["sha256"]
            known = stored["content"]["block"] == json.loads(_canonical(block.as_json()))
            sums = Sums.from_json(stored["content"]["sums"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise Damaged(f"{path} is not a stored block") from error
        if not (whole and known):
            raise Damaged(f"{path} is damaged: its content does not match its digest or its name")
        return sums


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
