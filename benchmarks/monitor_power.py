"""`recsys monitor` on simulated weeks: false alarms of quiet weeks, and how often a fall is found.

Each market has a year of 52 quiet weeks. A week of the log draws so many of the market's decisions
of that week, and redraws their outcomes by its true acceptance probability: months with other
offers are other months here too. What a model would have logged as the probability sees the true
log-odds dimly: times `slope`, with noise for each decision and for each offer. Unknown customers
and fallbacks are drawn at rates that vary by a tenth from week to week; there is a new model
version every four weeks. Before the year stand former weeks of the same market, drawn anew. In a
fall each acceptance probability is multiplied by 1 - fall, from its first day on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from benchmarks.suite import require_at_least
from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.tables import Tables
from recsys.reports.monitor.alarms import watches
from recsys.reports.monitor.inputs import drifts
from recsys.reports.monitor.settings import MonitorSettings
from recsys.reports.monitor.watched import Watched, watched
from recsys.simulation.source import SimulatedMarket

WEEKS = 52
_START = pd.Timestamp("2025-01-01", tz="UTC")
_WEEK = pd.Timedelta(days=7)
_UNKNOWN, _FALLBACK = 0.03, 0.06
"""Shares of a quiet log; a week's own share varies around them by a tenth."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Weeks:
    """A market's decisions.

    Attributes:
        frame: [D] customer, offer, touchpoint, probability as a model would log it.
        truth: [D] true acceptance probability.
        rows: [52] rows of each week.
        tables: customers, products and offers, for the drift of inputs.
    """

    frame: pd.DataFrame
    truth: FloatArray
    rows: list[IntArray]
    tables: Tables


class MonitorPowerSuite:
    """Runs all monitors over quiet weeks and over weeks with a fall.

    Args:
        markets: each with a whole quiet year.
        seeds: logs with a fall in one week, of these markets in turn.
        decisions: a week.
        fall: part of acceptance that is lost.
        periods: former weeks that a week is compared with.
        alpha: false alarms of all monitors together.
        slope: of the logged log-odds on the true ones.
        noise: standard deviation of the logged log-odds, of a decision.
        offer_noise: the same of an offer.
        events: of a market.
    """

    def __init__(
        self,
        *,
        seeds: int = 50,
        markets: int = 10,
        decisions: int = 3_000,
        fall: float = 0.2,
        periods: int = 26,
        alpha: float = 0.02,
        slope: float = 0.7,
        noise: float = 1.0,
        offer_noise: float = 0.15,
        events: int = 1_100_000,
    ) -> None:
        require_at_least(1, seeds=seeds, decisions=decisions, events=events)
        self.seeds, self.markets = seeds, markets
        self.decisions, self.fall = decisions, fall
        self.slope, self.noise, self.offer_noise = slope, noise, offer_noise
        self.events = events
        self.weekly = MonitorSettings(periods=periods, alpha=alpha)
        self.daily = MonitorSettings(periods=periods, alpha=alpha, looks=7)

    def figures(self) -> Mapping[str, float]:
        """Shares of weeks that alarm, days to the alarm, and which monitors alarmed in vain."""
        found: list[bool] = []
        days: list[float] = []
        quiet: list[set[str]] = []
        for market in range(self.markets):
            weeks = self._weeks(market, np.random.default_rng(market))
            quiet += self._quiet(weeks, np.random.default_rng(1_000 + market))
            for seed in range(market, self.seeds, self.markets):
                rng = np.random.default_rng(2_000 + seed)
                week = int(rng.integers(WEEKS))
                log = self._log(weeks, week, rng, fall_from=7.0)
                found.append(bool(self._alarms(log, weeks.tables, self.weekly)))
                days.append(self._days_to_alarm(weeks, week, rng))
        waited = np.array(days)
        figures = {
            "seeds": float(len(found)),
            "quiet_weeks": float(len(quiet)),
            "detected_share": float(np.mean(found)),
            "false_alarm_share": float(np.mean([bool(alarms) for alarms in quiet])),
            "daily_detected_share": float((waited <= 7).mean()),
            "daily_median_days": float(np.median(waited)),
        }
        for cause in sorted(set().union(*quiet)):
            share = float(np.mean([cause in alarms for alarms in quiet]))
            figures[f"false_alarms_{cause.replace(' ', '_')}"] = share
        return figures

    def _quiet(self, weeks: Weeks, rng: np.random.Generator) -> Iterator[set[str]]:
        """The monitors that alarm, week by week of a year in which nothing happens."""
        log = self._log(weeks, WEEKS - 1, rng, before=self.weekly.periods + WEEKS - 1)
        first = self.weekly.periods
        for week in range(first, first + WEEKS):
            start = _START + (week - first) * _WEEK
            moments = log[columns.TIMESTAMP]
            part = log[(moments >= start - first * _WEEK) & (moments < start + _WEEK)]
            yield self._alarms(part, weeks.tables, self.weekly, start + _WEEK)

    def _days_to_alarm(self, weeks: Weeks, week: int, rng: np.random.Generator) -> float:
        """Days from a fall's begin, within a week, to the alarm of a daily look; inf beyond 14."""
        begins = float(rng.integers(7))
        log = self._log(weeks, week + 1, rng, before=self.daily.periods + 1, fall_from=14 - begins)
        end = _START + (week + 2) * _WEEK
        start = end - pd.Timedelta(days=14 - begins)
        for day in range(1, 15 - int(begins)):
            at = start + pd.Timedelta(days=day)
            moments = log[columns.TIMESTAMP]
            since = at - (self.daily.periods + 1) * _WEEK
            part = log[(moments >= since) & (moments < at)]
            if self._alarms(part, weeks.tables, self.daily, at):
                return float(day)
        return np.inf

    def _alarms(
        self,
        log: pd.DataFrame,
        tables: Tables,
        settings: MonitorSettings,
        at: pd.Timestamp | None = None,
    ) -> set[str]:
        seen: Watched = watched(log, settings, at)
        alarms = {watch.monitor for watch in watches(seen, settings) if watch.is_alarm}
        if any(drift.is_alarm for drift in drifts(seen, tables, settings)):
            alarms.add("drift of inputs")
        return alarms

    def _weeks(self, seed: int, rng: np.random.Generator) -> Weeks:
        market = SimulatedMarket(events=self.events, seed=seed)
        tables = market.load()
        frame = tables.decisions
        assert frame is not None
        moments = pd.to_datetime(frame[columns.TIMESTAMP])
        truth = market.acceptance_probability(
            frame[columns.CUSTOMER].to_numpy(), frame[columns.OFFER].to_numpy(),
            frame[columns.TOUCHPOINT].to_numpy(), moments.to_numpy(),
        )  # fmt: skip
        offers = pd.factorize(frame[columns.OFFER])[0]
        seen = self.slope * logit(np.clip(truth, 1e-6, 1 - 1e-6))
        seen += rng.normal(0, self.noise, len(truth))
        seen += rng.normal(0, self.offer_noise, offers.max() + 1)[offers]
        week = ((moments - _START) // _WEEK).to_numpy()
        kept = frame[[columns.CUSTOMER, columns.OFFER, columns.TOUCHPOINT]].copy()
        kept[columns.PROBABILITY], kept[columns.POLICY] = expit(seen), "served"
        kept["moment"] = moments - _START
        return Weeks(
            frame=kept,
            truth=truth,
            rows=[np.flatnonzero(week == number) for number in range(WEEKS)],
            tables=_features(tables),
        )

    def _log(
        self,
        weeks: Weeks,
        last: int,
        rng: np.random.Generator,
        *,
        before: int | None = None,
        fall_from: float | None = None,
    ) -> pd.DataFrame:
        """Weeks up to `last`; acceptance falls in the last `fall_from` days."""
        count = (self.weekly.periods if before is None else before) + 1
        numbers = np.arange(last - count + 1, last + 1)
        rows = np.concatenate([
            self._drawn(weeks.rows[number % WEEKS], rng) for number in numbers
        ])  # fmt: skip
        of_week = np.repeat(numbers, self.decisions)
        log = weeks.frame.iloc[rows].reset_index(drop=True)
        # The market's years follow each other; the same day a year on is 52 weeks later.
        years = of_week // WEEKS * (WEEKS * _WEEK)
        log[columns.TIMESTAMP] = (_START + log.pop("moment") + years).dt.as_unit("us")
        chance = weeks.truth[rows]
        if fall_from is not None:
            end = _START + (last + 1) * _WEEK
            fallen = (log[columns.TIMESTAMP] >= end - pd.Timedelta(days=fall_from)).to_numpy()
            chance = np.where(fallen, (1 - self.fall) * chance, chance)
        is_accepted = rng.random(len(rows)) < chance
        log[columns.OUTCOME] = np.where(is_accepted, "accept", "ignore")
        log[columns.KNOWN] = ~_flags(of_week, _UNKNOWN, rng)
        log[columns.FALLBACK] = _flags(of_week, _FALLBACK, rng)
        # Another version each month, as a Monday's retraining makes it.
        log[columns.MODEL_VERSION] = (of_week // 4).astype(str)
        return log.assign(**{columns.DECISION: np.arange(len(log))})

    def _drawn(self, rows: IntArray, rng: np.random.Generator) -> IntArray:
        """Decisions of a week; the market's first weeks have fewer, which then repeat."""
        return rng.choice(rows, self.decisions, replace=len(rows) < self.decisions)


def _flags(weeks: IntArray, share: float, rng: np.random.Generator) -> BoolArray:
    """[N] flags at a share that varies from week to week."""
    of_week = share * np.exp(rng.normal(0, 0.1, weeks.max() - weeks.min() + 1))
    return np.asarray(rng.random(len(weeks)) < of_week[weeks - weeks.min()])


def _features(tables: Tables) -> Tables:
    """Customers and products, those by the offers that the log names."""
    assert tables.offers is not None
    assert tables.products is not None
    products = tables.offers[[columns.OFFER, columns.PRODUCT]].merge(
        tables.products, on=columns.PRODUCT
    )
    named = products.drop(columns=columns.PRODUCT).rename(columns={columns.OFFER: columns.PRODUCT})
    # No actions: they are of events, which this log does not redraw.
    events = tables.interactions[[columns.CUSTOMER]].head(0)
    return Tables(interactions=events, customers=tables.customers, products=named)
