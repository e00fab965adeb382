"""How often and how lately a customer was contacted: fatigue."""

import numpy as np

from recsys.data.interactions import DAY, NEVER
from recsys.models.acceptance.event_history import EventHistory
from recsys.models.acceptance.features import Features, named
from recsys.models.acceptance.sends import Sends

WINDOWS = (7, 30)
"""Days back that contacts are counted."""

_WEEK = 7 * DAY


def contacts(sends: Sends, history: Sends) -> Features:
    """Contacts before each send, all as log(1 + x).

    They count for the moment and not for the customer, because in a log that has just begun
    everybody's few contacts say how young the log is.

    Args:
        sends: [S] what is asked; where they say `interrupted`, the days left alone (at most 7) are
            a column.
        history: [H] all sends.
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
        earlier = sent.count(customers, moments - days * DAY)
        columns[f"send.contacts_{days}_days"] = np.log1p(count - earlier)
    if sends.interrupted is not None:
        alone = np.minimum(sends.interrupted - moments, _WEEK)
        columns["send.days_alone"] = np.log1p(alone / DAY)
    return named(columns)
