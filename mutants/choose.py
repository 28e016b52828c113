"""Which tests can notice a mutant: those that run its line, the cheapest first."""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mutants.recordings import NOBODY, Recording, Row
from mutants.scratch import pytest_in, tracked

FORM = ("test_architecture", "test_docs", "test_installed", "test_recipes", "test_mutants")
"""Test files that look at how the code is written and packed, not at what it does."""

WINGS = ("theory", "simulations", "verify")
RECORDING_LIMIT = 1800.0  # seconds, after which the recording of a test file goes on in another process
CLAIMS = "verify/claims/"
ON_RECORD = "verify/proceedings/on_record.json"
TRIAL = "tests/theorem/test_trial.py::test_claim_is_decided"


@dataclass
class Coverage:
    """What the recordings of all test files say together."""

    seconds: dict[str, float] = field(default_factory=dict)
    by_line: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    by_file: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    on_import: set[tuple[str, int]] = field(default_factory=set)
    importers: dict[str, set[str]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def tests(self, file: str, lines: Iterable[int], budget: float) -> list[str]:
        """The tests to run for these lines: file after file, the cheapest first, up to `budget` recorded seconds.

        A line that runs when its module is imported is noticed by whoever runs another line of the module, or of one
        that imports it.
        """
        chosen = set().union(*(self.by_line[file, line] for line in lines))
        if any((file, line) in self.on_import for line in lines):
            chosen |= self.by_file[file].union(*(self.by_file[other] for other in self.importers.get(file, ())))
        cheap: list[str] = []
        spent = 0.0
        for name in sorted(chosen, key=lambda name: self.seconds[name]):
            spent += self.seconds[name]
            if cheap and spent > budget:
                break
            cheap.append(name)
        together: dict[str, float] = defaultdict(float)
        for name in cheap:
            together[name.split("::")[0]] += self.seconds[name]
        return sorted(cheap, key=lambda name: (together[name.split("::")[0]], name.split("::")[0], self.seconds[name]))


def recorded(root: Path, house: Path, folder: Path, within: tuple[str, ...] = ("tests/",)) -> Coverage:
    """The coverage of every test whose name begins so, from what is kept in `folder` where that still holds."""
    names = tracked(root)
    folder.mkdir(parents=True, exist_ok=True)
    whole = Coverage(importers=importers(house, names))
    for name in names:
        asked = (name,) if name.startswith(within) else tuple(test for test in within if test.startswith(f"{name}::"))
        if Path(name).name.startswith("test_") and asked and Path(name).stem not in FORM:
            recording = recording_of(house, name, folder / f"{name.replace('/', '.')}.jsonl", asked)
            if not recording.rows:
                whole.failed.append(name)
            for row in recording.rows:
                if row.test == NOBODY or row.test.startswith(asked):
                    add(whole, row)
    return whole


def recording_of(house: Path, name: str, path: Path, asked: tuple[str, ...]) -> Recording:
    """The recording of a test file, or of those of its tests that are asked for.

    Where the limit ends it, it goes on in another process while tests become known.
    """
    recording = Recording(path, house, name)
    status, further = None, True
    arguments = [name, "-p", "mutants.record", f"--lines={path.resolve()}", *(f"--lines-of={one}" for one in asked)]
    while status is None and further and not recording.complete:
        print(f"recording {name}", flush=True)
        status = pytest_in(house, arguments, RECORDING_LIMIT, keep_bytecode=True)
        before, recording = recording, Recording(path, house, name)
        further = not recording.known <= before.known
    return recording


def add(whole: Coverage, row: Row) -> None:
    """Take in what is recorded of one test, or of none."""
    if row.test == NOBODY:
        whole.on_import |= {(file, line) for file, lines in row.lines.items() for line in lines}
    elif not row.passed:
        whole.failed.append(row.test)
    else:
        whole.seconds[row.test] = row.seconds
        for file, lines in row.lines.items():
            whole.by_file[file].add(row.test)
            for line in lines:
                whole.by_line[file, line].add(row.test)


def trials(root: Path, names: list[str]) -> dict[str, list[str]]:
    """For every module of claims the tests that try them and need no measurements: their ids begin with its name."""
    found: dict[str, list[str]] = defaultdict(list)
    modules = {Path(name).stem.replace("_", "-"): name for name in names if name.startswith(CLAIMS)}
    record = json.loads((root / ON_RECORD).read_text(encoding="utf-8")) if (root / ON_RECORD).exists() else {}
    for id, entry in record.items():
        own = max((stem for stem in modules if id.startswith(stem)), key=len, default=None)
        if own and "court" in entry["verdicts"]:
            found[modules[own]].append(f"{TRIAL}[{id}]")
    return found


def importers(root: Path, names: list[str]) -> dict[str, set[str]]:
    """For every module those that import it by name."""
    known: dict[str, set[str]] = defaultdict(set)
    for name in names:
        if name.startswith(WINGS) and name.endswith(".py"):
            for module in imports(ast.parse((root / name).read_bytes())):
                path = module.removeprefix("nfrlab.").replace(".", "/")
                for file in (f"{path}.py", f"{path}/__init__.py"):
                    known[file].add(name)
    return known


def imports(tree: ast.Module) -> Iterator[str]:
    """The modules that are named; of `from a import b` both `a` and `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
