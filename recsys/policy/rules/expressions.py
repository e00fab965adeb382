"""Expressions of a policy: one SQL condition or number, checked before DuckDB runs it.

The syntax tree is compared with lists of what is allowed. No function of the lists reads a file, a
table, a setting, a clock or a random number, and none makes texts longer: the same data always give
the same answer, in little memory.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from recsys.data.cells import listed
from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.policy.rules.keys import nearest
from recsys.policy.rules.locked import syntax_tree

CUSTOMER_SIDE, OFFER_SIDE = ("customer",), ("product", "offer")
LONGEST = 5_000
"""Characters of an expression."""

_CLASSES = (
    "COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN", "CASE", "CAST",
    "FUNCTION",
)  # fmt: skip
_OPERATORS = (
    "OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE",
    "OPERATOR_NULLIF", "COMPARE_IN", "COMPARE_NOT_IN",
)  # fmt: skip
FUNCTIONS = (
    "abs", "round", "floor", "ceil", "ceiling", "trunc", "sign", "sqrt", "ln", "log10", "exp",
    "greatest", "least", "coalesce", "ifnull", "nullif", "if",
    "lower", "upper", "trim", "ltrim", "rtrim", "length", "left", "right", "substring", "substr",
    "contains", "starts_with", "ends_with", "prefix", "suffix", "position", "strpos",
    "like_escape", "ilike_escape", "regexp_matches", "regexp_full_match",
    "date_part", "date_diff", "datediff", "date_trunc", "year", "quarter", "month", "day",
    "dayofweek", "hour", "epoch", "to_years", "to_months", "to_weeks", "to_days", "to_hours",
)  # fmt: skip
_SYMBOLS = ("+", "-", "*", "/", "//", "%", "^", "**", "^@", "~~", "!~~", "~~*", "!~~*")
_TYPES = (
    "boolean", "bool", "integer", "int", "bigint", "smallint", "double", "float", "real",
    "decimal", "numeric", "varchar", "text", "string", "date", "timestamp", "datetime",
)  # fmt: skip
_WHAT = {
    "SUBQUERY": "a subquery", "WINDOW": "a window", "STAR": "a star", "LAMBDA": "a lambda",
    "PARAMETER": "a parameter", "POSITIONAL_REFERENCE": "a column by its number",
    "COLLATE": "a collation",
}  # fmt: skip


@dataclass(frozen=True)
class Expression:
    """A checked expression.

    Attributes:
        path: where it stands in the policy, for messages.
        text: as it is written.
        columns: of which table ("customer", "product" or "offer") and name, sorted, each once.
    """

    path: str
    text: str
    columns: tuple[tuple[str, str], ...]

    def of(self, tables: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """The columns of some of the tables."""
        return tuple(column for column in self.columns if column[0] in tables)

    @property
    def select(self) -> str:
        """The statement that computes it, as it was checked, over a relation `pairs`."""
        return f"{_wrapped(self.text)} AS result FROM pairs"


def require_safe(path: str, text: str, tables: tuple[str, ...]) -> Expression:
    """Checks an expression without looking at data.

    Args:
        path: where it stands in the policy, for messages.
        text: the expression.
        tables: whose columns it may use.

    Raises:
        InputError: it is not one scalar expression over columns of these tables, made of what the
            lists of this module allow.
    """
    if len(text) > LONGEST:
        raise InputError(
            f"{path}: expected at most {LONGEST:,} characters, got {len(text):,}; write the result "
            "into a column of the table"
        )
    columns = set()
    for node in _nodes(path, _root(path, text)):
        kind = node["class"]
        if kind == "COLUMN_REF":
            columns.add(_column(path, node["column_names"], tables))
        elif kind == "FUNCTION":
            _require_function(path, node)
        elif kind == "OPERATOR" and node["type"] not in _OPERATORS:
            raise _not_allowed(path, f"the operator {node['type'].lower()}")
        elif kind == "CAST":
            _require_type(path, node["type_expr"])
    _refuse_equal_but_for_case(path, columns)
    return Expression(path, text, tuple(sorted(columns)))


def require_columns(expression: Expression, known: dict[str, list[str]]) -> None:
    """Checks the columns of an expression against tables.

    Args:
        expression: checked.
        known: table -> its columns; a table that does not exist is missing.

    Raises:
        InputError: a table is missing, or a column; names the nearest known one.
    """
    for table, column in expression.columns:
        if table not in known:
            raise InputError(
                f"{expression.path}: column '{table}.{column}': the data have no table of "
                f"{table}s; add it, or leave the rule out"
            )
        if column not in known[table]:
            raise InputError(
                f"{expression.path}: expected a column of the table of {table}s, got "
                f"'{table}.{column}'; {_nearest_column(table, column, known)}"
            )


def _nearest_column(table: str, column: str, known: dict[str, list[str]]) -> str:
    for other, names in known.items():
        if column in names:
            return f"did you mean '{other}.{column}'?"
    near = get_close_matches(column, known[table], n=1, cutoff=0.6)
    if near:
        return f"did you mean '{table}.{near[0]}'?"
    return f"the table has {listed(known[table])}"


def _wrapped(text: str) -> str:
    # Line ends, so that a comment at the end of the text does not hide the bracket.
    return f"SELECT (\n{text}\n)"


def _root(path: str, text: str) -> dict[str, Any]:
    try:
        tree = json.loads(syntax_tree(_wrapped(text)))
    except RecursionError:
        raise _not_allowed(path, "over 100 nested operations") from None
    if tree["error"]:
        why = tree["error_message"].splitlines()[0]
        if tree["error_type"] == "not implemented":
            raise _not_allowed(path, "another statement")
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
        raise _not_allowed(path, "more than one expression")
    root: dict[str, Any] = node["select_list"][0]
    return root


def _nodes(path: str, root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of the tree, none of an unknown class."""
    waiting: list[Any] = [root]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            kind = part.get("class")
            if kind is not None and kind not in _CLASSES:
                raise _not_allowed(path, _WHAT.get(kind, f"a {str(kind).lower()}"))
            if kind is not None:
                yield part
            # A type is checked with its cast.
            waiting.extend(value for key, value in part.items() if key != "type_expr")


def _column(path: str, names: list[str], tables: tuple[str, ...]) -> tuple[str, str]:
    expected = " or ".join(f"{table}.COLUMN" for table in tables)
    if len(names) != 2 or names[0] not in tables:
        written = ".".join(names)
        remedy = nearest(names[0], tables, f"write {expected}; texts stand in single quotes")
        raise InputError(f"{path}: expected columns as {expected}, got {shown(written)}; {remedy}")
    return names[0], names[1]


def _require_function(path: str, node: dict[str, Any]) -> None:
    name = node["function_name"].lower()
    if name in ("list_value", "struct_pack", "row"):
        raise _not_allowed(path, "a list or struct")
    is_plain = node["filter"] is None and not node["distinct"] and not node["order_bys"]["orders"]
    if (
        name not in (*FUNCTIONS, *_SYMBOLS)
        or not is_plain
        or len(node["qualified_name"]["path"]) > 1
    ):
        near = nearest(name, FUNCTIONS, f"use one of {', '.join(FUNCTIONS[:12])} ...")
        raise InputError(
            f"{path}: expected functions that only compute (docs/rules.md lists them), got "
            f"'{name}'; {near}"
        )


def _require_type(path: str, node: dict[str, Any]) -> None:
    name = node.get("type_name", "").lower()
    is_number = all(child["class"] == "CONSTANT" for child in node["children"])
    if name not in _TYPES or not is_number or len(node["qualified_name"]["path"]) > 1:
        raise _not_allowed(path, f"the type {name}")


def _refuse_equal_but_for_case(path: str, columns: set[tuple[str, str]]) -> None:
    folded: dict[tuple[str, str], str] = {}
    for table, column in sorted(columns):
        other = folded.setdefault((table, column.lower()), column)
        if other != column:
            raise InputError(
                f"{path}: expected columns that differ in more than case, got '{table}.{other}' "
                f"and '{table}.{column}'; SQL takes them for the same: rename one"
            )


def _not_allowed(path: str, what: str) -> InputError:
    return InputError(
        f"{path}: expected one condition or number over columns, such as "
        f'"customer.age >= 18", got {what}; write it with comparisons, AND, OR, NOT, CASE and '
        "functions that only compute, or write the result into a column of the table"
    )
