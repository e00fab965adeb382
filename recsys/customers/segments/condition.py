"""`customers_in`: the customers of one segment, a value of a column or a condition in SQL."""

import pandas as pd

from recsys.arrays import BoolArray
from recsys.customers.expressions.compile import compile_expression
from recsys.customers.expressions.facts import Facts
from recsys.customers.expressions.run import computed
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.features import as_of as latest_rows
from recsys.ops.nearest_name import nearest
from recsys.ops.shown_text import shown

_SHOWN = 8


def customers_in(key: str, text: str, data: Dataset) -> BoolArray:
    """[C] bool, who is in a segment as of the end of the data.

    Args:
        key: what the setting is called, for messages.
        text: COLUMN:VALUE for a column of customers and one of its values, of which the latest
            row of a customer counts; or a condition as of `recsys segments`, such as
            "bought(0, 90) > 0 AND customer.age < 30".
        data: events up to the cut-off.

    Raises:
        InputError: the column or value is unknown, or the condition is wrong or needs timestamps.
    """
    name, colon, value = text.partition(":")
    table = data.side_tables.get("customers")
    known = () if table is None else tuple(map(str, table.columns))
    if colon and (name in known or name.isidentifier()):
        return _with_value(key, name, value, data, known)
    if name in known:
        raise InputError(f"{key}={text}: expected {name}:VALUE, {_values(data, name)}")
    if data.as_of is None:
        raise InputError(
            f"{key}: expected COLUMN:VALUE, since conditions need a column timestamp, got '{text}'"
        )
    facts = Facts.before(data, data.as_of)
    compiled = compile_expression(key, text, facts.columns)
    members: BoolArray = computed(facts, [(compiled, "condition")]).values[0].astype(bool)
    return members


def _with_value(
    key: str, name: str, value: str, data: Dataset, known: tuple[str, ...]
) -> BoolArray:
    if name not in known or name == columns.CUSTOMER:
        usable = [each for each in known if each != columns.CUSTOMER]
        hint = nearest(name, usable, f"the data have {', '.join(usable) or 'none'}")
        raise InputError(f"{key}={name}:{value}: expected a column of customers; {hint}")
    labels = _labels(data, name)
    chosen = labels.index[labels == value]
    if not len(chosen):
        raise InputError(f"{key}={name}:{value}: expected a value of {name}, {_values(data, name)}")
    members: BoolArray = pd.Series(data.customers.ids).isin(chosen).to_numpy(bool)
    return members


def _labels(data: Dataset, name: str) -> "pd.Series[str]":
    """Id -> value as text, of customers that have one."""
    latest = latest_rows(data.side_tables["customers"], columns.CUSTOMER, None)
    values = latest.set_index(columns.CUSTOMER)[name].dropna()
    is_flag = pd.api.types.is_bool_dtype(values.dtype)
    return values.map(lambda each: str(each).lower() if is_flag else str(each))


def _values(data: Dataset, name: str) -> str:
    often = _labels(data, name).value_counts().index[: _SHOWN + 1].tolist()
    more = ", ..." if len(often) > _SHOWN else ""
    return f"of which there are {', '.join(map(shown, often[:_SHOWN]))}{more}"
