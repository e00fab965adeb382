"""Signals as events: edges with the time from which they are known."""

from collections.abc import Iterator, Sequence

import pandas as pd

from recsys.customers.expressions.run import Bounds
from recsys.customers.signals.detect import SIGNAL, signals_at
from recsys.customers.signals.library import SignalLibrary
from recsys.data import columns
from recsys.data.dataset import Dataset

TOUCHPOINT_PREFIX = "signal_"
ACTION = "contact"


def signal_events(
    library: SignalLibrary, data: Dataset, moments: Sequence[int], bounds: Bounds | None = None
) -> pd.DataFrame:
    """Rows for the table of interactions: one of each signal that is new at a moment.

    The touchpoint is `signal_NAME`, the action `contact`, the product that of the signal or none,
    and the time the moment at which the signal is known. A graph of touchpoints has them as timed
    edges like any other, and a cut-off leaves out those after it.

    Args:
        library: of signals.
        data: with timestamps.
        moments: UTC microseconds, rising, at which signals are looked for.
        bounds: what a pass may take.

    Raises:
        InputError: as `signals_at`.
    """
    parts = list(_new(library, data, moments, bounds))
    rows = pd.concat(parts, ignore_index=True)
    rows[columns.TOUCHPOINT] = TOUCHPOINT_PREFIX + rows[SIGNAL].astype(str)
    rows[columns.ACTION] = ACTION
    return rows[
        [columns.CUSTOMER, columns.PRODUCT, columns.TOUCHPOINT, columns.ACTION, columns.TIMESTAMP]
    ]


def _new(
    library: SignalLibrary, data: Dataset, moments: Sequence[int], bounds: Bounds | None
) -> Iterator[pd.DataFrame]:
    """What is detected at each moment, without what the moment before it showed."""
    before: set[tuple[str, int, int]] = set()
    for moment in moments:
        detected = signals_at(library, data, moment, bounds)
        names = [detected.names[signal] for signal in detected.signals]
        keys = list(
            zip(names, detected.customers.tolist(), detected.products.tolist(), strict=True)
        )
        yield detected.table(data).loc[[key not in before for key in keys]]
        before = set(keys)
