"""The vocabulary of a trial: claim, evidence, verdict, error budget."""
