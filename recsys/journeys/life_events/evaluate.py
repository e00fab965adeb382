"""How well life events were predicted, in a window that no fit has seen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.errors import InputError
from recsys.evaluation.forecasts import Forecasts, forecasts
from recsys.evaluation.intervals import (
    Interval,
    bootstrap,
    by_customer,
    percentiles,
    resampled_sums,
)  # fmt: skip
from recsys.evaluation.metrics.ranking import ratio
from recsys.evaluation.reliability import Reliability, reliability
from recsys.journeys.life_events.forecast import Forecast
from recsys.journeys.life_events.history import Histories
from recsys.journeys.life_events.learn import LifeModel
from recsys.journeys.life_events.observe import LABEL, observe
from recsys.journeys.life_events.periods import WEEK, next_event

MODEL = "model"
LEVEL = 0.8
"""Nominal level of the intervals of the time."""
TIME_WEEKS = 8
"""Weeks within which the time of an event is scored."""

Probabilities = Callable[[IntArray, int, Sequence[str]], FloatArray]
"""Customers [n], a moment and kinds [K] -> [n, K] probabilities within the days."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Detection:
    """The alarms: as many customers as have an event, those with the highest probability.

    Attributes:
        precision: share of the alarms that an event followed.
        rate: share of all customers that one followed.
        lift: precision / rate.
    """

    precision: float
    rate: float
    lift: Interval


@dataclass(frozen=True, kw_only=True, eq=False)
class LifeScores:
    """Scores of N pairs of a customer and a moment.

    Attributes:
        days: within which an event counts; looks: moments; pairs: N; events: that followed.
        pooled: of each kind for each pair, N * K events.
        some: of any kind, N events.
        kinds: name -> events that followed and its own scores.
        detection: of any kind, name of the probabilities -> alarms.
        time: share of the events whose time lay within its interval of nominal `LEVEL`.
        timed: events whose time was scored; width: mean days of their intervals.
        calibration: of any kind.
    """

    days: int
    looks: int
    pairs: int
    events: int
    pooled: Forecasts
    some: Forecasts
    kinds: Mapping[str, tuple[int, Forecasts]]
    detection: Mapping[str, Detection]
    time: Interval
    timed: int
    width: float
    calibration: Reliability


def evaluate_life_events(
    data: Dataset,
    model: LifeModel,
    start: int,
    end: int,
    *,
    days: int = 30,
    label: str = LABEL,
    others: Mapping[str, Probabilities] | None = None,
    resamples: int = 200,
) -> LifeScores:
    """Looks at all customers every so many days of a window, and at what came in the days after.

    Columns of a look read what was before it, also within the window; nothing of it was fitted.

    Args:
        data: all events before `end`.
        model: fitted on what was before `start`.
        start: UTC microseconds.
        end: UTC microseconds, behind the window.
        days: within which an event counts.
        label: see `observe`.
        others: probabilities to compare with, such as those of an oracle.
        resamples: of customers, for intervals.

    Raises:
        InputError: the forecast or the window is shorter than the days, or nothing happened in it.
    """
    require_days(days, model.weeks)
    moments = list(range(start, end - days * DAY + 1, days * DAY))
    if not moments:
        raise InputError(
            f"days: expected at most {(end - start) // DAY}, the days that are scored, got {days}"
        )
    life = observe(data, label)
    kind_of = np.array([list(model.names).index(name) if name in model.names else -1
                        for name in life.names])  # fmt: skip
    histories = Histories(data, life, model.columns)
    known = [histories.known(moment) for moment in moments]
    customers = np.concatenate(known)
    when = np.repeat(np.asarray(moments, np.int64), [len(rows) for rows in known])
    forecast = model.forecast(histories, customers, when)
    happens, kind = next_event(life, customers, when)
    kind = np.append(kind_of, -1)[kind]
    soon = (happens < when + days * DAY) & (kind >= 0)
    outcome = soon[:, None] & (kind[:, None] == np.arange(len(model.names)))
    if not soon.any():
        raise InputError("label: expected life events in the window that is scored, got none")
    probabilities = {MODEL: forecast.within(days)}
    for name, other in (others or {}).items():
        probabilities[name] = np.concatenate(
            [other(rows, moment, model.names) for rows, moment in zip(known, moments, strict=True)]
        )
    sums = {name: each.sum(axis=1) for name, each in probabilities.items()}
    covered, width, owners = _times(forecast, customers, when, happens, end)
    return LifeScores(
        days=days,
        looks=len(moments),
        pairs=len(customers),
        events=int(soon.sum()),
        pooled=forecasts(
            {name: each.ravel() for name, each in probabilities.items()}, outcome.ravel(),
            np.repeat(customers, outcome.shape[1]), resamples=resamples,
        ),
        some=forecasts(sums, soon, customers, resamples=resamples),
        kinds={
            name: (int(outcome[:, k].sum()),
                   forecasts({each: p[:, k] for each, p in probabilities.items()}, outcome[:, k],
                             customers, resamples=resamples))
            for k, name in enumerate(model.names) if outcome[:, k].any()
        },
        detection={name: detection(each, soon, customers, resamples)
                   for name, each in sums.items()},
        time=bootstrap({"time": covered}, owners, resamples=resamples)["time"],
        timed=len(covered),
        width=float(width.mean()) if len(width) else float("nan"),
        calibration=reliability(sums[MODEL], soon.astype(np.float64), customers,
                                resamples=resamples),
    )  # fmt: skip


def require_days(days: int, weeks: int) -> None:
    """Raises `InputError` unless a forecast of so many weeks reaches so many days."""
    if not 1 <= days <= weeks * 7:
        raise InputError(f"days: expected 1 to {weeks * 7}, which weeks={weeks} reach, got {days}")


def detection(
    probability: FloatArray, outcome: BoolArray, customers: IntArray, resamples: int
) -> Detection:
    """As many alarms as there are events, where the probability [N] is highest."""
    alarm = np.zeros(len(outcome), dtype=bool)
    alarm[np.argsort(-probability, kind="stable")[: int(outcome.sum())]] = True
    amounts = by_customer(
        np.column_stack([alarm & outcome, alarm, outcome, np.ones(len(outcome))]), customers
    )
    drawn = np.vstack([amounts.sum(axis=0), resampled_sums(amounts, resamples, 0)])
    lifts = ratio(drawn[:, 0] * drawn[:, 3], drawn[:, 1] * drawn[:, 2])
    low, high = percentiles(lifts[1:, None], 0.95, len(amounts))
    return Detection(
        precision=float(drawn[0, 0] / drawn[0, 1]),
        rate=float(drawn[0, 2] / drawn[0, 3]),
        lift=Interval(float(lifts[0]), float(low[0]), float(high[0]), len(amounts)),
    )


def _times(
    forecast: Forecast, customers: IntArray, when: IntArray, happens: IntArray, end: int
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Whether the time of each event [n] lay within its interval, its days, and whose it was."""
    weeks = min(TIME_WEEKS, forecast.weeks, (end - int(when.min())) // WEEK)
    reach = weeks * WEEK
    scored = np.flatnonzero((when + reach <= end) & (happens < when + reach))
    if not weeks or not len(scored):
        return np.full(0, np.nan), np.zeros(0), np.zeros(0, np.int64)
    low, high = forecast.days(((1 - LEVEL) / 2, (1 + LEVEL) / 2), weeks)[scored].T
    day = (happens - when)[scored] / DAY
    return ((low <= day) & (day <= high)).astype(float), high - low, customers[scored]
