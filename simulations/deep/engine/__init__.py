"""The backward pass: graph, operations, rules, numerics."""
