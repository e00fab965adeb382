"""Consent: at which touchpoints customers may be contacted."""

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.graph.features import as_of
from recsys.policy.touchpoints import outbound_names


def consent_mask(data: Dataset) -> BoolArray:
    """Whether each touchpoint may be used for each customer, as known at `data.as_of`.

    - With a column `consent_<touchpoint>` in the customers table, customers decide; a customer
      without a row there has not consented.
    - Without such a column, a touchpoint that customers start (`outbound` false or missing) is
      allowed. An outbound one is allowed only if the table has no column of consent at all.

    A yes counts from its `valid_from` on. A no counts at once, even if it is dated after
    `data.as_of`. When identities were merged, a no in any record of a person became the person's
    no, see `recsys.data.records.joined_records`.

    Args:
        data: with customers [C] and touchpoints [T].

    Returns:
        [C, T] bool.
    """
    names = [str(name) for name in data.touchpoints.ids]
    table = data.side_tables.get("customers")
    allowed = np.ones((len(data.customers), len(names)), dtype=bool)
    if table is None or not _consent_columns(data):
        return allowed
    # None reads the last row of each customer, for a no dated after the cut-off.
    for moment in (data.as_of_seconds, None):
        allowed &= _allowed(data, as_of(table, columns.CUSTOMER, moment), names)
    return allowed


def consent_of_unknown(data: Dataset) -> BoolArray:
    """[T] bool, whether each touchpoint may be used for a customer who is not in the data.

    As `consent_mask` for customers without a row: without an answer there is no consent.
    """
    consents = _consent_columns(data)
    closed = {column.removeprefix(columns.CONSENT_PREFIX) for column in consents}
    if consents:
        closed |= outbound_names(data)
    return np.array([str(name) not in closed for name in data.touchpoints.ids], dtype=bool)


def _allowed(data: Dataset, answers: pd.DataFrame, names: list[str]) -> BoolArray:
    """[C, T] bool by the rows of the customers table at a moment, one row per customer."""
    allowed = np.ones((len(data.customers), len(names)), dtype=bool)
    rows = data.customers.rows(answers[columns.CUSTOMER])
    outbound = outbound_names(data)
    for column, name in enumerate(names):
        flag = f"{columns.CONSENT_PREFIX}{name}"
        if flag in answers:
            allowed[:, column] = False
            allowed[rows, column] = answers[flag].to_numpy(bool)
        elif name in outbound:
            allowed[:, column] = False
    return allowed


def _consent_columns(data: Dataset) -> list[str]:
    table = data.side_tables.get("customers")
    labels = [] if table is None else map(str, table.columns)
    return [label for label in labels if label.startswith(columns.CONSENT_PREFIX)]
