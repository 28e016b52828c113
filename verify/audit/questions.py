"""The questions of an audit, each a statement about most images that is judged like a claim.

A statement holds on an image or does not. Its share of all images has a Clopper–Pearson interval: above one half it is
CONFIRMED, below REFUTED, else INCONCLUSIVE. Where an image has no such number, the statement does not hold on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.verify.court.verdict import Status
from nfrlab.verify.intervals.fixed import Interval, clopper_pearson

Numbers = Mapping[str, Array]
HALF = 0.5


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes
    ----------
    name, asks
        A word for tables and requirements; the question in words.
    statement
        What holds on an image.
    holds
        From numbers image by image to whether it does.
    shown, null
        Which number is printed, and which stands beside it as what there is by chance.
    yes, no
        What the map may be used for, or says nothing about.
    """

    name: str
    asks: str
    statement: str
    holds: Callable[[Numbers], Array]
    shown: Callable[[Numbers], Array]
    null: Callable[[Numbers], Array]
    yes: str
    no: str


def largest(numbers: Numbers, *names: str) -> Array:
    """The largest of several numbers, image by image; NaN where one is."""
    return np.max([numbers[name] for name in names], axis=0)


def largest_size(numbers: Numbers, *names: str) -> Array:
    """The same of sizes."""
    return np.max([np.abs(numbers[name]) for name in names], axis=0)


NULLS = "used_edges", "used_noise", "used_other", "used_grey"

QUESTIONS = (
    Question(
        name="input",
        asks="Is it more than the input?",
        statement="the partial correlation of map and image, given the image's edges, is below 0.5, with either sign",
        holds=lambda n: np.abs(n["beyond_edges"]) < 0.5,
        shown=lambda n: n["beyond_edges"],
        null=lambda n: n["beyond_edges_other"],
        yes="It is not just the image.",
        no="It is the image, or its negative: it says nothing about the network.",
    ),
    Question(
        name="edges",
        asks="Is it more than an edge detector?",
        statement="the correlation of the map's size with the image's edges is below 0.7",
        holds=lambda n: n["edges"] < 0.7,
        shown=lambda n: n["edges"],
        null=lambda n: n["edges_other"],
        yes="It is not just the image's edges.",
        no="It shows edges, which are there without any network.",
    ),
    Question(
        name="class",
        asks="Does it depend on the class?",
        statement="its cosine with the maps of the second, a random and the least likely class is below 0.8, for each",
        holds=lambda n: largest_size(n, "class_second", "class_random", "class_least") < 0.8,
        shown=lambda n: largest_size(n, "class_second", "class_random", "class_least"),
        null=lambda n: np.abs(n["weights_null"]),
        yes="It may be used to compare classes.",
        no="It says nothing about why this class and not another one.",
    ),
    Question(
        name="weights",
        asks="Does it depend on what was learned?",
        statement="its cosine with the maps of two networks with random weights is below 0.5, for both",
        holds=lambda n: largest_size(n, "weights_one", "weights_two") < 0.5,
        shown=lambda n: largest_size(n, "weights_one", "weights_two"),
        null=lambda n: np.abs(n["weights_null"]),
        yes="It shows something that was learned.",
        no="A network that has learned nothing has the same map.",
    ),
    Question(
        name="layers",
        asks="Does it depend on the upper layers?",
        statement="its cosine with the map of the network whose upper half is random is below 0.8",
        holds=lambda n: np.abs(n["layers"]) < 0.8,
        shown=lambda n: np.abs(n["layers"]),
        null=lambda n: np.abs(n["weights_null"]),
        yes="The upper layers take part in it.",
        no="It is fixed by the lower layers: it says nothing about how their features are used.",
    ),
    Question(
        name="used",
        asks="Does it hold what the network used?",
        statement="fed back to the network it gives a larger S (eq. 20) than edges, noise, another image and grey do",
        holds=lambda n: n["used"] > largest(n, *NULLS),
        shown=lambda n: n["used"],
        null=lambda n: largest(n, *NULLS),
        yes="The network decides on it as on the image, more than on what knows nothing of the network.",
        no="The network decides on the image's edges, on noise or on another image as well.",
    ),
    Question(
        name="sound",
        asks="Is it numerically sound?",
        statement=(
            "every number is finite, the largest hundredth of its entries holds less than half of it, and in float64 "
            "it is the same to a cosine of 0.99 (looked at on some images)"
        ),
        holds=lambda n: (
            (n["finite"] == 1) & (n["largest"] < HALF) & ((n["precision"] > 0.99) | np.isnan(n["precision"]))
        ),
        shown=lambda n: n["largest"],
        null=lambda n: np.full(len(n["largest"]), 0.01),
        yes="Its numbers can be relied on.",
        no="A few numbers hold all of it, or rounding decides.",
    ),
)
"""In the order of the table. A statement is one of NaN nowhere: an undefined number is no number below a bound."""


@dataclass(frozen=True)
class Cell:
    """The answer to one question about one way to a map.

    `share` and `interval` are of images on which the statement holds; `median` and `null` of what is shown, `null` the
    10, 50 and 90 % quantiles of what stands beside it. `missing` says why a cell is NOT RUN.
    """

    question: str
    method: str
    status: Status
    n: int = 0
    share: float = float("nan")
    interval: Interval = (0.0, 1.0)
    median: float = float("nan")
    null: tuple[float, float, float] = (float("nan"),) * 3
    missing: str = ""

    @property
    def sentence(self) -> str:
        """What it means, in one sentence."""
        question = next(each for each in QUESTIONS if each.name == self.question)
        if self.status is Status.CONFIRMED:
            return question.yes
        if self.status is Status.REFUTED:
            return question.no
        return self.missing or f"Undecided from {self.n} images: give more."


def answer(question: Question, method: str, numbers: Numbers, miss: float) -> Cell:
    """The cell of a question from numbers image by image; NOT RUN where they lack what it asks for."""
    try:
        held = np.asarray(question.holds(numbers), dtype=bool)
    except KeyError as error:
        return Cell(question.name, method, Status.NOT_RUN, missing=f"needs {error.args[0].partition('_')[0]} maps")
    low, high = clopper_pearson(int(held.sum()), len(held), miss)
    status = Status.CONFIRMED if low > HALF else Status.REFUTED if high < HALF else Status.INCONCLUSIVE
    shown, beside = question.shown(numbers), question.null(numbers)
    quantiles = np.nanquantile(beside, (0.1, 0.5, 0.9)) if np.any(np.isfinite(beside)) else np.full(3, np.nan)
    return Cell(
        question.name,
        method,
        status,
        len(held),
        float(held.mean()),
        (low, high),
        float(np.nanmedian(shown)) if np.any(np.isfinite(shown)) else float("nan"),
        (float(quantiles[0]), float(quantiles[1]), float(quantiles[2])),
    )


def images_needed(miss: float) -> int:
    """The least number of images with which a statement that holds on all of them is CONFIRMED."""
    n = 1
    while clopper_pearson(n, n, miss)[0] <= HALF:
        n += 1
    return n
