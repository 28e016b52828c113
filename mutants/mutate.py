"""All mutants of a module: where each fault goes, how it is told from the others, and the source with it in place."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mutants.changes import GUARD, SPEECH, Change, changes, is_guard


@dataclass(frozen=True)
class Mutant:
    """A change at one place of a file, `nth` among the same changes of the same line in the same function."""

    file: str
    scope: str
    line: int
    end: int
    text: str
    what: str
    nth: int
    span: tuple[int, int]
    replacement: bytes

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What tells it from all others, without the number of its line."""
        return self.file, self.scope, self.text, self.what, self.nth

    @property
    def place(self) -> str:
        """`theory/limit/spread.py:116`."""
        return f"{self.file}:{self.line}"

    @property
    def lines(self) -> range:
        """The lines it stands on."""
        return range(self.line, self.end + 1)

    @cached_property
    def id(self) -> str:
        """A name that stays while other lines of the file come and go."""
        return hashlib.sha256(repr(self.key).encode()).hexdigest()

    def order(self, seed: int) -> str:
        """The place in a sample, a hash of the seed and the name, so that edits elsewhere shuffle nothing."""
        return hashlib.sha256(f"{seed} {self.id}".encode()).hexdigest()

    def within(self, source: bytes) -> bytes:
        """The module's source with the fault."""
        start, end = self.span
        return source[:start] + self.replacement + source[end:]


def mutants_of(root: Path, file: str) -> list[Mutant]:
    """Every mutant of a file, from the first line to the last. The fault never moves the lines below it."""
    source = (root / file).read_bytes()
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    found, seen = [], Counter[tuple[str, str, str]]()
    for scope, change in places(ast.parse(source)):
        node = change.node
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        span = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        text = lines[node.lineno - 1].decode().strip()
        seen[scope, text, change.what] += 1
        found.append(
            Mutant(
                file,
                scope,
                node.lineno,
                node.end_lineno,
                text,
                change.what,
                seen[scope, text, change.what],
                span,
                padded(change.text, source[slice(*span)].count(b"\n")).encode(),
            )
        )
    return found


def padded(text: str, breaks: int) -> str:
    """A text of as many lines as that which it replaces."""
    missing = "\n" * max(0, breaks - text.count("\n"))
    return text[:-1] + missing + ")" if text.endswith(")") else text + missing


def places(node: ast.AST, scope: str = "") -> Iterator[tuple[str, Change]]:
    """Every change in the tree, with the function or class that it is in."""
    for change in changes(node):
        yield scope, change
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        scope = f"{scope}.{node.name}".lstrip(".")
    for part in parts(node):
        yield from places(part, scope)


def parts(node: ast.AST) -> list[ast.AST]:
    """What of a node does something: neither documentation nor annotation, neither message nor guard of imports."""
    match node:
        case ast.FunctionDef(args=arguments, body=body) | ast.AsyncFunctionDef(args=arguments, body=body):
            return [*parts(arguments), *body]
        case ast.arguments(defaults=defaults, kw_defaults=named):
            return [*defaults, *(default for default in named if default is not None)]
        case ast.ClassDef(body=body):
            return list(body)
        case ast.keyword(arg=arg) if arg == GUARD:
            return []
        case ast.AnnAssign(value=value):
            return [value] if value else []
        case ast.Assert(test=test):
            return [test]
        case ast.Assign(targets=[ast.Name("__all__")]) | ast.Raise() | ast.JoinedStr() | ast.Expr(ast.Constant()):
            return []
        case ast.If() if is_guard(node):
            return []
        case ast.Expr(ast.Call(func=ast.Name(name) | ast.Attribute(ast.Name(name)))) if name in SPEECH:
            return []
    return list(ast.iter_child_nodes(node))
