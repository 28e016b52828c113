"""What is measured on one network and one image: one module per figure, table or statement of the paper.

Each `measure` returns an `xarray.Dataset` with named dimensions and no verdict: what the numbers say is for the judge.
"""

__all__ = [
    "cascade",
    "channels",
    "classes",
    "common",
    "convergence",
    "extremes",
    "filtering",
    "flips",
    "information",
    "neurons",
    "pictures",
    "randomisation",
    "removal",
    "resemblance",
    "sanity",
]
