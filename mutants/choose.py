"""Which tests can notice a mutant: those that run its line, the cheapest first."""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mutants.scratch import digest, pytest_in, tracked

FORM = ("test_architecture", "test_docs", "test_installed", "test_recipes", "test_mutants")
"""Test files that look at how the code is written and packed, not at what it does."""

WINGS = ("theory", "simulations", "verify")
RECORDING_LIMIT = 1800.0  # seconds for one test file


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
    """The coverage of every test file `within…`.

    It is taken from `folder` where neither the file nor a module that it loads has changed since.
    """
    names = tracked(root)
    support = [name for name in names if name.startswith("tests/support/") or name == "tests/conftest.py"]
    folder.mkdir(parents=True, exist_ok=True)
    whole = Coverage(importers=importers(house, names))
    for name in names:
        if Path(name).name.startswith("test_") and name.startswith(within) and Path(name).stem not in FORM:
            target = folder / f"{name.replace('/', '.')}.json"
            record = current(target, house, [name, *support])
            if record is None:
                print(f"recording {name}", flush=True)
                target.unlink(missing_ok=True)
                arguments = [name, "-p", "mutants.record", "--lines", str(target.resolve())]
                pytest_in(house, arguments, RECORDING_LIMIT, keep_bytecode=True)
                record = stamped(target, house, [name, *support])
            if record is None:
                whole.failed.append(name)
            else:
                add(whole, record)
    return whole


def stamped(target: Path, house: Path, beside: list[str]) -> dict[str, Any] | None:
    """A fresh recording, with the digests of what it depends on written into it; `None` where there is none."""
    if not target.exists():
        return None
    record: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    record["sources"] = {name: digest(house, [name]) for name in [*beside, *record["lines"]]}
    target.write_text(json.dumps(record), encoding="utf-8")
    return record


def current(target: Path, house: Path, beside: list[str]) -> dict[str, Any] | None:
    """A recording of the code and the test as they are; `None` where there is none."""
    if not target.exists():
        return None
    record: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    sources: dict[str, str] = record.get("sources", {})
    same = all((house / name).is_file() and digest(house, [name]) == then for name, then in sources.items())
    return record if same and {*beside} <= {*sources} else None


def add(whole: Coverage, record: dict[str, Any]) -> None:
    """Take in the recording of one test file."""
    seconds: dict[str, float] = record["seconds"]
    whole.seconds |= seconds
    whole.failed += record["failed"]
    askers = defaultdict(set)
    for test, fixtures in record["fixtures"].items():
        for fixture in fixtures:
            askers[fixture].add(test)
    for file, lines in record["lines"].items():
        for line, contexts in lines.items():
            tests = {test for context in contexts for test in askers.get(context, {context})} & set(seconds)
            whole.by_line[file, int(line)] |= tests
            whole.by_file[file] |= tests
            if "" in contexts:
                whole.on_import.add((file, int(line)))


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
