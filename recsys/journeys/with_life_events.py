"""`WithLifeEvents`: a source whose customers have columns of the life event that comes next."""

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.snapshot_source import SnapshotSource
from recsys.data.snapshots import Snapshot
from recsys.data.source import Source
from recsys.errors import InputError
from recsys.journeys.life_events.evaluate import require_days
from recsys.journeys.life_events.learn import WEEKS, LifeModel, learn_life_events
from recsys.journeys.life_events.life_columns import (
    column_of,
    known_forecast,
    life_columns,
    names_of,
)
from recsys.journeys.life_events.observe import LABEL, labelled_customers

AS = ("columns", "edges", "both")


class WithLifeEvents(SnapshotSource):
    """Another source, with predictions of life events: columns of customers, edges, or both.

    The model is fitted anew at each moment, on what was before it; the columns are empty as long as
    that is too little. A model, a slice, a rule (`customer.life_moving > 0.2`) or a segment then
    takes the latest row before its cut-off, like any dated row of customers; the leakage audit fits
    and counts them again from what was before each moment alone.

    Args:
        source: of the tables.
        kinds: of life events, each of which has a column.
        label: column of customers with the kind of the latest life event.
        days: within which an event counts.
        life_as: "columns" of probabilities; "edges" of the graph, signals `life_NAME` of
            customers for whom an event is `times` as probable as on average; or "both".
        times: see `life_as`.
        every: days between the moments at which they are counted.

    Raises:
        InputError: a setting is out of its range.
    """

    def __init__(
        self,
        *,
        source: Source,
        kinds: tuple[str, ...] | list[str],
        label: str = LABEL,
        days: int = 30,
        life_as: str = "columns",
        times: float = 6.0,
        every: int = 90,
    ) -> None:
        super().__init__(source, every)
        require_days(days, WEEKS)
        if not kinds:
            raise InputError("data.kinds: expected names of life events, got none")
        if life_as not in AS:
            raise InputError(f"data.life_as: expected {', '.join(AS)}, got '{life_as}'")
        if not times > 0:
            raise InputError(f"data.times: expected a number above 0, got {times}")
        self._kinds, self._label, self._days = tuple(kinds), label, days
        self._as, self._times = life_as, times

    @property
    def counted(self) -> str:
        """See `SnapshotSource`."""
        kinds = ",".join(self._kinds)
        return f"life events {self._label} {kinds} {self._days} {self._as} {self._times:g}"

    def snapshot(self, data: Dataset, moment: int) -> Snapshot:
        """See `TakesSnapshots`."""
        before = data.before(moment)
        model = _learned(before, moment, self._label)
        edges = None if self._as == "columns" else self._edges(before, moment, model)
        if self._as == "edges":
            return Snapshot(pd.DataFrame({columns.CUSTOMER: data.customers.ids[:0]}), edges)
        table = (
            pd.DataFrame({columns.CUSTOMER: before.customers.ids})
            if model is None
            else life_columns(before, moment, model, self._label, self._days)
        )
        wanted = [columns.CUSTOMER, *names_of(self._kinds)]
        return Snapshot(table.reindex(columns=wanted), edges)

    def _edges(self, before: Dataset, moment: int, model: LifeModel | None) -> pd.DataFrame:
        if model is None:
            return _signals(before, np.zeros(0, np.int64), [])
        rows, forecast = known_forecast(before, moment, model, self._label)
        wanted = [place for place, name in enumerate(model.names) if name in self._kinds]
        chances = forecast.within(self._days)
        is_above = chances > self._times * chances.mean(axis=0)
        who, kind = np.nonzero(is_above[:, wanted])
        return _signals(before, rows[who], [column_of(model.names[wanted[row]]) for row in kind])


def _learned(before: Dataset, moment: int, label: str) -> LifeModel | None:
    labelled_customers(before, label)
    try:
        return learn_life_events(before, moment, label=label)
    except InputError:
        return None  # too few life events so far


def _signals(before: Dataset, rows: IntArray, names: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            columns.CUSTOMER: before.customers.ids[rows],
            columns.PRODUCT: pd.Series([None] * len(rows), dtype=object),
            columns.SIGNAL: pd.Series(names, dtype="str"),
        }
    )
