"""A pytest plugin that records which test runs which line: `-p mutants.record --lines FILE`.

Caches are emptied before every test, so that each runs what it needs itself; what a fixture of wider scope runs belongs
to all tests that ask for it. What runs while a module is imported belongs to nobody.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

WINGS = ("theory", "simulations", "verify")


class Recorder:
    """Lines by test and by fixture, and what each test takes and asks for."""

    def __init__(self, root: Path, target: Path) -> None:
        self.root, self.target = root, target
        self.seconds: dict[str, float] = {}
        self.passed: dict[str, bool] = {}
        self.fixtures: dict[str, list[str]] = {}
        self.contexts = [""]
        self.coverage = Coverage(data_file=None, include=[f"{root}/{wing}/*" for wing in WINGS], messages=False)
        self.coverage.start()

    def enter(self, context: str) -> None:
        """From here on, lines belong to this."""
        self.contexts.append(context)
        self.coverage.switch_context(context)

    def leave(self) -> None:
        """From here on, lines belong to whom they belonged to before."""
        self.contexts.pop()
        self.coverage.switch_context(self.contexts[-1])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """A test with its fixtures, alone with empty caches."""
        empty_caches()
        self.fixtures[item.nodeid] = [f"fixture {name}" for name in getattr(item, "fixturenames", ())]
        start = work()
        self.enter(item.nodeid)
        try:
            return (yield)
        finally:
            self.leave()
            self.seconds[item.nodeid] = work() - start

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

    def pytest_sessionfinish(self) -> None:
        """Write it all down."""
        self.coverage.stop()
        data = self.coverage.get_data()
        lines = {
            Path(file).relative_to(self.root).as_posix(): {
                str(line): sorted(set(contexts)) for line, contexts in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }
        seconds = {name: took for name, took in self.seconds.items() if self.passed.get(name)}
        failed = [name for name, passed in self.passed.items() if not passed]
        record = {"seconds": seconds, "failed": failed, "fixtures": self.fixtures, "lines": lines}
        self.target.write_text(json.dumps(record), encoding="utf-8")


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
    """`--lines FILE`."""
    parser.addoption("--lines", type=Path, help="where to write which test runs which line")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Begin before the house is imported."""
    if target := early_config.known_args_namespace.lines:
        early_config.pluginmanager.register(Recorder(Path.cwd().resolve(), target.resolve()), "recorder of lines")
