"""The show: one module per figure, drawn from stored results."""
