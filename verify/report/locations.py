"""Where the code of a claim, a rule or a weight family is: `verify/claims/definition_2/prop_1.py:42`."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import nfrlab.verify
from nfrlab.theory import families

ROOT = Path(str(nfrlab.verify.__file__)).parents[1]


def location(function: Callable[..., Any]) -> str:
    """File and line of a function's definition; the file as a path in the repository, if it is there.

    Of a partial or decorated function that of the function within; of an object that is called, that of its class's
    `__call__`; a dash where there is no Python code.
    """
    while isinstance(function, partial):
        function = function.func
    function = inspect.unwrap(function)
    code = getattr(function, "__code__", None) or getattr(inspect.unwrap(type(function).__call__), "__code__", None)
    return "—" if code is None else f"{in_repository(code.co_filename)}:{code.co_firstlineno}"


def family_location(name: str) -> str:
    """File and line of a weight family's entry in `theory/families.py`: the call that has its name as an argument."""
    file = str(families.__file__)
    for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "name")]
            if any(isinstance(value, ast.Constant) and value.value == name for value in given):
                return f"{in_repository(file)}:{node.lineno}"
    return in_repository(file)


def in_repository(file: str) -> str:
    """A file's path within the repository; as it is for one that lies outside."""
    path = Path(file)
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
