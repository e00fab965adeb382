"""Sends: an offer put to a customer at a touchpoint at a moment, and its outcome."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.cells import first_true, shown_cell
from recsys.data.interactions import NEVER, microseconds
from recsys.data.vocabulary import Vocabulary
from recsys.errors import InputError

ANSWERED = "answered_at"
RESOLVED = "resolved_at"
NEEDED = (
    columns.CUSTOMER, columns.OFFER, columns.TOUCHPOINT, columns.TIMESTAMP, columns.OUTCOME,
    ANSWERED, RESOLVED,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Sends:
    """Offers put to customers, as arrays with one entry per send.

    All arrays are [S] of whole numbers; moments are UTC microseconds.

    Attributes:
        customers, offers, touchpoints: row numbers.
        when: moment of the decision; features use only what happened strictly before it.
        outcome: 1 accepted, 0 not accepted, -1 unknown.
        answered: moment of the acceptance; `NEVER` without one.
        resolved: the last moment that can change the outcome; a model that is fitted at a moment
            learns from sends resolved before it. `NEVER` where the data end earlier.
        interrupted: moment of the next contact with the customer while the answer was open, `NEVER`
            without one; for a future send the contact that the firm plans. None where contacts do
            not disturb each other.

    Raises:
        ValueError: arrays differ in length or contradict each other.
    """

    customers: IntArray
    offers: IntArray
    touchpoints: IntArray
    when: IntArray
    outcome: IntArray
    answered: IntArray
    resolved: IntArray
    interrupted: IntArray | None = None

    def __post_init__(self) -> None:
        """Checks the arrays."""
        arrays = {name: value for name, value in vars(self).items() if value is not None}
        if len({len(array) for array in arrays.values()}) > 1:
            sizes = ", ".join(f"{name} {len(array)}" for name, array in arrays.items())
            raise ValueError(f"sends: expected arrays of one length, got {sizes}")
        if not np.isin(self.outcome, (-1, 0, 1)).all():
            raise ValueError("sends: expected outcome 1, 0 or -1 (unknown)")
        if ((self.outcome == 1) != (self.answered < NEVER)).any():
            raise ValueError("sends: expected a moment `answered` exactly where the outcome is 1")
        if (self.resolved < self.when).any():
            raise ValueError("sends: expected `resolved` at or after `when`")

    def __len__(self) -> int:
        return len(self.customers)

    def select(self, keep: BoolArray | IntArray) -> "Sends":
        """The sends that a mask [S] keeps, or those at the given positions."""
        chosen: dict[str, Any] = {}
        for field in fields(self):
            array = getattr(self, field.name)
            chosen[field.name] = None if array is None else array[keep]
        return Sends(**chosen)

    def known_before(self, moment: int) -> BoolArray:
        """Mask [S] of the sends whose outcome was resolved strictly before the moment."""
        return (self.outcome >= 0) & (self.resolved < moment)


def read_sends(
    table: pd.DataFrame, customers: Vocabulary, offers: Vocabulary, touchpoints: Vocabulary
) -> Sends:
    """Reads a table of sends; ids become row numbers.

    Args:
        table: columns customer_id, offer_id, touchpoint, timestamp, outcome ("accept", "reject" or
            "ignore"), answered_at (null unless accepted), resolved_at (null if unresolved).
        customers: customer ids by row number.
        offers: offer ids by row number.
        touchpoints: touchpoint names by row number.

    Raises:
        InputError: a column is missing, an id is unknown, or a moment or an outcome is missing or
            invalid; the message names the row and the column.
    """
    missing = [name for name in NEEDED if name not in table]
    if missing:
        raise InputError(
            f"sends: column '{missing[0]}' is missing; the table has {', '.join(table.columns)}"
        )
    rows = {
        name: ids.rows(table[name]).astype(np.int64)
        for name, ids in zip(NEEDED[:3], (customers, offers, touchpoints), strict=True)
    }
    outcome = table[columns.OUTCOME]
    accepted = outcome == columns.OUTCOMES[0]
    _refuse(table, columns.OUTCOME, ~outcome.isin(columns.OUTCOMES), "accept, reject or ignore")
    _refuse(table, columns.TIMESTAMP, table[columns.TIMESTAMP].isna(), "a moment")
    _refuse(table, ANSWERED, accepted & table[ANSWERED].isna(), "the moment of the acceptance")
    _refuse(table, ANSWERED, ~accepted & table[ANSWERED].notna(), "no moment without an acceptance")
    early = table[RESOLVED] < table[columns.TIMESTAMP]
    _refuse(table, RESOLVED, early, "a moment not before the send")
    for name, numbers in rows.items():
        _refuse(table, name, pd.Series(numbers < 0, index=table.index), "a known id")
    return Sends(
        customers=rows[columns.CUSTOMER],
        offers=rows[columns.OFFER],
        touchpoints=rows[columns.TOUCHPOINT],
        when=microseconds(table[columns.TIMESTAMP]),
        outcome=accepted.to_numpy().astype(np.int64),
        answered=microseconds(table[ANSWERED]),
        resolved=microseconds(table[RESOLVED]),
    )


def _refuse(table: pd.DataFrame, column: str, bad: pd.Series, expected: str) -> None:
    if bad.any():
        row = first_true(bad.reset_index(drop=True))
        raise InputError(
            f"sends: row {row}, column '{column}': expected {expected}, got "
            f"{shown_cell(table[column].iloc[row])}; fix the value or drop the row"
        )
