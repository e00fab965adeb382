"""Runs checked expressions over distinct values of the columns that they use."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.sql_expressions.arrow_column import arrow_column
from recsys.data.sql_expressions.expressions import Expression
from recsys.data.sql_expressions.locked import MEMORY, locked_cursor
from recsys.data.sql_expressions.tree import wrapped
from recsys.errors import InputError
from recsys.policy.rules.policy import CUSTOMER_SIDE, OFFER_SIDE

MOST_PAIRS = 16_000_000
"""Pairs of distinct values that an expression is computed for."""
_BATCH = 131_072
"""Pairs a query: DuckDB looks at the clock only between pieces of work."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What an expression may take.

    Attributes:
        seconds: for all its pairs.
        memory: of DuckDB.
        pairs: of distinct values.
    """

    seconds: float = 20.0
    memory: str = MEMORY
    pairs: int = MOST_PAIRS


def conditions(
    expression: Expression, customers: pd.DataFrame, offers: pd.DataFrame, bounds: Bounds
) -> tuple[BoolArray, BoolArray]:
    """Where a condition holds, over all pairs of rows of two tables.

    Args:
        expression: checked.
        customers: [G] columns named "customer.age" and so on, distinct rows.
        offers: [H] columns named "product.price", "offer.variant" and so on, distinct rows.
        bounds: what it may take.

    Returns:
        [G, H] bool where it is true, and [G, H] bool where it is not known (NULL).

    Raises:
        InputError: it is no condition, does not fit the columns, has too many pairs, or runs out
            of time or memory.
    """
    result = _computed(expression, customers, offers, bounds, "BOOLEAN")
    return np.asarray(result.filled(False), dtype=bool), np.ma.getmaskarray(result)


def numbers(
    expression: Expression, customers: pd.DataFrame, offers: pd.DataFrame, bounds: Bounds
) -> FloatArray:
    """[G, H] float64 values of a number, NaN where it is not known; else as `conditions`."""
    result = _computed(expression, customers, offers, bounds, None)
    return np.asarray(result.filled(np.nan), dtype=np.float64)


def _computed(
    expression: Expression,
    customers: pd.DataFrame,
    offers: pd.DataFrame,
    bounds: Bounds,
    type_name: str | None,
) -> Any:
    shape = (len(customers), len(offers))
    _require_few_pairs(expression, shape, bounds.pairs)
    ends = time.monotonic() + bounds.seconds
    sides = (_structs(customers, CUSTOMER_SIDE), _structs(offers, OFFER_SIDE))
    connection = locked_cursor(bounds.seconds, bounds.memory)
    values, missing = [], []
    try:
        for start in range(0, shape[0] * shape[1], _BATCH):
            pairs = np.arange(start, min(start + _BATCH, shape[0] * shape[1]))
            if time.monotonic() > ends:
                raise _too_long(expression, bounds)
            answer = _query(
                connection, expression, _taken(sides, pairs, shape[1]), type_name, bounds
            )
            values.append(np.ma.getdata(answer))
            missing.append(np.ma.getmaskarray(answer))
    finally:
        connection.close()
    joined = np.ma.MaskedArray(np.concatenate(values), np.concatenate(missing))
    return joined.reshape(shape)


def _query(
    connection: Any, expression: Expression, pairs: pa.Table, type_name: str | None, bounds: Bounds
) -> Any:
    import duckdb

    try:
        connection.register("pairs", pairs)
        cursor = connection.execute(f"{wrapped(expression.text)} AS result FROM pairs")
        _require_type(expression, str(cursor.description[0][1]), type_name)
        answer = cursor.fetchnumpy()["result"]
        return answer if type_name else np.ma.asarray(answer).astype(np.float64)
    except InputError:
        raise
    except duckdb.InterruptException:
        raise _too_long(expression, bounds) from None
    except duckdb.OutOfMemoryException:
        raise InputError(
            f"{expression.path}: expected at most {bounds.memory} of memory, got more; use fewer "
            "columns, or write the result into a column of the table"
        ) from None
    except (duckdb.Error, TypeError, ValueError) as error:
        why = str(error).splitlines()[0].split("Error: ", 1)[-1]
        raise InputError(
            f"{expression.path}: expected an expression that fits the columns, got "
            f"'{expression.text}': {why}"
        ) from None


def _require_type(expression: Expression, came: str, type_name: str | None) -> None:
    if type_name is None and came in ("BOOLEAN", "VARCHAR", '"NULL"'):
        raise InputError(
            f"{expression.path}: expected a number, got a value of type {came.lower()}"
        )
    if type_name is not None and came != type_name:
        raise InputError(
            f"{expression.path}: expected a condition (true or false), got a value of type "
            f"{came.lower()}; compare it with something"
        )


def _structs(table: pd.DataFrame, names: tuple[str, ...]) -> dict[str, pa.StructArray]:
    """Columns "customer.age" as fields of a column `customer`, as SQL reads them."""
    structs = {}
    for name in names:
        labels = [label for label in table.columns if label.startswith(f"{name}.")]
        if labels:
            structs[name] = pa.StructArray.from_arrays(
                [arrow_column(table[label]) for label in labels],
                [label.removeprefix(f"{name}.") for label in labels],
            )
    return structs


def _taken(
    sides: tuple[dict[str, pa.StructArray], dict[str, pa.StructArray]], pairs: IntArray, width: int
) -> pa.Table:
    customers, offers = sides
    columns = {name: struct.take(pa.array(pairs // width)) for name, struct in customers.items()}
    columns |= {name: struct.take(pa.array(pairs % width)) for name, struct in offers.items()}
    # An expression of constants still needs a row for each pair.
    return pa.table({**columns, "pair": pa.array(pairs)})


def _require_few_pairs(expression: Expression, shape: tuple[int, int], most: int) -> None:
    if shape[0] * shape[1] > most:
        raise InputError(
            f"{expression.path}: expected at most {most:,} pairs of distinct values, got "
            f"{shape[0]:,} of customers x {shape[1]:,} of offers; use columns with fewer values "
            "(an age group instead of an income to the cent), or split the rule into 'customers' "
            "and 'offers'"
        )


def _too_long(expression: Expression, bounds: Bounds) -> InputError:
    return InputError(
        f"{expression.path}: expected at most {bounds.seconds:g} seconds, got more; simplify the "
        "expression, use columns with fewer values, or write the result into a column of the table"
    )
