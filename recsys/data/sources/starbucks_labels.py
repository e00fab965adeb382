"""Labels of sends of offers: viewed, completed, and from when on that is known.

Views and completions name the customer and the offer, not the send, so each is attributed to the
latest send of that offer to that customer at or before it. It counts while the offer is valid, but
no later than `LONGEST_HOURS` after the send, both ends included: the data end that long after the
last wave, and all waves get the same window. A further send of the offer ends the earlier one.
"""

import pandas as pd

from recsys.data import columns

LONGEST_HOURS = 138
VALID_DAYS = "valid_days"
OFFER_TYPE = "offer_type"
INFORMS = "informational"
"""The type of offers that require nothing, so that they cannot be completed."""

_PAIR = [columns.CUSTOMER, columns.PRODUCT]
_KEYS = [*_PAIR, columns.TIMESTAMP]


def label_sends(interactions: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """One row per `contact`, in the order of time.

    A model that decides at some moment may use the rows whose `resolved_at` is before it. That
    moment does not depend on the outcome: a view is known at once and its absence only later, so
    taking each row as soon as its outcome is known would give too many views.

    Args:
        interactions: with customer_id, product_id, action (`contact`, `view`, `accept`; others are
            ignored) and timestamp up to the end of the data.
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
    next_send = sends.groupby(_PAIR)[columns.TIMESTAMP].shift(-1)
    resolved_at = closes.where(next_send.isna() | (closes < next_send), next_send)
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
    """[n] time of the first answer to each send, NaT if there is none until `closes` [n]."""
    numbered = sends.assign(send=sends.index)
    matched = pd.merge_asof(answers, numbered, on=columns.TIMESTAMP, by=_PAIR).dropna()
    answered_at = matched.groupby("send")[columns.TIMESTAMP].min().reindex(sends.index)
    return answered_at.where(answered_at <= closes)
