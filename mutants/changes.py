"""What a fault looks like: the ways to change one node of a syntax tree, each with a name that a reader understands."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

OPERATORS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
SYMBOLS = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.In: "in",
    ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not", ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
    ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**", ast.BitAnd: "&", ast.BitOr: "|", ast.And: "and", ast.Or: "or",
}  # fmt: skip
TWINS = (("min", "max"), ("minimum", "maximum"), ("amin", "amax"), ("argmin", "argmax"), ("any", "all"))
NAMES = {one: other for pair in TWINS for one, other in (pair, pair[::-1])}

SPEECH = {"print", "console", "echo", "warn", "log"}
"""Who only speaks: what such a call says is nobody's result."""

GUARD = "strict"
"""The keyword by which `zip` asks for lists of one length: it guards against a mistake that the code does not make."""


@dataclass(frozen=True)
class Change:
    """A node, what is done to it in a few words, and the text that takes its place."""

    node: ast.expr | ast.stmt
    what: str
    text: str


def changes(node: ast.AST) -> Iterator[Change]:
    """Every change of this node itself, not of those within it."""
    if isinstance(node, ast.expr):
        for what, other in expressions(node):
            yield Change(node, what, f"({ast.unparse(other)})")
    elif isinstance(node, ast.stmt):
        for what, text in statements(node):
            yield Change(node, what, text)
        for condition in filters(node):
            yield Change(condition, "condition → its contrary", f"(not {ast.unparse(condition)})")
    if isinstance(node, ast.IfExp):
        yield Change(node.test, "condition → its contrary", f"(not {ast.unparse(node.test)})")
    for comprehension in getattr(node, "generators", ()):
        for condition in comprehension.ifs:
            yield Change(condition, "filter → everything", "True")


def filters(node: ast.stmt) -> list[ast.expr]:
    """The condition of an `if` or a `while`, where a changed operator does not already turn it round."""
    if not isinstance(node, ast.If | ast.While) or isinstance(node.test, ast.Compare | ast.UnaryOp) or is_guard(node):
        return []
    return [node.test]


def is_guard(node: ast.AST) -> bool:
    """Whether this is `if TYPE_CHECKING:` or `if __name__ == "__main__":`."""
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'")


def expressions(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """What may stand in place of an expression."""
    match node:
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                for other in OPERATORS[type(op)]:
                    yield renamed(op, other), changed(node, ops=[*ops[:at], other(), *ops[at + 1 :]])
        case ast.BinOp(left, op, right) if type(op) in OPERATORS and not (is_text(left) or is_text(right)):
            for other in OPERATORS[type(op)]:
                yield renamed(op, other), changed(node, op=other())
        case ast.BoolOp(op=op):
            for other in OPERATORS[type(op)]:
                yield renamed(op, other), changed(node, op=other())
        case ast.UnaryOp(ast.Not(), operand):
            yield "not → nothing", operand
        case ast.UnaryOp(ast.USub(), operand):
            yield "-x → x", operand
        case ast.Constant(bool(value)):
            yield f"{value} → {not value}", ast.Constant(not value)
        case ast.Constant(int(value) | float(value)):
            for number in numbers(value):
                yield f"{value!r} → {number!r}", ast.Constant(number)
        case ast.Name(name, ast.Load()) if name in NAMES:
            yield f"{name} → {NAMES[name]}", ast.Name(NAMES[name])
        case ast.Attribute(attr=name, ctx=ast.Load()) if name in NAMES:
            yield f"{name} → {NAMES[name]}", changed(node, attr=NAMES[name])
        case ast.Call(keywords=keywords):
            for at, keyword in enumerate(keywords):
                if keyword.arg and keyword.arg != GUARD and not is_text(keyword.value):
                    yield f"without {keyword.arg}=", changed(node, keywords=keywords[:at] + keywords[at + 1 :])


def statements(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """What may stand in place of a statement."""
    match node:
        case ast.Return(value=value) if value is not None and not isinstance(value, ast.Constant):
            yield "return → None", "return None"
        case ast.AugAssign(target, op, value):
            yield "statement → nothing", "pass"
            for other in OPERATORS.get(type(op), ()):
                yield (
                    f"{SYMBOLS[type(op)]}= → {SYMBOLS[other]}=",
                    f"{ast.unparse(target)} {SYMBOLS[other]}= {ast.unparse(value)}",
                )
        case ast.Expr(ast.Call(func=ast.Name(name) | ast.Attribute(ast.Name(name)))) if name in SPEECH:
            return
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) | ast.Expr(ast.Call()):
            yield "statement → nothing", "pass"
        case ast.Raise() | ast.Continue() | ast.Break():
            yield "statement → nothing", "pass"


def numbers(value: float) -> tuple[float, ...]:
    """The numbers beside a number: n + 1 (and 0 beside 1), or 1.05 x and 2 x."""
    if isinstance(value, int):
        return (0, 2) if value == 1 else (value + 1,)
    return (value * 1.05, value * 2) if value else (1.0,)


def changed(node: ast.expr, **fields: object) -> ast.expr:
    """The node with other fields."""
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def renamed(op: ast.AST, other: type[ast.AST]) -> str:
    """`< → <=`."""
    return f"{SYMBOLS[type(op)]} → {SYMBOLS[other]}"


def is_text(node: ast.AST) -> bool:
    """Whether an expression is a string literal, or one begins it."""
    if isinstance(node, ast.BinOp):
        return is_text(node.left) or is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
