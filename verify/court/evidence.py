"""What an examination brings to the judge: what was claimed, what was found, and everything needed to check it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Any

from nfrlab.verify.intervals.fixed import Interval


class Finding(StrEnum):
    """What one piece of evidence says of its statement."""

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

    `resolution` δ is its margin on either side: the claim is supported by an interval inside `[low − δ, high + δ]` and
    refuted by one outside of it. None where nothing is recorded, which counts as 0.

    Raises `ValueError` for a range that is reversed or NaN, and for a δ that is negative or not finite.
    """

    low: float
    high: float
    resolution: float | None = None

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"a claimed range needs low ≤ high, got [{self.low}, {self.high}]")
        if not 0 <= (self.resolution or 0.0) < inf:
            raise ValueError(f"a margin must be finite and not negative, got {self.resolution}")

    @classmethod
    def exactly(cls, value: float, resolution: float) -> Claimed:
        """Claim that the number *is* `value`, tried to `value ± δ`: `excluded` says where an interval knows better."""
        return cls(value, value, resolution)

    @classmethod
    def within(cls, value: float, margin: float) -> Claimed:
        """Claim that the number lies in `value ± margin`: the margin is part of the statement."""
        return cls(value - margin, value + margin, 0.0)

    @classmethod
    def between(cls, low: float, high: float, resolution: float = 0.0) -> Claimed:
        """Claim that the number lies in [low, high], tried to `[low − δ, high + δ]`."""
        return cls(low, high, resolution)

    @property
    def range(self) -> Interval:
        """[low, high]."""
        return self.low, self.high

    @property
    def admitted(self) -> Interval:
        """[low − δ, high + δ]."""
        delta = self.resolution or 0.0
        return self.low - delta, self.high + delta

    def excluded(self, interval: Interval) -> bool:
        """Whether an interval lies outside [low, high]: where the margin admits it all the same, that is to be said."""
        return interval[1] < self.low or interval[0] > self.high


def decide(interval: Interval, claimed: Claimed) -> Finding:
    """Hold one interval against what is claimed, [θ₀, θ₁] with margin δ.

    Returns SUPPORTS where the interval lies inside [θ₀ − δ, θ₁ + δ], REFUTES where it is disjoint from that, and
    UNDECIDED otherwise. So a number inside its margin is never refuted, however short the interval, nor one outside of
    it supported. Raises `ValueError` for an interval that is reversed or NaN.
    """
    (low, high), (least, most) = interval, claimed.admitted
    if not low <= high:
        raise ValueError(f"an interval needs low ≤ high, got [{low}, {high}]")
    if high < least or low > most:
        return Finding.REFUTES
    return Finding.SUPPORTS if least <= low and high <= most else Finding.UNDECIDED


@dataclass(frozen=True)
class Evidence:
    """One piece of evidence.

    Attributes
    ----------
    kind, statement, finding, method
        How it was obtained, what it is evidence of, what it says of that, and the procedure in words.
    miss
        The probability, spent from the budget, that the interval misses the truth; 0 where nothing was sampled.
    n
        The number of samples, cases or steps.
    interval, claimed
        The interval that decided, and what it was held against.
    bias, numerical_error
        The allowance for finite width that is already in the interval, and the error of the closed form behind
        `claimed`: with the interval's own width three numbers that are never merged into one tolerance.
    power
        The probability, computed before sampling, with which a true claim is supported; None where not computed.
    counterexample
        Exact numbers as strings, from which alone the violation can be checked again.
    details
        What else is printed, by name.
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

    @property
    def excluded(self) -> bool:
        """Whether the interval excludes what is claimed, and only the margin keeps it from being refuted."""
        if self.interval is None or self.claimed is None:
            return False
        return self.claimed.excluded(self.interval) and decide(self.interval, self.claimed) is not Finding.REFUTES

    @classmethod
    def from_interval(
        cls, kind: Kind, statement: str, interval: Interval, claimed: Claimed, method: str, **recorded: Any
    ) -> Evidence:
        """Return the evidence of an interval held against `claimed`; `recorded` are further attributes by name."""
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
        """Return plain JSON values; there `alpha` is the error probability, `delta` the resolution of the claim."""
        record = {name: value for name, value in vars(self).items() if name not in {"miss", "claimed"}}
        claimed = self.claimed
        return record | {
            "alpha": self.miss,
            "claimed": None if claimed is None else claimed.range,
            "delta": None if claimed is None else claimed.resolution,
            "excluded": self.excluded,
        }
