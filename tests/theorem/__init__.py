"""The trial itself: one item per claim and per weight family."""
