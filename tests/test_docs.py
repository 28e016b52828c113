"""The documents say what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from nfrlab.simulations import sweep
from nfrlab.verify.cli import COMMANDS
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.report import map_page
from nfrlab.verify.report.claims_page import claims_page

ROOT = Path(__file__).parent.parent


def test_claims_page_is_current() -> None:
    """Catches a claim changed without `make docs`."""
    assert (ROOT / "docs" / "claims.md").read_text(encoding="utf-8") == claims_page()


def test_map_is_current() -> None:
    """Catches a file that was added, moved or redescribed without `make docs`."""
    assert map_page.PAGE.read_text(encoding="utf-8") == map_page.map_page()


def test_glossary_names_exist_in_the_code() -> None:
    """Catches a glossary that speaks of functions that are gone."""
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for package in ("theory", "simulations", "verify")
        for path in (ROOT / package).rglob("*.py")
    )
    rows = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()[4:]
    assert len(rows) > 20
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        for name in re.findall(r"`([A-Za-z_.]+)(?:\(\.\.\.\))?`", cells[2]):
            assert re.search(rf"\b{name.split('.')[-1]}\b", code), f"{name} in: {row}"


def test_readme_sweep_is_a_sweep(tmp_path: Path) -> None:
    """Catches a README whose sweep.toml is refused, or that leaves out a key or states another default."""
    (text,) = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "sweep.toml").write_text(text, encoding="utf-8")
    found = sweep.read(tmp_path / "sweep.toml")
    assert set(re.findall(r"^(\w+) =", text, re.MULTILINE)) == {field.name for field in fields(sweep.Spec)}
    default = sweep.Spec(found.rule, found.family, found.d, found.N)
    for name in ("relevance", "x", "sampler", "block"):
        assert getattr(found, name) == getattr(default, name), name


def test_readme_commands_exist() -> None:
    """Catches a README whose commands are not there: make targets, subcommands and claim ids."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([a-z]+)\b", readme):
        assert f"\n{target}:" in makefile, target
    for command in re.findall(r"^nfrlab ([a-z]+)", readme, re.MULTILINE):
        assert command in COMMANDS, command
    for id in re.findall(r"`((?:prop|thm|law)-[a-z0-9-]+)`", readme):
        assert id in REGISTRY, id
