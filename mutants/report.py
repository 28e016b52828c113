"""How many mutants the tests notice, room by room, and who survives; equivalents have their reasons in a list."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from pathlib import Path

from mutants.mutate import Mutant
from mutants.trial import Outcome

BAR = 0.95
LIST = Path(__file__).with_name("equivalent.toml")


def equivalents(path: Path = LIST) -> dict[tuple[str, str, str, str, int], str]:
    """Why a mutant changes nothing that anyone could notice, by its file, function, line, change, and number."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["equivalent"]
    return {
        (entry["file"], entry["scope"], entry["line"], entry["change"], entry.get("nth", 1)): entry["why"]
        for entry in entries
    }


def report(outcomes: list[tuple[str, Mutant, Outcome]]) -> dict[str, float]:
    """Print the table and the survivors, and return the share of each room that is noticed, equivalents left out."""
    known = equivalents()
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for room, mutant, outcome in outcomes:
        column = 0 if outcome.noticed else 3 if mutant.key in known else 1 if outcome is Outcome.SURVIVED else 2
        rows[room][column] += 1
    rates = {}
    print(f"\n{'room':16}{'noticed':>9}{'survived':>10}{'untested':>10}{'equivalent':>12}{'in all':>8}{'rate':>9}")
    for room, (noticed, survived, untested, same) in rows.items():
        rates[room] = noticed / max(1, noticed + survived + untested)
        total = noticed + survived + untested + same
        print(f"{room:16}{noticed:9}{survived:10}{untested:10}{same:12}{total:8}{rates[room]:9.1%}")
    for _, mutant, outcome in outcomes:
        if not outcome.noticed:
            print(f"\n{mutant.place} in {mutant.scope or 'the module'}: {mutant.what} ({mutant.nth}), {outcome.value}")
            print(f"    {mutant.text}")
            if why := known.get(mutant.key):
                print(f"    equivalent: {why}")
    return rates
