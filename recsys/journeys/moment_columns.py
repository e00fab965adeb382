"""Columns of customers: what their next session will be for, and whether they will leave."""

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND
from recsys.journeys.leaving.learn import LeavingModel
from recsys.journeys.leaving.observe import looks
from recsys.journeys.micro_moments.observe import session_events
from recsys.ops.micro_moments import MomentModel
from recsys.ops.session_events import VIEW, SessionEvents

NEXT, LEAVING = "next_", "leaving"
"""Prefix of the columns of the moments; the column of the probability of leaving."""


def moment_columns(
    before: Dataset, moment: int, model: MomentModel | None, leaving: LeavingModel | None
) -> pd.DataFrame:
    """One row a customer with an event of `recsys.ops.session_events.STEPS`.

    Args:
        before: events before the moment, see `Dataset.before`.
        moment: UTC microseconds.
        model: of moments, fitted on them; None for none.
        leaving: of intent to leave, fitted on them; None for none.

    Returns:
        customer_id, `next_NAME` for each moment: its probability for a session that begins at the
        moment, and `leaving`, missing for customers who left long before.
    """
    events, _ = session_events(before)
    rows = np.unique(events.customers)
    table = pd.DataFrame({columns.CUSTOMER: before.customers.ids[rows]})
    if model is not None:
        chances = _next(events, rows, moment // SECOND, model)
        for place, name in enumerate(model.names):
            table[f"{NEXT}{name}"] = chances[:, place]
    if leaving is not None:
        seen = looks(before, [moment], leaving.days)
        probability = np.full(len(before.customers), np.nan)
        probability[seen.customers] = leaving.probability(seen)
        table[LEAVING] = probability[rows]
    return table


def _next(events: SessionEvents, rows: IntArray, second: int, model: MomentModel) -> FloatArray:
    """[n, K] the moments of sessions of some customers [n] that begin at a second."""
    count = len(rows)
    # A session is predicted from its time alone: what the added event is has no effect.
    asked, _ = SessionEvents.of(
        customers=np.append(events.customers, rows),
        when=np.append(events.when, np.full(count, second)),
        steps=np.append(events.steps, np.full(count, VIEW)),
        products=np.append(events.products, np.full(count, -1)),
        groups=np.arange(int(events.products.max(initial=-1)) + 1),
        touchpoints=np.append(events.touchpoints, np.full(count, _NOWHERE)),
    )
    owners = asked.customers[asked.starts]
    last = np.append(owners[1:] != owners[:-1], True)[: len(owners)]
    return model.before_sessions(asked, np.flatnonzero(last))


_NOWHERE = -2
"""A touchpoint that no event has, so that the session that is asked about is one of its own."""
