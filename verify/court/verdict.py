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
    """A control that was run: the premise that was broken or restored, and what came of it."""

    premise: str
    status: Status
    evidence: tuple[Evidence, ...]

    @property
    def refuted(self) -> bool:
        """Whether it is REFUTED at every point, as a negative control must be; a measured reach is no point."""
        found = {piece.finding for piece in self.evidence} - {Finding.SILENT}
        return self.status is Status.REFUTED and found == {Finding.REFUTES}

    @property
    def upheld(self) -> bool:
        """Whether nothing in it refutes or is undecided, as in a positive control; a search found nothing."""
        return bool(self.evidence) and {piece.finding for piece in self.evidence} <= {Finding.SUPPORTS, Finding.SILENT}

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "premise": self.premise,
            "status": str(self.status),
            "evidence": [piece.as_json() for piece in self.evidence],
        }


@dataclass(frozen=True)
class Verdict:
    """Everything that the trial of one claim left behind.

    `control` and `restored` are its negative and positive control; `missing` says what a NOT RUN lacked; `command` is
    the one that made the stored measurements behind the verdict, and `settings` names these.
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
    restored: Control | None = None
    settings: str = ""

    @property
    def decided(self) -> bool:
        """Whether it is CONFIRMED or REFUTED, and its instruments could have said otherwise.

        The negative control must have been refuted; for REFUTED the positive one must have been upheld, too.
        """
        upheld = self.restored is not None and self.restored.upheld
        return self.control.refuted and (self.status is Status.CONFIRMED or (self.status is Status.REFUTED and upheld))

    @property
    def passed(self) -> bool:
        """Whether it is decided, or was not run because something is missing that the verdict names."""
        return self.decided or (self.status is Status.NOT_RUN and bool(self.missing))

    @property
    def spent(self) -> float:
        """The error probability spent on this claim, controls and reach included."""
        controls = (self.control, self.restored) if self.restored else (self.control,)
        return sum(piece.miss for pieces in (self, *controls) for piece in pieces.evidence)

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values, as `verdicts.schema.json` describes them."""
        return {
            **vars(self),
            "status": str(self.status),
            "premises": list(self.premises),
            "alpha": self.spent,
            "evidence": [piece.as_json() for piece in self.evidence],
            "control": self.control.as_json(),
            "restored": self.restored.as_json() if self.restored else None,
        }
