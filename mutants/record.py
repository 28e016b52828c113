"""A pytest plugin that writes down which test runs which line: `-p mutants.record --lines=FILE`.

Each test is one JSON line of the file, written as soon as the test has ended: a recording that was stopped goes on with
the test that it was at, and one whose sources have changed records those tests again that ran lines of them.

Caches are emptied before every test, so that each runs what it needs itself; what a fixture of wider scope runs belongs
to all tests that ask for it. What runs while a module is imported belongs to nobody.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from mutants.recordings import NOBODY, Recording

WINGS = ("theory", "simulations", "verify")
ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)


class Recorder:
    """Lines by test and by fixture, and what each test takes."""

    def __init__(self, root: Path, recording: Recording, within: tuple[str, ...]) -> None:
        self.root, self.recording, self.within = root, recording, within
        self.whole = False
        self.passed: dict[str, bool] = {}
        self.contexts = [NOBODY]
        self.ran: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        self.coverage = Coverage(data_file=None, include=[f"{root}/{wing}/*" for wing in WINGS], messages=False)
        self.coverage.set_option("run:disable_warnings", ["no-data-collected"])  # by a test without code of ours
        self.coverage.start()

    def take(self) -> None:
        """Lines that have run since the last time belong to the context that there is."""
        self.coverage.stop()
        data = self.coverage.get_data()
        for file in data.measured_files():
            self.ran[self.contexts[-1]][Path(file).relative_to(self.root).as_posix()].update(data.lines(file) or ())
        self.coverage.erase()
        self.coverage.start()

    def enter(self, context: str) -> None:
        """From here on, lines belong to this."""
        self.take()
        self.contexts.append(context)

    def leave(self) -> None:
        """From here on, lines belong to whom they belonged to before."""
        self.take()
        self.contexts.pop()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the tests whose lines are known, and those that nobody asks for."""
        self.recording.keep(item.nodeid for item in items)
        known = self.recording.known
        unknown = [item for item in items if item.nodeid not in known]
        items[:] = [item for item in unknown if item.nodeid.startswith(self.within)]
        self.whole = len(items) == len(unknown)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """A test with its fixtures, alone with empty caches."""
        empty_caches()
        start = work()
        self.enter(item.nodeid)
        try:
            return (yield)
        finally:
            self.leave()
            self.write(item, work() - start)

    def write(self, item: pytest.Item, seconds: float) -> None:
        """Write down a test: its lines, and those of the fixtures that it shares with others."""
        lines = self.ran.pop(item.nodeid, {})
        for fixture in getattr(item, "fixturenames", ()):
            for file, shared in self.ran.get(f"fixture {fixture}", {}).items():
                lines[file] = lines.get(file, set()) | shared
        self.recording.write(item.nodeid, seconds, self.passed.pop(item.nodeid, False), lines)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """A fixture that several tests share."""
        if fixturedef.scope == "function":
            return (yield)
        empty_caches()
        self.enter(f"fixture {fixturedef.argname}")
        try:
            return (yield)
        finally:
            self.leave()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Only a test that passes can notice a fault."""
        self.passed[report.nodeid] = self.passed.get(report.nodeid, True) and report.outcome == "passed"

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write down what ran on import, and whether no test is missing."""
        self.take()
        self.coverage.stop()
        self.recording.close(self.ran[NOBODY], self.whole and exitstatus in ENDED)


def work() -> float:
    """Seconds that this process and those it has ended have worked: a busy machine adds none."""
    return sum(os.times()[:4])


def empty_caches() -> None:
    """Forget what functions of the house have remembered."""
    for name, module in list(sys.modules.items()):
        if name.startswith("nfrlab."):
            for value in list(vars(module).values()):
                if hasattr(type(value), "cache_clear"):
                    value.cache_clear()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--lines=FILE`, and `--lines-of=NAME` once or more."""
    parser.addoption("--lines", type=Path, help="where to write which test runs which line")
    parser.addoption("--lines-of", action="append", help="of tests only whose name begins so")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Begin before the house is imported."""
    if target := early_config.known_args_namespace.lines:
        root = Path.cwd().resolve()
        (name,) = early_config.known_args_namespace.file_or_dir
        within = tuple(early_config.known_args_namespace.lines_of or [name])
        early_config.pluginmanager.register(Recorder(root, Recording(target.resolve(), root, name), within))
