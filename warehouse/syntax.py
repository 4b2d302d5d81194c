"""Reading an expression's text into a tree, and the plain sentences for what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError, SqlglotError

from config.problems import did_you_mean

MAX_LENGTH: Final = 4000
MAX_DEPTH: Final = 100
"""Far below what either this reader or the database stops at, whoever calls and however deep they stand."""
_T = TypeVar("_T")


class ExpressionError(Exception):
    """An expression is not allowed; ``hint`` says what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message + (f" ({hint})" if hint else ""))
        self.message = message
        self.hint = hint


_TOO_DEEP: Final = ExpressionError("is nested too deeply", "break it into simpler parts")


def _unreadable(error: SqlglotError) -> str:
    """Where reading stopped, without the parser's own vocabulary."""
    details = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    place = details.get("highlight")
    return f"cannot be read: something is missing or too much at {place!r}" if place else "cannot be read"


def parse_tree(text: str) -> exp.Expr:
    """The sqlglot tree of exactly one expression, not yet checked against any allow-list.

    Raises ExpressionError.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression is longer than {MAX_LENGTH} characters")
    odd = next((sign for sign in text if not (sign.isprintable() or sign in "\t\r\n")), None)
    if odd is not None:
        raise ExpressionError(f"has the sign {odd!a}, which cannot be seen", "type it anew")
    try:
        trees = sqlglot.parse(text, read=DuckDB)
    except SqlglotError as error:
        raise ExpressionError(_unreadable(error), "check brackets, quotes and commas") from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Expr):
        raise ExpressionError("is not exactly one expression")
    _look_through(trees[0])
    return trees[0]


def _look_through(tree: exp.Expr) -> None:
    """Refuse too many expressions inside each other, and comments. Raises ExpressionError."""
    depth, layer, commented = 0, [tree], False
    while layer:
        depth += 1
        if depth > MAX_DEPTH:
            raise _TOO_DEEP
        commented = commented or any(node.comments for node in layer)
        layer = [child for node in layer for child in node.iter_expressions()]
    if commented:
        raise ExpressionError("has a comment inside", "write it beside the definition, after a #")


def refuse_extras(node: exp.Expr, *known: str) -> None:
    """Refuse clauses of ``node`` other than ``known``, such as an ORDER BY inside an aggregate.

    Raises ExpressionError.
    """
    extra = [name for name, value in node.args.items() if value and name not in known]
    if extra:
        raise ExpressionError(f"{spelling(node)} cannot be written like this", f"leave out {extra[0]}")


def quote(name: str) -> str:
    """``name`` as an SQL identifier: in quotes only if SQL takes the word for something else."""
    return f'"{name}"' if name in _RESERVED else name


def literal(value: str) -> str:
    """``value`` as an SQL text literal."""
    return "'" + value.replace("'", "''") + "'"


def guarded(text: str, read: Callable[[exp.Expr], _T]) -> _T:
    try:
        return read(parse_tree(text))
    except RecursionError:
        raise _TOO_DEEP from None


def number(node: exp.Expr) -> float:
    try:
        value = float(node.this)
    except ValueError as error:
        raise ExpressionError(f"{node.this} is not a number") from error
    if value in (float("inf"), float("-inf")):
        raise ExpressionError(f"{node.this} is too large")
    return value


def whole(node: exp.Expr, what: str) -> int:
    if not (
        isinstance(node, exp.Literal) and not node.is_string and node.this.isdecimal() and len(node.this) < 10
    ):
        raise ExpressionError(f"{what} must be a whole number")
    return int(node.this)


def there(node: exp.Expr | None) -> exp.Expr:
    """A part of an expression that the parser may have let an author leave out. Raises ExpressionError."""
    if node is None:
        raise ExpressionError("cannot be read: a part is missing", "check brackets, quotes and commas")
    return node


def spelling(node: exp.Expr) -> str:
    """What the author wrote, near enough to be recognised."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else node.key


def a_kind_of(type: str) -> str:
    return {
        "text": "text",
        "integer": "a number",
        "number": "a number",
        "boolean": "a condition",
        "null": "null",
    }.get(type, f"a {type}")


def unknown(node: exp.Expr, known: Sequence[str]) -> ExpressionError:
    name = spelling(node)
    if isinstance(node, (exp.Query, exp.Subquery)):
        return ExpressionError("queries are not allowed", "name a column of the dataset")
    if isinstance(node, exp.Func):
        return ExpressionError(f"function {name!r} is unknown or not allowed here", did_you_mean(name, known))
    return ExpressionError(f"{name!r} is not allowed in an expression")


_RESERVED: Final = frozenset(
    """
    all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast
    check collate collation column concurrently constraint create cross default deferrable desc describe
    distinct do else end except false fetch for foreign freeze from full glob group having ilike in initially
    inner intersect into is isnull join lambda lateral leading left like limit natural not notnull null offset
    on only or order outer overlaps pivot pivot_longer pivot_wider placing positional primary qualify
    references returning right select semi show similar some summarize symmetric table tablesample then to
    trailing true union unique unpack unpivot using variadic verbose when where window with
    """.split()  # noqa: SIM905 - a list of strings would fill two screens
)
