"""Cascades in dense stacks."""
