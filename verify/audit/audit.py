"""One call: a model, images, and ways to saliency maps; what can each be trusted for?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement, tostring

from nfrlab.simulations.files import write_atomically
from nfrlab.verify.audit.questions import QUESTIONS, Cell, answer, images_needed
from nfrlab.verify.court.verdict import Status

if TYPE_CHECKING:
    from torch import nn

METHODS = "grad", "gbp", "zplus", "integrated-gradients"
"""What is audited where nothing else is named."""
NAMES = tuple(question.name for question in QUESTIONS)
ONLY_MAPS = "only maps were given: this needs a function, which can be asked for another class or network"
Watch = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Audit:
    """The answers: a cell for each question and method, within one error probability α for all together.

    `remarks` say what was done, and why a method has no answer; `pictures` are maps of the first images, by method.
    """

    cells: tuple[Cell, ...]
    images: int
    alpha: float
    seed: int
    needed: int
    remarks: tuple[str, ...] = ()
    pictures: Any = None

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods, in their order."""
        return tuple(dict.fromkeys(cell.method for cell in self.cells))

    def cell(self, method: str, question: str) -> Cell:
        """The answer to a question about a method. Raises `KeyError` for a name that is unknown."""
        for cell in self.cells:
            if (cell.method, cell.question) == (method, question):
                return cell
        raise KeyError(f"no question '{question}' about '{method}'; there are {', '.join(NAMES)}")

    def passed(self, *questions: str) -> bool:
        """Whether every method answers each of these questions with CONFIRMED; all of them where none is named.

        Raises `ValueError` for an unknown question.
        """
        for question in questions:
            if question not in NAMES:
                raise ValueError(f"unknown question '{question}'; known: {', '.join(NAMES)}")
        wanted = questions or NAMES
        return all(cell.status is Status.CONFIRMED for cell in self.cells if cell.question in wanted)

    def table(self) -> str:
        """The matrix as text: a line a method, a word a question."""
        words = {Status.CONFIRMED: "yes", Status.REFUTED: "no", Status.INCONCLUSIVE: "open", Status.NOT_RUN: "–"}
        width = max(len("method"), *(len(method) for method in self.methods))
        lines = ["  ".join([f"{'method':{width}}", *(f"{name:8}" for name in NAMES)]).rstrip()]
        for method in self.methods:
            cells = (words[self.cell(method, name).status] for name in NAMES)
            lines.append("  ".join([f"{method:{width}}", *(f"{word:8}" for word in cells)]).rstrip())
        return "\n".join(lines)

    def to_json(self, path: str | Path) -> None:
        """Write every number. Raises `OSError` where it cannot be written."""
        record = {
            "images": self.images,
            "alpha": self.alpha,
            "seed": self.seed,
            "images_needed": self.needed,
            "remarks": self.remarks,
            "cells": [asdict(cell) | {"sentence": cell.sentence} for cell in self.cells],
        }
        write_atomically(Path(path), json.dumps(record, ensure_ascii=False, indent=1, default=str) + "\n")

    def to_junit(self, path: str | Path, questions: Sequence[str] = NAMES) -> None:
        """Write a test case for every method and question, failed unless it is CONFIRMED, skipped where NOT RUN."""
        suite = Element("testsuite", name="nfrlab audit")
        for cell in self.cells:
            if cell.question in questions:
                case = SubElement(suite, "testcase", classname=cell.method, name=cell.question)
                if cell.status is Status.NOT_RUN:
                    SubElement(case, "skipped", message=cell.sentence)
                elif cell.status is not Status.CONFIRMED:
                    SubElement(case, "failure", message=f"{cell.status}: {cell.sentence}")
        write_atomically(Path(path), tostring(suite, encoding="unicode") + "\n")

    def report(self, path: str | Path) -> None:
        """Write the page: one file, which needs no network. Raises `OSError` where it cannot be written."""
        from nfrlab.verify.audit.page import render

        write_atomically(Path(path), render(self))


def audit(
    model: nn.Module,
    images: Any,
    targets: Sequence[int] | None = None,
    methods: Mapping[str, Any] | Sequence[str] = METHODS,
    alpha: float = 1e-6,
    seed: int = 0,
    watch: Watch = lambda method, done, total: None,
) -> Audit:
    """Ask every question about every method.

    Parameters
    ----------
    model
        A `torch.nn.Module` that takes the images and gives class scores; it is looked at in evaluation mode.
    images
        A batch `(n, C, H, W)` as the model reads it. From `Audit.needed` images on a question can be answered.
    targets
        The class whose map is looked at, one for each image; by default that of the largest score.
    methods
        By name: the name of a method (`gbp`), a function `(model, x, target) → maps`, or an array of maps, which has no
        answer where another class or network would be needed.
    alpha
        The probability that any answer is wrong, all together.
    seed
        Root of the random numbers.
    watch
        Called as `watch(method, done, total)` before each method.

    Raises `ValueError` for images, targets or maps that do not fit, and an unknown method.
    """
    import torch

    from nfrlab.simulations.deep.audit.methods import Variants, Way

    x = torch.as_tensor(images).float()
    if x.ndim != 4 or len(x) < 2:
        raise ValueError(f"the images are a batch (n, C, H, W) of two or more, got shape {tuple(x.shape)}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie strictly between 0 and 1, got {alpha}")
    given = {name: name for name in methods} if not isinstance(methods, Mapping) else methods
    ways = [Way.of(name, each) for name, each in given.items()]
    miss = alpha / (len(ways) * len(QUESTIONS))
    model = model.eval()
    target = targets_of(model, x, targets)
    variants, cells, remarks, pictures = Variants(model, seed), [], [], {}
    for done, way in enumerate(ways):
        watch(way.name, done, len(ways))
        found, why, maps = measured(way, variants, x, target, seed)
        remarks += [f"{way.name}: {reason}" for reason in dict.fromkeys(why.values())]
        pictures[way.name] = maps
        for question in QUESTIONS:
            cell = answer(question, way.name, found, miss)
            if cell.status is Status.NOT_RUN:
                cell = Cell(question.name, way.name, Status.NOT_RUN, missing=why.get(question.name, cell.missing))
            cells.append(cell)
    return Audit(tuple(cells), len(x), alpha, seed, images_needed(miss), tuple(remarks), (x[:6], pictures))


def targets_of(model: nn.Module, x: Any, targets: Sequence[int] | None) -> Any:
    """The class of every image. Raises `ValueError` for a model without class scores, or classes that do not fit."""
    import torch

    with torch.no_grad():
        f = model(x)
    if f.ndim != 2 or f.shape[1] < 3:
        raise ValueError(f"the model gives scores of shape {tuple(f.shape)}; three classes or more are needed")
    if targets is None:
        return f.argmax(dim=1)
    found = torch.as_tensor(targets).long()
    if found.shape != (len(x),) or not bool(((found >= 0) & (found < f.shape[1])).all()):
        raise ValueError(f"targets are one class from 0 to {f.shape[1] - 1} for each of the {len(x)} images")
    return found


def measured(way: Any, variants: Any, x: Any, target: Any, seed: int) -> tuple[dict[str, Any], dict[str, str], Any]:
    """Numbers image by image, by question why there are none, and the maps of the first images."""
    import numpy as np

    from nfrlab.simulations.deep.audit.numbers import from_decisions, from_maps, from_models

    try:
        R = way.maps(variants.model, x, target)
    except (ValueError, RuntimeError) as error:
        if way.function is None:
            raise
        return {}, dict.fromkeys(NAMES, str(error).splitlines()[0]), None
    found, why = from_maps(R, x), dict[str, str]()
    if way.function is None:
        why |= dict.fromkeys(("class", "weights", "layers"), ONLY_MAPS)
        found["precision"] = np.full(len(x), np.nan)
    else:
        try:
            found |= from_models(way, variants, x, target, R, seed)
        except (ValueError, RuntimeError) as error:
            why |= dict.fromkeys(("class", "weights", "layers", "sound"), str(error).splitlines()[0])
    try:
        found |= from_decisions(variants.model, x, target, R, seed)
    except ValueError as error:
        why["used"] = str(error).splitlines()[0]
    return found, why, R[:6]
