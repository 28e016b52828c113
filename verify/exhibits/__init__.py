"""The samples that figures show, and the figures as files: each module here with a function `draw` is a figure."""

from pathlib import Path
from pkgutil import iter_modules

NO_FIGURES = ("convergence", "failed", "stored", "write")
CALLED = {"anisotropy": "isotropy", "cascade_profiles": "cascade"}
"""Figures that are called otherwise than their module."""

ROOM = Path(__file__).parent
DEEP = ROOM.parents[1] / "paper_figs" / "deep"

DRAWN = {
    CALLED.get(module.name, module.name): f"{__name__}.{module.name}"
    for module in iter_modules([str(ROOM)])
    if module.name not in NO_FIGURES
}
"""Figures that are drawn from a seed and the images, and their modules."""

STORED = tuple(module.name for module in iter_modules([str(DEEP)]) if module.name.startswith(("fig", "table")))
"""Figures that are drawn from what `nfrlab bridge` stored."""

__all__ = [
    *("DRAWN", "STORED", "anisotropy", "cascade_profiles", "convergence", "failed", "fig1", "ordering", "stored"),
    "write",
]
