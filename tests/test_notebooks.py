"""The teaching notebooks run, end in a verdict of the court, and would not pass with another one."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jupytext
import pytest
from IPython.core.interactiveshell import InteractiveShell

from nfrlab.verify.court.verdict import Status, Verdict, judge

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
EACH = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
OTHER = {"CONFIRMED": "REFUTED", "REFUTED": "CONFIRMED"}
WRONG = {
    "1": (0.5, 1.0, "x"),
    "2": ((1, 1), (0, 0), 3),
    "3": (0.9, "low"),
    "4": (True, 0, "no"),
    "5": ((1, 1, 1, 0), 1),
}
SILENT = """
import runpy, sys
from nfrlab.verify.proceedings import trial
from nfrlab.verify.court.verdict import Control, Verdict, judge

def silent(claim, seed, profile, images):
    nothing = dict(status=judge(()), evidence=())
    texts = {name: getattr(claim, name) for name in ("id", "title", "source", "statement", "premises", "repairs")}
    control = Control(premise=claim.control.premise, **nothing)
    run = dict(profile=profile, seed=seed, versions={}, device="", images=images.source, wall_s=0.0)
    return Verdict(**texts, **nothing, control=control, **run)

trial.try_claim = silent
sys.modules["ipywidgets"] = None
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def test_all_five_are_there() -> None:
    """Catches a test that runs over an empty folder."""
    assert [path.name[0] for path in NOTEBOOKS] == ["1", "2", "3", "4", "5"]


def last_cell(path: Path) -> str:
    """The source of the last cell."""
    return str(jupytext.read(path).cells[-1].source)


def asserted(source: str) -> list[str]:
    """The variables whose `.status` the statements expect to be a given one."""
    return re.findall(r"^assert (\w+)\.status is Status\.(?:CONFIRMED|REFUTED)$", source, re.MULTILINE)


@EACH
def test_is_jupytext_percent(path: Path) -> None:
    """Catches a file that Jupyter opens as something else, cells that a round trip changes, and stored outputs."""
    text = path.read_text(encoding="utf-8")
    notebook = jupytext.reads(text, fmt="py:percent")
    assert notebook.metadata["jupytext"]["text_representation"]["format_name"] == "percent"
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds[0] == "markdown"
    assert notebook.cells[0].source.startswith("# ")
    assert min(kinds.count("markdown"), kinds.count("code")) >= 8
    assert not any(cell.get("outputs") for cell in notebook.cells)
    body = text[text.index("# %%") :]
    again = jupytext.writes(notebook, fmt="py:percent")
    assert again[again.index("# %%") :] == body


@EACH
def test_ends_by_asserting_a_verdict(path: Path) -> None:
    """Catches a notebook whose last cell asserts nothing, or asserts about something that no court has tried."""
    last = last_cell(path)
    assert all(isinstance(statement, ast.Assert) for statement in ast.parse(last).body)
    assert asserted(last)
    assert "try_claim(" in path.read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written outside the test's folder; no display."""
    for variable in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.delenv("DISPLAY", raising=False)


@EACH
def test_runs_cell_by_cell_and_would_notice(path: Path) -> None:
    """Catches a notebook that does not run with sliders, and all that `examine` looks for."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.test_notebooks", str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def fails(shell: InteractiveShell, source: str) -> bool:
    """Whether a cell ends with an AssertionError; another error is raised."""
    try:
        shell.run_cell(source).raise_error()
    except AssertionError:
        return True
    return False


def examine(path: Path) -> None:
    """Run the cells in a fresh shell, then look for a verdict that no evidence carries; a last cell that passes
    whatever the court says, be an expected status turned round or the verdict another; exercises that take wrong
    answers.
    """
    shell = InteractiveShell.instance()
    for cell in jupytext.read(path).cells:
        if cell.cell_type == "code":
            shell.run_cell(cell.source).raise_error()
    names, last = shell.user_ns, last_cell(path)
    assert names["SLIDERS"]
    for found in re.finditer(r"(?<=\.status is Status\.)(CONFIRMED|REFUTED)", last):
        assert fails(shell, last[: found.start()] + OTHER[found[0]] + last[found.end() :]), found
    for name in asserted(last):
        verdict = names[name]
        assert isinstance(verdict, Verdict)
        assert verdict.evidence
        assert judge(verdict.evidence) is verdict.status
        assert judge(verdict.control.evidence) is verdict.control.status
        names[name] = replace(verdict, status=Status.INCONCLUSIVE)
        assert fails(shell, last), name
        names[name] = verdict
        assert not fails(shell, last), name
    for exercise in names.get("TESTS", ()):
        assert names["check"](exercise, None) is None
        assert [names["check"](exercise, guess) for guess in WRONG[exercise]] == [False] * len(WRONG[exercise])


@EACH
def test_runs_as_a_script_and_needs_the_court(path: Path) -> None:
    """Catches a notebook that needs a page, sliders or a display, and one that passes when the court keeps silent: the
    script runs up to its last cell, and fails there.
    """
    done = subprocess.run(
        [sys.executable, "-c", SILENT, str(path)], cwd=path.parent, capture_output=True, text=True, check=False
    )
    text = path.read_text(encoding="utf-8")
    begins = text[: text.rindex("# %%")].count("\n")
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("AssertionError")
    lines = [int(number) for number in re.findall(rf'{re.escape(path.name)}", line (\d+)', done.stderr)]
    assert lines[-1] > begins, done.stderr


if __name__ == "__main__":
    examine(Path(sys.argv[1]))
