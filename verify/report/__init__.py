"""Words and pages from stored verdicts."""
