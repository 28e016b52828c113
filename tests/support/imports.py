"""Which modules a module of ours needs, read from its text."""

from __future__ import annotations

import ast
from pathlib import Path


def file_of(name: str, root: Path) -> Path | None:
    """The file of the module or package `nfrlab.…` below `root`; None where there is none."""
    place = root / name.removeprefix("nfrlab.").replace(".", "/")
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)


def imported_files(start: Path, root: Path) -> set[Path]:
    """`start` and the files of `nfrlab.simulations` that it imports, anywhere in its text, directly or through another.

    Of `from a import b` that is the module `a.b`, or `a` where b is a name in it.
    """
    seen: set[Path] = set()
    todo = [start]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            pairs = [(alias.name, "") for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                pairs = [(f"{node.module}.{alias.name}", str(node.module)) for alias in node.names]
            for name, parent in pairs:
                if name.startswith("nfrlab.simulations."):
                    file = file_of(name, root) or file_of(parent, root)
                    assert file is not None, f"{path} imports {name}, which is not there"
                    todo.append(file)
    return seen
