"""The trial itself: registry, trial, store and schema."""
