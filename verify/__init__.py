__all__ = ["claims", "cli", "commands", "court", "examine", "exhibits", "intervals", "proceedings", "report"]
