"""The instruments of the court, one file per way of knowing: from draws, searches and proofs to evidence."""

__all__ = [
    "convolutions",
    "derivation",
    "exact",
    "finite_width",
    "gram_layers",
    "limits",
    "measured",
    "neurons",
    "over_draws",
    "stacks",
    "stated_draws",
    "statistics",
]
