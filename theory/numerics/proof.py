"""A derivation: a chain of links from premises to a statement, each link checked or said to be by argument.

The last links are the clauses of the statement, word for word. A clause is checked where the formula that it comes to,
given the links before it, is. What that formula says is data: a derivation takes its constants, signs and relations as
arguments whose defaults are the true ones, and declares with `false_with` values that make the statement false. With
any of these a clause has to fail, by mathematics.

What no link settles is by argument: limit theorems, measure theory, the passage from one entry to all. A proof
assistant with a library of probability would settle most of that; SymPy cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import lazy_loader

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")

Exact = int | Fraction
"""A constant of a statement."""
Relation = Callable[[Any, Any], Any]
"""A relation of a statement: `operator.ge`, `operator.gt`, …"""


class How(StrEnum):
    """How a link is known."""

    SYMBOLIC = "symbolically"
    BALLS = "in ball arithmetic"
    CASES = "case by case"
    FLOATS = "in floating point"
    ARGUMENT = "by argument"


CHECKED = How.SYMBOLIC, How.BALLS, How.CASES
"""The ways that prove; floating point only compares the theory's code with what was derived."""


@dataclass(frozen=True)
class Link:
    """One link of a chain: what it says, how it is known, and whether it checks out."""

    text: str
    how: How
    holds: bool = True

    @property
    def checked(self) -> bool:
        """Whether it was checked by a way that proves."""
        return self.how in CHECKED


def symbolic(text: str, holds: bool) -> Link:
    """A link that SymPy checks."""
    return Link(text, How.SYMBOLIC, bool(holds))


def enclosed(text: str, holds: bool) -> Link:
    """A link that ball arithmetic checks."""
    return Link(text, How.BALLS, bool(holds))


def enumerated(text: str, holds: bool) -> Link:
    """A link that is checked in every one of finitely many cases, exactly."""
    return Link(text, How.CASES, bool(holds))


def computed(text: str, holds: bool) -> Link:
    """A link that compares a number of the theory's code with the derived one, to rounding."""
    return Link(text, How.FLOATS, bool(holds))


def argued(text: str) -> Link:
    """A link that nothing checks but the reader."""
    return Link(text, How.ARGUMENT)


@dataclass(frozen=True)
class Derivation:
    """A chain: what is assumed, the links, and the statement, clause by clause the last links."""

    premises: str
    links: tuple[Link, ...]
    conclusion: tuple[Link, ...]

    @property
    def statement(self) -> str:
        """What is derived: the clauses of the conclusion."""
        return " ".join(clause.text for clause in self.conclusion)

    @property
    def chain(self) -> tuple[Link, ...]:
        """All links, the statement's own at the end."""
        return (*self.links, *self.conclusion)

    @property
    def holds(self) -> bool:
        """Whether no link fails, and a clause of the statement itself is checked."""
        return all(link.holds for link in self.chain) and any(clause.checked for clause in self.conclusion)

    @property
    def tally(self) -> str:
        """The links by kind: `6 links: 4 checked (3 symbolically, 1 case by case), 2 by argument`."""
        number = {how: sum(link.how is how for link in self.chain) for how in How}
        checked, total = sum(number[how] for how in CHECKED), len(self.chain)
        ways = ", ".join(f"{number[how]} {how}" for how in CHECKED if number[how])
        rest = [f"{number[how]} {how}" for how in (How.FLOATS, How.ARGUMENT) if number[how]]
        kinds = ", ".join([f"{checked} checked" + f" ({ways})" * bool(ways), *rest])
        return f"{total} link{'s' * (total != 1)}: {kinds}"


Derive = TypeVar("Derive", bound=Callable[..., Derivation])
_FALSE: dict[Callable[..., Derivation], tuple[dict[str, Any], ...]] = {}


def false_with(**values: Sequence[Any]) -> Callable[[Derive], Derive]:
    """Declare for arguments of a derivation the values with which its statement is false, one argument at a time."""

    def declare(derive: Derive) -> Derive:
        _FALSE[derive] = tuple({name: value} for name, found in values.items() for value in found)
        return derive

    return declare


def false_variants(derive: Callable[..., Derivation]) -> tuple[Mapping[str, Any], ...]:
    """The arguments with which a derivation has to fail; none where none were declared."""
    return _FALSE.get(derive, ())


def vanishes(expression: sp.Expr) -> bool:
    """Whether SymPy simplifies the expression to 0."""
    return bool(sp.simplify(sp.expand(expression)) == 0)


def below_one(x: sp.Expr) -> sp.Expr:
    """`x/(1 + x)`: any number in (0, 1), as x is any positive one."""
    return x / (1 + x)


def certain(relation: Any) -> bool:
    """Whether SymPy decides a relation, and it is true for all values that its symbols may take.

    Its two sides are compared as they stand, then their difference with 0, expanded and factored.
    """
    found = sp.sympify(relation)
    forms = [found]
    if isinstance(found, sp.core.relational.Relational):
        difference = found.lhs - found.rhs
        forms += [found.func(sp.expand(difference), 0), found.func(sp.factor(difference), 0)]
    return any(form == sp.true for form in forms)


def agrees(computed: float, derived: sp.Expr) -> bool:
    """Whether a computed number is the derived one to rounding: within 1e-12, relative where it is larger than 1."""
    return abs(computed - float(derived)) <= 1e-12 * max(1.0, abs(float(derived)))


def derivations(*modules: ModuleType) -> tuple[Callable[..., Derivation], ...]:
    """The derivations that these modules define, in the order in which they stand there."""
    return tuple(
        value
        for module in modules
        for value in vars(module).values()
        if getattr(value, "__module__", None) == module.__name__
        and getattr(value, "__annotations__", {}).get("return") in (Derivation, "Derivation")
    )
