"""Stored verdicts in words: one line per claim for the table and the report, from `verdicts.json` alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]


def numbers(counterexample: Record) -> str:
    """A counterexample on one line: `x = [1], W = [[1]], r = [0], margin = 0`."""

    def text(value: Any) -> str:
        return f"[{', '.join(text(v) for v in value)}]" if isinstance(value, list) else str(value)

    return ", ".join(f"{name} = {text(value)}" for name, value in counterexample.items())


def decisive(verdict: Record) -> Record | None:
    """The evidence that decided a refutation: an exact counterexample on an open set first, then any, then an
    interval.
    """
    against = [piece for piece in verdict["evidence"] if piece["finding"] == "refutes"]
    ranked = sorted(
        against,
        key=lambda piece: (piece["counterexample"] is None, piece["details"].get("reach") == "boundary"),
    )
    return ranked[0] if ranked else None


def interval(piece: Record) -> str:
    """`[0.981, 1.000] against 1 ± 0.02`."""
    (low, high), (floor, ceiling) = piece["interval"], piece["claimed"]
    claimed = f"{floor:g}" if floor == ceiling else f"[{floor:g}, {ceiling:g}]"
    margin = f" ± {piece['delta']:g}" if piece["delta"] else ""
    return f"[{low:.4f}, {high:.4f}] against {claimed}{margin}"


def rates(verdict: Record) -> list[Record]:
    """The reach measurements of a verdict."""
    return [piece for piece in verdict["evidence"] if piece["kind"] == "reach"]


def reach(verdict: Record) -> str:
    """How far a refutation reaches: 'boundary (measure zero)' or 'open set', and the range of measured rates."""
    kinds = {piece["details"]["reach"] for piece in verdict["evidence"] if "reach" in piece["details"]}
    if verdict["status"] != "REFUTED":
        return ""
    where = "open set" if "open set" in kinds else "boundary only" if kinds else "every stated draw"
    measured = [piece["details"]["rate"] for piece in rates(verdict) if piece["details"]["rate"] is not None]
    return f"{where}; fails in {min(measured):.0%}–{max(measured):.0%} of draws" if measured else where


def ground(verdict: Record) -> str:
    """In one line, what decided: the counterexample, or the interval closest to its margin, or the derivation."""
    if verdict["status"] == "NOT RUN":
        return f"missing: {verdict['missing']}"
    if verdict["status"] == "REFUTED":
        piece = decisive(verdict)
        if piece is None:
            return ""
        if piece["counterexample"]:
            return numbers(piece["counterexample"])
        return f"{piece['statement']}: {interval(piece)}" if piece["interval"] else str(piece["statement"])
    sampled = [piece for piece in verdict["evidence"] if piece["interval"] and piece["claimed"]]
    derived = sum(piece["kind"] == "derivation" for piece in verdict["evidence"])
    searched = sum(piece["n"] for piece in verdict["evidence"] if piece["kind"] == "counterexample search")
    parts = [f"{derived} derivation{'s' * (derived > 1)}"] if derived else []
    if searched:
        parts.append(f"no counterexample in {searched} examples")
    if sampled:
        tightest = max(
            sampled, key=lambda piece: abs(piece["interval"][0] - piece["claimed"][0]) / (piece["delta"] or 1)
        )
        parts.append(f"{len(sampled)} intervals, the widest {interval(tightest)}")
    return "; ".join(parts)
