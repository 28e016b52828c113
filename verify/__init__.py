"""The judge: claims, intervals, verdicts, the report and the command line."""

__all__ = ["claims", "cli", "commands", "court", "examine", "exhibits", "intervals", "proceedings", "report"]
