"""Logged decisions of a window as rows of an artifact, with what customers answered."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import seconds
from recsys.serving.artifact.offer_table import OfferTable


@dataclass(frozen=True, kw_only=True, eq=False)
class LoggedAnswers:
    """N decisions of the firm, in the order of the table.

    Attributes:
        customers: [N] rows of customers.
        offers: [N] rows of the offer table; of products where there is none.
        touchpoints: [N] rows of touchpoints.
        when: [N] int64 UTC seconds.
        accepted: [N] bool.
        planned: [N] float64 probability that the plan stated, NaN where there is none.
        expected: [N] float64 euros that the plan expected, NaN where there is none.
        earned: [N] float64 reward, NaN where it is not known.
    """

    customers: IntArray
    offers: IntArray
    touchpoints: IntArray
    when: IntArray
    accepted: BoolArray
    planned: FloatArray
    expected: FloatArray
    earned: FloatArray

    def __len__(self) -> int:
        return len(self.customers)

    def select(self, keep: BoolArray) -> "LoggedAnswers":
        """The decisions that a mask [N] keeps."""
        return LoggedAnswers(**{name: values[keep] for name, values in vars(self).items()})


def logged_answers(
    data: Dataset, table: OfferTable | None, start: int, end: int
) -> LoggedAnswers | None:
    """The decisions of [start, end) whose customer, offer and touchpoint are known.

    An offer with several rows is read as the row of the decision's touchpoint, variant and moment;
    the first of its rows where none fits all three.

    Args:
        data: with a table of decisions that reaches to `end`.
        table: the offers, see `recsys.exporting.offers.offer_table`; None where each product is
            its own offer.
        start: UTC seconds.
        end: UTC seconds.

    Returns:
        None where the data have no table of decisions.
    """
    decisions = data.side_tables.get("decisions")
    if decisions is None:
        return None
    when = seconds(decisions[columns.TIMESTAMP])
    decisions = decisions[(when >= start) & (when < end)]
    when = seconds(decisions[columns.TIMESTAMP])
    touchpoints = data.touchpoints.rows(decisions[columns.TOUCHPOINT])
    if table is None:
        offers = data.products.rows(decisions[columns.OFFER])
    else:
        offers = _offer_rows(table, decisions, touchpoints, when)
    answers = LoggedAnswers(
        customers=data.customers.rows(decisions[columns.CUSTOMER]),
        offers=offers,
        touchpoints=touchpoints,
        when=when,
        accepted=(decisions[columns.OUTCOME] == columns.OUTCOMES[0]).to_numpy(bool),
        planned=_numbers(decisions, columns.PROBABILITY),
        expected=_numbers(decisions, columns.EXPECTED_VALUE),
        earned=_numbers(decisions, columns.REWARD),
    )
    rows = np.stack([answers.customers, answers.offers, answers.touchpoints])
    return answers.select(np.asarray((rows >= 0).all(axis=0)))


def _numbers(decisions: pd.DataFrame, column: str) -> FloatArray:
    """[N] float64 of a column; NaN without it."""
    if column not in decisions:
        return np.full(len(decisions), np.nan)
    return decisions[column].to_numpy(np.float64, na_value=np.nan)


def _offer_rows(
    table: OfferTable, decisions: pd.DataFrame, touchpoints: IntArray, when: IntArray
) -> IntArray:
    """[N] row of the offer of each decision; -1 where the table does not have its id."""
    ids = np.array(list(map(str, table.ids)))
    order = np.argsort(ids, kind="stable")
    known = ids[order]
    wanted = decisions[columns.OFFER].astype(str).to_numpy(dtype=str)
    first, last = np.searchsorted(known, wanted), np.searchsorted(known, wanted, side="right")
    variants = None
    if columns.VARIANT in decisions and table.variants is not None:
        variants = decisions[columns.VARIANT].astype(object).where(lambda texts: texts.notna(), "")
    rows = np.where(first < last, order[np.minimum(first, len(order) - 1)], -1)
    fits_all = np.zeros(len(rows), dtype=bool)
    of_rows = np.array([text or "" for text in table.variants or [""] * len(table)], dtype=object)
    for step in range(int((last - first).max(initial=0))):
        open_ = ~fits_all & (first + step < last)
        row = order[np.minimum(first + step, len(order) - 1)]
        tied = table.touchpoints[row]
        fits = open_ & ((tied < 0) | (tied == touchpoints))
        fits &= (table.valid_from[row] <= when) & (when < table.valid_to[row])
        if variants is not None:
            fits &= of_rows[row] == variants.to_numpy()
        rows[fits], fits_all = row[fits], fits_all | fits
    return rows
