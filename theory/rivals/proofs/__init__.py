"""The derivations behind what the rivals predict."""

__all__ = ["alpha_beta", "chance", "deeplift", "dominance", "pairs", "patterns", "rank_one"]
