"""`compile_expression`: from the SQL of one segment or signal to its aggregates and the rest.

An expression such as `count(*) FILTER (days_ago < 31) > 2 AND customer.age >= 18` is taken apart
into aggregates over events, which many expressions share and one pass computes, and what is made of
them for each customer.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from recsys.customers.expressions.macros import MACROS, written_out
from recsys.data.sql_expressions.expressions import FUNCTIONS, require_node
from recsys.data.sql_expressions.tree import expression_of, nodes, not_allowed, parsed
from recsys.errors import InputError
from recsys.ops.nearest_name import nearest
from recsys.ops.shown_text import shown

COUNTS = ("count", "count_star")
AGGREGATES = (
    *COUNTS, "sum", "avg", "min", "max", "median", "bool_or", "bool_and", "arg_max", "arg_min",
)  # fmt: skip
"""None depends on the order of rows: `arg_max` and `arg_min` take the greatest of tied values."""
_EXACT = ("sum", "avg", "median")
"""Of decimals, they are computed exactly and only then become floats."""
AS_OF = "as_of"
MOMENT = "CAST('as of 5c1f7a2e' AS TIMESTAMP)"
"""What stands for the cut-off until an expression is run, so that it is compiled but once."""


class UnknownColumnError(InputError):
    """An expression names a column that the data do not have."""


@dataclass(frozen=True)
class Columns:
    """The columns that expressions may name.

    Attributes:
        event: of an event.
        customer: of the table of customers.
        product: of the table of products.
    """

    event: tuple[str, ...]
    customer: tuple[str, ...]
    product: tuple[str, ...]

    def of(self, table: str) -> tuple[str, ...]:
        """The columns of a table, as expressions name it."""
        columns: tuple[str, ...] = getattr(self, table)
        return columns


@dataclass(frozen=True)
class Compiled:
    """An expression, taken apart.

    Attributes:
        path: where it stands, for messages.
        outer: SQL over `customer`, `product` and the columns of `aggregates`.
        aggregates: SQL of each aggregate over `event`, `customer` and `product` -> its SQL for one
            who has no event.
        inner: (table, column) that the aggregates read.
        columns: (table, column) that `outer` reads.
    """

    path: str
    outer: str
    aggregates: dict[str, str]
    inner: frozenset[tuple[str, str]]
    columns: frozenset[tuple[str, str]]


@cache
def compile_expression(
    path: str, text: str, known: Columns, *, per_product: bool = False
) -> Compiled:
    """Checks an expression and takes it apart; nothing of it is run.

    Args:
        path: where it stands, for messages.
        text: the expression.
        known: the columns that it may name.
        per_product: whether it is about a customer and a product; it may then use columns of
            products outside of aggregates.

    Raises:
        InputError: it is no single expression, uses what is not allowed, an unknown column, or a
            column of events outside of an aggregate.
    """
    tree = written_out(path, parsed(path, text))
    parts = _Parts(path, known, per_product)
    for node in nodes(path, tree):
        if node["class"] == "FUNCTION" and _name(node) in AGGREGATES:
            _require_plain(path, node)
        elif node["class"] != "COLUMN_REF":
            require_node(path, node, (*FUNCTIONS, *AGGREGATES, *MACROS))
    outer = expression_of(parts.rewritten(tree, None))
    return Compiled(path, outer, parts.aggregates, frozenset(parts.inner), frozenset(parts.columns))


def aggregate_column(sql: str) -> str:
    """The name of the column that holds an aggregate; DuckDB's names do not tell case apart."""
    return f"aggregate {hashlib.sha256(sql.encode()).hexdigest()[:24]}"


@dataclass
class _Parts:
    """Takes one tree apart; `aggregates`, `inner` and `columns` as in `Compiled`."""

    path: str
    known: Columns
    per_product: bool
    aggregates: dict[str, str] = field(default_factory=dict)
    inner: set[tuple[str, str]] = field(default_factory=set)
    columns: set[tuple[str, str]] = field(default_factory=set)

    def rewritten(self, node: Any, inside: str | None) -> Any:
        """A node with full names of columns; outside of aggregates these become columns.

        Args:
            node: of the tree.
            inside: the aggregate around it.
        """
        if isinstance(node, list):
            return [self.rewritten(part, inside) for part in node]
        if not isinstance(node, dict):
            return node
        kind = node.get("class")
        if kind == "COLUMN_REF":
            return self._column(node, inside)
        if kind != "FUNCTION" or _name(node) not in AGGREGATES:
            return {key: part if key == "type_expr" else self.rewritten(part, inside)
                    for key, part in node.items()}  # fmt: skip
        if inside:
            raise not_allowed(self.path, f"{_name(node)}() within {inside}()")
        whole = {key: self.rewritten(part, _name(node)) for key, part in node.items()}
        return self._aggregate(whole)

    def _aggregate(self, node: dict[str, Any]) -> dict[str, Any]:
        name = _name(node)
        if name in ("arg_max", "arg_min"):
            value, by = node["arguments"]
            pair = {"name": "", "expression": {**_form("row(1)"), "arguments": [by, value]}}
            node = {**node, "arguments": [value, pair]}
        sql = expression_of(node)
        if name in _EXACT:
            sql = f"CAST({sql} AS DOUBLE)"
        self.aggregates.setdefault(sql, "0" if name in COUNTS else "NULL")
        return {**_form("a"), "column_names": [aggregate_column(sql)]}

    def _column(self, node: dict[str, Any], inside: str | None) -> dict[str, Any]:
        names = [str(name) for name in node["column_names"]]
        if names == [AS_OF]:
            return _form(MOMENT)
        table, column = self._resolved(names)
        if not inside and (table == "event" or (table == "product" and not self.per_product)):
            raise InputError(
                f"{self.path}: expected columns of events within an aggregate, got "
                f"{shown('.'.join(names))} outside; write such as count(*) FILTER (days_ago < 31)"
            )
        (self.inner if inside else self.columns).add((table, column))
        return {**node, "column_names": [table, column]}

    def _resolved(self, names: list[str]) -> tuple[str, str]:
        """Table and column; a bare name is that of an event, or else of its product."""
        written = ".".join(names)
        if len(names) == 2 and names[0] in ("event", "customer", "product"):
            table = names[0]
        elif len(names) == 1:
            table = "event" if names[0] in self.known.event else "product"
        else:
            raise InputError(
                f"{self.path}: expected columns as action, customer.COLUMN or product.COLUMN, got "
                f"{shown(written)}; texts stand in single quotes"
            )
        if names[-1] in self.known.of(table):
            return table, names[-1]
        near = (
            (*self.known.event, AS_OF, *self.known.product)
            if len(names) == 1
            else self.known.of(table)
        )
        listed = ", ".join(near[:12]) or "no column"
        remedy = nearest(names[-1], near, f"there is {listed}; texts stand in single quotes")
        raise UnknownColumnError(
            f"{self.path}: expected a column that the data have, got {shown(written)}; {remedy}"
        )


def _name(node: dict[str, Any]) -> str:
    return str(node["function_name"]).lower()


def _require_plain(path: str, node: dict[str, Any]) -> None:
    arguments = {"count_star": 0, "arg_max": 2, "arg_min": 2}.get(_name(node), 1)
    count = len(node["arguments"])
    if _name(node) == "count" and not count:
        arguments = 0
    if node["order_bys"]["orders"] or len(node["qualified_name"]["path"]) > 1:
        raise not_allowed(path, f"an order within {_name(node)}()")
    if count != arguments:
        raise InputError(f"{path}: expected {arguments} arguments of {_name(node)}(), got {count}")


@cache
def _form(text: str) -> dict[str, Any]:
    """The tree of a text of this module."""
    return parsed(text, text)
