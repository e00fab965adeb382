"""What came of each send of an offer: viewed, completed, and from when on that is known.

Views and completions name the customer and the offer, never the send, so each is attributed to the
latest send of that offer to that customer at or before it. It counts while the offer is valid, but
no later than `LONGEST_HOURS` after the send, both ends included: the data end that long after the
last wave, and all waves are to be labelled alike. A further send of the offer ends the earlier one.
"""

import pandas as pd

from recsys.data import columns

LONGEST_HOURS = 138
VALID_DAYS = "valid_days"
OFFER_TYPE = "offer_type"
INFORMS = "informational"
"""The type of offers that ask for nothing, and so cannot be completed."""

_PAIR = [columns.CUSTOMER, columns.PRODUCT]
_KEYS = [*_PAIR, columns.TIMESTAMP]


def label_sends(interactions: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """One row a `contact`, in the order of time.

    For a model that decides at a moment, take the rows whose `resolved_at` lies before it. That
    moment is the same whatever the outcome: a view is known at once and its absence only later, so
    that rows taken as soon as they can be told would hold too many views.

    Args:
        interactions: with customer_id, product_id, action (`contact`, `view`, `accept`; others are
            no answer) and timestamp up to the end of the data.
        products: product_id, offer_type and valid_days of every product that was sent.

    Returns:
        customer_id, product_id, timestamp (of the send); viewed (bool), viewed_at; completed
        (boolean, null where the offer cannot be completed), completed_at: the first answer inside
        the window, NaT without one; resolved_at: the last moment that can change the row, NaT
        where the data end before it.
    """
    sends = _rows(interactions, "contact")
    offers = products.set_index(columns.PRODUCT).loc[sends[columns.PRODUCT]].set_index(sends.index)
    hours = (offers[VALID_DAYS] * 24).clip(upper=LONGEST_HOURS)
    closes = sends[columns.TIMESTAMP] + pd.to_timedelta(hours, unit="h")
    viewed_at = _first_answers(sends, _rows(interactions, "view"), closes)
    completed_at = _first_answers(sends, _rows(interactions, "accept"), closes)
    informs = offers[OFFER_TYPE] == INFORMS
    again = sends.groupby(_PAIR)[columns.TIMESTAMP].shift(-1)
    resolved_at = closes.where(again.isna() | (closes < again), again)
    return sends.assign(
        viewed=viewed_at.notna(),
        viewed_at=viewed_at,
        completed=completed_at.notna().astype("boolean").mask(informs),
        completed_at=completed_at,
        resolved_at=resolved_at.where(resolved_at <= interactions[columns.TIMESTAMP].max()),
    )


def _rows(interactions: pd.DataFrame, action: str) -> pd.DataFrame:
    chosen = interactions.loc[interactions[columns.ACTION] == action, _KEYS]
    return chosen.sort_values(columns.TIMESTAMP, kind="stable", ignore_index=True)


def _first_answers(sends: pd.DataFrame, answers: pd.DataFrame, closes: pd.Series) -> pd.Series:
    """[n] the first answer to each send, NaT where there is none by the moment `closes` [n]."""
    numbered = sends.assign(send=sends.index)
    matched = pd.merge_asof(answers, numbered, on=columns.TIMESTAMP, by=_PAIR).dropna()
    first = matched.groupby("send")[columns.TIMESTAMP].min().reindex(sends.index)
    return first.where(first <= closes)
