"""Verdicts that were never reached, with a piece of every kind of evidence that readers look into."""

from __future__ import annotations

from typing import Any

from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind
from nfrlab.verify.court.verdict import Control, Status, Verdict
from nfrlab.verify.proceedings.store import json_value

DERIVED = Evidence(
    Kind.DERIVATION,
    "it follows",
    Finding.SUPPORTS,
    "2 links",
    n=2,
    details={
        "premises": "none",
        "links": [
            {"text": "a = b", "how": "checked", "holds": True, "clause": False},
            {"text": "b = c", "how": "by argument", "holds": True, "clause": True},
        ],
    },
)
SAMPLED = Evidence(
    Kind.MONTE_CARLO, "E α = 1", Finding.SUPPORTS, "betting", 1e-9, 400, (0.98, 1.0), Claimed.exactly(1.0, 0.02), 0.01
)
REFUTING = Evidence(Kind.MONTE_CARLO, "E α = 1", Finding.REFUTES, "betting", 1e-9, 9, (0.1, 0.2), Claimed(1.0, 1.0))
FOUND = Evidence(
    Kind.SEARCH,
    "a < b",
    Finding.REFUTES,
    "shrunk",
    n=10,
    counterexample={"x": ["1"], "W": [["1", "-1/2"]], "margin": "0"},
    details={"reach": "open set", "violating_neighbours": 0.5},
)
REACH = Evidence(
    Kind.REACH,
    "a < b",
    Finding.SILENT,
    "Clopper–Pearson",
    1e-9,
    100,
    (0.1, 0.3),
    details={"draw": "any", "rate": 0.2, "median_size": 0.1, "largest_size": 0.5},
)


def verdict(id: str, **changes: Any) -> dict[str, Any]:
    """A refuted claim as it is stored."""
    made = Verdict(
        id=id,
        title="Made up",
        source="nowhere",
        statement="a < b, α ≥ 0",
        premises=("one", "two"),
        repairs=None,
        status=Status.REFUTED,
        evidence=(FOUND, REACH, REFUTING, DERIVED),
        control=Control("without one", Status.REFUTED, (REFUTING,)),
        restored=Control("with three", Status.CONFIRMED, (SAMPLED, DERIVED)),
        profile="quick",
        seed=0,
        versions={"python": "3.11", "numpy": "2.0"},
        device="CPU",
        images="scikit-learn photographs",
        wall_s=1.5,
    )
    return json_value(made.as_json() | changes)
