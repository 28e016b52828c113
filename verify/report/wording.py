"""Stored verdicts in words: one line per claim for the table and the report, from `verdicts.json` alone."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from typing import Any

from nfrlab.simulations.images import SHIPPED

Record = Mapping[str, Any]


def is_refuted(control: Record) -> bool:
    """Whether a stored negative control was refuted at every point, as `Control.refuted`."""
    found = {piece["finding"] for piece in control["evidence"]} - {"silent"}
    return bool(control["status"] == "REFUTED" and found == {"refutes"})


def is_upheld(control: Record | None) -> bool:
    """Whether a stored positive control was upheld, as `Control.upheld`; not where there is none."""
    found = {piece["finding"] for piece in control["evidence"]} if control else set()
    return bool(found) and found <= {"supports", "silent"}


def numbers(counterexample: Record) -> str:
    """A counterexample on one line: `x = [1], W = [[1]], r = [0], margin = 0`."""

    def text(value: Any) -> str:
        return f"[{', '.join(text(v) for v in value)}]" if isinstance(value, list) else str(value)

    return ", ".join(f"{name} = {text(value)}" for name, value in counterexample.items())


def rerun(verdict: Record) -> str:
    """The command that reaches this verdict again.

    The one stored with it, where it was judged from measurements or comes from outside; else one that tries it alone. A
    file may come from anywhere: what is stored counts only where it calls nfrlab.
    """
    if str(verdict.get("command", "")).startswith("nfrlab "):
        return str(verdict["command"])
    command = f"nfrlab verify {verdict['id']} --profile {verdict['profile']} --seed {verdict['seed']}"
    return command if verdict["images"] == SHIPPED else f"{command} --images {shlex.quote(verdict['images'])}"


def decisive(verdict: Record) -> Record | None:
    """The evidence that decided a refutation, None where there is none.

    A counterexample on an open set comes first, then any counterexample, then an interval or a derivation.
    """
    against = [piece for piece in verdict["evidence"] if piece["finding"] == "refutes"]
    ranked = sorted(
        against,
        key=lambda piece: (piece["counterexample"] is None, piece["details"].get("reach") == "boundary"),
    )
    return ranked[0] if ranked else None


def end(value: float | None, infinite: str, form: str = ".4f") -> str:
    """One end of an interval in words; `infinite` is what an infinite one, stored as null, is called."""
    return infinite if value is None else format(value, form)


def interval(piece: Record) -> str:
    """An interval and what it was compared with: `[0.9810, 0.9900] against 1 ± 0.02; excludes 1 itself`.

    The last words are those of an interval that excludes what is claimed and is admitted by the margin alone.
    """
    (low, high), (floor, ceiling) = piece["interval"], piece["claimed"]
    claimed = f"{floor:g}" if floor == ceiling is not None else f"[{end(floor, '−∞', 'g')}, {end(ceiling, '∞', 'g')}]"
    margin = f" ± {piece['delta']:g}" if piece["delta"] else ""
    itself = f"; excludes {claimed} itself" if piece.get("excluded") else ""
    return f"[{end(low, '−∞')}, {end(high, '∞')}] against {claimed}{margin}{itself}"


def slack(piece: Record) -> float:
    """How far an interval stays inside the claimed range with its margin, in margins; −∞ where an end is infinite."""
    (low, high), (floor, ceiling) = piece["interval"], piece["claimed"]
    delta = piece["delta"] or 0.0
    if low is None or high is None:
        return -math.inf
    below = math.inf if floor is None else low - (floor - delta)
    above = math.inf if ceiling is None else (ceiling + delta) - high
    return min(below, above) / (delta or 1.0)


def how_class(link: Record) -> str:
    """The style classes of a derivation's link: whether it is a clause of the statement, and by argument."""
    return " ".join(name for name, has in (("clause", link["clause"]), ("argued", link["how"] == "by argument")) if has)


def chains(verdict: Record) -> list[tuple[str, str]]:
    """Of every derivation of a verdict (title, text): its links by kind, then each link that is by argument."""
    found = []
    for piece in verdict["evidence"]:
        if piece["kind"] == "derivation":
            found.append(("derivation", str(piece["method"])))
            argued = [link["text"] for link in piece["details"].get("links", []) if link["how"] == "by argument"]
            found += [("by argument", text) for text in argued]
    return found


def rates(verdict: Record) -> list[Record]:
    """The reach measurements of a verdict."""
    return [piece for piece in verdict["evidence"] if piece["kind"] == "reach"]


def share(rates: list[float]) -> str:
    """The range of some rates: `0%`, or `0%–96%`."""
    low, high = f"{min(rates):.0%}", f"{max(rates):.0%}"
    return low if low == high else f"{low}–{high}"


def reach(verdict: Record) -> str:
    """How far a refutation reaches, as measured.

    Of an exact statement: boundary or open set, in which share of the stated draws it fails, and by how much at most.
    Of a statistical one: at how many of the examined points it was refuted.
    """
    if verdict["status"] != "REFUTED":
        return ""
    kinds = {piece["details"]["reach"] for piece in verdict["evidence"] if "reach" in piece["details"]}
    if not kinds:
        findings = [piece["finding"] for piece in verdict["evidence"] if piece["kind"] != "derivation"]
        decided = [finding for finding in findings if finding != "silent"]
        if not decided:
            return "by derivation"
        return f"refuted at {decided.count('refutes')} of {len(decided)} points examined"
    where = "open set" if "open set" in kinds else "boundary only"
    measured = [piece["details"] for piece in rates(verdict) if piece["details"]["rate"] is not None]
    if not measured:
        return where
    largest = max(details["largest_size"] for details in measured)
    text = f"{where}; fails in {share([details['rate'] for details in measured])} of draws"
    return f"{text}, by up to {largest:.2g}" if largest > 0 else text


def ground(verdict: Record) -> str:
    """In one line, what decided: the counterexample, or the interval closest to its margin, or the derivation."""
    if verdict["status"] == "NOT RUN":
        return f"missing: {verdict['missing']}"
    if verdict["status"] == "REFUTED":
        piece = decisive(verdict)
        if piece is None:
            return ""
        if piece["counterexample"]:
            found = numbers(piece["counterexample"])
            return found if piece["kind"] == "counterexample search" else f"{piece['statement']}: {found}"
        judged = piece["interval"] and piece["claimed"]
        return f"{piece['statement']}: {interval(piece)}" if judged else str(piece["statement"])
    sampled = [piece for piece in verdict["evidence"] if piece["interval"] and piece["claimed"]]
    derived = sum(piece["kind"] == "derivation" for piece in verdict["evidence"])
    searched = sum(piece["n"] for piece in verdict["evidence"] if piece["kind"] == "counterexample search")
    parts = [f"{derived} derivation{'s' * (derived > 1)}"] if derived else []
    if searched:
        parts.append(f"no counterexample in {searched} examples")
    if sampled:
        closest = min(sampled, key=slack)
        parts.append(f"{len(sampled)} interval{'s' * (len(sampled) > 1)}, the tightest call {interval(closest)}")
    return "; ".join(parts)
