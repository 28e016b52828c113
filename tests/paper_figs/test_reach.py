"""The figure of the reaches: the plotted data, and the same bytes for the same verdicts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from nfrlab.paper_figs import reach


def verdict(id: str, status: str, *rates: tuple[str, float | None]) -> dict[str, Any]:
    pieces = [
        {"kind": "reach", "interval": [0.0, 1.0], "details": {"draw": draw, "rate": rate, "reach": None}}
        for draw, rate in rates
    ]
    return {"id": id, "status": status, "evidence": pieces}


def test_rows_hold_the_worst_rate_of_each_draw() -> None:
    """Catches confirmed claims plotted as refuted, and a milder statement hiding the worse one."""
    verdicts = [
        verdict("a", "REFUTED", ("patches", 0.2), ("patches", 0.7), ("noise", None)),
        verdict("b", "CONFIRMED", ("patches", 0.9)),
    ]
    assert reach.rows(verdicts) == [("a", "patches", 0.7, 0.0, 1.0)]


def test_no_reach_no_figure() -> None:
    """Catches an empty frame in the report."""
    assert reach.svg([verdict("b", "CONFIRMED")]) == ""


def test_same_bytes_for_the_same_verdicts() -> None:
    """Catches dates, random ids and order of dictionaries in the picture."""
    verdicts = [verdict("a", "REFUTED", ("patches", 0.2), ("noise", 0.4))]
    first = reach.svg(verdicts)
    assert first == reach.svg(verdicts)
    assert first.startswith("<svg")
    assert "http" not in first.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    )


def test_figures_command(tmp_path: Path) -> None:
    """Catches a command that draws nothing, a path broken where the line is full, and a traceback for an unknown figure
    or a negative seed.
    """
    nfrlab = Path(sys.executable).parent / "nfrlab"
    out = tmp_path / "longer_than_a_terminal_is_wide" / "and_so_every_path_in_it"
    done = subprocess.run([nfrlab, "figures", "fig1", "--out", out], capture_output=True, text=True, check=True)
    assert {path for path in out.iterdir() if path.name != ".lock"} == {Path(line) for line in done.stdout.splitlines()}
    for words, named in (
        (["nonsense"], "known figures: isotropy, cascade, fig1"),
        (["fig1", "--seed", "-1"], "--seed"),
    ):
        done = subprocess.run([nfrlab, "figures", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert named in done.stderr
