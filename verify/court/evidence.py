"""What an examination brings to the judge: what was claimed, what was found, and everything needed to check it."""

from __future__ import annotations

from dataclasses import dataclass, field
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
class Claimed:
    """What a statement says of a number: it lies in [low, high].

    `resolution` δ is how far beyond the range an interval may end and still support it; None where nothing is recorded,
    which counts as 0.
    """

    low: float
    high: float
    resolution: float | None = None

    @classmethod
    def exactly(cls, value: float, resolution: float) -> Claimed:
        """The number *is* `value`: refuted as soon as the interval excludes it, supported within `value ± δ`."""
        return cls(value, value, resolution)

    @classmethod
    def within(cls, value: float, margin: float) -> Claimed:
        """The number lies in `value ± margin`: refuted only beyond the margin, supported inside it."""
        return cls(value - margin, value + margin, 0.0)

    @classmethod
    def between(cls, low: float, high: float, resolution: float = 0.0) -> Claimed:
        """The number lies in [low, high]: refuted beyond it, supported inside `[low − δ, high + δ]`."""
        return cls(low, high, resolution)

    @property
    def range(self) -> Interval:
        """[low, high]."""
        return self.low, self.high


def decide(interval: Interval, claimed: Claimed) -> Finding:
    """One interval against what is claimed, [θ₀, θ₁] with resolution δ.

    Disjoint from the range → REFUTES; inside [θ₀ − δ, θ₁ + δ] → SUPPORTS; otherwise UNDECIDED.
    """
    (low, high), delta = interval, claimed.resolution or 0.0
    if high < claimed.low or low > claimed.high:
        return Finding.REFUTES
    if claimed.low - delta <= low and high <= claimed.high + delta:
        return Finding.SUPPORTS
    return Finding.UNDECIDED


@dataclass(frozen=True)
class Evidence:
    """One piece of evidence.

    `miss` is the probability, spent from the budget, that an interval misses the truth; `interval` the one that
    decided, `bias` the finite-width allowance that is already in it, `numerical_error` the error of the closed form it
    was compared with; `claimed` what it was compared with. A counterexample is a dictionary of exact numbers as
    strings.
    """

    kind: Kind
    statement: str
    finding: Finding
    method: str
    miss: float = 0.0
    n: int = 0
    interval: Interval | None = None
    claimed: Claimed | None = None
    bias: float = 0.0
    numerical_error: float = 0.0
    power: float | None = None
    counterexample: dict[str, Any] | None = None
    details: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_interval(
        cls, kind: Kind, statement: str, interval: Interval, claimed: Claimed, method: str, **recorded: Any
    ) -> Evidence:
        """An interval against what is claimed; what else is to be recorded by name."""
        return cls(
            kind=kind,
            statement=statement,
            finding=decide(interval, claimed),
            method=method,
            interval=interval,
            claimed=claimed,
            **recorded,
        )

    def as_json(self) -> dict[str, Any]:
        """A dictionary of plain JSON values; `alpha` is the error probability, `delta` the resolution of the claim."""
        record = {name: value for name, value in vars(self).items() if name not in {"miss", "claimed"}}
        claimed = self.claimed
        return record | {
            "alpha": self.miss,
            "claimed": None if claimed is None else claimed.range,
            "delta": None if claimed is None else claimed.resolution,
        }
