"""Monitors of acceptance, calibration, shares and coverage: each a test with its part of alpha."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.evaluation.intervals import by_customer
from recsys.evaluation.monitoring.drift import concentration
from recsys.evaluation.monitoring.history import (
    Change,
    PeriodRates,
    against_history,
    period_rates,
    values_against_history,
)
from recsys.reports.monitor.settings import MonitorSettings
from recsys.reports.monitor.watched import Watched, codes

Side = Literal["falls", "rises", "changes"]
BINS = 5
"""Groups of equal size by probability, each of which is watched."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One monitor of the newest period.

    Attributes:
        monitor: its name in `BUDGET`; what: which part of it, "" for all.
        value: of the newest period; former: what former periods have or lead to expect.
        low: lower end of the interval of value - former; high: upper end. Both at the level at
            which the monitor alarms, so that 0 lies outside when it does.
        p_value: probability of such a value, if nothing has changed; nan where it is not tested.
        alpha: p-value below which it alarms.
        side: which changes alarm.
        is_alarm: whether it does.
    """

    monitor: str
    what: str
    value: float
    former: float
    low: float
    high: float
    p_value: float
    alpha: float
    side: Side
    is_alarm: bool

    @property
    def is_tested(self) -> bool:
        """Whether there was enough to test."""
        return not np.isnan(self.p_value)


def watches(seen: Watched, settings: MonitorSettings) -> list[Watch]:
    """All monitors but those of inputs, for which see `recsys.reports.monitor.inputs`."""
    return [
        *_acceptance(seen, settings),
        *_groups(seen, settings),
        *_against_control(seen, settings),
        *_calibration(seen, settings),
        *_shares(seen, settings),
        *_coverage(seen, settings),
    ]


def watch_of(
    monitor: str, what: str, change: Change, alpha: float, side: Side, scale: float = 1.0
) -> Watch:
    """A watch of a change against former periods.

    Args:
        monitor: its name.
        what: which part of it.
        change: with its test.
        alpha: below which p-value it alarms.
        side: which changes alarm.
        scale: what value and former are multiplied by, as a rate that is expected.
    """
    tails = {"falls": change.p_lower, "rises": change.p_upper}
    p = tails.get(side, 2 * min(tails.values()))
    difference, width = change.ratio - change.former, np.nan
    if not np.isnan(change.statistic):
        width = change.error * change.quantile(alpha if side != "changes" else alpha / 2)
    return Watch(
        monitor=monitor,
        what=what,
        value=scale * change.ratio,
        former=scale * change.former,
        low=scale * (difference - width),
        high=scale * (difference + width),
        p_value=float(p),
        alpha=alpha,
        side=side,
        is_alarm=bool(p < alpha),
    )


def _acceptance(seen: Watched, settings: MonitorSettings) -> Iterator[Watch]:
    """The fall of all acceptances below what is expected of these decisions."""
    if seen.served.any():
        alpha = settings.share("acceptance")
        yield _fall(seen, seen.served, "acceptance", "", alpha)


def _groups(seen: Watched, settings: MonitorSettings) -> Iterator[Watch]:
    """The same of each touchpoint, segment and model version; they share its part of alpha.

    A touchpoint and a segment are compared with their own former periods; a model version, which
    may have none, with those of all versions.
    """
    parts, is_former = [], seen.periods < seen.count - 1
    for column in (columns.TOUCHPOINT, settings.segment, columns.MODEL_VERSION):
        if column is None or column not in seen.frame:
            continue
        numbers, names = codes(seen.frame, column)
        if len(names) < 2:
            continue
        for number, name in enumerate(names):
            rows = seen.served & (numbers == number)
            if (rows & ~is_former).any():
                if column == columns.MODEL_VERSION:
                    rows |= seen.served & is_former
                parts.append((f"{column} {name}", rows))
    for what, rows in parts:
        alpha = settings.share("acceptance of a group") / len(parts)
        yield _fall(seen, rows, "acceptance of a group", what, alpha)


def _fall(seen: Watched, rows: BoolArray, monitor: str, what: str, alpha: float) -> Watch:
    rates = period_rates(
        seen.accepted[rows], seen.expected[rows], seen.periods[rows], seen.customers[rows],
        seen.count,
    )  # fmt: skip
    newest = rows & (seen.periods == seen.count - 1)
    expected = float(seen.expected[newest].mean()) if newest.any() else np.nan
    return watch_of(monitor, what, against_history(rates), alpha, "falls", expected)


def _against_control(seen: Watched, settings: MonitorSettings) -> Iterator[Watch]:
    """Whether the newest period's decisions are accepted less than the control group's."""
    if not seen.is_control.any():
        return
    newest = (seen.periods == seen.count - 1) & ~np.isnan(seen.accepted)
    alpha = settings.share("control group")
    gap, error, (value, former) = control_gap(seen, newest)
    p = float(ndtr(gap / error)) if error > 0 else np.nan
    width = error * float(-ndtri(alpha))
    yield Watch(
        monitor="control group", what=f"against {settings.control}", value=value, former=former,
        low=gap - width, high=gap + width, p_value=p, alpha=alpha, side="falls",
        is_alarm=bool(p < alpha),
    )  # fmt: skip


def control_gap(seen: Watched, rows: BoolArray) -> tuple[float, float, tuple[float, float]]:
    """Acceptance of others - the control group's, its standard error by customer, and both rates.

    nan where one of them has fewer than 50 decisions.
    """
    rates, variances = [], []
    for group in (rows & ~seen.is_control, rows & seen.is_control):
        values = seen.accepted[group]
        rate = values.mean() if len(values) >= 50 else np.nan
        misses = by_customer((values - rate)[:, None], seen.customers[group])
        rates.append(float(rate))
        variances.append(float((misses**2).sum()) / max(len(values), 1) ** 2)
    return rates[0] - rates[1], float(np.sqrt(sum(variances))), (rates[0], rates[1])


def _calibration(seen: Watched, settings: MonitorSettings) -> Iterator[Watch]:
    """Whether groups of similar probability are accepted as former periods lead to expect."""
    rows = seen.served & ~np.isnan(seen.probability)
    if not rows.any():
        return
    groups = probability_bins(seen, rows)
    alpha = settings.share("calibration") / BINS
    for number in range(BINS):
        chosen = rows.copy()
        chosen[rows] = groups == number
        newest = chosen & (seen.periods == seen.count - 1)
        if not newest.any():
            continue
        rates = period_rates(
            seen.accepted[chosen], seen.expected[chosen], seen.periods[chosen],
            seen.customers[chosen], seen.count,
        )  # fmt: skip
        values = seen.probability[newest]
        what = f"probability {values.min():.3f} to {values.max():.3f}"
        expected = float(seen.expected[newest].mean())
        change = against_history(rates)
        yield watch_of("calibration", what, change, alpha, "changes", expected)


def probability_bins(seen: Watched, rows: BoolArray) -> IntArray:
    """[n] group of equal size by probability, for the rows chosen; quantiles of all periods."""
    values = seen.probability[rows]
    edges = np.unique(np.quantile(values, np.arange(1, BINS) / BINS, method="inverted_cdf"))
    return np.asarray(np.searchsorted(edges, values, side="left"))


def _shares(seen: Watched, settings: MonitorSettings) -> Iterator[Watch]:
    """Whether more customers are unknown, and more answers by popularity, than before."""
    for monitor, column, sought in (
        ("unknown customers", columns.KNOWN, False),
        ("fallbacks", columns.FALLBACK, True),
    ):
        if column in seen.frame:
            flags = np.asarray(seen.frame[column] == sought, np.float64)
            change = against_history(share_rates(seen, flags))
            yield watch_of(monitor, "", change, settings.share(monitor), "rises")


def share_rates(seen: Watched, flags: FloatArray) -> PeriodRates:
    """Rates of flags [N] by period."""
    ones = np.ones(len(flags))
    return period_rates(flags, ones, seen.periods, seen.customers, seen.count)


def _coverage(seen: Watched, settings: MonitorSettings) -> Iterator[Watch]:
    """Whether offers are concentrated on fewer products than in any former week."""
    change = values_against_history(concentration(offer_counts(seen)))
    yield watch_of("coverage", "effective offers", change, settings.share("coverage"), "falls")


def offer_counts(seen: Watched) -> IntArray:
    """[T, O] decisions of each offer in each period, without the control group's."""
    numbers, names = codes(seen.frame, columns.OFFER)
    rows = ~seen.is_control
    flat = seen.periods[rows] * len(names) + numbers[rows]
    return np.bincount(flat, minlength=seen.count * len(names)).reshape(seen.count, -1)
