"""`learn_life_events`: fits the next life event of customers, and its time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.errors import InputError
from recsys.journeys.life_events.calibrate import Bends, fit_bends
from recsys.journeys.life_events.forecast import Forecast, forecast_of
from recsys.journeys.life_events.hazards import Hazards, Method, fit_hazards
from recsys.journeys.life_events.history import Columns, Histories, columns_of
from recsys.journeys.life_events.observe import LABEL, LifeEvents, observe
from recsys.journeys.life_events.periods import WEEK, periods
from recsys.ops.trees import softmax

WEEKS = 12
"""How far a forecast reaches."""
MOST_WEEKS = 52
FEWEST = 30
"""Life events of a kind that a fit needs."""
QUIET = 60_000
"""Weeks without a life event that are drawn for a fit."""
_EVERY = 14 * DAY
_PAST = 45 * DAY
_ROWS = 20_000


@dataclass(frozen=True, kw_only=True, eq=False)
class LifeModel:
    """The hazards of the K kinds of life events.

    Attributes:
        names: [K] of the kinds that were frequent enough.
        weeks: how far a forecast reaches.
        columns: that it reads.
        hazards: margins of the weeks; bends: what calibrates them.
        quiet: logarithm of how many weeks without an event stand for each that was fitted.
    """

    names: Sequence[str]
    weeks: int
    columns: Columns
    hazards: Hazards
    bends: Bends
    quiet: float

    def forecast(self, histories: Histories, customers: IntArray, moments: IntArray) -> Forecast:
        """The next life event of customers [n] as of moments [n], UTC microseconds."""
        parts = []
        for start in range(0, max(len(customers), 1), _ROWS):
            some = slice(start, start + _ROWS)
            values, _ = histories.values(customers[some], moments[some])
            parts.append(self._hazards(values))
        return forecast_of(self.names, np.concatenate(parts))

    def _hazards(self, values: FloatArray) -> FloatArray:
        margins = self.hazards.margins(values, self.weeks)
        margins[:, :, 1:] = self.bends(margins[:, :, 1:] - margins[:, :, :1])
        margins[:, :, 0] = self.quiet
        return softmax(margins)[:, :, 1:]


def learn_life_events(
    data: Dataset,
    end: int,
    *,
    label: str = LABEL,
    weeks: int = WEEKS,
    method: Method = "logistic",
) -> LifeModel:
    """Fits weekly hazards on what was before a moment.

    Customers are looked at every 14 days; of the weeks after each look, all that had a life event
    and `QUIET` of the others are fitted, which the intercept makes up for. The settings were chosen
    on the market's valid window.

    Args:
        data: events before `end`, with timestamps.
        end: UTC microseconds.
        label: see `observe`.
        weeks: how far a forecast reaches, 1 to 52.
        method: of the hazards, "logistic", "boosting", or "mean" of both, which takes longest.

    Raises:
        InputError: `weeks` is out of its range, there are no life events or too few, or the data
            are too short.
    """
    if not 1 <= weeks <= MOST_WEEKS:
        raise InputError(f"weeks: expected 1 to {MOST_WEEKS}, got {weeks}")
    life = observe(data, label)
    when = data.interactions.when
    assert when is not None
    first = int(when.min()) if len(when) else end
    latest = end - WEEK
    count = max((latest - first - _PAST) // _EVERY + 1, 0)
    moments = [int(latest - back * _EVERY) for back in range(count)]
    if not moments:
        raise InputError(
            f"interactions: expected at least {(_PAST + WEEK) // DAY} days of events before the "
            f"cut-off, got {(end - first) // DAY}"
        )
    life = _frequent(life, min(moments), end)
    wanted = columns_of(data, life, label)
    histories = Histories(data, life, wanted)
    known = [histories.known(moment) for moment in moments]
    drawn = periods(
        life,
        np.concatenate(known),
        np.repeat(np.asarray(moments, np.int64), [len(rows) for rows in known]),
        end,
        weeks,
        QUIET,
        np.random.default_rng(0),
    )
    kinds = np.unique(drawn.outcome)
    values, names = histories.values(drawn.customers, drawn.moments)
    outcome = np.searchsorted(kinds, drawn.outcome)

    def fit(rows: IntArray) -> Hazards:
        return fit_hazards(values, names, drawn.pair[rows], drawn.week[rows], outcome[rows], method)

    return LifeModel(
        names=tuple(life.names[int(kind) - 1] for kind in kinds if kind),
        weeks=weeks,
        columns=wanted,
        hazards=fit(np.arange(len(outcome))),
        bends=fit_bends(fit, values, drawn.pair, drawn.week, outcome, drawn.customers),
        quiet=-float(np.log(drawn.drawn)),
    )


def _frequent(life: LifeEvents, first: int, end: int) -> LifeEvents:
    """The life events of the kinds that have `FEWEST` between two moments, or `InputError`."""
    inside = (life.when >= first) & (life.when < end)
    counts = np.bincount(life.kinds[inside], minlength=len(life.names))
    kept = np.flatnonzero(counts >= FEWEST)
    if not len(kept):
        got = ", ".join(f"{n:,} of '{name}'" for name, n in zip(life.names, counts, strict=True))
        raise InputError(
            f"label: expected at least {FEWEST} life events of a kind in the time that is fitted, "
            f"got {got}; take a later cut-off, or join rare kinds"
        )
    place = np.full(len(life.names), -1)
    place[kept] = np.arange(len(kept))
    chosen = life.select(place[life.kinds] >= 0)
    return LifeEvents(
        names=tuple(life.names[int(kind)] for kind in kept),
        customers=chosen.customers,
        kinds=place[chosen.kinds],
        when=chosen.when,
    )
