"""The rivals' theories: what Sixt, Nie, Binder and Adebayo predict."""

__all__ = [
    "alpha_beta",
    "chance",
    "convergence",
    "deeplift",
    "dominance",
    "filters",
    "lrp_z",
    "matrix_chains",
    "pairs",
    "patterns",
    "predictions",
    "proofs",
    "rank_one",
    "rectgrad_pairs",
    "shared_sums",
]
