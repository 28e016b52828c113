"""The backward pass: graph, operations, rules, numerics."""

__all__ = ["backward", "deeplift", "graph", "measure", "memory", "ops", "quantiles", "rules", "shares", "signs"]
