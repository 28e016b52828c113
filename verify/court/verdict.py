"""Evidence → Verdict: one pure function, and the record that it fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from nfrlab.verify.court.evidence import Evidence, Finding


class Status(StrEnum):
    """The four verdicts."""

    CONFIRMED = "CONFIRMED"
    REFUTED = "REFUTED"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_RUN = "NOT RUN"


def judge(evidence: Sequence[Evidence]) -> Status:
    """Return the verdict on a statement from its evidence.

    NOT RUN without any evidence. One refutation outweighs any support. Undecided evidence, or silence alone (a search
    that found nothing), is INCONCLUSIVE. CONFIRMED needs support and nothing against.
    """
    findings = {piece.finding for piece in evidence}
    if not findings:
        return Status.NOT_RUN
    if Finding.REFUTES in findings:
        return Status.REFUTED
    if Finding.UNDECIDED in findings or Finding.SUPPORTS not in findings:
        return Status.INCONCLUSIVE
    return Status.CONFIRMED


@dataclass(frozen=True)
class Control:
    """A negative control that was run: the premise that was broken, and what came of it."""

    premise: str
    status: Status
    evidence: tuple[Evidence, ...]

    @property
    def behaved(self) -> bool:
        """Whether the control came out REFUTED, as it must."""
        return self.status is Status.REFUTED


@dataclass(frozen=True)
class Verdict:
    """Everything that the trial of one claim left behind.

    `missing` says what a NOT RUN lacked; `command` is the one that made the stored measurements behind the verdict.
    """

    id: str
    title: str
    source: str
    statement: str
    premises: tuple[str, ...]
    repairs: str | None
    status: Status
    evidence: tuple[Evidence, ...]
    control: Control
    profile: str
    seed: int
    versions: dict[str, str]
    device: str
    images: str
    wall_s: float
    missing: str = ""
    command: str = ""

    @property
    def decided(self) -> bool:
        """Whether it is CONFIRMED or REFUTED, with a negative control that behaved."""
        return self.status in {Status.CONFIRMED, Status.REFUTED} and self.control.behaved

    @property
    def passed(self) -> bool:
        """Whether it is decided, or was not run because something is missing that the verdict names."""
        return self.decided or (self.status is Status.NOT_RUN and bool(self.missing))

    @property
    def spent(self) -> float:
        """The error probability spent on this claim, control and reach included."""
        return sum(piece.miss for piece in (*self.evidence, *self.control.evidence))

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values, as `verdicts.schema.json` describes them."""
        return {
            **{key: value for key, value in vars(self).items() if key not in {"evidence", "control", "premises"}},
            "status": str(self.status),
            "premises": list(self.premises),
            "alpha": self.spent,
            "evidence": [piece.as_json() for piece in self.evidence],
            "control": {
                "premise": self.control.premise,
                "status": str(self.control.status),
                "evidence": [piece.as_json() for piece in self.control.evidence],
            },
        }
