"""The syntax tree of one SQL expression."""

import json
from collections.abc import Iterator
from typing import Any

from recsys.data.sql_expressions.locked import sql_of, syntax_tree
from recsys.errors import InputError
from recsys.ops.shown_text import shown

LONGEST = 5_000
"""Characters of an expression."""

_CLASSES = (
    "COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN", "CASE", "CAST",
    "FUNCTION",
)  # fmt: skip
_WHAT = {
    "SUBQUERY": "a subquery", "WINDOW": "a window", "STAR": "a star", "LAMBDA": "a lambda",
    "PARAMETER": "a parameter", "POSITIONAL_REFERENCE": "a column by its number",
    "COLLATE": "a collation",
}  # fmt: skip


def wrapped(text: str) -> str:
    """The SELECT statement of an expression."""
    # Line ends, so that a comment at the end of the text does not hide the bracket.
    return f"SELECT (\n{text}\n)"


def parsed(path: str, text: str) -> dict[str, Any]:
    """The tree of a text that is one expression.

    Args:
        path: where it stands in its file, for messages.
        text: the expression.

    Raises:
        InputError: it is too long, or no single expression; nothing of it is run.
    """
    if len(text) > LONGEST:
        raise InputError(
            f"{path}: expected at most {LONGEST:,} characters, got {len(text):,}; write the result "
            "into a column of the table"
        )
    try:
        tree = json.loads(syntax_tree(wrapped(text)))
    except RecursionError:
        raise not_allowed(path, "over 100 nested operations") from None
    if tree["error"]:
        why = tree["error_message"].splitlines()[0]
        if tree["error_type"] == "not implemented":
            raise not_allowed(path, "another statement")
        raise InputError(f"{path}: expected a SQL expression, got {shown(text)}: {why}")
    node = tree["statements"][0]["node"]
    plain = (
        len(tree["statements"]) == 1
        and node["type"] == "SELECT_NODE"
        and len(node["select_list"]) == 1
        and node["from_table"]["type"] == "EMPTY"
        and not node["modifiers"]
        and not node["cte_map"]["map"]
        and not any(
            node[part]
            for part in ("where_clause", "group_expressions", "having", "qualify", "sample")
        )
    )
    if not plain:
        raise not_allowed(path, "more than one expression")
    root: dict[str, Any] = node["select_list"][0]
    return root


def expression_of(root: dict[str, Any]) -> str:
    """The SQL of a tree that `parsed` returned, or of parts of such trees."""
    select = json.loads(syntax_tree(wrapped("1")))
    select["statements"][0]["node"]["select_list"] = [root]
    return sql_of(select).removeprefix("SELECT ")


def nodes(path: str, root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of the tree, none of an unknown class."""
    waiting: list[Any] = [root]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            kind = part.get("class")
            if kind is not None and kind not in _CLASSES:
                raise not_allowed(path, _WHAT.get(kind, f"a {str(kind).lower()}"))
            if kind is not None:
                yield part
            # A type is checked with its cast.
            waiting.extend(value for key, value in part.items() if key != "type_expr")


def not_allowed(path: str, what: str) -> InputError:
    """The error of an expression that has more than it may."""
    return InputError(
        f"{path}: expected one condition or number over columns, such as "
        f'"customer.age >= 18", got {what}; write it with comparisons, AND, OR, NOT, CASE and '
        "functions that only compute, or write the result into a column of the table"
    )
