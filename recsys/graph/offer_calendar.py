"""The firm's calendar of offers: which products are on offer, when, and how demand reacts.

`offers.valid_from` and `valid_to` are plans, known in advance. The effect of an offer on demand is
estimated from offers before the cut-off only.
"""

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, NEVER, microseconds
from recsys.errors import InputError


def offered_pairs(data: Dataset) -> tuple[IntArray, IntArray, IntArray]:
    """Products that were on offer at a touchpoint before the cut-off, each pair once.

    Returns:
        Rows of products and of touchpoints [n] int64, and the latest moment [n] int64 in UTC
        microseconds at which the offer was valid, at most `data.as_of`.

    Raises:
        InputError: as `require_offers`, or no offer names a touchpoint.
    """
    table = require_offers(data, "offered")
    assert data.as_of is not None
    if columns.TOUCHPOINT not in table or table[columns.TOUCHPOINT].isna().all():
        raise InputError(
            f"model.offered: data={data.name} has no offers.touchpoint to join products to; "
            "set it to 0"
        )
    starts, ends = _windows(table)
    used = (table[columns.TOUCHPOINT].notna() & (starts < data.as_of)).to_numpy()
    offered = pd.DataFrame(
        {
            "product": data.products.rows(table.loc[used, columns.PRODUCT]).astype(np.int64),
            "touchpoint": data.touchpoints.rows(table.loc[used, columns.TOUCHPOINT]).astype(
                np.int64
            ),
            "until": np.minimum(ends[used], data.as_of),
        }
    )
    latest = offered.groupby(["product", "touchpoint"], as_index=False)["until"].max()
    product, touchpoint, until = (latest[name].to_numpy() for name in latest.columns)
    return product, touchpoint, until


def calendar_lift(data: Dataset, horizon: float) -> FloatArray:
    """[P] float32 log(1 + share (lift - 1)): the effect of planned offers on each product.

    `share` is the share of the `horizon` days after the cut-off on which an offer of the product
    runs; `lift` is `offer_lift`.

    Raises:
        InputError: as `require_offers`.
    """
    table = require_offers(data, "horizon")
    planned = days_on_offer(data, table, _first_day(data), int(np.ceil(horizon)))
    lift = np.log1p(planned.mean(axis=1) * (offer_lift(data) - 1))
    return np.asarray(lift, np.float32)


def offer_lift(data: Dataset) -> float:
    """How many times as often products are taken while they are on offer.

    The rate ratio of Mantel and Haenszel (1959), stratified by product, so that offering popular
    products more often is not taken for an effect of the offers:

        sum_p a_p t_p / n_p over sum_p b_p s_p / n_p,

    with a_p target events on the s_p days on offer, b_p on the t_p other days, n_p = s_p + t_p.
    1 where no product was seen both ways, or was never taken on other days.
    """
    table = require_offers(data, "horizon")
    events = data.interactions
    taken = data.is_target
    if not taken.any():
        return 1.0
    assert events.when is not None
    days = events.when // DAY
    first = int(days.min())
    on_offer = days_on_offer(data, table, first, _first_day(data) - first)
    during = on_offer[events.products[taken], (days[taken] - first).clip(max=on_offer.shape[1] - 1)]
    a, b = (
        np.bincount(events.products[taken][kept], minlength=len(on_offer))
        for kept in (during, ~during)
    )
    days_on = on_offer.sum(axis=1)
    # All products have the same n days, so that n cancels out.
    offered = float((a * (on_offer.shape[1] - days_on)).sum())
    otherwise = float((b * days_on).sum())
    return offered / otherwise if offered and otherwise else 1.0


def days_on_offer(data: Dataset, table: pd.DataFrame, first: int, days: int) -> BoolArray:
    """[P, days] whether an offer of the product runs on each day, `first` in days since 1970."""
    starts, ends = _windows(table)
    rows = data.products.rows(table[columns.PRODUCT])
    begin = np.clip(starts // DAY - first, 0, days)
    # A window that ends at midnight does not include the day that begins then.
    end = np.clip(-(-ends // DAY) - first, 0, days)
    edges = np.zeros((len(data.products), days + 1), np.int32)
    np.add.at(edges, (rows, begin), 1)
    np.add.at(edges, (rows, np.maximum(begin, end)), -1)
    return np.asarray(edges[:, :-1].cumsum(axis=1) > 0)


def require_offers(data: Dataset, setting: str) -> pd.DataFrame:
    """The table of offers.

    Args:
        data: that should have one.
        setting: of the model, for the message.

    Raises:
        InputError: there is no such table, no column `valid_from`, or no clock of time.
    """
    table = data.side_tables.get("offers")
    if table is None or data.as_of_seconds is None or columns.VALID_FROM not in table:
        raise InputError(
            f"model.{setting}: data={data.name} needs interactions.timestamp and a table offers "
            "with valid_from, which says when a product is on offer; add them or leave it off"
        )
    return table


def _first_day(data: Dataset) -> int:
    assert data.as_of is not None
    return int(data.as_of // DAY)


def _windows(table: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """[n] UTC microseconds of start and end; 0 and `NEVER` where not given."""
    starts = microseconds(table[columns.VALID_FROM])
    ends = np.full(len(table), NEVER)
    if columns.VALID_TO in table:
        ends = microseconds(table[columns.VALID_TO])
    return np.where(starts == NEVER, 0, starts), ends
