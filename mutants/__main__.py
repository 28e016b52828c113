"""Faults put into a copy of the house, and how many of them the tests notice: `python -m mutants --each 60`.

A sample of each room, drawn by the seed; a larger sample contains the smaller. First it is recorded which test runs
which line, test by test; then what has been tried is written down mutant by mutant. So a run that was stopped goes on,
and so does one after a test was added: only the survivors whose tests have changed are tried again. To record every
trial of a claim takes an hour; `--own-trials` records those of the claims that are sampled, and `--tests` chooses
others. Exit status 1 where a room misses the bar.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from mutants.choose import recorded, trials
from mutants.report import BAR, report
from mutants.sample import ROOMS, sample
from mutants.scratch import ROOT, copy_house, tracked
from mutants.trial import Ledger, try_mutant


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m mutants", description=__doc__)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(ROOMS)}; all, if none is named")
    parser.add_argument("--each", type=int, default=60, help="mutants of each room")
    parser.add_argument("--seed", type=int, default=0, help="which sample")
    parser.add_argument("--budget", type=float, default=120.0, help="seconds of tests for one mutant, as recorded")
    parser.add_argument("--only", default="", help="mutants of files whose path begins so")
    parser.add_argument("--tests", nargs="+", default=["tests/"], help="show them to tests whose name begins so")
    parser.add_argument("--own-trials", action="store_true", help="and to the trials of the claims that are sampled")
    parser.add_argument("--folder", type=Path, default=ROOT / "results" / "mutants", help="recordings and outcomes")
    asked = parser.parse_args()
    if unknown := set(asked.rooms) - set(ROOMS):
        parser.error(f"no room is called {', '.join(sorted(unknown))}; there are {', '.join(ROOMS)}")
    return asked


def main() -> int:
    """Record, sample, try, and report."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        house = Path(folder).resolve()
        copy_house(ROOT, house)
        chosen = sample(ROOT, asked.rooms or list(ROOMS), asked.each, asked.seed, asked.only)
        tests = list(asked.tests)
        if asked.own_trials:
            of_claims = trials(ROOT, tracked(ROOT))
            tests += [test for file in sorted({mutant.file for _, mutant in chosen}) for test in of_claims[file]]
        coverage = recorded(ROOT, house, asked.folder / "recordings", tuple(tests))
        for name in coverage.failed:
            print(f"left out, as it fails on the code as it is: {name}")
        ledger = Ledger(asked.folder / "outcomes.jsonl")
        outcomes = []
        for room, mutant in chosen:
            outcome = try_mutant(mutant, house, coverage, ledger, asked.budget)
            outcomes.append((room, mutant, outcome))
            print(f"{len(outcomes)}/{len(chosen)} {outcome.value:8} {mutant.place}: {mutant.what}", flush=True)
    rates = report(outcomes)
    return 0 if all(rate >= BAR for rate in rates.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
