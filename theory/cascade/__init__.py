"""Cascades in random stacks: the recursion of α through the layers."""
