"""The backward pass: graph, operations, rules, numerics."""

__all__ = ["backward", "graph", "measure", "memory", "ops", "quantiles", "rules", "shares", "signs"]
