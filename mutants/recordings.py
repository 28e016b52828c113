"""What is known of the tests of one file: a JSON line for each as soon as it has run, and a last one for them all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mutants.scratch import digest

NOBODY = ""
"""In place of a test's name for lines that run while modules are imported; that row passes where no test is missing."""


@dataclass(frozen=True)
class Row:
    """A test, the seconds of work that it takes, whether it passes, its lines by file, and what those files say."""

    test: str
    seconds: float
    passed: bool
    lines: Mapping[str, list[int]]
    sources: Mapping[str, str]


class Recording:
    """The rows of a test file that have been written so far.

    The row of a test holds as long as the files are the same that it ran lines of, its own and what helps it.
    """

    def __init__(self, path: Path, house: Path, name: str) -> None:
        self.path, self.house = path, house
        helpers = [house / "tests" / "conftest.py", *(house / "tests" / "support").rglob("*.py")]
        self.beside = [name, *(path.relative_to(house).as_posix() for path in helpers if path.is_file())]
        self.digests: dict[str, str] = {}
        written = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
        self.rows = [Row(**json.loads(line)) for line in written]

    def source(self, name: str) -> str:
        """What a file says, in twelve letters; none where there is no such file."""
        if name not in self.digests:
            self.digests[name] = digest(self.house, [name]) if (self.house / name).is_file() else ""
        return self.digests[name]

    def holds(self, row: Row) -> bool:
        """Whether all that a row rests on is as it was."""
        same = all(self.source(name) == then for name, then in row.sources.items())
        return same and {*self.beside} <= {*row.sources}

    @property
    def known(self) -> set[str]:
        """The tests that need not be run again: those that fail may pass for another reason than their lines."""
        return {row.test for row in self.rows if row.passed and self.holds(row)} - {NOBODY}

    @property
    def complete(self) -> bool:
        """Whether every test has been run, and no module has changed that any of them loads."""
        return any(row.test == NOBODY and row.passed and self.holds(row) for row in self.rows)

    def keep(self, tests: Iterable[str]) -> None:
        """Forget all but what is known of these tests."""
        kept = self.known & {*tests}
        self.rows = [row for row in self.rows if row.test in kept]
        self.path.write_text("".join(map(written, self.rows)), encoding="utf-8")

    def write(self, test: str, seconds: float, passed: bool, lines: Mapping[str, Iterable[int]]) -> None:
        """Add a test at once."""
        sources = {name: self.source(name) for name in [*self.beside, *lines]}
        row = Row(test, seconds, passed, {name: sorted(ran) for name, ran in lines.items()}, sources)
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(written(row))

    def close(self, lines: Mapping[str, Iterable[int]], whole: bool) -> None:
        """Add what runs on import, which rests on all files that any test runs, and whether no test is missing."""
        loaded: dict[str, Iterable[int]] = {name: () for row in self.rows for name in row.lines}
        self.write(NOBODY, 0.0, whole, loaded | dict(lines))


def written(row: Row) -> str:
    """A row as it stands in the file."""
    fields: dict[str, Any] = vars(row)
    return json.dumps(fields) + "\n"
