"""The tables of a watch: acceptance, calibration, shares, coverage and periods."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray
from recsys.data import columns
from recsys.evaluation.intervals import (
    Interval,
    bootstrap,
    by_customer,
    percentiles,
    resampled_sums,
)
from recsys.evaluation.monitoring.drift import concentration
from recsys.reports.monitor.alarms import control_gap, offer_counts, probability_bins
from recsys.reports.monitor.report import MonitorReport
from recsys.reports.monitor.watched import codes

TOP = 10
"""Offers whose share in all decisions says how concentrated they are."""


def acceptance_table(report: MonitorReport) -> pd.DataFrame:
    """One row for all decisions and each group.

    Returns:
        by, group; decisions and customers of the newest period; accepted with its ends low and
        high (customers resampled); expected; previous (the period before) with its ends; former
        (mean of all former periods).
    """
    seen = report.seen
    known = ~np.isnan(seen.accepted)
    now, before = seen.periods == seen.count - 1, seen.periods == seen.count - 2
    groups = [(names, rows & known) for names, rows in _groups(report)]
    newest, previous = (_intervals(report, groups, period) for period in (now, before))
    expected = {
        watch.what or "all ": watch.former
        for watch in report.watches
        if watch.monitor in ("acceptance", "acceptance of a group")
    }
    rows = []
    for (by, group), chosen in groups:
        value, last = newest[by, group], previous.get((by, group))
        inside = chosen & now
        former = chosen & (seen.periods < seen.count - 1)
        rows.append({
            "by": by, "group": group, "decisions": int(inside.sum()), "customers": value.customers,
            "accepted": value.mean, "low": value.low, "high": value.high,
            "expected": expected.get(f"{by} {group}", np.nan),
            "previous": last.mean if last else np.nan,
            "previous_low": last.low if last else np.nan,
            "previous_high": last.high if last else np.nan,
            "former": seen.accepted[former].mean() if former.any() else np.nan,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _groups(report: MonitorReport) -> Iterator[tuple[tuple[str, str], BoolArray]]:
    seen = report.seen
    yield ("all", ""), ~seen.is_control
    names = (columns.TOUCHPOINT, report.settings.segment, columns.MODEL_VERSION, columns.POLICY)
    for column in names:
        if column is None or column not in seen.frame:
            continue
        numbers, values = codes(seen.frame, column)
        for number, value in enumerate(values):
            rows = numbers == number
            if column != columns.POLICY:
                rows &= ~seen.is_control
            if (rows & (seen.periods == seen.count - 1)).any():
                yield (column, value), rows


def _intervals(
    report: MonitorReport, groups: list[tuple[tuple[str, str], BoolArray]], period: BoolArray
) -> dict[tuple[str, str], Interval]:
    """Acceptance of each group in a period; all share their resamples of customers."""
    if not period.any():
        return {}
    seen, settings = report.seen, report.settings
    values = {
        name: np.where(rows, seen.accepted, np.nan)[period]
        for name, rows in groups
        if (rows & period).any()
    }
    return bootstrap(
        values, seen.customers[period], resamples=settings.resamples, level=settings.level,
        seed=settings.seed,
    )  # fmt: skip


def calibration_table(report: MonitorReport) -> pd.DataFrame:
    """Probability as logged, and acceptance, of groups of equal size by probability.

    Returns:
        group; of the newest period decisions, probability (mean), accepted, low, high (customers
        resampled), expected from former periods; previous (accepted in the period before). Empty
        where no probability is logged.
    """
    seen, settings = report.seen, report.settings
    rows = seen.served & ~np.isnan(seen.probability)
    if not rows.any():
        return pd.DataFrame()
    bins = np.full(len(rows), -1)
    bins[rows] = probability_bins(seen, rows)
    now, before = seen.periods == seen.count - 1, seen.periods == seen.count - 2
    groups = np.unique(bins[now & rows])
    ends = bootstrap(
        {int(number): np.where(bins == number, seen.accepted, np.nan)[now & rows]
         for number in groups},
        seen.customers[now & rows], resamples=settings.resamples, level=settings.level,
        seed=settings.seed,
    )  # fmt: skip
    return pd.DataFrame([
        {
            "group": int(number) + 1,
            "decisions": int((now & (bins == number)).sum()),
            "probability": seen.probability[now & (bins == number)].mean(),
            "accepted": ends[int(number)].mean,
            "low": ends[int(number)].low,
            "high": ends[int(number)].high,
            "expected": seen.expected[now & (bins == number)].mean(),
            "previous": _mean(seen.accepted[before & (bins == number)]),
        }
        for number in groups
    ])  # fmt: skip


def calibration_errors(report: MonitorReport) -> dict[str, Interval]:
    """Expected calibration error of the logged probability in the newest and previous period.

    Groups are those of `calibration_table`; customers are resampled. Chance alone makes it larger
    than 0, in a resample more so than in the log: read it beside that of the previous period.
    """
    seen, settings, found = report.seen, report.settings, {}
    rows = seen.served & ~np.isnan(seen.probability)
    if not rows.any():
        return {}
    bins = probability_bins(seen, rows)
    of_rows = seen.periods[rows]
    misses = (seen.accepted - seen.probability)[rows]
    for name, number in (("now", seen.count - 1), ("previous", seen.count - 2)):
        inside = of_rows == number
        if not inside.any():
            continue
        flags = bins[inside][:, None] == np.arange(bins.max() + 1)
        amounts = by_customer(
            np.column_stack([flags * misses[inside][:, None], np.ones(inside.sum())]),
            seen.customers[rows][inside],
        )
        drawn = resampled_sums(amounts, settings.resamples, settings.seed)
        errors = np.abs(drawn[:, :-1]).sum(axis=1) / drawn[:, -1]
        low, high = percentiles(errors[:, None], settings.level, len(amounts))
        total = amounts.sum(axis=0)
        error = float(np.abs(total[:-1]).sum() / total[-1])
        found[name] = Interval(error, float(low[0]), float(high[0]), len(amounts))
    return found


def shares_table(report: MonitorReport) -> pd.DataFrame:
    """Unknown customers, fallbacks, coverage: figure, now, previous, former (mean by period)."""
    seen, rows = report.seen, []
    for figure, column, sought in (
        ("share of unknown customers", columns.KNOWN, False),
        ("share of fallbacks", columns.FALLBACK, True),
    ):
        if column in seen.frame:
            flags = np.asarray(seen.frame[column] == sought, np.float64)
            rows.append((figure, _by_period(flags, seen.periods, seen.count)))
    counts = offer_counts(seen)
    made = (counts > 0).sum(axis=1)
    if report.catalogue:
        rows.append(("share of the artifact's offers made", made / report.catalogue))
    rows.append(("offers made", made.astype(np.float64)))
    rows.append(("effective offers", concentration(counts)))
    with np.errstate(invalid="ignore", divide="ignore"):
        top = np.sort(counts, axis=1)[:, -TOP:].sum(axis=1) / counts.sum(axis=1)
    rows.append((f"share of the {TOP} offers made most", top))
    return pd.DataFrame([
        {"figure": figure, "now": values[-1], "previous": values[-2] if len(values) > 1 else np.nan,
         "former": _mean(values[:-1])}
        for figure, values in rows
    ])  # fmt: skip


def control_table(report: MonitorReport) -> pd.DataFrame:
    """Acceptance against the control group: period, served, control, difference, low, high."""
    seen, rows = report.seen, []
    if not seen.is_control.any():
        return pd.DataFrame()
    known = ~np.isnan(seen.accepted)
    for name, chosen in (
        ("now", seen.periods == seen.count - 1),
        ("previous", seen.periods == seen.count - 2),
        ("former", seen.periods < seen.count - 1),
    ):
        gap, error, (served, control) = control_gap(seen, chosen & known)
        rows.append({
            "period": name, "served": served, "control": control, "difference": gap,
            "low": gap - 1.96 * error, "high": gap + 1.96 * error,
        })  # fmt: skip
    return pd.DataFrame(rows)


def periods_table(report: MonitorReport) -> pd.DataFrame:
    """Each period: starts, decisions, accepted, low, high (customers resampled), expected."""
    seen, settings, rows = report.seen, report.settings, []
    for number, start in enumerate(seen.starts):
        inside = seen.served & (seen.periods == number)
        if not inside.any():
            continue
        value = bootstrap(
            {"accepted": seen.accepted[inside]}, seen.customers[inside],
            resamples=settings.resamples, level=settings.level, seed=settings.seed,
        )["accepted"]  # fmt: skip
        rows.append({
            "starts": start, "decisions": int(inside.sum()), "accepted": value.mean,
            "low": value.low, "high": value.high, "expected": seen.expected[inside].mean(),
        })  # fmt: skip
    return pd.DataFrame(rows)


def watches_table(report: MonitorReport) -> pd.DataFrame:
    """Every monitor as its attributes, and how many false alarms it may raise."""
    names = ("monitor", "what", "value", "former", "low", "high", "p_value", "alpha", "side")
    return pd.DataFrame(
        [{name: getattr(watch, name) for name in (*names, "is_alarm")} for watch in report.watches]
    )


def drift_table(report: MonitorReport) -> pd.DataFrame:
    """Every input: index, low, high, previous, largest_former, bound, is_alarm."""
    return pd.DataFrame([
        {"input": drift.name, "index": drift.now.index, "low": drift.now.low,
         "high": drift.now.high, "previous": drift.previous.index,
         "largest_former": drift.largest, "bound": drift.bound, "is_alarm": drift.is_alarm}
        for drift in report.drifts
    ])  # fmt: skip


def _mean(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan


def _by_period(flags: FloatArray, periods: np.ndarray, count: int) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(
            np.bincount(periods, weights=flags, minlength=count)
            / np.bincount(periods, minlength=count)
        )
