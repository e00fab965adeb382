"""Expressions whose columns are there, and customers that are known."""

import numpy as np

from recsys.arrays import IntArray
from recsys.customers.expressions.compile import (
    Compiled,
    UnknownColumnError,
    compile_expression,
)
from recsys.customers.expressions.facts import Facts
from recsys.customers.expressions.run import Kind
from recsys.data import columns


def compiled_or_left_out(
    wanted: list[tuple[str, str, Kind]],
    facts: Facts,
    kind: str,
    skips: bool,
    *,
    per_product: bool = False,
) -> tuple[dict[str, tuple[Compiled, Kind]], dict[str, str]]:
    """Compiled expressions by name, and those that name unknown columns with the reason.

    Args:
        wanted: name, SQL and what it must give.
        facts: whose columns are known.
        kind: of the file, for messages.
        skips: whether unknown columns are no fault.
        per_product: see `compile_expression`.

    Raises:
        InputError: an expression is wrong, or names an unknown column and `skips` is False.
    """
    compiled: dict[str, tuple[Compiled, Kind]] = {}
    left_out = {}
    for name, sql, gives in wanted:
        try:
            each = compile_expression(f"{kind}.{name}", sql, facts.columns, per_product=per_product)
            compiled[name] = (each, gives)
        except UnknownColumnError as error:
            if not skips:
                raise
            left_out[name] = str(error)
    return compiled, left_out


def known_customers(facts: Facts) -> IntArray:
    """[n] int64 row numbers, rising, of customers with an event or a row before the cut-off."""
    past = facts.past
    is_known = np.zeros(len(past.customers) + 1, dtype=bool)
    is_known[past.interactions.customers] = True
    table = past.side_tables.get("customers")
    if table is not None:
        is_known[past.customers.rows(table[columns.CUSTOMER])] = True
    return np.flatnonzero(is_known[:-1])
