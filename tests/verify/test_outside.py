"""Claims from outside the repository: `nfrlab verify FILE.py:CLAIMS` tries them, and refuses what is no claim."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from nfrlab.verify.court.budget import CAPACITY
from nfrlab.verify.proceedings import outside
from tests.verify.test_cli import (
    Page,
    assert_refused,
    contents,
    in_process,
    line_to_run_again,
    nfrlab,
    stored,
    timeless,
)

OWN = '''
from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace

from nfrlab.verify.court.budget import CAPACITY
from nfrlab.verify.court.claim import BrokenPremise
from nfrlab.verify.court.evidence import Evidence, Finding, Kind
from nfrlab.verify.proceedings.registry import REGISTRY


@dataclass(frozen=True)
class Sampled:
    """An examination: the mean of uniform numbers lies within 0.4 of a value."""

    value: float

    def __call__(self, exam):
        mean = float(exam.rng("mean").random(100).mean())
        finding = Finding.SUPPORTS if abs(mean - self.value) < 0.4 else Finding.REFUTES
        return [Evidence(Kind.IDENTITY, f"mean = {self.value}", finding, "looked at", n=100, details={"mean": mean})]


def divides(exam):
    return 1 / len(exam.claim[:0])


CONTROL = BrokenPremise("the mean is 1", Sampled(1.0))
MINE = replace(REGISTRY["prop-1"], id="mine", title="My own claim", examine=Sampled(0.5), control=CONTROL)
CLAIMS = (MINE, replace(MINE, id="mine-too"))
OPEN = replace(MINE, id="open", examine=lambda exam: [])
FAILS = replace(MINE, id="fails", examine=divides)
LEAVES = replace(MINE, id="leaves", examine=lambda exam: sys.exit(0))
LEAVES_AT_ONCE = replace(MINE, id="leaves-at-once", examine=lambda exam: os._exit(0))
NUMBERED = replace(MINE, id=7)
SILENT = replace(MINE, id="silent", examine=lambda exam: None)
TAKEN = replace(MINE, id="prop-1")
TWINS = MINE, MINE
STRANGE = replace(MINE, id="my claim <b>")
MIXED = [MINE, 7]
NONE = ()
SEVEN = 7
MANY = tuple(replace(MINE, id=f"mine-{number}") for number in range(CAPACITY + 1))
'''
BROKEN = {
    "syntax.py": "def claims(:\n",
    "raises.py": "\n\nraise RuntimeError('no claims\\ntoday')\n",
    "exits.py": "raise SystemExit(0)\n",
    "bytes.py": "x = '\0'\n",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a user's claims, and with files that hold none."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "own.py").write_text(OWN)
    (folder / "other.py").write_text(OWN)
    for name, text in BROKEN.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def tried(place: Path) -> Path:
    """The results of a user's two claims and one of the registry, by two workers."""
    words = ("verify", "own.py:CLAIMS", "thm-2-zplus", "--seed", "5", "--jobs", "2", "--out", "tried")
    done = nfrlab(*words, cwd=place)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "mine-too" in done.stdout
    return place / "tried"


def test_own_claims_are_tried_stored_and_reported(tried: Path) -> None:
    """Catches a claim that is tried and lost, verdicts that break the schema, and a report without it."""
    verdicts = stored(tried)
    assert list(verdicts) == ["thm-2-zplus", "mine", "mine-too"]
    for id in ("mine", "mine-too"):
        assert verdicts[id]["status"] == "CONFIRMED"
        assert verdicts[id]["control"]["status"] == "REFUTED"
        assert verdicts[id]["seed"] == 5
    assert verdicts["mine"]["evidence"] != verdicts["mine-too"]["evidence"]  # random numbers depend on the id
    text = (tried / "report.html").read_text(encoding="utf-8")
    assert {"mine", "mine-too"} <= Page(text).ids
    assert "My own claim" in text


def test_one_worker_and_the_stored_command_reach_the_same_verdict(place: Path, tried: Path) -> None:
    """Catches numbers that depend on the worker, a command that does not reach the verdict again, and a cache or
    another file that is left beside a user's.
    """
    before = stored(tried)["mine"]
    command, *words = shlex.split(before["command"])
    assert command == "nfrlab"
    done = nfrlab(*words, "--jobs", "1", "--out", "again", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert timeless(stored(place / "again")["mine"]) == timeless(before)
    assert {path.name for path in place.iterdir()} == {"own.py", "other.py", *BROKEN, "tried", "again"}


def test_stored_verdicts_survive_other_runs(place: Path, tried: Path, tmp_path: Path) -> None:
    """Catches a verdict on a user's claim that a later run of the registry's claims drops, or changes."""
    before = contents(tried)
    out = tmp_path / "out"
    out.mkdir()
    for name, content in before.items():
        (out / name).write_bytes(content)
    done = nfrlab("verify", "thm-1-premise", "--out", out, cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    after = stored(out)
    assert list(after) == ["thm-1-premise", "thm-2-zplus", "mine", "mine-too"]
    assert {id: after[id] for id in stored(tried)} == stored(tried)
    assert "My own claim" in (out / "report.html").read_text(encoding="utf-8")


def test_one_claim_and_an_open_verdict(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a single Claim that is refused, and an open verdict on a user's claim that passes for a success."""
    monkeypatch.chdir(place)
    assert in_process("verify", "own.py:MINE", "--jobs", "1", "--out", tmp_path / "a").exit_code == 0
    assert in_process("verify", "own.py:MINE", "own.py:OPEN", "--jobs", "1", "--out", tmp_path / "b").exit_code == 1
    assert list(stored(tmp_path / "b")) == ["mine", "open"]


@pytest.mark.parametrize(
    ("arguments", "naming"),
    [
        (("nowhere.py:CLAIMS",), "nowhere.py is no Python file"),
        (("own.py:ABSENT",), "own.py does not define 'ABSENT'"),
        (("own.py:",), "own.py does not define ''"),
        (("own.py:SEVEN",), "own.py:SEVEN is of type int"),
        (("own.py:MIXED",), "own.py:MIXED holds an object of type int"),
        (("own.py:NONE",), "own.py:NONE is empty"),
        (("own.py:Sampled",), "own.py:Sampled is of type type"),
        (("own.py:TAKEN",), "'prop-1' belongs to a claim of the registry"),
        (("own.py:TWINS",), "own.py:TWINS has two claims 'mine'"),
        (("own.py:CLAIMS", "other.py:MINE"), "other.py:MINE and own.py:CLAIMS both have a claim 'mine'"),
        (("own.py:STRANGE",), "'my claim <b>'"),
        (("own.py:NUMBERED",), "the id 7 has to be"),
        (("own.py:MANY",), f"{CAPACITY} claims, got {CAPACITY + 1}"),
        (("own.py:CLAIMS", "prop-99"), "'prop-99'"),
        (("syntax.py:CLAIMS",), "syntax.py failed in line 1: SyntaxError: "),
        (("raises.py:CLAIMS",), "raises.py failed in line 3: RuntimeError: no claims today"),
        (("exits.py:CLAIMS",), "exits.py failed in line 1: SystemExit: 0"),
        (("bytes.py:CLAIMS",), "bytes.py failed"),
        (("own.txt:CLAIMS",), "'own.txt:CLAIMS'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_is_no_claim_is_refused(
    arguments: Sequence[str], naming: str, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a traceback out of a user's file, a refusal that does not name it, and results touched before it."""
    monkeypatch.chdir(place)
    result = in_process("verify", *arguments, "--jobs", "1", "--out", tmp_path / "out")
    (line,) = result.stderr.splitlines()
    assert line.startswith("nfrlab: ")
    assert naming in line
    assert (result.exit_code, result.stdout) == (2, "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_examination_that_fails_says_where(jobs: str, place: Path, tmp_path: Path) -> None:
    """Catches a traceback of this process or of a worker, and finished verdicts that are lost with the failing one."""
    line = OWN.splitlines().index("    return 1 / len(exam.claim[:0])") + 1
    naming = f"own.py:FAILS: the examination of 'fails' failed in line {line}: ZeroDivisionError: division by zero"
    done = nfrlab("verify", "own.py:MINE", "own.py:FAILS", "--jobs", jobs, "--out", tmp_path / "out", cwd=place)
    assert_refused(done, naming)
    assert not set(contents(tmp_path / "out")) - {"verdicts.json"}
    silent = nfrlab("verify", "own.py:SILENT", "--jobs", "1", "--out", tmp_path / "silent", cwd=place)
    assert_refused(silent, "own.py:SILENT: the examination of 'silent' failed: TypeError")
    for name, id in (("LEAVES", "leaves"), ("LEAVES_AT_ONCE", "leaves-at-once")):
        leaves = nfrlab("verify", f"own.py:{name}", "own.py:MINE", "--jobs", jobs, "--out", tmp_path / "out", cwd=place)
        assert_refused(leaves, f"own.py:{name}: the examination of '{id}' failed in line")


def test_the_registry_is_not_changed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a user's claim that enters the registry, and with it the documents and every later run."""
    monkeypatch.chdir(place)
    assert outside.sources(["own.py:CLAIMS", "prop-1"]) == {
        "mine": "own.py:CLAIMS",
        "mine-too": "own.py:CLAIMS",
        "prop-1": None,
    }
    assert "mine" not in outside.REGISTRY
    assert in_process("show", "mine").exit_code == 2


def test_a_claim_of_the_registry_is_not_from_outside(tried: Path, place: Path) -> None:
    """Catches a command stored with the registry's verdicts, and the line to run them alone exchanged for it."""
    verdict = stored(tried)["thm-2-zplus"]
    assert not outside.is_outside(verdict)
    assert verdict["command"] == ""
    shown = nfrlab("show", "thm-2-zplus", "--out", tried, cwd=place)
    expected = ["nfrlab", "verify", "thm-2-zplus", "--profile", "quick", "--seed", "5"]
    assert line_to_run_again(shown.stdout) == expected
