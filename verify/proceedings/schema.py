"""JSON that is read: a regular file of bounded size and depth, held against a schema before anything is done with it.

Of JSON Schema (draft 2020-12) what our schemas use: `type`, `const`, `enum`, `minimum`, `maximum`, `items`, `minItems`,
`maxItems`, `properties`, `required`, `additionalProperties`, `anyOf`, `oneOf`, `if`/`then` and `$ref` into `$defs`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from nfrlab.simulations.sealed import read_regular

MOST, DEEPEST, LONGEST = 32 << 20, 40, 300
"""Bytes of a file, brackets within each other, digits of a whole number."""
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "number": (int, float),
    "null": type(None),
}
Schema = Mapping[str, Any]


@cache
def schema_of(name: str) -> Schema:
    """The schema of a kind of file: `NAME.schema.json`, beside this module."""
    text = (Path(__file__).parent / f"{name}.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def read_json(path: Path, name: str) -> Any:
    """What a JSON file holds, None where there is no file.

    Raises `ValueError` that says what and where: for what is no regular file or larger than 32 MiB, no JSON, deeper
    than 40 levels, and for what its schema does not allow.
    """
    try:
        data = read_regular(path, MOST)
    except ValueError as error:
        raise ValueError(f"it{str(error).removeprefix(str(path)).partition(';')[0]}") from error
    if data is None:
        return None
    try:
        value = json.loads(data, parse_float=finite, parse_int=whole, parse_constant=finite)
        if re.search(rb"\\u[dD]", data):
            json.dumps(value, ensure_ascii=False).encode()  # raises for half a surrogate pair
    except RecursionError as error:
        raise ValueError(f"it is deeper than {DEEPEST} levels") from error
    except ValueError as error:
        raise ValueError(f"it is no JSON ({error})") from error
    if deeper_than(value, DEEPEST):
        raise ValueError(f"it is deeper than {DEEPEST} levels")
    require(value, schema_of(name))
    return value


def finite(text: str) -> float:
    """A number of JSON. Raises `ValueError` for one beyond float64, and for NaN, which is none."""
    if not isfinite(value := float(text)):
        raise ValueError(f"{text[:20]} is no finite number")
    return value


def whole(text: str) -> int:
    """A whole number of JSON. Raises `ValueError` for one of more than 300 digits."""
    if len(text) > LONGEST:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


def deeper_than(value: Any, levels: int) -> bool:
    """Whether arrays and objects lie within each other beyond so many levels."""
    layer = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        inside = (each.values() if isinstance(each, dict) else each for each in layer)
        layer = [inner for some in inside for inner in some if isinstance(inner, dict | list)]
    return bool(layer)


def require(value: Any, schema: Schema) -> None:
    """Raises `ValueError` with the place of a value's first fault, and what it has to be: `verdicts[0].n must be …`."""
    fault = next(misfits(value, schema, schema, ""), None)
    if fault is not None:
        raise ValueError(fault)


def misfits(value: Any, schema: Schema, root: Schema, place: str) -> Iterator[str]:
    """Where a value, at `place` in the file, is other than a schema says; `root` holds the `$defs`."""
    here = place.lstrip(".") or "it"
    if "$ref" in schema:
        yield from misfits(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, place)
    kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", ())
    if kinds and not any(is_of(value, kind) for kind in kinds):
        yield f"{here} must be of type {' or '.join(kinds)}, not {type(value).__name__}"
        return
    allowed = [schema["const"]] if "const" in schema else schema.get("enum", [value])
    if not any(same(value, each) for each in allowed):
        yield f"{here} must be {' or '.join(json.dumps(each, ensure_ascii=False) for each in allowed)}"
    if is_of(value, "number"):
        if value < schema.get("minimum", value):
            yield f"{here} must be at least {schema['minimum']}"
        if value > schema.get("maximum", value):
            yield f"{here} must be at most {schema['maximum']}"
    if isinstance(value, list):
        yield from misfits_of_list(value, schema, root, place)
    if isinstance(value, dict):
        yield from misfits_of_object(value, schema, root, place)
    for word, counts in (("anyOf", range(1, 99)), ("oneOf", range(1, 2))):
        if word in schema and sum(fits(value, each, root) for each in schema[word]) not in counts:
            yield f"{here} is of no kind that is allowed there"
    if "if" in schema and fits(value, schema["if"], root):
        yield from misfits(value, schema["then"], root, place)


def misfits_of_list(value: list[Any], schema: Schema, root: Schema, place: str) -> Iterator[str]:
    """The faults of an array: its length, and those of its items."""
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{place.lstrip('.') or 'it'} has {len(value)} items, which it must not"
    for i, each in enumerate(value if "items" in schema else ()):
        yield from misfits(each, schema["items"], root, f"{place}[{i}]")


def misfits_of_object(value: dict[str, Any], schema: Schema, root: Schema, place: str) -> Iterator[str]:
    """The faults of an object: names that are missing or unknown, and those of its values."""
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{place.lstrip('.') or 'it'} lacks '{name}'"
    known, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, each in value.items():
        if name in known:
            yield from misfits(each, known[name], root, f"{place}.{name}")
        elif rest is False:
            yield f"{place.lstrip('.') or 'it'} has '{name[:40]}', which is unknown"
        elif isinstance(rest, Mapping):
            yield from misfits(each, rest, root, f"{place}.{name[:40]}")


def fits(value: Any, schema: Schema, root: Schema) -> bool:
    """Whether a value has no fault."""
    return next(misfits(value, schema, root, ""), None) is None


def is_of(value: Any, kind: str) -> bool:
    """Whether a value is of a type of JSON Schema: true is no number, 1.0 is an integer."""
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, TYPES[kind])


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal in JSON, where true is not 1."""
    return isinstance(a, bool) is isinstance(b, bool) and bool(a == b)
