"""The tables that commands print: of verdicts, broken worlds, deep networks, rivals, decisions and failures."""

__all__ = ["broken", "decisions", "deep", "failures", "rivals", "verdicts"]
