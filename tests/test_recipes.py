"""CONTRIBUTING's four recipes, walked as they are printed: files written into a copy of the house, commands run."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"<!-- (\w+): ([\w/.]+)(?:, in (\w+))? -->\n```python\n(.*?)```", re.DOTALL)
MOST_FILES = {"claim": 2, "rule": 5, "family": 3, "figure": 2}
MOST_CONCEPTS = 12


@dataclass(frozen=True)
class Piece:
    """A block of a recipe: where it goes, into which list of that file if into one, and what it says."""

    file: str
    into: str
    text: str


def pieces(recipe: str) -> list[Piece]:
    """The blocks of a recipe, in order."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return [Piece(file, into, block) for name, file, into, block in BLOCK.findall(text) if name == recipe]


def copy_of_the_house(folder: Path) -> Path:
    """All that git tracks or would track, in a folder of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.split("\n"):
        if name and (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    return folder


def apply(piece: Piece, house: Path) -> None:
    """Write a block where it belongs: a new file, into a list, before a list of the samplers, or at the end."""
    path = house / piece.file
    if not path.exists():
        path.write_text(piece.text, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    if piece.into:
        start = text.index(f"\n{piece.into}: dict")
        ends = [at for end in ("\n    )\n}", "\n}\n") if (at := text.find(end, start)) >= 0]
        at = min(ends) + 1
    else:
        at = text.find("FAMILIES: dict")
        at = len(text) if at < 0 else at
    block = piece.text if piece.into else f"\n\n{piece.text}\n\n"
    path.write_text(text[:at] + block + text[at:], encoding="utf-8")


def run(house: Path, *command: str) -> str:
    """What a command prints, run in the copy and with the copy's modules; fails the test where it fails."""
    environment = os.environ | {"PYTHONPATH": str(house)}
    done = subprocess.run([sys.executable, *command], cwd=house, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def nfrlab(house: Path, *arguments: str) -> str:
    """What `nfrlab …` prints in the copy."""
    return run(house, "-c", "from nfrlab.verify.cli import main; main()", *arguments)


def pytest_in(house: Path, *arguments: str) -> str:
    """The closing line of pytest in the copy."""
    return run(house, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments).splitlines()[-1]


def passed(line: str) -> int:
    """How many tests passed."""
    found = re.search(r"(\d+) passed", line)
    return int(found.group(1)) if found else 0


@pytest.fixture
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The copy, with the recipe that the test names applied to it."""
    copy = copy_of_the_house(tmp_path / "house")
    for piece in pieces(request.param):
        apply(piece, copy)
    return copy


def recipe(name: str) -> pytest.MarkDecorator:
    """The test walks this recipe."""
    return pytest.mark.parametrize("house", [name], indirect=True, ids=[name])


@pytest.mark.parametrize("name", MOST_FILES)
def test_a_recipe_stays_short(name: str) -> None:
    """Catches a recipe that has grown by a file, a claim's of more than twelve names to be known, and an empty one."""
    files = {piece.file for piece in pieces(name)} | ({"__init__.py"} if name == "claim" else set())
    assert 0 < len(files) <= MOST_FILES[name]
    if name == "claim":
        tree = ast.parse(pieces(name)[0].text)
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        ours = [alias.name for node in imports if str(node.module).startswith("nfrlab.") for alias in node.names]
        assert len(ours) <= MOST_CONCEPTS


@recipe("claim")
def test_a_claim_is_tried(house: Path) -> None:
    """Catches a claim that does not reach registry, trial, record and docs by its two files."""
    chapter = house / "verify" / "claims" / "definition_2" / "__init__.py"
    text = chapter.read_text(encoding="utf-8")
    assert "    lrp_z,\n" in text
    chapter.write_text(text.replace("    lrp_z,\n", "    deconv_margin,\n    lrp_z,\n"), encoding="utf-8")
    printed = nfrlab(house, "verify", "deconv-margin", "--jobs", "1", "--out", "results")
    assert "deconv-margin" in printed
    assert "REFUTED" in printed
    nfrlab(house, "verify", "--accept", "deconv-margin", "--because", "a new claim", "--jobs", "1", "--out", "results")
    run(house, "-m", "nfrlab.verify.report.claims_page")
    assert "counterexample search" in (house / "docs" / "claims.md").read_text().split("## deconv-margin")[1][:600]
    assert "claims/definition_2/deconv_margin.py:" in nfrlab(house, "show", "deconv-margin")


@recipe("rule")
def test_a_rule_is_measured(house: Path) -> None:
    """Catches a rule that the oracle tests do not find by its name, or that a user's network cannot be given."""
    tests = ("tests/simulations/dense/test_rules.py", "tests/simulations/deep/test_rules.py")
    assert passed(pytest_in(house, *tests, "-k", "absolute")) >= 2
    code = """
import nfrlab, torch
net = torch.nn.Sequential(torch.nn.Linear(9, 64), torch.nn.ReLU(), torch.nn.Linear(64, 3)).eval()
x = torch.rand(2, 9)
print(nfrlab.alignment(nfrlab.attribution(net, x, "absolute"), x))
"""
    assert "tensor" in run(house, "-c", code)
    assert "W M |r|" in nfrlab(house, "show", "absolute")


@recipe("family")
def test_a_family_is_tried(house: Path) -> None:
    """Catches a family without its claim, or whose sampler is not held against what the theory says of it."""
    assert "CONFIRMED" in nfrlab(house, "verify", "limit-shell", "--jobs", "1", "--out", "results")
    assert passed(pytest_in(house, "tests/theorem", "-k", "test_family_is_what_the_theory_says and shell")) == 1


@recipe("figure")
def test_a_figure_is_drawn(house: Path) -> None:
    """Catches a figure that `nfrlab figures` does not find by its file."""
    nfrlab(house, "figures", "filtered_share", "--out", "figures")
    written = [house / "figures" / f"filtered_share.{suffix}" for suffix in ("svg", "png")]
    assert all(path.stat().st_size > 1000 for path in written)
