"""Which touchpoints may reach which customers."""

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.graph.features import as_of


def consent_mask(data: Dataset) -> BoolArray:
    """[C, T] whether a touchpoint may be used for a customer, as known at `data.as_of`.

    A column `consent_<touchpoint>` of the customers table decides for that touchpoint, and a
    customer without a row there has given none. A touchpoint without such a column is open where
    the customer starts it (`outbound` false, or not said), or where the data hold no consent at
    all; an outbound one is closed as soon as consent is recorded for any other.

    A yes counts from its `valid_from` on; a no that is dated after `data.as_of`, after the last
    event, is known all the same and stands. What several records of one person say was joined when
    identities were merged, see `recsys.data.records`: one no is a no.
    """
    names = [str(name) for name in data.touchpoints.ids]
    table = data.side_tables.get("customers")
    asked = [] if table is None else [c for c in table if str(c).startswith(columns.CONSENT_PREFIX)]
    allowed = np.ones((len(data.customers), len(names)), dtype=bool)
    if table is None or not asked:
        return allowed
    # The last row of all as well: a past holds no row from after its cut-off.
    for moment in (data.as_of_seconds, None):
        allowed &= _said(data, as_of(table, columns.CUSTOMER, moment), names)
    return allowed


def _said(data: Dataset, known: pd.DataFrame, names: list[str]) -> BoolArray:
    """[C, T] what the rows of customers, one an id, allow."""
    said = np.ones((len(data.customers), len(names)), dtype=bool)
    rows = data.customers.rows(known[columns.CUSTOMER])
    outbound = _outbound(data)
    for column, name in enumerate(names):
        flag = f"{columns.CONSENT_PREFIX}{name}"
        if flag in known:
            said[:, column] = False
            said[rows, column] = known[flag].to_numpy(bool)
        elif name in outbound:
            said[:, column] = False
    return said


def consent_of_unknown(data: Dataset) -> BoolArray:
    """[T] whether a touchpoint may be used for a customer who is not in the data.

    By the rule of `consent_mask` for customers without a row: who is not asked has not consented.
    """
    table = data.side_tables.get("customers")
    asked = [] if table is None else [c for c in table if str(c).startswith(columns.CONSENT_PREFIX)]
    closed = {str(column).removeprefix(columns.CONSENT_PREFIX) for column in asked}
    if asked:
        closed |= _outbound(data)
    return np.array([str(name) not in closed for name in data.touchpoints.ids], dtype=bool)


def _outbound(data: Dataset) -> set[str]:
    table = data.side_tables.get("touchpoints")
    if table is None or columns.OUTBOUND not in table:
        return set()
    return set(table.loc[table[columns.OUTBOUND], columns.TOUCHPOINT].astype(str))
