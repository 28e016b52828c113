"""Sweeps: sums that merge as if taken together, blocks in any order, stored whole or not trusted, refusals in words."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from filelock import FileLock
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info
from typer.testing import CliRunner

from nfrlab.simulations import sweep
from nfrlab.simulations.dense import montecarlo, reduced
from nfrlab.simulations.files import sweep_parts, write_atomically
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.simulations.sweep.blocks import Block, Damaged, Store, blocks, code_version, compute, point_input
from nfrlab.simulations.sweep.dataset import DIMENSIONS, SHARES
from nfrlab.simulations.sweep.inputs import INPUTS, make
from nfrlab.simulations.sweep.run import AHEAD
from nfrlab.simulations.sweep.spec import Point, Spec, read
from nfrlab.simulations.sweep.sums import BEYOND, CELLS, FINEST, Histogram, Sums
from nfrlab.verify import cli
from tests.verify.test_cli import contents

Floats = npt.NDArray[np.float64]
RUN = sys.modules["nfrlab.simulations.sweep.run"]
"""The module: the package's own name `run` is the function."""
SPEC = Spec(("rectgrad(q=0.5)",), ("gaussian", "uniform"), (6,), (1, 5), (0,), trials=50, block=20)
BLOCKS = [block for point in SPEC.points() for block in blocks(SPEC, point)]
few = settings(max_examples=15)


# Sums

sizes = st.floats(1e-8, 1e8)
entries = st.one_of(st.just(0.0), sizes, sizes.map(lambda size: -size), st.floats(-1, 1))
samples = st.lists(st.tuples(entries, entries.map(abs)), max_size=40)


def arrays(sample: Sequence[tuple[float, float]]) -> tuple[Floats, Floats]:
    """(along, across) of a sample of maps."""
    both = np.array(sample, dtype=float).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def alphas(sample: Sequence[tuple[float, float]]) -> list[float]:
    """The alignments of those maps that have one."""
    return [along / math.hypot(along, across) for along, across in sample if math.hypot(along, across) > 0]


def merged(parts: Sequence[Sums]) -> Sums:
    """The sums of all, one after the other."""
    total = Sums()
    for part in parts:
        total = total.merged(part)
    return total


def assert_sums_of(sums: Sums, sample: Sequence[tuple[float, float]]) -> None:
    """n, undefined and extremes exactly; mean and M2 against exact rational arithmetic; a histogram of all.

    Relative to `max |α|` and, for M2, to what its condition number `√(n max α² / M2)` leaves of 1e-12.
    """
    alpha = alphas(sample)
    assert (sums.n, sums.undefined) == (len(alpha), len(sample) - len(alpha))
    assert sum(sums.histogram.counts) == len(alpha)
    if not alpha:
        assert (sums.min, sums.max) == (math.inf, -math.inf)
        return
    assert sums.min == pytest.approx(min(alpha), rel=4e-16)  # hypot of the mathematics library and of NumPy
    assert sums.max == pytest.approx(max(alpha), rel=4e-16)
    exact = [Fraction(value) for value in alpha]
    mean = sum(exact) / len(exact)
    M2 = float(sum((value - mean) ** 2 for value in exact))
    largest = max(map(abs, alpha))
    assert abs(sums.mean - mean) <= 1e-12 * largest
    assert abs(sums.M2 - M2) <= 1e-12 * (M2 + largest * math.sqrt(len(alpha) * M2) + 1e-15 * len(alpha) * largest**2)


@given(st.lists(samples, max_size=5))
def test_merged_sums_are_those_of_the_whole(parts: list[list[tuple[float, float]]]) -> None:
    """Catches a merge that forgets the gap between the means, an empty part, undefined maps or an extreme."""
    assert_sums_of(merged([Sums.of(*arrays(part)) for part in parts]), [map_ for part in parts for map_ in part])


@given(samples, samples, samples)
def test_merging_is_associative(
    a: list[tuple[float, float]], b: list[tuple[float, float]], c: list[tuple[float, float]]
) -> None:
    """Catches counts and extremes that depend on what is merged first; mean and M2 agree as close as their rounding."""
    x, y, z = (Sums.of(*arrays(part)) for part in (a, b, c))
    left, right = x.merged(y).merged(z), x.merged(y.merged(z))
    for sums in (left, right, z.merged(x).merged(y)):
        assert_sums_of(sums, [*a, *b, *c])
        assert (sums.n, sums.undefined, sums.min, sums.max) == (left.n, left.undefined, left.min, left.max)
        assert sums.histogram == left.histogram


def test_merged_sums_of_many_draws() -> None:
    """Catches a mean or M2 that loses digits over a hundred blocks."""
    rng = np.random.default_rng(0)
    along, across = 0.3 + rng.standard_normal(10_000), np.abs(rng.standard_normal(10_000))
    alpha = along / np.hypot(along, across)
    sums = merged([Sums.of(along[k : k + 100], across[k : k + 100]) for k in range(0, 10_000, 100)])
    assert sums.mean == pytest.approx(math.fsum(alpha) / len(alpha), rel=1e-12, abs=0)
    assert pytest.approx(float(np.var(alpha)) * len(alpha), rel=1e-12, abs=0) == sums.M2
    assert (sums.min, sums.max) == (alpha.min(), alpha.max())


@given(samples)
def test_sums_survive_json(sample: list[tuple[float, float]]) -> None:
    """Catches a float that a stored block gives back in another bit, infinite extremes included."""
    sums = Sums.of(*arrays(sample))
    assert repr(Sums.from_json(json.loads(json.dumps(sums.as_json())))) == repr(sums)


# Histograms


def cells_of(z: Sequence[float], level: int) -> list[int]:
    """The number of the cell of each value."""
    return [math.floor(Fraction(max(-BEYOND, min(BEYOND, value))) * Fraction(2) ** level) for value in z]


def counts_of(histogram: Histogram) -> dict[int, int]:
    """The occupied cells."""
    return {histogram.first + k: count for k, count in enumerate(histogram.counts) if count}


def tally(z: Sequence[float], level: int) -> dict[int, int]:
    """The occupied cells of these values, and how many lie in each."""
    cells = cells_of(z, level)
    return {cell: cells.count(cell) for cell in cells}


scores = st.lists(st.floats(-20, 20) | st.floats(0.4, 0.41) | st.sampled_from([0.0, 8.0, -8.0, 1e-9]), max_size=30)


@given(scores)
def test_histogram_is_as_fine_as_it_can_be(z: list[float]) -> None:
    """Catches a value in the wrong cell, cells coarser than need be, and more cells than are allowed."""
    histogram = Histogram.of(np.array(z, dtype=float))
    assert counts_of(histogram) == tally(z, histogram.level)
    assert len(histogram.counts) <= CELLS
    if z and histogram.level < FINEST:
        finer = cells_of(z, histogram.level + 1)
        assert max(finer) - min(finer) >= CELLS


@given(scores, st.integers(0, 16))
def test_coarser_cells_count_the_same(z: list[float], steps: int) -> None:
    """Catches a count lost or moved where cells of negative numbers, or odd ones, are joined."""
    histogram = Histogram.of(np.array(z, dtype=float))
    coarse = histogram.coarsened(histogram.level - steps)
    assert coarse.level == histogram.level - steps
    assert sum(coarse.counts) == len(z)
    assert counts_of(coarse) == tally(z, coarse.level)


@given(st.lists(scores, max_size=4))
def test_merged_histograms_are_that_of_the_whole(parts: list[list[float]]) -> None:
    """Catches a merge that loses more of the resolution than the histogram of all values at once."""
    total = Histogram()
    for part in parts:
        total = total.merged(Histogram.of(np.array(part, dtype=float)))
    assert total == Histogram.of(np.array([value for part in parts for value in part], dtype=float))


def quantiles(values: Floats, share: float) -> tuple[float, float]:
    """The least and the greatest number below which a share of the values lies, up to rounding of the share."""
    low = np.quantile(values, max(0.0, share - 1e-9), method="inverted_cdf")
    high = -np.quantile(-values, max(0.0, 1 - share - 1e-9), method="inverted_cdf")
    return float(low), float(high)


@given(scores.filter(len), st.floats(0, 1))
def test_quantile_is_off_by_less_than_a_cell(z: list[float], share: float) -> None:
    """Catches a quantile of the neighbouring cell, and one in artanh α that is taken for one of α."""
    histogram = Histogram.of(np.array(z, dtype=float))
    low, high = quantiles(np.clip(z, -BEYOND, BEYOND), share)
    found, width = histogram.quantile(share), 2.0**-histogram.level
    assert math.tanh(low - width) - 1e-15 <= found <= math.tanh(high + width) + 1e-15


def test_quantile_of_nothing() -> None:
    """Catches a number made up for a point without alignments."""
    assert math.isnan(Histogram().quantile(0.5))


# Seeds and blocks

points = st.builds(
    Point,
    rule=st.sampled_from(["gbp", "grad", "deconv", "rectgrad(q=0.9)", "rectgrad(q=0.5)", "zplus", "lrp-z"]),
    family=st.sampled_from(["gaussian", "ring", "uniform", "cauchy"]),
    d=st.integers(1, 1 << 20),
    N=st.integers(1, 1 << 20),
    seed=st.integers(0, 1 << 40),
    relevance=st.sampled_from(["normal", "rectified"]),
    x=st.sampled_from(["normal", "ones"]),
    sampler=st.sampled_from(["reduced", "direct"]),
)


@given(points, points, st.integers(0, 1000), st.integers(0, 1000), st.booleans())
def test_other_blocks_have_other_seeds(a: Point, b: Point, i: int, j: int, same: bool) -> None:
    """Catches two blocks that would draw the same numbers, d and N that can be exchanged, and shared input seeds."""
    b = replace(a, d=a.N, N=a.d) if same else b
    assume((a, i) != (b, j))
    one, two = Block(a, i, 10, "code"), Block(b, j, 10, "code")
    states = {
        tuple(seed_sequence(a.seed, *one.seed_path).generate_state(4)),
        tuple(seed_sequence(b.seed, *two.seed_path).generate_state(4)),
        tuple(seed_sequence(a.seed, "input", a.x, a.d).generate_state(4)),
    }
    assert len(states) == 3
    assert one.key != two.key


@given(points, st.integers(0, 1000), st.integers(1, 1000))
def test_key_is_of_all_that_the_numbers_depend_on(point: Point, index: int, trials: int) -> None:
    """Catches a stored block that is taken for one of another version, length or point."""
    block = Block(point, index, trials, code_version())
    others = [
        replace(block, code="another"),
        replace(block, trials=trials + 1),
        replace(block, index=index + 1),
        *(replace(block, point=replace(point, **{name: getattr(point, name) + 1})) for name in ("d", "N", "seed")),
        *(
            replace(block, point=replace(point, **{name: getattr(point, name) + "'"}))
            for name in ("rule", "family", "relevance", "x", "sampler")
        ),
    ]
    assert len({block.key, *(other.key for other in others)}) == 1 + len(others)
    assert re.fullmatch("[0-9a-f]{64}", block.key)


@given(st.integers(1, 500), st.integers(0, 200), points)
def test_blocks_cover_the_trials(trials: int, size: int, point: Point) -> None:
    """Catches a trial that no block holds, one that two hold, and an empty last block."""
    spec = replace(SPEC, trials=trials, block=size)
    found = list(blocks(spec, point))
    assert [block.index for block in found] == list(range(len(found)))
    assert sum(block.trials for block in found) == trials
    assert len({block.trials for block in found[:-1]}) <= 1
    assert all(block.trials >= 1 for block in found)
    if size:
        assert {block.trials for block in found[:-1]} <= {size}


@given(points)
def test_a_block_is_little_to_lose(point: Point) -> None:
    """Catches blocks of the default size that draw more than 2²⁴ numbers, unless a single trial does, and needlessly
    small ones.
    """
    assert SPEC.block == 20
    size = replace(SPEC, block=0, trials=10**9).block_trials(point)
    assert 1 <= size <= 1 << 20
    assert size == 1 or size * point.draws <= 1 << 24
    assert size == 1 << 20 or (size + 1) * point.draws > 1 << 24


@pytest.mark.parametrize("x", INPUTS)
@pytest.mark.parametrize("d", [3, 12, 75])
def test_inputs_lie_on_the_lattice(x: str, d: int) -> None:
    """Catches another scale, under which lattice families have no exact limits, and an input that is not the one named:
    rounded by up to 2⁻¹³, and no more.
    """
    drawn, made = INPUTS[x](d, np.random.default_rng(d)), make(x, d, np.random.default_rng(d))
    assert np.abs(made).max() == 1
    assert np.array_equal(made * 2**12, np.round(made * 2**12))
    np.testing.assert_allclose(made, drawn / np.abs(drawn).max(), rtol=0, atol=2**-13)


def test_another_version_does_not_compute() -> None:
    """Catches a worker of a cluster that mixes the numbers of its own, other code into a run."""
    with pytest.raises(ValueError, match="version") as refusal:
        compute(replace(BLOCKS[0], code="0123another"))
    assert "0123another" in str(refusal.value)
    assert code_version() in str(refusal.value)


def test_weights_are_multiplied_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches sums that BLAS splits among as many threads as it finds."""
    seen: list[int] = []
    usual = montecarlo.parts

    def watched(*arguments: Any, **options: Any) -> tuple[Floats, Floats]:
        seen.extend(pool["num_threads"] for pool in threadpool_info())
        return usual(*arguments, **options)

    monkeypatch.setattr(montecarlo, "parts", watched)
    block = next(block for block in BLOCKS if block.point.sampler == "direct")
    assert compute(block) == compute(block)
    assert set(seen) == {1}


# Stored blocks


@pytest.fixture(scope="module")
def computed() -> dict[Block, Sums]:
    """The sums of all blocks of `SPEC`."""
    return {block: compute(block) for block in BLOCKS}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run from one end to the other."""
    out = tmp_path_factory.mktemp("finished") / "out"
    sweep.run(SPEC, out)
    return out


def garbage_of(whole: bytes, other: bytes) -> st.SearchStrategy[bytes]:
    """What can become of a stored block: cut, a flipped bit, emptied, exchanged, something else altogether."""
    places = st.integers(0, len(whole) - 1)

    def flipped(place: int, bit: int) -> bytes:
        return whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]

    def zeroed(place: int, length: int) -> bytes:
        return whole[:place] + bytes(len(whole[place : place + length])) + whole[place + length :]

    return st.one_of(
        places.map(lambda place: whole[:place]),
        st.builds(flipped, places, st.integers(0, 7)),
        st.builds(zeroed, places, st.integers(1, 4096)),
        st.sampled_from([b"", other, whole + whole, b"null", b"[]", b"{}", b'"', b"\xff\xfe"]),
        st.binary(),
    )


@given(data=st.data())
@settings(max_examples=400)
def test_a_damaged_block_is_not_trusted(
    data: st.DataObject, computed: dict[Block, Sums], finished: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Catches sums that are read from a file which is not what was written, and damage that ends in a traceback."""
    block, other = (data.draw(st.sampled_from(BLOCKS)) for _ in range(2))
    assume(block != other)
    store = Store(finished / "blocks")
    damaged = data.draw(garbage_of(store.path(block).read_bytes(), store.path(other).read_bytes()))
    place = Store(tmp_path_factory.mktemp("damaged"))
    place.path(block).parent.mkdir()
    place.path(block).write_bytes(damaged)
    try:
        found, complaint = place.read(block), str(place.path(block))
    except Damaged as error:
        found, complaint = computed[block], str(error)
    assert found == computed[block]
    assert re.search(re.escape(str(place.path(block))) + ".*$", complaint)


@pytest.mark.parametrize(
    "damaged",
    [b"[" * 100_000, b"1" * 100_000, b'{"sha256":"\\ud800","content":{}}', b'{"sha256":"","content":"\\ud800"}'],
    ids=["nested", "long", "surrogate digest", "surrogate"],
)
def test_strange_files_are_not_trusted(damaged: bytes, tmp_path: Path) -> None:
    """Catches JSON that is none of ours and stops the run with something other than its name."""
    store = Store(tmp_path)
    store.path(BLOCKS[0]).parent.mkdir()
    store.path(BLOCKS[0]).write_bytes(damaged)
    with pytest.raises(Damaged, match=re.escape(str(store.path(BLOCKS[0])))):
        store.read(BLOCKS[0])


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    """Catches a missing block that counts as damaged."""
    assert Store(tmp_path).read(BLOCKS[0]) is None
    assert Store(tmp_path / "nowhere").read(BLOCKS[0]) is None


def test_blocks_are_stored_as_they_were(computed: dict[Block, Sums], tmp_path: Path) -> None:
    """Catches sums that come back from the disk with other bits."""
    store = Store(tmp_path)
    for block, sums in computed.items():
        store.write(block, sums)
        assert repr(store.read(block)) == repr(sums)
    stored = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.json")}
    assert stored == {f"{block.key[:2]}/{block.key}.json" for block in BLOCKS}


def command(spec: Spec, out: Path, place: Path, *more: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of the command, within this process."""
    place.mkdir(exist_ok=True)
    (place / "spec.toml").write_text(toml(asdict(spec)), encoding="utf-8")
    return invoke(place / "spec.toml", "--jobs", "1", "--out", out, *more)


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `nfrlab sweep`; an exception is raised."""
    result = CliRunner().invoke(cli.app, ["sweep", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def toml(values: dict[str, Any]) -> str:
    """A specification as a file."""
    return "".join(
        f"{key} = {json.dumps(list(value) if isinstance(value, tuple) else value)}\n" for key, value in values.items()
    )


@few
@given(data=st.data())
def test_damaged_blocks_are_named_and_computed_again(
    data: st.DataObject, finished: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Catches damage that goes unsaid, stops the run or reaches the result, and a whole block computed again."""
    place = tmp_path_factory.mktemp("damaged")
    out = place / "out"
    shutil.copytree(finished / "blocks", out / "blocks")
    (out / "sweep.nc").write_bytes(b"not a sweep")
    hit = data.draw(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=3, unique=True))
    store, damaged = Store(out / "blocks"), []
    for block in hit:
        whole = store.path(block).read_bytes()
        other = store.path(data.draw(st.sampled_from([one for one in BLOCKS if one != block]))).read_bytes()
        store.path(block).write_bytes(data.draw(garbage_of(whole, other)))
        try:
            store.read(block)
        except Damaged:
            damaged.append(store.path(block).name)
    before = ages(out)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: None)
        status, _, complaints = command(SPEC, out, place)
    assert status == 0
    assert len(complaints.splitlines()) == len(damaged)
    for name in damaged:
        lines = [line for line in complaints.splitlines() if name in line]
        assert len(lines) == 1, complaints
        assert re.match(r"nfrlab: .+; it was computed again", lines[0])
    assert {name for name, age in ages(out).items() if age != before[name]} == set(damaged)
    assert (out / "sweep.nc").read_bytes() == (finished / "sweep.nc").read_bytes()
    assert all(store.read(block) is not None for block in BLOCKS)


def test_a_folder_in_place_of_a_block_is_named(finished: Path, tmp_path: Path) -> None:
    """Catches a traceback where a block can be neither read nor replaced."""
    out = tmp_path / "out"
    path = Store(out / "blocks").path(BLOCKS[3])
    path.mkdir(parents=True)
    sentence = f"{path} is a folder, where a result is to be stored; move it away"
    with pytest.raises(ValueError, match=re.escape(sentence)):
        Store(out / "blocks").read(BLOCKS[3])
    status, _, complaints = command(SPEC, out, tmp_path)
    assert (status, complaints) == (2, f"nfrlab: {sentence}\n")
    path.rmdir()
    assert command(SPEC, out, tmp_path)[0] == 0
    assert (out / "sweep.nc").read_bytes() == (finished / "sweep.nc").read_bytes()


def ages(out: Path) -> dict[str, int]:
    """The blocks and when each was written."""
    return {file.name: file.stat().st_mtime_ns for file in (out / "blocks").glob("*/*.json")}


# Runs


def in_order(order: Sequence[int], stop: int, sums: dict[Block, Sums]) -> Callable[..., Iterator[tuple[Block, Sums]]]:
    """Blocks that are finished in this order of their places in `BLOCKS`; Ctrl-C after `stop` of them."""

    def computed(missing: list[Block], *_: object) -> Iterator[tuple[Block, Sums]]:
        for number, block in enumerate(sorted(missing, key=lambda block: order[BLOCKS.index(block)])):
            if number == stop:
                raise KeyboardInterrupt
            yield block, sums[block]

    return computed


orders = st.permutations(range(len(BLOCKS)))


@few
@given(
    interrupted=st.lists(st.tuples(orders, st.integers(0, (len(BLOCKS) - 1) // 3)), max_size=3),  # one block stays
    order=orders,
)
def test_same_bits_in_any_order(
    interrupted: list[tuple[list[int], int]],
    order: list[int],
    computed: dict[Block, Sums],
    finished: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Catches a result that depends on which block was finished first, or on where the run was interrupted."""
    out = tmp_path_factory.mktemp("any order") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: None)  # hundreds of them take their time
        for some, stop in interrupted:
            patch.setattr(RUN, "_completed_blocks", in_order(some, stop, computed))
            with pytest.raises(KeyboardInterrupt):
                sweep.run(SPEC, out)
            assert not (out / "sweep.nc").exists()
        patch.setattr(RUN, "_completed_blocks", in_order(order, len(BLOCKS), computed))
        found = sweep.run(SPEC, out)
    assert (out / "sweep.nc").read_bytes() == (finished / "sweep.nc").read_bytes()
    assert len(ages(out)) == len(BLOCKS)
    xr.testing.assert_identical(found, xr.load_dataset(finished / "sweep.nc"))


def test_finished_blocks_are_not_computed_again(finished: Path, tmp_path: Path) -> None:
    """Catches a second run that computes, and one with --no-resume that does not; the bytes are the same after both."""
    out = tmp_path / "out"
    assert command(SPEC, out, tmp_path)[::2] == (0, "")
    first = ages(out)
    assert command(SPEC, out, tmp_path)[::2] == (0, "")
    assert ages(out) == first
    assert command(SPEC, out, tmp_path, "--no-resume")[::2] == (0, "")
    again = ages(out)
    assert again.keys() == first.keys()
    assert all(again[name] > first[name] for name in first)
    assert contents(out) == contents(finished)


def test_more_trials_keep_whole_blocks(tmp_path: Path) -> None:
    """Catches blocks of 20 of 50 trials that are thrown away for 75, and a last one of 10 that passes for whole."""
    out = tmp_path / "out"
    sweep.run(SPEC, out)
    before = ages(out)
    more = replace(SPEC, trials=75)
    sweep.run(more, out)
    after = ages(out)
    number = len(list(SPEC.points()))
    assert before.items() <= after.items()
    assert len(after) == number * (3 + 2)  # 20, 20, 10; and 20, 15 for the 10
    sweep.run(more, tmp_path / "at once")
    assert (out / "sweep.nc").read_bytes() == (tmp_path / "at once" / "sweep.nc").read_bytes()


def test_blocks_of_another_sweep_stay(finished: Path, tmp_path: Path) -> None:
    """Catches a sweep that removes, replaces or takes up the blocks of another in the same folder."""
    out = tmp_path / "out"
    other = replace(SPEC, seed=(0, 7), family=("uniform", "ring"))
    sweep.run(other, out)
    before = ages(out)
    sweep.run(SPEC, out)
    after = ages(out)
    assert before.items() <= after.items()
    assert len(after) == len(before) + len(BLOCKS) // 2  # the points of "uniform" and seed 0 are common
    assert (out / "sweep.nc").read_bytes() == (finished / "sweep.nc").read_bytes()


def test_progress_counts_every_block(tmp_path: Path) -> None:
    """Catches a display that counts resumed blocks twice, or draws that are not drawn."""
    seen: list[dict[str, Any]] = []
    sweep.run(replace(SPEC, N=(1,)), tmp_path, watch=lambda progress: seen.append(asdict(progress)))
    assert [one["done"] for one in seen] == list(range(7))
    seen.clear()
    sweep.run(SPEC, tmp_path, watch=lambda progress: seen.append(asdict(progress)))
    assert {(one["blocks"], one["resumed"]) for one in seen} == {(12, 6)}
    assert [one["done"] for one in seen] == list(range(7))
    assert seen[0]["drawn"] == 0
    assert seen[-1]["drawn"] == seen[-1]["draws"] == 50 * (5 + 5 * 6)  # N neurons, and their N · d weights
    assert all(earlier["drawn"] < later["drawn"] for earlier, later in pairwise(seen))


def test_a_kill_can_lose_few_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches workers that run ahead of a slow disk: finished blocks that wait to be written are lost with the run."""
    marks, jobs = tmp_path / "computed", 2
    marks.mkdir()

    def marked(block: Block) -> tuple[Block, Sums]:
        (marks / block.key).touch()
        return block, Sums()

    ahead: list[int] = []

    def watch(progress: sweep.Progress) -> None:
        time.sleep(0.02 if progress.done else 0)
        ahead.append(len(list(marks.iterdir())) - progress.done)

    monkeypatch.setattr(RUN, "_compute_block", marked)
    sweep.run(replace(SPEC, trials=200, block=10), tmp_path / "out", jobs=jobs, watch=watch)
    assert len(ahead) == 81
    assert max(ahead) <= AHEAD * jobs


def test_a_block_that_vanishes_is_named(finished: Path, tmp_path: Path) -> None:
    """Catches a result put together without a block that somebody removed during the run."""

    def remove(progress: sweep.Progress) -> None:
        if progress.done == len(BLOCKS):
            Store(tmp_path / "blocks").path(BLOCKS[4]).unlink()

    with pytest.raises(sweep.Stopped, match=BLOCKS[4].key):
        sweep.run(SPEC, tmp_path, watch=remove)
    assert not (tmp_path / "sweep.nc").exists()
    sweep.run(SPEC, tmp_path)
    assert (tmp_path / "sweep.nc").read_bytes() == (finished / "sweep.nc").read_bytes()


def test_one_run_at_a_time(tmp_path: Path) -> None:
    """Catches a run that waits for, or writes beside, another in the same folder."""
    with FileLock(tmp_path / ".lock"):
        with pytest.raises(sweep.Stopped, match="another run is writing to"):
            sweep.run(SPEC, tmp_path)
        assert not list((tmp_path / "blocks").iterdir())
    sweep.run(SPEC, tmp_path)


def test_parts_of_killed_runs_are_removed(finished: Path, tmp_path: Path) -> None:
    """Catches the half-written files of killed runs that pile up, and other files that are taken for such."""
    (tmp_path / "blocks").mkdir()
    for part in (tmp_path / f"blocks/.{BLOCKS[0].key}.json.abcdefgh.part", tmp_path / ".sweep.nc.ijklmnop.part"):
        part.write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("mine")
    sweep.run(SPEC, tmp_path)
    expected = contents(finished) | {"notes.txt": b"mine"}
    assert contents(tmp_path) == expected


# Files


def test_content_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a rename that a power cut can make durable before the content: a whole name for half a block."""
    events: list[tuple[str, int]] = []
    fsync, rename = os.fsync, os.replace

    def synced(file: int) -> None:
        events.append(("fsync", os.fstat(file).st_size))
        fsync(file)

    def renamed(source: str, target: Path) -> None:
        events.append(("replace", os.stat(source).st_size))
        rename(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    write_atomically(tmp_path / "block.json", b"x" * 100_000)
    assert events == [("fsync", 100_000), ("replace", 100_000)]


def test_what_cannot_be_synced_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a file that is kept although the disk did not take it."""

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "block.json").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(tmp_path / "block.json", b"new")
    assert contents(tmp_path) == {"block.json": b"old"}


def test_only_own_parts_are_swept(tmp_path: Path) -> None:
    """Catches a file of somebody else that is removed with the parts of killed runs."""
    mine = [".sweep.nc.abcd_fgh.part", ".report.html.a1b2c3d4.part", f".{'0' * 64}.json.zzzzzzzz.part"]
    others = ["sweep.nc", ".lock", "notes.part", ".hidden", ".sweep.nc", "x.sweep.nc.abcdefgh.part", ".download.part"]
    for name in (*mine, *others):
        (tmp_path / name).write_text("")
    sweep_parts(tmp_path)
    assert set(contents(tmp_path)) == set(others)


def test_parts_are_named_as_they_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches parts that a killed run leaves under a name which the next one does not look for."""

    def killed(*_: object) -> None:
        names.extend(file.name for file in tmp_path.iterdir())
        raise OSError("no")

    names: list[str] = []
    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(OSError, match="no"):
        write_atomically(tmp_path / "sweep.nc", b"new")
    assert len(names) == 1
    (tmp_path / names[0]).write_text("")
    sweep_parts(tmp_path)
    assert not list(tmp_path.iterdir())


# The result

WIDE = Spec(
    ("gbp", "rectgrad(q=0.9)", "activation"),
    ("gaussian", "uniform"),
    (7, 12),
    (1, 6),
    (0, 3),
    trials=230,
    block=100,
    relevance="absolute",
    x="uniform",
)


def raw(spec: Spec, rule: str, family: str, d: int, N: int, seed: int) -> tuple[Floats, int]:
    """The alignments of a point from the seeds that the file states, and the number of maps that are zero."""
    sampler = "reduced" if family == "gaussian" else "direct"
    name, options = ("rectgrad", {"q": 0.9}) if rule.startswith("rectgrad") else (rule, {})
    words = ("sweep", rule, family, d, N, spec.relevance, spec.x, sampler)
    point = Point(rule, family, d, N, seed, spec.relevance, spec.x, sampler)
    found = []
    for index, trials in enumerate((100, 100, 30)):
        key = tuple(crc32(word.encode()) if isinstance(word, str) else word for word in (*words, index))
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))
        if sampler == "reduced":
            parts = reduced.parts(name, family, d, N, trials, rng, spec.relevance, **options)
        else:
            parts = montecarlo.parts(name, family, point_input(point), N, trials, rng, spec.relevance, **options)
        found.append(np.stack(parts))
    along, across = np.concatenate(found, axis=1)
    defined = np.hypot(along, across) > 0
    return along[defined] / np.hypot(along, across)[defined], int((~defined).sum())


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> tuple[xr.Dataset, Path]:
    """The result of `WIDE`, and the folder that it was written to."""
    out = tmp_path_factory.mktemp("wide")
    return sweep.run(WIDE, out), out


def test_result_summarises_the_draws(dataset: tuple[xr.Dataset, Path]) -> None:
    """Catches a point under another's label, a block left out, and sums, quantiles or cells that are not the draws'."""
    found = dataset[0]
    for rule, family, d, N, seed in np.ndindex(3, 2, 2, 2, 2):
        place = dict(zip(DIMENSIONS, (rule, family, d, N, seed), strict=True))
        here = found.isel(place)
        labels = [getattr(WIDE, name)[k] for name, k in place.items()]
        alpha, undefined = raw(WIDE, *labels)
        assert (int(here["n"]), int(here["undefined"])) == (len(alpha), undefined)
        assert int(here["draws"]) == labels[3] * (labels[2] if labels[1] == "uniform" else 1)
        if len(alpha) == 0:
            assert np.isnan([float(here[name]) for name in ("mean", "M2", "min", "max")]).all()
            assert np.isnan(here["quantile"].values).all()
            assert not here["histogram"].values.any()
            continue
        assert (float(here["min"]), float(here["max"])) == (alpha.min(), alpha.max())
        assert float(here["mean"]) == pytest.approx(alpha.mean(), rel=1e-12, abs=0)
        assert float(here["M2"]) == pytest.approx(((alpha - alpha.mean()) ** 2).sum(), rel=1e-12, abs=0)
        width = 2.0 ** -int(here["level"])
        for share in SHARES:
            low, high = (np.arctanh(value) for value in quantiles(alpha, share))
            assert low - width <= np.arctanh(float(here["quantile"].sel(share=share))) <= high + width
        edges = (int(here["first"]) + np.arange(CELLS + 1)) * width
        counts, _ = np.histogram(np.arctanh(alpha), edges)
        moved = np.abs(np.cumsum(counts) - np.cumsum(here["histogram"].values))
        assert moved.max() <= 1  # artanh α here and arsinh(along / across) there may round across an edge
        assert moved.sum() <= 2
        assert int(here["histogram"].sum()) == len(alpha)
    assert not found["n"].sel(rule="rectgrad(q=0.9)", N=1).any()  # and such points were among them


def test_result_has_dimensions_units_and_provenance(dataset: tuple[xr.Dataset, Path]) -> None:
    """Catches an axis without a name, a number without a unit, and a file that does not say what it was made from."""
    found = dataset[0]
    for name in ("n", "undefined", "mean", "M2", "min", "max", "level", "first", "draws"):
        assert found[name].dims == ("rule", "family", "d", "N", "seed")
    assert found["quantile"].dims == (*DIMENSIONS, "share")
    assert found["histogram"].dims == (*DIMENSIONS, "cell")
    for name in DIMENSIONS:
        assert found[name].values.tolist() == list(getattr(WIDE, name))
    assert found["share"].values.tolist() == list(SHARES)
    for name, variable in found.variables.items():
        if variable.dtype.kind in "if":
            assert variable.attrs["units"] in ("1", "count"), name
            assert variable.attrs["long_name"], name
    assert Spec(**{key: tuple(v) if isinstance(v, list) else v for key, v in json.loads(found.spec).items()}) == WIDE
    assert found.code_version == code_version()
    assert json.loads(found.versions)["numpy"] == np.__version__
    assert "SeedSequence" in found.random_numbers


def test_result_is_read_as_it_was_written(dataset: tuple[xr.Dataset, Path]) -> None:
    """Catches a label, attribute or bit that the file does not keep."""
    found, out = dataset
    xr.testing.assert_identical(found, xr.load_dataset(out / "sweep.nc"))
    xr.testing.assert_identical(found, xr.load_dataset(out / "sweep.nc", engine="h5netcdf"))


def test_printed_means_pool_the_seeds(dataset: tuple[xr.Dataset, Path], tmp_path: Path) -> None:
    """Catches a mean of means, a standard error of one seed alone, and a row under another point's name."""
    status, printed, complaints = command(WIDE, dataset[1], tmp_path)
    assert (status, complaints) == (0, "")
    rows = [re.split(r"\s*[│|]\s*", line)[1:-1] for line in printed.splitlines() if re.match(r"[│|] (?!rule)", line)]
    assert len(rows) == 24
    for rule, family, d, N, maps, undefined, mean, error in rows:
        draws = [raw(WIDE, rule, family, int(d), int(N), seed) for seed in WIDE.seed]
        alpha = np.concatenate([values for values, _ in draws])
        assert (int(maps), int(undefined)) == (len(alpha), sum(zero for _, zero in draws))
        if len(alpha) == 0:
            assert (mean, error) == ("nan", "nan")
            continue
        assert float(mean) == pytest.approx(alpha.mean(), abs=0.6e-5)
        assert float(error) == pytest.approx(alpha.std(ddof=1) / math.sqrt(len(alpha)), rel=0.06)
    assert str(dataset[1] / "sweep.nc") in printed.replace("\n", "")


# Refusals

GOOD: dict[str, Any] = {"rule": ["gbp"], "family": ["gaussian"], "d": [12], "N": [4], "trials": 10}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "rule": ({"rule": ["guided"]}, "unknown rule 'guided'"),
    "no rule": ({"rule": []}, "rule"),
    "number for a rule": ({"rule": 5}, "rule"),
    "rule twice": ({"rule": ["gbp", "gbp"]}, "rule"),
    "q above 1": ({"rule": ["rectgrad(q=2)"]}, r"'rectgrad\(q=2\)'"),
    "q NaN": ({"rule": ["rectgrad(q=nan)"]}, r"'rectgrad\(q=nan\)'"),
    "q no number": ({"rule": ["rectgrad(q=high)"]}, r"'rectgrad\(q=high\)'"),
    "q unnamed": ({"rule": ["rectgrad(0.9)"]}, r"'rectgrad\(0.9\)'"),
    "unclosed": ({"rule": ["rectgrad(q=0.9"]}, r"'rectgrad\(q=0.9'"),
    "tau NaN": ({"rule": ["rectgrad-constant(tau=nan)"]}, r"'rectgrad-constant\(tau=nan\)'"),
    "unknown parameter": ({"rule": ["gbp(q=0.9)"]}, r"'gbp\(q=0.9\)'"),
    "family": ({"family": "gauss"}, "unknown weight family 'gauss'"),
    "family twice": ({"family": ["ring", "ring"]}, "family"),
    "d zero": ({"d": 0}, "d "),
    "d bool": ({"d": True}, "d "),
    "d float": ({"d": 12.0}, "d "),
    "d text": ({"d": "12"}, "d "),
    "d nested": ({"d": [[12]]}, "d "),
    "d twice": ({"d": [12, 12]}, "d "),
    "no N": ({"N": None}, "'N' is missing"),
    "N negative": ({"N": [4, -1]}, "N "),
    "N bool": ({"N": False}, "N "),
    "seed negative": ({"seed": -1}, "seed "),
    "seed bool": ({"seed": True}, "seed "),
    "seed too large for the file": ({"seed": 2**64}, "seed "),
    "trials zero": ({"trials": 0}, "trials "),
    "trials bool": ({"trials": True}, "trials "),
    "trials float": ({"trials": 10.0}, "trials "),
    "trials list": ({"trials": [10]}, "trials "),
    "block negative": ({"block": -1}, "block "),
    "relevance": ({"relevance": "some"}, "relevance 'some'"),
    "relevance list": ({"relevance": ["normal"]}, "relevance "),
    "x": ({"x": "cat"}, "x 'cat'"),
    "x list": ({"x": ["normal"]}, "x "),
    "sampler": ({"sampler": "fast"}, "sampler 'fast'"),
    "family not reduced": ({"sampler": "reduced", "family": ["gaussian", "cauchy"]}, "no reduced .* gbp and cauchy"),
    "rule not reduced": ({"sampler": "reduced", "rule": "zplus"}, "no reduced sampler for zplus and gaussian"),
    "photograph not square": ({"family": "cauchy", "x": "photograph", "d": 13}, "x = 'photograph' needs d = 3"),
    "photograph too large": ({"family": "cauchy", "x": "photograph", "d": 3 * 401**2}, "x = 'photograph' needs d = 3"),
    "weights too large": ({"family": "cauchy", "d": 10**6, "N": 10**6}, "gbp, cauchy, d = 1000000, N = 1000000"),
    "a trial without end": ({"N": 10**12}, r"would draw 1.0e\+12 numbers, some 9.3 hours"),
    "trials without end": ({"trials": 10**25}, "days on one core"),
    "unknown key": ({"tirals": 10}, "unknown key 'tirals'"),
}
"""What is changed in a good specification, and what must be named; None removes a key."""
ANSWERS = """
import json, sys
from importlib import import_module
from typer.testing import CliRunner
from nfrlab.verify import cli

import_module("nfrlab.simulations.sweep.run").PATIENCE = 1
found = []
for call in json.loads(sys.argv[1]):
    done = CliRunner().invoke(cli.app, ["sweep", "--jobs", "1", *call])
    failed = done.exception is not None and not isinstance(done.exception, SystemExit)
    found.append([done.exit_code, done.stdout, repr(done.exception) if failed else done.stderr])
print(json.dumps(found))
"""
"""Calls of the command in one process, one after the other, with little patience for clusters: not in the process of
the tests, where types are checked before the command can refuse them, and which Dask would change.
"""


def test_a_byte_order_mark_is_no_key(tmp_path: Path) -> None:
    """Catches a file that an editor of Windows has saved, refused at its first line."""
    (tmp_path / "bom.toml").write_bytes(b"\xef\xbb\xbf" + toml(GOOD).encode())
    (tmp_path / "plain.toml").write_text(toml(GOOD), encoding="utf-8")
    assert read(tmp_path / "bom.toml") == read(tmp_path / "plain.toml")


def answers(*calls: Sequence[str | Path]) -> list[tuple[int, str, str]]:
    """Exit status, standard output and standard error of each."""
    listed = json.dumps([[*map(str, call)] for call in calls])
    done = subprocess.run([sys.executable, "-c", ANSWERS, listed], capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    return [(status, printed, complaints) for status, printed, complaints in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, tuple[int, str, str]]]:
    """A folder with a file for every bad specification, and what the command answered."""
    place = tmp_path_factory.mktemp("bad")
    for name, (bad, _) in BAD.items():
        values = {key: value for key, value in (GOOD | bad).items() if value is not None}
        (place / f"{name}.toml").write_text(toml(values), encoding="utf-8")
    found = answers(*((place / f"{name}.toml", "--out", place / f"{name}.out") for name in BAD))
    return place, dict(zip(BAD, found, strict=True))


def assert_refused(found: tuple[int, str, str], naming: str) -> None:
    """Exit status 2 and one line on standard error, in which `naming` is found."""
    status, printed, complaints = found
    assert (status, printed) == (2, ""), complaints
    assert len(complaints.splitlines()) == 1, complaints
    assert re.match(rf"nfrlab: (.*[^\w])?{naming}", complaints), complaints


@pytest.mark.parametrize("name", BAD)
def test_a_bad_spec_is_refused(name: str, refusals: tuple[Path, dict[str, tuple[int, str, str]]]) -> None:
    """Catches a bad value that is computed with, named too late or not at all, or answered by a traceback."""
    place, found = refusals
    assert_refused(found[name], rf"{re.escape(f'{place / name}.toml: ')}(.*[^\w])?{BAD[name][1]}")
    assert not (place / f"{name}.out").exists()


@pytest.mark.parametrize("content", [None, b"rule = = 3", b"\xff\xfe\x00", b""], ids=str)
def test_a_file_that_is_no_spec_is_refused(content: bytes | None, tmp_path: Path) -> None:
    """Catches a traceback for a file that is missing, empty or something else, or a folder."""
    path = tmp_path / "spec.toml"
    if content is not None:
        path.write_bytes(content)
    for name in (path, tmp_path):
        assert_refused(invoke(name, "--jobs", "1", "--out", tmp_path / "out"), re.escape(str(name)))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "naming"),
    [
        (("--backend", "dask"), "--scheduler"),
        (("--scheduler", "tcp://127.0.0.1:8786"), "--scheduler"),
        (("--backend", "spark"), "unknown --backend 'spark'"),
        (("--jobs", "-2"), "--jobs"),
    ],
    ids=str,
)
def test_a_bad_option_is_refused(arguments: tuple[str, ...], naming: str, tmp_path: Path) -> None:
    """Catches an option that is ignored, or noticed only when the run has begun."""
    (tmp_path / "good.toml").write_text(toml(GOOD), encoding="utf-8")
    assert_refused(invoke(tmp_path / "good.toml", "--out", tmp_path / "out", *arguments), f".*{naming}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("below", [".", "deeper"])
def test_a_folder_that_cannot_be_is_refused(below: str, tmp_path: Path) -> None:
    """Catches a traceback where results cannot be written, and a file that gives way to them."""
    (tmp_path / "file").write_text("mine")
    found = command(SPEC, tmp_path / "file" / below, tmp_path)
    assert_refused(found, f"cannot write to {re.escape(str(tmp_path / 'file'))}")
    assert (tmp_path / "file").read_text() == "mine"


def test_an_unreachable_scheduler_is_refused(tmp_path: Path) -> None:
    """Catches a run that waits for ever, computes on its own instead, or ends with Dask's traceback."""
    assert RUN.PATIENCE <= 30
    (tmp_path / "good.toml").write_text(toml(GOOD), encoding="utf-8")
    addresses = ("tcp://127.0.0.1:1", "nowhere", "tcp://127.0.0.1:port", "ftp://127.0.0.1:1", "")
    call = (tmp_path / "good.toml", "--out", tmp_path / "out", "--backend", "dask", "--scheduler")
    found = answers(*((*call, address) for address in addresses))
    for address, answer in zip(addresses, found, strict=True):
        assert_refused(answer, f"no Dask scheduler answers at {re.escape(address)}")
    assert not [name for name, content in contents(tmp_path / "out").items() if content]


def test_a_local_run_after_an_unreachable_scheduler(tmp_path: Path) -> None:
    """Catches a process, such as a notebook's, in which no sweep can be written once a scheduler has not answered."""
    (tmp_path / "good.toml").write_text(toml(GOOD), encoding="utf-8")
    call = (tmp_path / "good.toml", "--out", tmp_path / "out")
    refused, local = answers((*call, "--backend", "dask", "--scheduler", "nowhere"), call)
    assert refused[0] == 2
    assert local[::2] == (0, "")
    assert (tmp_path / "out" / "sweep.nc").exists()


def test_a_cluster_needs_an_address(tmp_path: Path) -> None:
    """Catches a back end that is unknown to the library, or a cluster that is looked for nowhere."""
    with pytest.raises(ValueError, match="scheduler"):
        sweep.run(SPEC, tmp_path, backend="dask")
    with pytest.raises(ValueError, match="'spark'"):
        sweep.run(SPEC, tmp_path, backend="spark")
