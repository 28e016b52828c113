"""The instruments of the court, one file per way of knowing: from draws, searches and proofs to evidence."""

__all__ = [
    "dense_stacks",
    "derivation",
    "exact",
    "finite_width",
    "gaussian_stacks",
    "gram_layers",
    "limits",
    "measured",
    "over_draws",
    "stated_draws",
    "statistics",
]
