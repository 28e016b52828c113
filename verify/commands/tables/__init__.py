"""The tables that commands print: of verdicts, of deep networks, of the rivals."""

__all__ = ["deep", "rivals", "verdicts"]
