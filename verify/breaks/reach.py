"""Which breaks a computation can feel: those whose functions it calls, found without changing anything."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from types import FunctionType, ModuleType
from typing import Any

from nfrlab.verify.breaks.exchange import constant, entry, exchanged
from nfrlab.verify.breaks.worlds import Break

Note = Callable[[], None]


@contextmanager
def watched(breaks: Mapping[str, Break]) -> Iterator[set[str]]:
    """The ids of the breaks that are felt in here, filled as functions are called that they would change."""
    felt: set[str] = set()
    found = [
        watch
        for id, each in breaks.items()
        for change in each.changes
        for watch in watches(change, partial(felt.add, id))
    ]  # all before the first is entered: a function that is watched no longer shows which constants it reads
    with ExitStack() as stack:
        for watch in found:
            stack.enter_context(watch)
        yield felt


def watches(change: Any, note: Note) -> Iterable[AbstractContextManager[None]]:
    """What calls `note` whenever something is used that a change would change: a partial of one of `exchange`'s."""
    if change.func is exchanged:
        return [exchanged(change.args[0], partial(noting, note))]
    if change.func is entry:
        table, key = change.args[:2]
        return [noted_entry(table, key, note)]
    assert change.func is constant, change
    module, name = change.args[:2]
    return [exchanged(function, partial(noting, note)) for function in readers(module, name)]


@contextmanager
def noted_entry(table: MutableMapping[str, Any], key: str, note: Note) -> Iterator[None]:
    """Let `table[key]`, whatever it is by then, call `note` first."""
    with entry(table, key, noting(note, table[key])):
        yield


def noting(note: Note, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which calls `note` first."""

    def noted(*args: Any, **named: Any) -> Any:
        note()
        return function(*args, **named)

    return noted


def readers(module: ModuleType, name: str) -> list[FunctionType]:
    """The functions of a module that read its constant `name`."""
    functions = (inspect.unwrap(value) for value in vars(module).values() if inspect.isfunction(value))
    return [each for each in functions if each.__module__ == module.__name__ and name in each.__code__.co_names]
