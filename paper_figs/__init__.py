"""The show: one module per figure, each with `figure(data) -> Figure`, drawn from stored results."""

__all__ = [
    "alpha_against_width",
    "anisotropy",
    "cascade_law",
    "convergence",
    "deep",
    "fig1",
    "gap_against_width",
    "mean_over_trials",
    "ordering",
    "palette",
    "reach",
    "render",
]
