"""Random cases in which something is exactly so, or not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Evidence, Finding, Kind

CASES = 200


def exact_cases(statement: str, holds: Callable[[np.random.Generator], bool], exam: Examination) -> Evidence:
    """Whether something is so in every one of `CASES` random cases; one without it refutes."""
    rng = exam.rng("cases")
    failed = sum(not holds(rng) for _ in range(CASES))
    return Evidence(
        kind=Kind.IDENTITY,
        statement=statement,
        finding=Finding.REFUTES if failed else Finding.SUPPORTS,
        method=f"exactly, in {CASES} random cases",
        n=CASES,
        details={"cases without it": failed},
    )
