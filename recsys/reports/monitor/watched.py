"""A log of decisions as arrays by period: the newest, and those that it is compared with."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.errors import InputError
from recsys.evaluation.monitoring.expected import cells, expected_events
from recsys.evaluation.monitoring.history import FEWEST_PERIODS
from recsys.reports.monitor.settings import MonitorSettings

ANONYMOUS = "anonymous-"
"""How the id of a customer begins who gave none, see `recsys.serving.answer_rows`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Watched:
    """N decisions in T periods.

    Attributes:
        frame: [N] rows of the table `decisions`, with outcomes.
        periods: [N] from 0 to T - 1, the newest last.
        starts: [T] UTC moments; end: where the newest period ends.
        accepted: [N] 1 or 0; nan for customers without an id, whose outcome nobody can know.
        customers: [N] row numbers.
        is_control: [N] whether the control group's policy decided.
        expected: [N] acceptances that former periods lead to expect; nan where `accepted` is, and
            for the control group.
    """

    frame: pd.DataFrame
    periods: IntArray
    starts: pd.DatetimeIndex
    end: pd.Timestamp
    accepted: FloatArray
    customers: IntArray
    is_control: BoolArray
    expected: FloatArray

    @property
    def count(self) -> int:
        """T, number of periods."""
        return len(self.starts)

    @property
    def probability(self) -> FloatArray:
        """[N] as logged; nan where none was."""
        return logged(self.frame, columns.PROBABILITY)

    @property
    def served(self) -> BoolArray:
        """[N] decisions of the policies that are watched, whose outcome can be known."""
        return np.asarray(~np.isnan(self.expected))


def watched(
    decisions: pd.DataFrame, settings: MonitorSettings, at: pd.Timestamp | None = None
) -> Watched:
    """Puts decisions into periods that end with `at`, and says what is expected of each.

    Args:
        decisions: checked, with outcomes.
        settings: of the watch.
        at: UTC, where the newest period ends; None for the end of the last decision's day.

    Raises:
        InputError: the newest period has no decision, or the policy of the control group none.
    """
    moments = decisions[columns.TIMESTAMP]
    end = moments.max().floor("D") + pd.Timedelta(1, "D") if at is None else at
    length = pd.Timedelta(days=settings.days)
    # A first period that the log covers in part only would be compared as a whole one.
    whole = int((end - moments.min().floor("D")) / length)
    count = max(1, min(whole, settings.periods + 1))
    # Of nanoseconds from the end backwards: its own moment belongs to no period.
    before = end.as_unit("ns").value - pd.DatetimeIndex(moments).as_unit("ns").asi8
    position = count - 1 - (before - 1) // length.value
    inside = (position >= 0) & (before > 0)
    frame = decisions[inside].reset_index(drop=True)
    periods = position[inside]
    starts = pd.DatetimeIndex([end - (count - number) * length for number in range(count)])
    if not (periods == count - 1).any():
        raise InputError(
            f"at: expected decisions from {starts[-1]:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC, "
            f"got none; the log goes from {moments.min():%Y-%m-%d} to {moments.max():%Y-%m-%d}"
        )
    accepted: FloatArray = np.array(frame[columns.OUTCOME] == "accept", dtype=np.float64)
    ids = frame[columns.CUSTOMER]
    accepted[ids.astype(str).str.startswith(ANONYMOUS).to_numpy()] = np.nan
    is_control = _is_control(frame, settings.control)
    customers = pd.factorize(ids)[0].astype(np.int64)
    return Watched(
        frame=frame,
        periods=periods,
        starts=starts,
        end=end,
        accepted=accepted,
        customers=customers,
        is_control=is_control,
        expected=_expected(frame, periods, count, accepted, is_control),
    )


def logged(frame: pd.DataFrame, column: str) -> FloatArray:
    """[N] numbers of an optional column; nan where it is not there."""
    if column not in frame:
        return np.full(len(frame), np.nan)
    return frame[column].to_numpy(np.float64)


def codes(frame: pd.DataFrame, column: str) -> tuple[IntArray, list[str]]:
    """[N] positions of the values of a column in their sorted names, -1 for none; and the names."""
    numbers, names = pd.factorize(frame[column].astype("str"), sort=True)
    missing = frame[column].isna().to_numpy()
    return np.where(missing, -1, numbers).astype(np.int64), [str(name) for name in names]


def is_enough(count: int) -> bool:
    """Whether so many periods, the newest included, can be tested."""
    return count > FEWEST_PERIODS


def _is_control(frame: pd.DataFrame, control: str | None) -> BoolArray:
    if control is None:
        return np.zeros(len(frame), dtype=bool)
    rows = (frame[columns.POLICY].astype(str) == control).to_numpy()
    if not rows.any():
        known = ", ".join(sorted(frame[columns.POLICY].astype(str).unique())[:12])
        raise InputError(f"control={control}: the log has no such policy; it has {known}")
    if rows.all():
        raise InputError(
            f"control={control}: expected decisions of other policies beside it, got none; "
            "leave control= out"
        )
    return np.asarray(rows)


def _expected(
    frame: pd.DataFrame,
    periods: IntArray,
    count: int,
    accepted: FloatArray,
    is_control: BoolArray,
) -> FloatArray:
    used = np.flatnonzero(~np.isnan(accepted) & ~is_control)
    expected = np.full(len(frame), np.nan)
    if not len(used):
        return expected
    rows = frame.iloc[used]
    former = np.flatnonzero(periods[used] < count - 1)
    cell = cells(
        logged(rows, columns.PROBABILITY), codes(rows, columns.TOUCHPOINT)[0], former
    )  # fmt: skip
    expected[used] = expected_events(
        accepted[used], cell, codes(rows, columns.OFFER)[0], periods[used], count
    )
    return expected
