"""Colours and dashes that several figures share: a rule, a family or a network looks the same in all of them.

`C0`, `C1`, … are the colours of the style `nfrlab.mplstyle`.
"""

from __future__ import annotations

DASHED = (0, (4, 2))

RULES = {
    "gbp": "C0",
    "activation": "C1",
    "activation-pooled": "C5",
    "zplus": "C2",
    "grad": "C3",
    "rectgrad": "C4",
    "constant": "C2",
    "positive": "C0",
}
"""Colours of backward rules, and of the weightings of Theorem 2."""

FAMILIES: dict[str, tuple[str, object]] = {
    "gaussian": ("C0", "-"),
    "ring": ("C2", (0, (5, 2))),
    "uniform": ("C1", "-"),
    "uniform-raw": ("C4", DASHED),
    "uniform-raw-float64": ("k", (0, (1, 1.5))),
    "uniform01": ("C1", "-"),
    "laplace": ("C2", "-"),
    "sparse": ("C3", "-"),
    "powerlaw": ("C4", "-"),
    "shifted": ("C5", "-"),
    "default-biased": ("k", DASHED),
}
"""Colours and dashes of the laws of a deep network's weights."""

WEIGHTS: dict[str, tuple[str, object]] = {"gaussian": ("k", "-"), "trained": ("C3", DASHED), "built": ("C3", DASHED)}
"""Colours and dashes of a network with random and with trained weights."""

SERIES_DASHES: tuple[object, ...] = ("-", DASHED, "-", (0, (1, 1)))  # a curve shows beneath one that it coincides with


def series(number: int) -> tuple[str, object]:
    """Colour and dashes of the curve with this number, where a figure's curves are the user's choice."""
    return f"C{number}", SERIES_DASHES[number % len(SERIES_DASHES)]
