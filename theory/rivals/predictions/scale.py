"""What the words of a theory mean in numbers, fixed before anything is measured, and the same for all theories.

None of the papers gives a threshold for more than one of them: these are ours. A theory is right of a number that an
interval puts inside its range, and wrong of one that it puts outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt

Known = Mapping[str, float]
"""Numbers that are known before the measurement: `entries` of a map, `product` of the alignments of two maps."""


@dataclass(frozen=True)
class Prediction:
    """What a theory says of a number before it is measured: it lies in [low, high]; and that in words.

    Raises `ValueError` for a range that is reversed, NaN or beyond [−2, 2], where no cosine nor difference of two lies.
    """

    words: str
    low: float
    high: float

    def __post_init__(self) -> None:
        if not -2 <= self.low <= self.high <= 2:
            raise ValueError(
                f"a prediction needs −2 ≤ low ≤ high ≤ 2, got [{self.low}, {self.high}] for '{self.words}'"
            )


Predict = Callable[[Known], Prediction]
RECOVERED = Prediction("α → 1", 0.98, 1.0)
ALIGNED = Prediction("aligned", 0.5, 1.0)
PARTLY = Prediction("partly aligned", 0.1, 0.9)
CONVERGED = Prediction("converges", 0.99, 1.0)
APART = Prediction("does not converge", 0.0, 0.9)
UNCHANGED = Prediction("unchanged", 0.9, 1.0)
MOSTLY_UNCHANGED = Prediction("unchanged but for a share", 0.5, 0.99)
CHANGED = Prediction("changes", -1.0, 0.5)
SIMILAR = Prediction("stays similar", 0.5, 1.0)
UNRELATED = Prediction("unrelated", -0.1, 0.1)
EQUAL = Prediction("equal", -0.05, 0.05)
HIGHER = Prediction("rises", 0.05, 2.0)
LOWER = Prediction("falls", -2.0, -0.05)


def always(prediction: Prediction) -> Predict:
    """A prediction that depends on nothing."""
    return lambda known: prediction


def noise(known: Known) -> Prediction:
    """`|cos|` of a direction that is isotropic in R^n, n = `entries`: its median, `0.6745/√n` in wide layers, at most
    twice. Raises `ValueError` for n < 1.
    """
    if known["entries"] < 1:
        raise ValueError(f"a map has at least one entry, got {known['entries']}")
    return Prediction("noise", 0.0, min(1.0, 2 * 0.6745 / sqrt(known["entries"])))


def explained_by_alignment(known: Known) -> Prediction:
    """Two maps with nothing in common but their alignment: `E cos = α α′`, within 0.05."""
    return Prediction("α α′", known["product"] - 0.05, known["product"] + 0.05)
