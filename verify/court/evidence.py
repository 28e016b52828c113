"""What an examination brings to the judge: one finding with everything needed to check it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from nfrlab.verify.intervals.fixed import Interval


class Finding(StrEnum):
    """What one piece of evidence says of the statement."""

    SUPPORTS = "supports"
    REFUTES = "refutes"
    UNDECIDED = "undecided"
    SILENT = "silent"  # a search that found nothing, a measured reach: consistent, but proof of nothing


class Kind(StrEnum):
    """How the evidence was obtained."""

    IDENTITY = "exact identity"
    DERIVATION = "derivation"
    ENCLOSURE = "certified enclosure"
    SEARCH = "counterexample search"
    MONTE_CARLO = "Monte Carlo"
    REACH = "reach"
    BRIDGE = "deep networks"


@dataclass(frozen=True)
class Evidence:
    """One piece of evidence.

    `interval` is the (1 − α) interval that decided, `bias` the finite-width allowance that is already in it,
    `numerical_error` the error of the closed form it was compared with; `claimed` is the claimed value or range, δ the
    margin. A counterexample is a dictionary of exact numbers as strings.
    """

    kind: Kind
    statement: str
    finding: Finding
    method: str
    alpha: float = 0.0
    delta: float | None = None
    n: int = 0
    interval: Interval | None = None
    claimed: Interval | None = None
    bias: float = 0.0
    numerical_error: float = 0.0
    power: float | None = None
    counterexample: dict[str, Any] | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """A dictionary of plain JSON values."""
        return asdict(self)


def decide(interval: Interval, claimed: Interval, delta: float) -> Finding:
    """One interval against the claimed range [θ₀, θ₁] with margin δ.

    Disjoint from the range → REFUTES; inside [θ₀ − δ, θ₁ + δ] → SUPPORTS; otherwise UNDECIDED.
    """
    (low, high), (floor, ceiling) = interval, claimed
    if high < floor or low > ceiling:
        return Finding.REFUTES
    if floor - delta <= low and high <= ceiling + delta:
        return Finding.SUPPORTS
    return Finding.UNDECIDED
