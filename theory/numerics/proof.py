"""A derivation: a statement, a written argument, and every computable step of it checked by SymPy.

The judge accepts a derivation only if `holds` is true, that is if every step checked out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


@dataclass(frozen=True)
class Derivation:
    """A statement, its argument in words, and its computable steps with the outcome of each."""

    statement: str
    argument: str
    steps: tuple[tuple[str, bool], ...]

    @property
    def holds(self) -> bool:
        """Whether there is a step and every step was verified."""
        return bool(self.steps) and all(outcome for _, outcome in self.steps)


def vanishes(expression: sp.Expr) -> bool:
    """Whether SymPy simplifies the expression to 0."""
    return bool(sp.simplify(sp.expand(expression)) == 0)


def agrees(computed: float, derived: sp.Expr) -> bool:
    """Whether a computed number is the derived one to rounding: within 1e-12, relative where it is larger than 1."""
    return abs(computed - float(derived)) <= 1e-12 * max(1.0, abs(float(derived)))


def derivations(*modules: ModuleType) -> tuple[Callable[[], Derivation], ...]:
    """The derivations that these modules define, in the order in which they stand there."""
    return tuple(
        value
        for module in modules
        for value in vars(module).values()
        if getattr(value, "__module__", None) == module.__name__
        and getattr(value, "__annotations__", {}).get("return") in (Derivation, "Derivation")
    )
