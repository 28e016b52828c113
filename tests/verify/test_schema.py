"""What is read back is held against its schema first: jsonschema is the oracle, and what passes can be shown."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rich.console import Console

from nfrlab.verify.commands.tables import verdicts as verdict_table
from nfrlab.verify.proceedings import power, seeds, store
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.proceedings.schema import DEEPEST, MOST, misfits, read_json, schema_of
from nfrlab.verify.report import wording
from nfrlab.verify.report.html import render
from tests.support.verdicts import verdict
from tests.verify.test_cli import assert_refused, contents, nfrlab

KINDS = "verdicts", "broken", "seeds"
OTHER = None, True, 0, 1, -1, 3.5, 1.0, 10**40, "", "other", "REFUTED", [], [1], [None, None], {}, {"a": 1}, [[["1"]]]
"""What a value is changed into."""


def documents() -> dict[str, Any]:
    """A valid document of every kind."""
    ids = list(REGISTRY)[:2]
    open_ended = verdict(ids[1], status="CONFIRMED", restored=None, repairs=ids[0], command="nfrlab verify x")
    row = {"claim": ids[0], "broken": next(iter(power.BREAKS)), "status": "a", "there": "b", "outcome": "noticed"}
    trial = {"claim": ids[0], "seed": 3, "status": "REFUTED", "settled": True, "change": ""}
    return {
        "verdicts": {"schema_version": 1, "verdicts": [verdict(ids[0]), open_ended]},
        "broken": {ids[0]: [row]},
        "seeds": {"key": {"profile": "quick"}, "trials": [trial]},
    }


def places(value: Any) -> Iterator[tuple[Any, ...]]:
    """The paths to everything in a document."""
    yield ()
    for key, each in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from ((key, *rest) for rest in places(each))


def changed(document: Any, place: tuple[Any, ...], how: str, new: Any) -> Any:
    """A document with the value at a place replaced, left out, or with something unknown beside it."""
    if not place:
        return new
    copy = deepcopy(document)
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    if how == "replace":
        inner[place[-1]] = new
    elif how == "leave out":
        del inner[place[-1]]
    elif isinstance(inner, dict):
        inner["unknown"] = new
    else:
        inner.append(new)
    return copy


@st.composite
def damaged(draw: st.DrawFn, kind: str) -> Any:
    """A document with one or two changes."""
    document = documents()[kind]
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from(list(places(document))))
        how = draw(st.sampled_from(["replace", "replace", "leave out", "add"]))
        document = changed(document, place, how, draw(st.sampled_from(OTHER)))
    return document


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_fits(kind: str) -> None:
    """Catches a schema that refuses what nfrlab itself stores, and one that is no JSON Schema."""
    Draft202012Validator.check_schema(schema_of(kind))
    assert list(misfits(documents()[kind], schema_of(kind), schema_of(kind), "")) == []


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=300, derandomize=True, deadline=None)
@given(data=st.data())
def test_every_change_is_judged_as_by_jsonschema(kind: str, data: st.DataObject) -> None:
    """Catches a word of JSON Schema that is misread, true taken for 1, and a fault that goes unseen."""
    document = data.draw(damaged(kind))
    fits = not list(misfits(document, schema_of(kind), schema_of(kind), ""))
    assert fits is Draft202012Validator(schema_of(kind)).is_valid(document)


def test_every_word_of_the_schemas_is_known() -> None:
    """Catches a word that a schema begins to use and the validator passes over."""
    known = {"type", "const", "enum", "minimum", "maximum", "items", "minItems", "maxItems", "properties", "required"}
    known |= {
        "additionalProperties",
        "anyOf",
        "oneOf",
        "if",
        "then",
        "$ref",
        "$defs",
        "$schema",
        "title",
        "description",
    }

    def words(schema: Any) -> Iterator[str]:
        for word, value in schema.items() if isinstance(schema, dict) else ():
            yield word
            inner = value.values() if word in ("properties", "$defs") else [value]
            for each in value if isinstance(value, list) else inner:
                yield from words(each)

    assert {word for kind in KINDS for word in words(schema_of(kind))} <= known


@settings(max_examples=400, derandomize=True, deadline=None)
@given(document=damaged("verdicts"))
def test_what_is_read_can_be_shown(document: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Catches a changed type that passes and ends in a traceback after the trial: in the report, a table or a card."""
    out = tmp_path_factory.mktemp("out")
    (out / "verdicts.json").write_text(json.dumps(document), encoding="utf-8")
    try:
        records = store.read(out)
    except ValueError as refusal:
        assert str(refusal).startswith(f"{out / 'verdicts.json'} is not a verdicts file of nfrlab: ")  # noqa: PT017
        assert len(str(refusal)) < 500  # noqa: PT017
        return
    render(records)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(verdict_table, "wide_console", lambda: Console(file=StringIO()))
        verdict_table.print_verdicts(list(records.values()))
    for each in records.values():
        wording.rerun(each), wording.chains(each)
    store.merge(out, {}, lambda stored: sorted(stored))
    assert store.read(out) == {id: records[id] for id in sorted(records)}


BAD = {
    "NaN": b'{"schema_version": 1, "verdicts": NaN}',
    "beyond float64": b'{"schema_version": 1, "verdicts": [1e999]}',
    "5000 digits": b'{"schema_version": 1, "verdicts": [1' + b"0" * 5000 + b"]}",
    "half a pair": b'{"schema_version": 1, "verdicts": ["\\ud800"]}',
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep within reach of Python": b"[" * 400 + b"]" * 400,
    "large": b" " * (MOST + 1),
    "UTF-16": '{"schema_version": 1}'.encode("utf-16"),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_numbers_depth_and_size_are_bounded(content: bytes, tmp_path: Path) -> None:
    """Catches a recursion that ends the program, and numbers that nothing can print or store again."""
    (tmp_path / "verdicts.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"is not a verdicts file of nfrlab: .*; move it away or name another --out"):
        store.read(tmp_path)


def test_depth_is_that_of_brackets(tmp_path: Path) -> None:
    """Catches a limit that is off by one, and one on the number of items."""
    for levels, fits in ((DEEPEST - 1, True), (DEEPEST + 1, False)):
        document = {"key": {"deep": json.loads("[" * (levels - 2) + "]" * (levels - 2))}, "trials": []}
        (tmp_path / "seeds.json").write_text(json.dumps(document))
        if fits:
            assert read_json(tmp_path / "seeds.json", "seeds") == document
        else:
            with pytest.raises(ValueError, match=f"deeper than {DEEPEST} levels"):
                read_json(tmp_path / "seeds.json", "seeds")


@pytest.mark.parametrize(
    ("name", "kind", "options"),
    [("verdicts.json", "verdicts", ()), ("broken.json", "broken", ()), ("seeds.json", "seeds", ("--seeds", "1"))],
)
def test_a_damaged_file_is_refused_before_any_trial(
    name: str, kind: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    """Catches a trial that is lost to a file that could not be read, and one that writes over it."""
    document = documents()[kind]
    place = {"verdicts": ("verdicts", 0, "seed"), "broken": (next(iter(document)), 0), "seeds": ("trials", 0, "seed")}
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text(json.dumps(changed(document, place[kind], "replace", [0.5])))
    before = contents(out)
    assert_refused(nfrlab("verify", "prop-3-gamma-repair", "--out", "out", *options, cwd=tmp_path), f"out/{name} is n")
    assert contents(out) == before


@pytest.mark.parametrize("name", ["verdicts.json", "broken.json", "seeds.json"])
def test_what_is_no_file_is_refused(name: str, tmp_path: Path) -> None:
    """Catches a reader that waits at a pipe for ever, follows a link round and round, or lists a folder."""
    path = tmp_path / name
    readers = {
        "verdicts.json": lambda: store.read(tmp_path),
        "broken.json": lambda: power.stored_sights(tmp_path),
        "seeds.json": lambda: seeds.stored_trials(tmp_path, {}),
    }
    for make in (
        lambda: os.mkfifo(path),
        lambda: path.symlink_to(name),
        lambda: path.symlink_to("/dev/zero"),
        path.mkdir,
    ):
        make()
        with pytest.raises(ValueError, match=f"{name} is no"):
            readers[name]()
        path.rmdir() if path.is_dir() else path.unlink()


def test_a_verdict_that_could_not_be_read_again_is_not_stored(tmp_path: Path) -> None:
    """Catches evidence from outside that is stored, and locks the user out of the folder."""
    store.merge(tmp_path, {"a": verdict("a")}, lambda stored: sorted(stored))
    before = contents(tmp_path)
    odd = verdict("b")
    odd["evidence"][0]["details"]["reach"] = 7
    with pytest.raises(ValueError, match=r"the verdict on b cannot be stored: .*details\.reach must be"):
        store.merge(tmp_path, {"b": odd}, lambda stored: sorted(stored))
    assert contents(tmp_path) == before
