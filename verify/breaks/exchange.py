"""Exchange a function, an entry of a table or a constant for a while, wherever it is referred to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import Any

TABLE = "__exchanged__"
"""The global in a function's module through which its place is taken."""


@contextmanager
def exchanged(function: Callable[..., Any], by: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    """Let every reference to `function` call `by(original)`.

    Its code is exchanged in place, so that names bound by `from … import …`, partial functions, fields of dataclasses
    and tables are reached alike; wrappers around it stay. Raises `TypeError` for what is no Python function, and for
    one that is a closure.
    """
    plain = inspect.unwrap(function)
    if not isinstance(plain, FunctionType) or plain.__closure__:
        raise TypeError(f"only a plain Python function can be exchanged, not {function!r}")
    original = FunctionType(plain.__code__, plain.__globals__, plain.__name__, plain.__defaults__)
    original.__kwdefaults__ = plain.__kwdefaults__
    kept = plain.__code__, plain.__defaults__, plain.__kwdefaults__
    table = plain.__globals__.setdefault(TABLE, {})
    key = f"{plain.__qualname__} {len(table)}"
    table[key] = by(original)
    try:
        plain.__defaults__, plain.__kwdefaults__ = None, None
        plain.__code__ = calling(key, plain)
        yield
    finally:
        plain.__code__, plain.__defaults__, plain.__kwdefaults__ = kept
        del table[key]


def calling(key: str, function: FunctionType) -> CodeType:
    """The code of a function that passes its arguments on to the entry `key` of its module's table."""
    space: dict[str, Any] = {}
    exec(f"def passed_on(*args, **named): return {TABLE}[{key!r}](*args, **named)", space)
    code: CodeType = space["passed_on"].__code__
    return code.replace(co_name=function.__name__, co_filename=function.__code__.co_filename)


@contextmanager
def entry(table: MutableMapping[str, Any], key: str, value: Any) -> Iterator[None]:
    """Let `table[key]` be `value`."""
    before = table[key]
    table[key] = value
    try:
        yield
    finally:
        table[key] = before


@contextmanager
def constant(module: ModuleType, name: str, value: Any) -> Iterator[None]:
    """Let the module's constant be `value`. Raises `AttributeError` where it has none of that name."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)
