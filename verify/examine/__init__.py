"""The instruments of the court, one file per way of knowing: from draws, searches and proofs to evidence."""

__all__ = [
    "compensated_law",
    "dense_stacks",
    "derivation",
    "exact",
    "finite_width",
    "gaussian_stacks",
    "gram_layers",
    "limit_alignment",
    "limit_direction",
    "map_point",
    "measured",
    "over_draws",
    "stated_draws",
    "statistics",
    "worst_direction",
]
