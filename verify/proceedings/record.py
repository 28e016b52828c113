"""What is on record of every claim: its verdict, since when and why, the kinds of evidence for it, and what was asked.

A verdict that differs from the one on record is a failure, of the world or of the code, until somebody accepts it:
`nfrlab verify --accept ID --because REASON` is the only way to change `on_record.json`. Claims on deep networks have
one verdict for every set of measurements that they were judged from; measurements of one's own have none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from nfrlab.simulations.files import one_writer, write_atomically
from nfrlab.verify.court.claim import Claim
from nfrlab.verify.court.evidence import Evidence, Kind
from nfrlab.verify.court.verdict import Verdict
from nfrlab.verify.proceedings.registry import REGISTRY, is_of_decisions

RECORD = Path(__file__).parent / "on_record.json"
COURT = "court"
"""What a verdict stands under that needs no measurements; any other stands under the settings that were measured."""
SEED = 0
"""Of the quick trials whose questions are on record: some inputs are drawn, and what is predicted there is asked."""
Entry = Mapping[str, Any]


@cache
def on_record() -> Mapping[str, Entry]:
    """By claim id: `kinds`, those of its evidence in order, `asked_in` a quick trial from `SEED`, and `verdicts`, by
    `COURT` or settings.

    Each verdict has its `status`, the date `since` when it is on record, `because` of what, and what it `was` before.
    """
    return MappingProxyType(json.loads(RECORD.read_text(encoding="utf-8")))


def kinds_of(claim: Claim) -> tuple[str, ...]:
    """The kinds of evidence that a claim rests on; none for one that was never tried."""
    if claim.on_deep_networks:
        return (str(Kind.BRIDGE),)
    return tuple(on_record().get(claim.id, {}).get("kinds", ()))


def kinds_in(verdict: Verdict) -> list[str]:
    """The kinds of the evidence of a verdict, in order, each once."""
    return list(dict.fromkeys(str(piece.kind) for piece in verdict.evidence))


def asked_in(verdict: Verdict) -> str:
    """What a trial and its controls asked, in twelve letters: the inputs that were drawn count, not what was found.

    So no range, margin or error probability of an examination changes in silence, nor an input that it names.
    """
    parts = verdict.evidence, verdict.control.evidence, verdict.restored.evidence if verdict.restored else ()
    return sha256(json.dumps([questions(part) for part in parts]).encode()).hexdigest()[:12]


def questions(pieces: Sequence[Evidence]) -> list[list[Any]]:
    """Of every piece of evidence its kind and statement, what it is held against, how surely, and what it prints.

    Numbers to four digits: they are computed, and machines differ in the last ones.
    """
    return [
        [
            str(piece.kind),
            piece.statement,
            [f"{round(end, 12) + 0.0:.4g}" for end in (*piece.claimed.admitted, *piece.claimed.range)]
            if piece.claimed
            else None,
            f"{piece.miss:.4g}",
            sorted(piece.details),
            sorted(piece.counterexample or ()),
        ]
        for piece in pieces
    ]


def verdict_on_record(verdict: Verdict) -> Entry | None:
    """What is on record where this verdict would stand; None where nothing is."""
    found: Entry = on_record().get(verdict.id, {}).get("verdicts", {})
    return found.get(verdict.settings or COURT)


def change(verdict: Verdict) -> str:
    """In one sentence how a verdict differs from the one on record: old, new, and since when; "" where it does not.

    Nor does one of which nothing is on record: a new claim, one from outside, measurements of one's own, or NOT RUN.
    """
    known = verdict_on_record(verdict)
    if verdict.missing or known is None or known["status"] == verdict.status:
        return ""
    return f"{verdict.id} is {verdict.status}; on record {known['status']} since {known['since']} ({known['because']})"


def accept(verdict: Verdict, because: str, today: date) -> None:
    """Put a verdict on record, with the reason and the date. Raises `ValueError` unless it is a decided one of the
    registry, and where the record cannot be written to.
    """
    if verdict.id not in REGISTRY or not verdict.decided:
        raise ValueError(f"only a decided verdict is put on record, of a claim of the registry; {verdict.id} is not")
    line = {"status": str(verdict.status), "since": today.isoformat(), "because": because}
    try:
        with one_writer(RECORD.parent):
            on_record.cache_clear()  # what was accepted since is kept
            known = verdict_on_record(verdict)
            if known is not None and known["status"] != verdict.status:
                line["was"] = known["status"]
            before = on_record().get(verdict.id, {"verdicts": {}})
            shipped = not verdict.settings or is_of_decisions(REGISTRY[verdict.id])
            told = shipped and (verdict.profile, verdict.seed) == ("quick", SEED)
            entry = {
                "kinds": kinds_in(verdict),
                "asked": asked_in(verdict) if told else before.get("asked"),
                "verdicts": before["verdicts"] | {verdict.settings or COURT: line},
            }
            entry = {name: value for name, value in entry.items() if value is not None}
            replace_record(dict(on_record()) | {verdict.id: entry})
    except OSError as error:
        raise ValueError(f"cannot write to {RECORD} ({error.strerror}); accept a verdict in a checkout") from error


def replace_record(record: Mapping[str, Entry]) -> None:
    """Replace the record, a line a claim in the order of the registry. Raises `OSError` where that is impossible."""
    lines = [f" {json.dumps(id)}: {json.dumps(record[id], ensure_ascii=False)}" for id in REGISTRY if id in record]
    write_atomically(RECORD, "{\n" + ",\n".join(lines) + "\n}\n")
    on_record.cache_clear()
