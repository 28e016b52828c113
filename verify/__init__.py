"""The judge: claims, intervals, verdicts, the report and the command line."""
