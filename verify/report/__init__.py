"""Words and pages from stored verdicts and from the registry."""

__all__ = ["cards", "claims_page", "html", "locations", "wording"]
