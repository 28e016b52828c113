"""One mutant: written into the copy, shown to its tests, taken out again; the outcome is a line of the ledger."""

from __future__ import annotations

import json
import os
from enum import Enum
from pathlib import Path

from mutants.choose import Coverage
from mutants.mutate import Mutant
from mutants.scratch import digest, pytest_in

NO_SUCH_TEST = 4  # pytest's exit status for a test that is not there, or a test file that cannot be imported

START = 60.0
"""Seconds of work that pytest may take to start, beside five times what the tests have taken."""


class Outcome(Enum):
    """What became of a mutant. One that never ends is noticed too; one that no test runs is not."""

    KILLED = "killed"
    TIMEOUT = "timeout"
    SURVIVED = "survived"
    UNTESTED = "untested"

    @property
    def noticed(self) -> bool:
        """Whether the tests saw it."""
        return self in (Outcome.KILLED, Outcome.TIMEOUT)


class Ledger:
    """What became of the mutants tried so far: one JSON line each, by the mutant, its source, and its tests.

    Who was killed stays so as long as the module is the same; who survived is tried again when the tests have changed.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.lines: dict[tuple[str, str], dict[str, str]] = {}
        if path.exists():
            for text in path.read_text(encoding="utf-8").splitlines():
                line = json.loads(text)
                self.lines[line["id"], line["source"]] = line

    def known(self, mutant: Mutant, source: str, tests: str) -> Outcome | None:
        """The outcome, where it still holds."""
        line = self.lines.get((mutant.id, source))
        if line is None or not (Outcome(line["outcome"]).noticed or line["tests"] == tests):
            return None
        return Outcome(line["outcome"])

    def write(self, mutant: Mutant, source: str, tests: str, outcome: Outcome) -> None:
        """Write it down at once."""
        line = {"id": mutant.id, "source": source, "tests": tests, "outcome": outcome.value, "what": mutant.what}
        line |= {"file": mutant.file, "scope": mutant.scope, "text": mutant.text}
        self.lines[mutant.id, source] = line
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def try_mutant(mutant: Mutant, house: Path, coverage: Coverage, ledger: Ledger, budget: float) -> Outcome:
    """The outcome of a mutant, from the ledger or by trial."""
    tests = coverage.tests(mutant.file, mutant.lines, budget)
    source = digest(house, [mutant.file])
    against = digest(house, {name.split("::")[0] for name in tests})
    if (outcome := ledger.known(mutant, source, against)) is None:
        outcome = shown(mutant, house, tests, sum(coverage.seconds[name] for name in tests))
        ledger.write(mutant, source, against, outcome)
    return outcome


def shown(mutant: Mutant, house: Path, tests: list[str], seconds: float) -> Outcome:
    """Put the mutant in, run the tests up to the first that fails, and put the module back as it was."""
    if not tests:
        return Outcome.UNTESTED
    path, names = house / mutant.file, house / ".tests"
    sound, when = path.read_bytes(), path.stat()
    try:
        path.write_bytes(mutant.within(sound))
        os.utime(path, ns=(0, 0))  # no bytecode is of that time
        names.write_text("\n".join(tests), encoding="utf-8")
        limit = START + 5 * seconds
        status = pytest_in(house, ["-x", f"@{names}"], limit)
        if status == NO_SUCH_TEST:  # a parameter may have got another name: look at all of the file
            status = pytest_in(house, ["-x", *sorted({name.split("::")[0] for name in tests})], limit + 600)
        if status is None:
            return Outcome.TIMEOUT
        return Outcome.KILLED if status else Outcome.SURVIVED
    finally:
        path.write_bytes(sound)
        os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))
