"""Is the map what the network used? Maps fed back to the network, and images of which only the map's best is kept.

Key Information Sufficiency (eq. 20) is one minus a distance between two decisions (`sufficiency`): that of the image,
and that of what is fed in its place: the map itself (`rescaling`), or the image where the map is large (`insertion`).
`curves` has what others measure; `nulls` are maps that know nothing of the network, or too much of the image.
"""

__all__ = [
    "curves",
    "insertion",
    "measuring",
    "nulls",
    "rescaling",
    "sufficiency",
    "tracking",
]
