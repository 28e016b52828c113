"""`nfrlab verify --seeds N`: how verdicts hold from seed to seed, stored so that a night can be interrupted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from nfrlab.verify.court.claim import Claim, Examination
from nfrlab.verify.court.evidence import Finding
from nfrlab.verify.proceedings import record, seeds
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.proceedings.seeds import Steadiness, Trial
from nfrlab.verify.proceedings.trial import try_claim
from tests.verify.test_cli import REFUTES, SUPPORTS, UNDECIDED, in_process, made_up, words

TRIED: list[tuple[str, int]] = []


def varying(id: str, finding_at: Callable[[int], Finding]) -> Claim:
    """A made-up claim whose finding depends on the seed, and that notes when it is tried."""
    claim = made_up(id, [SUPPORTS], [REFUTES], [SUPPORTS])

    def examine(exam: Examination) -> Any:
        TRIED.append((id, exam.seed))
        return [replace(piece, finding=finding_at(exam.seed)) for piece in claim.examine(exam)]

    return replace(claim, examine=examine)


@pytest.fixture
def court(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Three claims: one the same at all seeds, one open at seed 3, one that comes out otherwise at seed 1."""
    TRIED.clear()
    for claim in (
        varying("steady", lambda seed: SUPPORTS),
        varying("open", lambda seed: UNDECIDED if seed == 3 else SUPPORTS),
        varying("flips", lambda seed: REFUTES if seed == 1 else SUPPORTS),
    ):
        monkeypatch.setitem(REGISTRY, claim.id, claim)
    return monkeypatch


def verify(out: Path, *claims: str, n: int = 5) -> Any:
    """The command, in this process."""
    return in_process("verify", *claims, "--seeds", str(n), "--jobs", "1", "--out", out)


def test_every_claim_is_tried_at_every_seed(court: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Catches a seed or a claim left out, one seed taken for all, an open verdict that passes or is not named."""
    assert verify(tmp_path, "steady").exit_code == 0
    result = verify(tmp_path, "steady", "open")
    assert sorted(TRIED) == sorted((id, seed) for id in ("steady", "open") for seed in range(5))
    assert result.exit_code == 1
    printed = words(result.stdout)
    assert "CONFIRMED × 5" in printed
    assert "CONFIRMED × 4, INCONCLUSIVE × 1" in printed
    assert "seed 3" in printed
    assert "10 trials, 1 left open (10.00%), 0 other than on record; not steady: open" in printed


def test_a_verdict_that_differs_from_the_record_is_a_failure(court: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Catches a verdict that flips with the seed, decided each time, and leaves the command green."""
    own = tmp_path / "on_record.json"
    own.write_bytes(record.RECORD.read_bytes())
    court.setattr(record, "RECORD", own)
    record.on_record.cache_clear()
    try:
        record.accept(try_claim("flips", 0), "as tried", date(2031, 2, 3))
        result = verify(tmp_path, "flips")
    finally:
        court.undo()
        record.on_record.cache_clear()
    assert result.exit_code == 1
    assert "5 trials, 0 left open (0.00%), 1 other than on record; not steady: flips" in words(result.stdout)
    rows = json.loads((tmp_path / seeds.FILE).read_text(encoding="utf-8"))["trials"]
    assert [row["seed"] for row in rows if row["change"]] == [1]
    assert "flips is REFUTED; on record CONFIRMED since 2031-02-03" in rows[1]["change"]


def test_an_interrupted_night_goes_on(court: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Catches finished trials that are lost or tried again, and a resumed table other than an uninterrupted one."""

    def interrupted(seed: int) -> Finding:
        if seed == 2:
            raise KeyboardInterrupt
        return SUPPORTS

    court.setitem(REGISTRY, "steady", varying("steady", interrupted))
    assert verify(tmp_path, "steady", "open").exit_code == 130
    assert len(TRIED) == 5  # two seeds of both, and the one that was interrupted
    court.setitem(REGISTRY, "steady", varying("steady", lambda seed: SUPPORTS))
    TRIED.clear()
    resumed = verify(tmp_path, "steady", "open")
    assert sorted(TRIED) == sorted((id, seed) for id in ("steady", "open") for seed in (2, 3, 4))
    at_once = verify(tmp_path / "other", "steady", "open")
    assert (tmp_path / seeds.FILE).read_bytes() == (tmp_path / "other" / seeds.FILE).read_bytes()
    assert resumed.exit_code == at_once.exit_code == 1
    TRIED.clear()
    assert "5 trials" in verify(tmp_path, "steady").stdout  # what else is stored is neither counted nor lost
    assert len(json.loads((tmp_path / seeds.FILE).read_text(encoding="utf-8"))["trials"]) == 10
    assert not TRIED


@pytest.mark.parametrize("what", ["code", "profile", "measurements"])
def test_what_other_code_found_is_of_no_use(what: str, court: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Catches trials of earlier code, another profile or other measurements that are taken for those of today."""
    verify(tmp_path, "steady")
    TRIED.clear()
    usual = seeds.key
    court.setattr(seeds, "key", lambda *given: usual(*given) | {what: "another"})
    verify(tmp_path, "steady")
    assert len(TRIED) == 5


def test_the_key_names_the_code_and_what_was_measured(tmp_path: Path) -> None:
    """Catches a key that stays the same when the measurements do not."""
    before = seeds.key("quick", None, tmp_path)
    assert before == seeds.key("quick", None, tmp_path)
    assert before != seeds.key("full", None, tmp_path)
    assert before != seeds.key("quick", tmp_path, tmp_path)
    (tmp_path / "bridge").mkdir()
    (tmp_path / "bridge" / "one.nc").write_bytes(b"")
    assert before != seeds.key("quick", None, tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '{"key": {}}', '{"key": {}, "trials": [{"claim": "steady"}]}'])
def test_a_damaged_table_is_refused(content: str, court: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Catches a traceback, and a table that is overwritten though it is somebody else's."""
    (tmp_path / seeds.FILE).write_text(content, encoding="utf-8")
    result = verify(tmp_path, "steady")
    assert result.exit_code == 2
    assert "is no table of nfrlab verify --seeds: " in words(result.output)
    assert (tmp_path / seeds.FILE).read_text(encoding="utf-8") == content


@pytest.mark.parametrize(
    ("arguments", "naming"),
    [
        (("--seeds", "-1"), "--seeds must be a non-negative integer, got -1"),
        (("--seeds", "3", "--seed", "7"), "--seeds N tries the seeds 0 … N − 1"),
        (("--seeds", "3", "--broken"), "--seeds N tries the seeds 0 … N − 1"),
        (("--seeds", "3", "--accept", "prop-1", "--because", "hope"), "--seeds N tries the seeds 0 … N − 1"),
    ],
)
def test_options_that_contradict_are_refused(arguments: tuple[str, ...], naming: str, tmp_path: Path) -> None:
    """Catches an option that is silently ignored beside --seeds."""
    result = in_process("verify", "prop-1", *arguments, "--out", tmp_path)
    assert result.exit_code == 2
    assert naming in words(result.output)


def test_one_seed_in_a_hundred_may_stay_open() -> None:
    """Catches a share counted wrongly: one open verdict is too many among 20, and allowed among 100."""

    def tried(n: int, *still_open: int) -> Steadiness:
        trials = [Trial("made-up", seed, "CONFIRMED", seed not in still_open, "") for seed in range(n)]
        return Steadiness("made-up", tuple(trials))

    assert tried(20).steady
    assert not tried(20, 7).steady
    assert tried(100, 7).steady
    assert not tried(100, 7, 8).steady
    flipped = Trial("made-up", 0, "REFUTED", True, "made-up is REFUTED; on record CONFIRMED")
    assert not Steadiness("made-up", (*tried(200).trials, flipped)).steady
