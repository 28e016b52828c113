"""What is on record of every claim of the court that was tried: its verdict, and the kinds of evidence behind it.

`on_record.json` is written by `python -m nfrlab.verify.proceedings.record FOLDER` from the verdicts in a folder; tests
compare every trial with it. Claims on deep networks are not on record: their verdicts depend on what was measured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from nfrlab.simulations.files import write_atomically
from nfrlab.verify.court.claim import Claim
from nfrlab.verify.court.evidence import Kind
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.proceedings.store import read

RECORD = Path(__file__).parent / "on_record.json"


@cache
def on_record() -> Mapping[str, Mapping[str, Any]]:
    """By claim id: `status`, and `kinds`, the kinds of its evidence in order."""
    return MappingProxyType(json.loads(RECORD.read_text(encoding="utf-8")))


def kinds_of(claim: Claim) -> tuple[str, ...]:
    """The kinds of evidence that a claim rests on; none for one that was never tried."""
    if claim.on_deep_networks:
        return (str(Kind.BRIDGE),)
    return tuple(on_record().get(claim.id, {}).get("kinds", ()))


def entry(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """What is put on record of a verdict in its stored form."""
    kinds = dict.fromkeys(str(piece["kind"]) for piece in verdict["evidence"])
    return {"status": str(verdict["status"]), "kinds": list(kinds)}


def put_on_record(verdicts: Mapping[str, Mapping[str, Any]]) -> None:
    """Put stored verdicts on record, beside what is there."""
    court = [id for id in verdicts if id in REGISTRY and not REGISTRY[id].on_deep_networks]
    known = (dict(on_record()) if RECORD.exists() else {}) | {id: entry(verdicts[id]) for id in court}
    record = {id: known[id] for id in REGISTRY if id in known}
    lines = ",\n".join(f" {json.dumps(id)}: {json.dumps(line, ensure_ascii=False)}" for id, line in record.items())
    write_atomically(RECORD, f"{{\n{lines}\n}}\n")
    on_record.cache_clear()


if __name__ == "__main__":
    put_on_record(read(Path(sys.argv[1])))
