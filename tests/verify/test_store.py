"""What is stored comes back: plain values, atomic writes, readable refusals; and stored verdicts in words."""

from __future__ import annotations

import json
import math
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfrlab.simulations.files import write_atomically
from nfrlab.verify.proceedings import store
from nfrlab.verify.report import wording

Record = dict[str, Any]
steady = settings(derandomize=True, deadline=None)


class Shade(Enum):
    """An enum whose members are not strings."""

    DARK = 1


class Level(IntEnum):
    """An enum whose members are integers."""

    LOW = 3


class Word(StrEnum):
    """An enum whose members are strings."""

    YES = "yes"


# plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (np.True_, True),
        (np.int64(-7), -7),
        (np.uint8(255), 255),
        (10**30, 10**30),
        (0.1, 0.1),
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        (np.float32("nan"), None),
        (np.float64("-inf"), None),
        ("3/5", "3/5"),
        (np.str_("text"), "text"),
        ((1, (2.0, None)), [1, [2.0, None]]),
        ([(), []], [[], []]),
        (Word.YES, "yes"),
        (Level.LOW, 3),
        ({Word.YES: (np.bool_(False),), 2: {"deep": math.nan}}, {"yes": [False], "2": {"deep": None}}),
        (Path("a") / "b", str(Path("a") / "b")),
    ],
)
def test_plain_values(value: object, expected: object) -> None:
    """Catches a NumPy scalar, enum or tuple that JSON refuses, a bool that turns into 1, and NaN in a document."""
    found = store.json_value(value)
    assert found == expected
    assert type(found) is type(expected)
    assert json.loads(json.dumps(found, allow_nan=False)) == expected


def test_an_enum_of_no_text_is_still_text() -> None:
    """Catches an enum member that reaches the JSON encoder as it is."""
    assert isinstance(store.json_value(Shade.DARK), str)


floats = st.floats(allow_nan=True, allow_infinity=True)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    floats,
    st.text(),
    st.fractions(),
    st.sampled_from([Word.YES, Level.LOW, Shade.DARK]),
    st.booleans().map(np.bool_),
    st.integers(-(2**63), 2**63 - 1).map(np.int64),
    floats.map(np.float64),
    st.floats(width=32).map(np.float32),
)
nested = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=4), inner, max_size=3),
    ),
    max_leaves=12,
)


@steady
@given(nested)
def test_plain_values_survive_json(value: object) -> None:
    """Catches any nesting that strict JSON refuses or gives back changed, or that a second pass changes."""
    found = store.json_value(value)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert store.json_value(found) == found


@steady
@given(st.recursive(floats, lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=12))
def test_plain_keeps_finite_numbers_and_shape(value: object) -> None:
    """Catches a finite number that is rounded or lost, and an infinite one that is kept or leaves no null."""

    def expected(entry: object) -> object:
        if isinstance(entry, tuple):
            return [expected(each) for each in entry]
        assert isinstance(entry, float)
        return entry if math.isfinite(entry) else None

    assert store.json_value(value) == expected(value)


# write_atomically


@steady
@given(st.text(alphabet=st.characters(codec="utf-8")), st.text(alphabet=st.characters(codec="utf-8")))
def test_a_second_text_replaces_the_first(tmp_path_factory: pytest.TempPathFactory, first: str, second: str) -> None:
    """Catches text that is appended, cut, re-encoded, or left beside the old one, and files left behind."""
    folder = tmp_path_factory.mktemp("written")
    path = folder / "page.html"
    write_atomically(path, first)
    write_atomically(path, second)
    assert path.read_bytes() == second.encode()
    assert [file.name for file in folder.iterdir()] == ["page.html"]


@pytest.mark.parametrize("existed", [True, False])
def test_text_that_cannot_be_encoded_leaves_the_old_file(existed: bool, tmp_path: Path) -> None:
    """Catches a file that is emptied or half written by a failing write, and a temporary file that stays."""
    path = tmp_path / "verdicts.json"
    if existed:
        path.write_text("what was there")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "x" * 100_000 + "\ud800")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == (
        {"verdicts.json": "what was there"} if existed else {}
    )


@pytest.mark.parametrize("failure", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failing_replacement_leaves_the_old_file(
    failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches writing into the old file itself, and a temporary file that Ctrl-C leaves behind."""

    def fail(*_: object) -> None:
        raise failure

    path = tmp_path / "verdicts.json"
    path.write_text("what was there")
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(type(failure)):
        write_atomically(path, "new")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"verdicts.json": "what was there"}


def test_an_open_reader_keeps_the_old_file(tmp_path: Path) -> None:
    """Catches a write in place: whoever has the old file open would read half of each."""
    path = tmp_path / "verdicts.json"
    write_atomically(path, "old" * 10_000)
    with path.open() as reader:
        assert reader.read(3) == "old"
        write_atomically(path, "new")
        assert reader.read() == "old" * 9_999
    assert path.read_text() == "new"


# prepare, write and read


def test_prepare_makes_folders_and_leaves_no_trace(tmp_path: Path) -> None:
    """Catches a missing parent folder, and a probe file that stays."""
    store.prepare(tmp_path / "a" / "b")
    store.prepare(tmp_path / "a" / "b")
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "b"]


def test_prepare_names_a_folder_that_cannot_be(tmp_path: Path) -> None:
    """Catches an OSError without the option's name, or one that passes as success."""
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ValueError, match="--out") as refusal:
            store.prepare(out)
        assert str(out) in str(refusal.value)


def test_nothing_is_stored_at_first(tmp_path: Path) -> None:
    """Catches a first run that demands results."""
    assert store.read(tmp_path) == {}
    assert store.read(tmp_path / "nowhere") == {}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Catches verdicts out of order, one of a claim unknown to the registry, and letters turned to escapes."""
    complete = dict.fromkeys(store.schema()["$defs"]["verdict"]["required"])
    verdicts = {
        "b": complete | {"id": "b", "statement": "α ≥ 0", "interval": (0.5, math.inf), "n": np.int64(3)},
        "gone": complete | {"id": "gone"},
        "a": complete | {"id": "a"},
    }
    store.write(tmp_path, verdicts, ["a", "b", "c"])
    read = store.read(tmp_path)
    assert list(read) == ["a", "b"]
    assert read["b"] == complete | {"id": "b", "statement": "α ≥ 0", "interval": [0.5, None], "n": 3}
    assert "α ≥ 0" in (tmp_path / "verdicts.json").read_text(encoding="utf-8")
    assert [file.name for file in tmp_path.iterdir()] == ["verdicts.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b"{}",
        b'{"schema_version": 1}',
        b'{"schema_version": 0, "verdicts": []}',
        b'{"schema_version": "1", "verdicts": []}',
        b'{"schema_version": 1, "verdicts": 5}',
        b'{"schema_version": 1, "verdicts": [5]}',
        b'{"schema_version": 1, "verdicts": [{"status": "CONFIRMED"}]}',
        b'{"schema_version": 1, "verdicts": [{"id": []}]}',
    ],
)
def test_what_is_no_verdicts_file_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    """Catches an error that does not say which file, and a broken file taken for an empty one."""
    path = tmp_path / "verdicts.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"verdicts\.json") as refusal:
        store.read(tmp_path)
    assert str(path) in str(refusal.value)
    assert path.read_bytes() == content


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(alphabet="schemaid1")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["schema_version", "verdicts", "id"]), inner, max_size=3),
    ),
    max_leaves=8,
)


@steady
@given(
    st.one_of(
        st.binary(max_size=40),
        json_values.map(lambda value: json.dumps(value).encode()),
        json_values.map(lambda value: json.dumps({"schema_version": 1, "verdicts": value}).encode()),
    )
)
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Catches a file on which reading raises anything but a ValueError that names it."""
    folder = tmp_path_factory.mktemp("read")
    (folder / "verdicts.json").write_bytes(content)
    try:
        read = store.read(folder)
    except ValueError as refusal:
        assert str(folder / "verdicts.json") in str(refusal)  # noqa: PT017
    else:
        assert all(isinstance(verdict, Mapping) and verdict["id"] == id for id, verdict in read.items())


# table


def piece(finding: str = "supports", **fields: Any) -> Record:
    """One stored piece of evidence."""
    return {
        "kind": "Monte Carlo",
        "statement": "E α = 1",
        "finding": finding,
        "alpha": 1e-9,
        "delta": None,
        "n": 0,
        "interval": None,
        "claimed": None,
        "counterexample": None,
        "details": {},
        **fields,
    }


def verdict(status: str, *evidence: Record, missing: str = "") -> Record:
    """One stored verdict, as far as its summary needs it."""
    return {"id": "made-up", "status": status, "missing": missing, "evidence": list(evidence)}


def measured(rate: float | None, largest: float = 0.0) -> Record:
    """One stored reach measurement."""
    details = {"draw": "any", "rate": rate, "median_size": largest / 2, "largest_size": largest}
    return piece("silent", kind="reach", n=100, interval=[0.0, 1.0], details=details)


@pytest.mark.parametrize(
    ("counterexample", "expected"),
    [
        ({}, ""),
        ({"margin": "0"}, "margin = 0"),
        (
            {"x": ["1"], "W": [["1", "-1/2"], ["0", "2"]], "r": []},
            "x = [1], W = [[1, -1/2], [0, 2]], r = []",
        ),
    ],
)
def test_numbers(counterexample: Record, expected: str) -> None:
    """Catches quotation marks, lost brackets or another order in a printed counterexample."""
    assert wording.numbers(counterexample) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"interval": [0.98125, 1], "claimed": [1.0, 1.0], "delta": 0.02},
            "[0.9812, 1.0000] against 1 ± 0.02",
        ),
        ({"interval": [0.25, 0.5], "claimed": [0, 2], "delta": None}, "[0.2500, 0.5000] against [0, 2]"),
        ({"interval": [-1, 0.5], "claimed": [0, 0], "delta": 0.0}, "[-1.0000, 0.5000] against 0"),
        (
            {"interval": [0.981, 0.99], "claimed": [1.0, 1.0], "delta": 0.02, "excluded": True},
            "[0.9810, 0.9900] against 1 ± 0.02; excludes 1 itself",
        ),
        (
            {"interval": [-0.01, -0.002], "claimed": [0.0, None], "delta": 0.02, "excluded": True},
            "[-0.0100, -0.0020] against [0, ∞] ± 0.02; excludes [0, ∞] itself",
        ),
    ],
)
def test_interval(fields: Record, expected: str) -> None:
    """Catches a single claimed value printed as a range, a margin of nothing that is printed, and a claimed value that
    passes for found though its interval excludes it.
    """
    assert wording.interval(piece(**fields)) == expected


@pytest.mark.parametrize("infinite", [([None, 0.5], [1.0, 1.0]), ([0.5, 0.75], [0.0, None])])
def test_an_infinite_end_can_be_printed(infinite: tuple[list[float | None], list[float | None]]) -> None:
    """Catches a crash on null, as which the schema stores an end that is not finite."""
    interval, claimed = infinite
    evidence = piece("undecided", interval=interval, claimed=claimed, delta=0.02)
    assert "0.5000" in wording.interval(evidence)
    assert "0.5000" in wording.ground(verdict("INCONCLUSIVE", evidence))


GENERIC, BOUNDARY = {"reach": "open set"}, {"reach": "boundary"}


def refuting(name: str, details: Record) -> Record:
    """A counterexample that is known by its name."""
    return piece("refutes", kind="counterexample search", counterexample={"case": name}, details=details)


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ([refuting("tie", BOUNDARY), refuting("generic", GENERIC)], "case = generic"),
        (
            [piece("refutes", interval=[0.1, 0.2], claimed=[1, 1]), refuting("tie", BOUNDARY)],
            "case = tie",
        ),
        (
            [
                piece("supports", interval=[1, 1], claimed=[1, 1]),
                piece("refutes", interval=[0.1, 0.2], claimed=[1, 1]),
            ],
            "E α = 1: [0.1000, 0.2000] against 1",
        ),
        ([piece("refutes", kind="derivation", statement="only Gaussians")], "only Gaussians"),
        ([], ""),
    ],
    ids=["open set first", "numbers before an interval", "interval", "derivation", "none"],
)
def test_ground_of_a_refutation(evidence: list[Record], expected: str) -> None:
    """Catches a refutation explained by its weaker evidence, or by evidence that did not refute."""
    assert wording.ground(verdict("REFUTED", *evidence)) == expected


def low_side(low: float, delta: float) -> Record:
    """An interval below the claimed value 1."""
    return piece(interval=[low, 1.0], claimed=[1.0, 1.0], delta=delta)


def test_ground_of_a_confirmation() -> None:
    """Catches derivations, examples or intervals that are counted wrongly or left out."""
    derived = piece(kind="derivation", n=3)
    searched = [piece("silent", kind="counterexample search", n=n) for n in (1000, 500)]
    sampled = [low_side(low, 0.02) for low in (0.995, 0.99)]
    assert wording.ground(verdict("CONFIRMED", derived)) == "1 derivation"
    text = wording.ground(verdict("CONFIRMED", derived, *searched, derived, *sampled, measured(0.5)))
    assert text.startswith("2 derivations; no counterexample in 1500 examples; 2 intervals, ")
    assert text.endswith(" [0.9900, 1.0000] against 1 ± 0.02")


def test_ground_where_nothing_was_run() -> None:
    """Catches a verdict without evidence that does not say what it lacked."""
    assert wording.ground(verdict("NOT RUN", missing="torch")) == "missing: torch"
    assert wording.ground(verdict("INCONCLUSIVE")) == ""


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("closest", "other"),
    [
        (low_side(0.95, 0.06), low_side(0.97, 0.06)),
        (low_side(0.99, 0.011), low_side(0.95, 0.1)),
        (
            piece(interval=[-0.01, 0.05], claimed=[0.0, 0.0], delta=0.06),
            piece(interval=[-0.02, 0.02], claimed=[0.0, 0.0], delta=0.06),
        ),
        (
            piece(interval=[-0.01, 0.5], claimed=[0.0, 2.0], delta=0.02),
            piece(interval=[1.0, 1.5], claimed=[0.0, 2.0], delta=0.02),
        ),
    ],
    ids=["lower end", "small margin", "upper end", "inside the range"],
)
def test_ground_shows_the_interval_closest_to_its_margin(closest: Record, other: Record, order: int) -> None:
    """Catches a table that hides the interval which nearly left its margin, at either end."""
    text = wording.ground(verdict("CONFIRMED", *[closest, other][::order]))
    assert wording.interval(closest) in text
    assert wording.interval(other) not in text


TIE, OPEN = refuting("tie", BOUNDARY), refuting("generic", GENERIC)


@pytest.mark.parametrize(
    ("status", "evidence", "expected"),
    [
        ("CONFIRMED", [TIE, measured(0.5)], ""),
        ("INCONCLUSIVE", [measured(0.5)], ""),
        ("REFUTED", [TIE], "boundary only"),
        ("REFUTED", [TIE, OPEN], "open set"),
        ("REFUTED", [TIE, measured(None)], "boundary only"),
        ("REFUTED", [TIE, measured(0.0)], "boundary only; fails in 0% of draws"),
        (
            "REFUTED",
            [OPEN, measured(0.04, 0.125), measured(None), measured(0.93, 0.5), measured(0.17, 0.25)],
            "open set; fails in 4%–93% of draws, by up to 0.5",
        ),
        (
            "REFUTED",
            [piece("refutes"), piece("supports"), piece("undecided"), piece("silent"), piece(kind="derivation")],
            "refuted at 1 of 3 points examined",
        ),
    ],
)
def test_reach(status: str, evidence: list[Record], expected: str) -> None:
    """Catches a reach of what was not refuted, and rates or sizes without the smallest, the largest or a zero."""
    assert wording.reach(verdict(status, *evidence)) == expected
    assert wording.reach(verdict(status, *evidence[::-1])) == expected


def test_reach_of_a_refutation_by_derivation_alone() -> None:
    """Catches 'refuted at 0 of 0 points examined', which says of a proof that nothing was found."""
    assert "0 of 0" not in wording.reach(verdict("REFUTED", piece("refutes", kind="derivation")))


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ("scikit-learn photographs", []),
        ("my images/it's", ["--images", "my images/it's"]),
        ("scikit-learn-like images", ["--images", "scikit-learn-like images"]),
    ],
)
def test_rerun(images: str, expected: list[str]) -> None:
    """Catches a command that a shell splits otherwise, or that runs on other images than the verdict did."""
    command = wording.rerun({"id": "prop-1", "profile": "full", "seed": 7, "images": images})
    assert shlex.split(command) == ["nfrlab", "verify", "prop-1", "--profile", "full", "--seed", "7", *expected]


def test_rates_are_the_measurements_alone() -> None:
    """Catches intervals of other evidence in the report's table of rates."""
    first, second = measured(0.1), measured(0.2)
    evidence = [first, piece(interval=[0, 1], claimed=[0, 1]), second]
    assert wording.rates(verdict("REFUTED", *evidence)) == [first, second]


Summary = Callable[[Record], str]


@pytest.mark.parametrize("summary", [wording.ground, wording.reach])
@pytest.mark.parametrize("status", ["CONFIRMED", "REFUTED", "INCONCLUSIVE", "NOT RUN"])
def test_summaries_take_one_line(summary: Summary, status: str) -> None:
    """Catches a crash on a mixture of evidence, and a summary that would break the table's rows."""
    mixture = [refuting("tie", BOUNDARY), measured(None), measured(1.0), piece(kind="derivation"), low_side(0.9, 0.1)]
    for count in range(len(mixture) + 1):
        assert len(summary(verdict(status, *mixture[:count])).splitlines()) <= 1


def test_two_commands_that_write_to_one_folder_keep_both(tmp_path: Path) -> None:
    """Catches verdicts of one run that the other, which had read before, writes over; and broken worlds and seeds."""
    runs = [("prop-1", "lrp-z-identity"), ("prop-1-repair", "thm-1-premise")]
    began = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from nfrlab.verify.cli import app; app()",
                "verify",
                *claims,
                "--jobs",
                "1",
                "--out",
                str(tmp_path),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for claims in runs
    ]
    for run in began:
        assert run.wait(300) == 0
    assert set(store.read(tmp_path)) == {claim for claims in runs for claim in claims}
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "prop-1-repair" in page


def test_merge_adds_to_what_is_there_by_then(tmp_path: Path) -> None:
    """Catches a merge with what was there when the run began."""
    record = dict.fromkeys(store.schema()["$defs"]["verdict"]["required"])
    for id in ("a", "b", "c"):
        store.merge(tmp_path, {id: record | {"id": id}}, lambda stored: sorted(stored))
    assert list(store.read(tmp_path)) == ["a", "b", "c"]
