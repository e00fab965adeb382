"""Columns of customers: how probable each life event is, and when the next one is due."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.journeys.life_events.evaluate import LEVEL
from recsys.journeys.life_events.forecast import Forecast
from recsys.journeys.life_events.history import Histories
from recsys.journeys.life_events.learn import LifeModel
from recsys.journeys.life_events.observe import observe

NEXT, DUE = "next_life_event", "days_to_life_event"
EARLIEST, LATEST = f"{DUE}_low", f"{DUE}_high"


def column_of(kind: str) -> str:
    """The column of the probability of a kind, a name that rules and SQL can hold.

    >>> column_of("new job")
    'life_new_job'
    """
    return "life_" + re.sub(r"\W", "_", kind)


def names_of(kinds: Sequence[str]) -> list[str]:
    """The columns of `life_columns` for these kinds."""
    return [*map(column_of, kinds), NEXT, DUE, EARLIEST, LATEST]


def known_forecast(
    before: Dataset, moment: int, model: LifeModel, label: str
) -> tuple[IntArray, Forecast]:
    """Rows [n] of the customers who did something in the year before, and their forecast.

    Args:
        before: events before the moment, see `Dataset.before`.
        moment: UTC microseconds.
        model: fitted on them.
        label: see `observe`.
    """
    histories = Histories(before, observe(before, label), model.columns)
    rows = histories.known(moment)
    return rows, model.forecast(histories, rows, np.full(len(rows), moment))


def life_columns(
    before: Dataset, moment: int, model: LifeModel, label: str, days: int
) -> pd.DataFrame:
    """One row a customer who did something in the year before the moment.

    Args:
        before: events before the moment.
        moment: UTC microseconds.
        model: fitted on them.
        label: see `observe`.
        days: within which an event counts.

    Returns:
        customer_id; `life_NAME`, the probability of each kind within the days; `next_life_event`,
        the most probable kind within the weeks of the model; and, should one happen within them,
        the median of the days to it (`days_to_life_event`) and its interval of nominal 80 %.
    """
    rows, forecast = known_forecast(before, moment, model, label)
    table = pd.DataFrame({columns.CUSTOMER: before.customers.ids[rows]})
    chances = forecast.within(days)
    for place, name in enumerate(model.names):
        table[column_of(name)] = chances[:, place]
    names = np.array(model.names, dtype=object)
    table[NEXT] = pd.Series(names[forecast.incidence[:, -1].argmax(axis=1)], dtype="str")
    quantiles = forecast.days((0.5, (1 - LEVEL) / 2, (1 + LEVEL) / 2), model.weeks)
    for place, name in enumerate((DUE, EARLIEST, LATEST)):
        table[name] = quantiles[:, place]
    return table
