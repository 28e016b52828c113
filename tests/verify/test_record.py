"""Verdicts on record: a changed one is a failure, and changes for a stated reason alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from nfrlab.simulations.dense import weights
from nfrlab.verify.court.evidence import Claimed, Finding, Kind
from nfrlab.verify.court.verdict import Status
from nfrlab.verify.proceedings import record
from nfrlab.verify.proceedings.registry import REGISTRY, is_of_decisions
from nfrlab.verify.proceedings.trial import try_claim
from tests.verify.test_cli import REFUTES, SUPPORTS, in_process, made_up, words

TODAY = date(2031, 2, 3)


@pytest.fixture
def own_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the record, to be changed."""
    path = tmp_path / "on_record.json"
    path.write_bytes(record.RECORD.read_bytes())
    monkeypatch.setattr(record, "RECORD", path)
    record.on_record.cache_clear()
    yield path
    record.on_record.cache_clear()


def put_in_court(monkeypatch: pytest.MonkeyPatch, *trial: Finding, restored: Finding = SUPPORTS) -> None:
    """A made-up claim in the registry, with controls that behave."""
    monkeypatch.setitem(REGISTRY, "made-up", made_up("made-up", trial, [REFUTES], [restored]))


def test_a_flipped_verdict_fails_with_old_new_and_since(
    own_record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a world that changes a verdict and leaves the command green: N(0.3, 1) weights for N(0.25, 1)."""
    known = record.on_record()["limit-shifted"]["verdicts"][record.COURT]
    assert in_process("verify", "limit-shifted", "--jobs", "1", "--out", tmp_path / "out").exit_code == 0
    monkeypatch.setattr(weights, "SHIFT", 0.3)
    result = in_process("verify", "limit-shifted", "--jobs", "1", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert f"limit-shifted is REFUTED; on record CONFIRMED since {known['since']}" in words(result.stdout)


def test_accepting_is_the_way_to_change_the_record(
    own_record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches an accepted verdict that is not on record, loses its reason or past, or takes others with it."""
    before = json.loads(own_record.read_text(encoding="utf-8"))
    put_in_court(monkeypatch, SUPPORTS)
    out = ("--jobs", "1", "--out", tmp_path / "out")
    assert in_process("verify", "made-up", *out).exit_code == 0  # new: nothing to differ from
    assert in_process("verify", "--accept", "made-up", "--because", "a new claim", *out).exit_code == 0
    put_in_court(monkeypatch, REFUTES)
    changed = in_process("verify", "made-up", *out)
    assert changed.exit_code == 1
    assert f"on record CONFIRMED since {date.today()} (a new claim)" in words(changed.stdout)
    assert in_process("verify", "--accept", "made-up", "--because", "the world changed", *out).exit_code == 0
    assert in_process("verify", "made-up", *out).exit_code == 0
    after = json.loads(own_record.read_text(encoding="utf-8"))
    entry = after.pop("made-up")
    assert after == before
    line = entry["verdicts"][record.COURT]
    assert (line["status"], line["was"], line["because"]) == ("REFUTED", "CONFIRMED", "the world changed")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--accept", "prop-1"), "--accept ID and --because REASON go together"),
        (("--accept", "prop-1", "--because", "  "), "--accept ID and --because REASON go together"),
        (("prop-1", "--because", "I say so"), "--accept ID and --because REASON go together"),
        (("--accept", "no-such-claim", "--because", "why not"), "unknown claim 'no-such-claim'"),
    ],
)
def test_the_record_does_not_change_without_a_reason(
    arguments: tuple[str, ...], complaint: str, own_record: Path, tmp_path: Path
) -> None:
    """Catches a record that changes without a claim or without a reason."""
    before = own_record.read_bytes()
    result = in_process("verify", *arguments, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert complaint in result.output
    assert own_record.read_bytes() == before


@pytest.mark.parametrize(
    ("trial", "restored"), [(Finding.UNDECIDED, SUPPORTS), (REFUTES, REFUTES), (REFUTES, Finding.UNDECIDED)]
)
def test_only_a_decided_verdict_is_accepted(
    trial: Finding, restored: Finding, own_record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches an open verdict, or one whose controls did not behave, that is put on record."""
    before = own_record.read_bytes()
    put_in_court(monkeypatch, trial, restored=restored)
    result = in_process("verify", "--accept", "made-up", "--because", "hope", "--jobs", "1", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "only a decided verdict" in result.output
    assert own_record.read_bytes() == before


def test_settings_are_recorded_apart(own_record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a verdict on one set of measurements that is held against another set's."""
    put_in_court(monkeypatch, SUPPORTS)
    verdict = try_claim("made-up")
    measured = {name: type(verdict)(**vars(verdict) | {"settings": name}) for name in ("vgg16 32²", "digits 8²")}
    record.accept(measured["vgg16 32²"], "measured", TODAY)
    assert record.verdict_on_record(verdict) is None
    assert record.verdict_on_record(measured["digits 8²"]) is None
    flipped = type(verdict)(**vars(measured["vgg16 32²"]) | {"status": Status.REFUTED})
    assert "on record CONFIRMED since 2031-02-03 (measured)" in record.change(flipped)
    other = type(verdict)(**vars(measured["digits 8²"]) | {"status": Status.REFUTED})
    assert record.change(other) == ""
    record.accept(measured["digits 8²"], "measured", TODAY)
    assert set(record.on_record()["made-up"]["verdicts"]) == {"vgg16 32²", "digits 8²"}


@pytest.mark.parametrize(
    ("part", "changes", "differs"),
    [
        ("trial", {"statement": "finding 1"}, True),
        ("control", {"claimed": Claimed.exactly(1.0, 0.021)}, True),
        ("restored", {"claimed": Claimed.exactly(0.99, 0.02)}, True),
        ("trial", {"claimed": Claimed.between(0.98, 1.02)}, True),
        ("trial", {"claimed": None}, True),
        ("control", {"miss": 1.05e-9}, True),
        ("trial", {"kind": Kind.ENCLOSURE}, True),
        ("trial", {"details": {"N": 3}}, True),
        ("restored", {"counterexample": {"x": "1"}}, True),
        ("trial", {"finding": REFUTES, "interval": (0.2, 0.3), "n": 7, "method": "another", "power": 0.9}, False),
        ("control", {"claimed": Claimed.exactly(1.0 + 1e-13, 0.02)}, False),
    ],
)
def test_what_was_asked_is_told_from_what_was_found(part: str, changes: dict[str, Any], differs: bool) -> None:
    """Catches a range, a margin, an error or a point of an examination that changes in silence, and a record that would
    have to change with the draw.
    """
    verdict = try_claim(made_up("made-up", [SUPPORTS], [REFUTES], [SUPPORTS]))
    pieces = {"trial": verdict.evidence, "control": verdict.control.evidence}
    pieces |= {"restored": verdict.restored.evidence} if verdict.restored else {}
    other = pieces | {part: tuple(replace(piece, **changes) for piece in pieces[part])}
    changed = replace(
        verdict,
        evidence=other["trial"],
        control=replace(verdict.control, evidence=other["control"]),
        restored=replace(verdict.restored, evidence=other["restored"]),
    )
    assert (record.asked_in(changed) != record.asked_in(verdict)) is differs
    swapped = replace(verdict, evidence=verdict.control.evidence, control=replace(verdict.control, evidence=()))
    assert record.asked_in(swapped) != record.asked_in(verdict)


def test_only_a_quick_trial_says_what_is_asked(own_record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a thorough trial, other draws, or measurements, that put questions on record which no test asks."""
    put_in_court(monkeypatch, SUPPORTS)
    quick = try_claim("made-up")
    record.accept(replace(quick, settings="vgg16 32²"), "measured", TODAY)
    assert "asked" not in record.on_record()["made-up"]
    record.accept(quick, "a new claim", TODAY)
    assert record.on_record()["made-up"]["asked"] == record.asked_in(quick)
    for other in (replace(quick, profile="full"), replace(quick, seed=record.SEED + 1)):
        more = replace(other, evidence=quick.evidence * 2)
        record.accept(more, "tried otherwise", TODAY)
        assert record.on_record()["made-up"]["asked"] == record.asked_in(quick) != record.asked_in(more)


def test_every_claim_of_the_court_is_on_record() -> None:
    """Catches a claim whose verdict is compared with nothing, and a line on a claim that is gone."""
    court = {id for id, claim in REGISTRY.items() if not claim.on_deep_networks or is_of_decisions(claim)}
    assert court <= set(record.on_record()) <= set(REGISTRY)
    assert {id for id, entry in record.on_record().items() if "asked" in entry} == court
    for id, entry in record.on_record().items():
        for line in entry["verdicts"].values():
            assert line["status"] in {"CONFIRMED", "REFUTED"}, id
            assert date.fromisoformat(line["since"])
            assert line["because"].strip()
