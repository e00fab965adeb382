"""`WithLifeEvents`: a source whose customers have columns of the life event that comes next."""

from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.snapshot_source import SnapshotSource
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
    """Another source, with what is foretold of life events: columns of customers, edges, or both.

    The model is fitted anew at each moment, on what was before it; the columns are empty as long as
    that is too little. A model, a slice, a rule (`customer.life_moving > 0.2`) or a segment then
    takes the latest row before its cut-off, like any dated row of customers; the leakage audit fits
    and counts them again from what was before each moment alone.

    Args:
        source: of the tables.
        kinds: of life events, each of which has a column.
        label: column of customers with the kind of the latest life event.
        days: within which an event counts.
        life_as: "columns" of probabilities; "edges" of the graph, signals `life_NAME` of whoever
            has an event `times` as probable as the average customer; or "both".
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
        # By data set, so that the audit, which has one of its own for each moment, fits anew.
        self._models: WeakKeyDictionary[Dataset, dict[int, LifeModel | None]] = WeakKeyDictionary()

    @property
    def counted(self) -> str:
        """See `SnapshotSource`."""
        kinds = ",".join(self._kinds)
        return f"life events {self._label} {kinds} {self._days} {self._as} {self._times:g}"

    def snapshot(self, data: Dataset, moment: int) -> pd.DataFrame:
        """See `TakesSnapshots`."""
        if self._as == "edges":
            return pd.DataFrame({columns.CUSTOMER: data.customers.ids[:0]})
        before = data.before(moment)
        model = self._fitted(data, before, moment)
        wanted = [columns.CUSTOMER, *names_of(self._kinds)]
        if model is None:
            return pd.DataFrame({columns.CUSTOMER: before.customers.ids}).reindex(columns=wanted)
        return life_columns(before, moment, model, self._label, self._days).reindex(columns=wanted)

    def signal_rows(self, data: Dataset, moment: int) -> pd.DataFrame | None:
        """See `FindsSignals`."""
        if self._as == "columns":
            return None
        before = data.before(moment)
        model = self._fitted(data, before, moment)
        if model is None:
            return _signals(before, np.zeros(0, np.int64), [])
        rows, forecast = known_forecast(before, moment, model, self._label)
        wanted = [place for place, name in enumerate(model.names) if name in self._kinds]
        chances = forecast.within(self._days)
        is_above = chances > self._times * chances.mean(axis=0)
        who, kind = np.nonzero(is_above[:, wanted])
        return _signals(before, rows[who], [column_of(model.names[wanted[row]]) for row in kind])

    def _fitted(self, data: Dataset, before: Dataset, moment: int) -> LifeModel | None:
        """The model of a moment, fitted once for the columns and the edges of a data set."""
        models = self._models.setdefault(data, {})
        if moment not in models:
            models[moment] = _learned(before, moment, self._label)
        return models[moment]


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
