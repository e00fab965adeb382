"""Expressions over rows: one SQL condition or number, checked before DuckDB runs it.

The syntax tree is compared with lists of what is allowed. No function of the lists reads a file, a
table, a setting, a clock or a random number, and none makes texts longer: the same data always give
the same answer, in little memory.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from recsys.data.cells import listed
from recsys.data.sql_expressions.tree import nodes, not_allowed, parsed
from recsys.errors import InputError
from recsys.ops.nearest_name import nearest
from recsys.ops.shown_text import shown

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


@dataclass(frozen=True)
class Expression:
    """A checked expression.

    Attributes:
        path: where it stands in its file, for messages.
        text: as it is written.
        columns: of which table (as "customer") and name, sorted, each once.
    """

    path: str
    text: str
    columns: tuple[tuple[str, str], ...]

    def of(self, tables: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """The columns of some of the tables."""
        return tuple(column for column in self.columns if column[0] in tables)


def require_safe(path: str, text: str, tables: tuple[str, ...]) -> Expression:
    """Checks an expression without looking at data.

    Args:
        path: where it stands in its file, for messages.
        text: the expression.
        tables: whose columns it may use.

    Raises:
        InputError: it is not one scalar expression over columns of these tables, made of what the
            lists of this module allow.
    """
    columns = set()
    for node in nodes(path, parsed(path, text)):
        kind = node["class"]
        if kind == "COLUMN_REF":
            columns.add(_column(path, node["column_names"], tables))
        else:
            require_node(path, node)
    _refuse_equal_but_for_case(path, columns)
    return Expression(path, text, tuple(sorted(columns)))


def require_node(path: str, node: dict[str, Any], functions: tuple[str, ...] = FUNCTIONS) -> None:
    """Checks one node of a syntax tree that is no column.

    Args:
        path: where the expression stands, for messages.
        node: as `tree.nodes` gives it.
        functions: that are named where another one is refused.

    Raises:
        InputError: the lists of this module do not allow it.
    """
    kind = node["class"]
    if kind == "FUNCTION":
        _require_function(path, node, functions)
    elif kind == "OPERATOR" and node["type"] not in _OPERATORS:
        raise not_allowed(path, f"the operator {node['type'].lower()}")
    elif kind == "CAST":
        _require_type(path, node["type_expr"])


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


def _column(path: str, names: list[str], tables: tuple[str, ...]) -> tuple[str, str]:
    expected = " or ".join(f"{table}.COLUMN" for table in tables)
    if len(names) != 2 or names[0] not in tables:
        written = ".".join(names)
        remedy = nearest(names[0], tables, f"write {expected}; texts stand in single quotes")
        raise InputError(f"{path}: expected columns as {expected}, got {shown(written)}; {remedy}")
    return names[0], names[1]


def _require_function(path: str, node: dict[str, Any], functions: tuple[str, ...]) -> None:
    name = node["function_name"].lower()
    if name in ("list_value", "struct_pack", "row"):
        raise not_allowed(path, "a list or struct")
    is_plain = node["filter"] is None and not node["distinct"] and not node["order_bys"]["orders"]
    if (
        name not in (*FUNCTIONS, *_SYMBOLS)
        or not is_plain
        or len(node["qualified_name"]["path"]) > 1
    ):
        near = nearest(name, functions, f"use one of {', '.join(FUNCTIONS[:12])} ...")
        raise InputError(
            f"{path}: expected functions that only compute (docs/rules.md lists them), got "
            f"'{name}'; {near}"
        )


def _require_type(path: str, node: dict[str, Any]) -> None:
    name = node.get("type_name", "").lower()
    is_number = all(child["class"] == "CONSTANT" for child in node["children"])
    if name not in _TYPES or not is_number or len(node["qualified_name"]["path"]) > 1:
        raise not_allowed(path, f"the type {name}")


def _refuse_equal_but_for_case(path: str, columns: set[tuple[str, str]]) -> None:
    folded: dict[tuple[str, str], str] = {}
    for table, column in sorted(columns):
        other = folded.setdefault((table, column.lower()), column)
        if other != column:
            raise InputError(
                f"{path}: expected columns that differ in more than case, got '{table}.{other}' "
                f"and '{table}.{column}'; SQL takes them for the same: rename one"
            )
