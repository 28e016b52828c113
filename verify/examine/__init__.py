"""The instruments of the court, one file per way of knowing: from draws, searches and proofs to evidence."""

__all__ = [
    "compensated_law",
    "derivation",
    "exact",
    "finite_width",
    "gram_layers",
    "limit_alignment",
    "limit_direction",
    "map_point",
    "measured",
    "neurons",
    "over_draws",
    "stacks",
    "stated_draws",
    "statistics",
    "worst_direction",
]
