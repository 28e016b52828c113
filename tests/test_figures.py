"""The figure of the reaches: the plotted data, and the same bytes for the same verdicts."""

from __future__ import annotations

from typing import Any

from paper_figs import reach


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
