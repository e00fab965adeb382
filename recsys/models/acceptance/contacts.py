"""Contact fatigue: how often and how recently a customer was contacted."""

import numpy as np

from recsys.data.interactions import DAY, NEVER
from recsys.models.acceptance.features import Features, from_columns
from recsys.models.acceptance.sends import Sends
from recsys.ops.temporal_counts import EventHistory

WINDOWS = (7, 30)
"""Lengths in days of the windows in which contacts are counted."""

_WEEK = 7 * DAY


def contact_features(sends: Sends, history: Sends) -> Features:
    """Describes a customer's contacts before each send, all as log(1 + x).

    The columns are those of a send and not of a customer, because in a log that has just begun the
    few contacts of a customer say how young the log is.

    Args:
        sends: [S] sends to describe; if they have `interrupted`, the days until the next contact
            (at most 7) are a further column.
        history: [H] all sends.

    Returns:
        [S, 4] features, or [S, 5] with `interrupted`.
    """
    customers, moments = sends.customers, sends.when
    sent = EventHistory(history.customers, history.when)
    closed = EventHistory(
        np.where(history.resolved < NEVER, history.customers, -1), history.resolved
    )
    count = sent.count(customers, moments)
    columns = {
        "send.days_since_contact": np.log1p(sent.since(customers, moments) / DAY),
        "send.open_contacts": np.log1p(count - closed.count(customers, moments)),
    }
    for days in WINDOWS:
        recent = sent.count(customers, moments, days * DAY)
        columns[f"send.contacts_{days}_days"] = np.log1p(recent)
    if sends.interrupted is not None:
        undisturbed = np.minimum(sends.interrupted - moments, _WEEK)
        columns["send.days_alone"] = np.log1p(undisturbed / DAY)
    return from_columns(columns)
