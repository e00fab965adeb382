"""Moments as events: edges with the time from which they are known."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND
from recsys.journeys.micro_moments.learn import learn
from recsys.journeys.micro_moments.observe import observe, session_events
from recsys.ops.session_features import after

TOUCHPOINT_PREFIX = "moment_"
ACTION = "contact"


def moment_events(data: Dataset, label: str, moments: Sequence[int]) -> pd.DataFrame:
    """Rows for the table of interactions: one a session after the first of some moments.

    The touchpoint is `moment_NAME` of the most probable moment, the action `contact`, without a
    product; the time is that of the session's first event, which the estimate has seen. Each
    session is told by a model that was fitted before the latest of the moments before it. A graph
    of touchpoints has the rows as timed edges, and a cut-off leaves out those after it.

    Args:
        data: with timestamps.
        label: as for `recsys.journeys.micro_moments.observe`.
        moments: UTC microseconds, rising, at which the model is fitted anew.

    Raises:
        InputError: there are no timestamps or labels, or too few before the first moment.
    """
    events, _ = session_events(data)
    begins, values = events.when[events.starts] * SECOND, after(events)
    parts = []
    for start, end in zip(moments, [*moments[1:], np.iinfo(np.int64).max], strict=True):
        model = learn(observe(data.before(start), label))
        first = events.starts[(begins >= start) & (begins < end)]
        told = model.after.probabilities(values[first]).argmax(axis=1)
        names = np.array([f"{TOUCHPOINT_PREFIX}{name}" for name in model.names], dtype=object)
        parts.append(
            pd.DataFrame(
                {
                    columns.CUSTOMER: data.customers.ids[events.customers[first]],
                    columns.PRODUCT: None,
                    columns.TOUCHPOINT: names[told],
                    columns.ACTION: ACTION,
                    columns.TIMESTAMP: pd.to_datetime(events.when[first], unit="s", utc=True),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
