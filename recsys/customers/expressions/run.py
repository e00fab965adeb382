"""Runs compiled expressions together: one pass over the events, whatever their number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from recsys.arrays import BoolArray, IntArray
from recsys.customers.expressions.compile import MOMENT, Compiled, aggregate_column
from recsys.customers.expressions.facts import ROW, Facts
from recsys.data.sql_expressions.locked import locked_connection
from recsys.errors import InputError

Kind = Literal["condition", "number", "moment"]
_WHAT = {
    "condition": ("a condition (true or false)", ("BOOLEAN",)),
    "number": ("a number", ("DOUBLE", "BIGINT", "INTEGER", "HUGEINT", "FLOAT", "DECIMAL")),
    "moment": ("a moment", ("TIMESTAMP", "DATE")),
}


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a pass over the events may take.

    Attributes:
        seconds: of DuckDB.
        memory: of DuckDB.
        threads: of DuckDB; they do not change results.
    """

    seconds: float = 180.0
    memory: str = "5GB"
    threads: int = 2


@dataclass(frozen=True, eq=False)
class Results:
    """What a pass computed.

    Attributes:
        customers: [n] row numbers.
        products: [n] row numbers; None if it was not by product.
        values: for each expression an array [n].
        known: for each expression [n] bool, whether it has a value.
    """

    customers: IntArray
    products: IntArray | None
    values: Sequence[Any]
    known: Sequence[BoolArray]


def computed(
    facts: Facts,
    expressions: Sequence[tuple[Compiled, Kind]],
    *,
    per_product: bool = False,
    bounds: Bounds | None = None,
) -> Results:
    """Expressions of every customer, or of every customer and product with an event.

    Customers without event are there too: they count 0 events, and have no other aggregate.

    Args:
        facts: known before the cut-off.
        expressions: compiled with their columns, and what each must give.
        per_product: whether rows are pairs of customer and product.
        bounds: what it may take.

    Raises:
        InputError: an expression gives something else, does not fit the columns, or the pass takes
            too much time or memory.
    """
    import duckdb

    bounds = bounds or Bounds()
    connection = locked_connection(bounds.seconds, bounds.memory, bounds.threads)
    try:
        _register(connection, facts, [each for each, _ in expressions])
        return _run(connection, facts, expressions, per_product)
    except duckdb.InterruptException:
        raise InputError(
            f"{_paths(expressions)}: expected at most {bounds.seconds:g} seconds, got more; leave "
            "some out, or write results into columns of the tables"
        ) from None
    except duckdb.OutOfMemoryException:
        raise InputError(
            f"{_paths(expressions)}: expected at most {bounds.memory} of memory, got more; leave "
            "some out, or use fewer different aggregates"
        ) from None
    finally:
        connection.close()


def _register(connection: Any, facts: Facts, expressions: Sequence[Compiled]) -> None:
    used = set().union(*(each.inner | each.columns for each in expressions))

    def names(table: str) -> list[str]:
        return sorted(column for of, column in used if of == table)

    connection.register("events", facts.events(names("event")))
    for side in ("customer", "product"):
        connection.register(f"{side}s", facts.table(side, names(side)))


def _run(
    connection: Any,
    facts: Facts,
    expressions: Sequence[tuple[Compiled, Kind]],
    per_product: bool,
) -> Results:
    import duckdb

    cutoff = f"TIMESTAMP '{facts.moment:%Y-%m-%d %H:%M:%S.%f}'"
    statement = _statement([each for each, _ in expressions], per_product).replace(MOMENT, cutoff)
    try:
        relation = connection.sql(statement)
        types = [str(kind) for kind in relation.types][2:]
        for (expression, kind), came in zip(expressions, types, strict=True):
            _require_kind(expression, kind, came)
        table = relation.to_arrow_table()
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as error:
        if len(expressions) > 1:
            for each in expressions:  # which of them it is
                _run(connection, facts, [each], per_product)
        why = str(error).splitlines()[0].split("Error: ", 1)[-1]
        path = expressions[0][0].path
        raise InputError(
            f"{path}: expected an expression that fits the columns, got one that does not: {why}"
        ) from None
    return _results(table, [kind for _, kind in expressions], per_product)


def _statement(expressions: Sequence[Compiled], per_product: bool) -> str:
    aggregates = {sql: empty for each in expressions for sql, empty in each.aggregates.items()}
    inner = {table for each in expressions for table, _ in each.inner}
    keys = [f'event."customer {ROW}" AS "customer"']
    if per_product:
        keys.append(f'event."product {ROW}" AS "product"')
    joins = "".join(
        f' LEFT JOIN {side}s AS {side} ON {side}."{ROW}" = event."{side} {ROW}"'
        for side in ("customer", "product") if side in inner
    )  # fmt: skip
    where = f' WHERE event."product {ROW}" >= 0' if per_product else ""
    computed_once = [f'{sql} AS "{aggregate_column(sql)}"' for sql in aggregates]
    grouped = (
        f"SELECT {', '.join([*keys, *computed_once])} FROM events AS event{joins}{where} "
        f"GROUP BY {', '.join(str(key + 1) for key in range(len(keys)))}"
    )
    outer = ", ".join(f"({each.outer}) AS result_{i}" for i, each in enumerate(expressions))
    if per_product:
        return (
            f'SELECT "by group"."customer", "by group"."product", {outer} FROM ({grouped}) AS '
            f'"by group" JOIN customers AS customer ON customer."{ROW}" = "by group"."customer" '
            f'JOIN products AS product ON product."{ROW}" = "by group"."product"'
        )
    # One who has no event is in no group.
    filled = ", ".join(
        f'coalesce("by group"."{aggregate_column(sql)}", 0) AS "{aggregate_column(sql)}"'
        if empty == "0"
        else f'"by group"."{aggregate_column(sql)}"'
        for sql, empty in aggregates.items()
    )
    everyone = f"SELECT customer.*{', ' + filled if filled else ''} FROM customers AS customer"
    if aggregates:
        everyone += (
            f' LEFT JOIN ({grouped}) AS "by group" ON "by group"."customer" = customer."{ROW}"'
        )
    return f'SELECT "{ROW}", -1, {outer} FROM ({everyone}) AS customer'


def _require_kind(expression: Compiled, kind: Kind, came: str) -> None:
    expected, types = _WHAT[kind]
    if came.split("(")[0] not in types:
        raise InputError(
            f"{expression.path}: expected {expected}, got a value of type {came.lower()}"
        )


def _results(table: pa.Table, kinds: Sequence[Kind], per_product: bool) -> Results:
    customers, products = (table.column(at).to_numpy().astype(np.int64) for at in (0, 1))
    order = np.lexsort((products, customers))
    values, known = [], []
    for at, kind in enumerate(kinds):
        column = table.column(at + 2).combine_chunks()
        known.append(np.asarray(column.is_valid())[order])
        if kind == "moment":
            whole = column.cast(pa.timestamp("us")).cast(pa.int64()).fill_null(0).to_numpy()
        elif kind == "number":
            whole = column.cast(pa.float64()).fill_null(np.nan).to_numpy()
        else:
            whole = np.asarray(column.fill_null(False))
        values.append(np.asarray(whole)[order])
    return Results(customers[order], products[order] if per_product else None, values, known)


def _paths(expressions: Sequence[tuple[Compiled, Kind]]) -> str:
    first = expressions[0][0].path
    return first if len(expressions) == 1 else f"{first} and {len(expressions) - 1} more"
