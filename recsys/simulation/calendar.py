"""The year of the market, and its units: market seconds and days, both since its start."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray

START = pd.Timestamp("2025-01-01", tz="UTC")
DAYS = 365
DAY = 86_400
END = DAYS * DAY
LAST = START + pd.Timedelta(days=DAYS)
# The end of an open window: later than everything, and small enough that sums do not overflow.
NEVER = 1 << 60
# No session starts closer to a withdrawal or to the end of the year, so that all its events lie
# before it.
LONGEST_SESSION = 2 * 3_600

_MONTH_STARTS = (
    pd.date_range(START, periods=13, freq="MS").to_numpy("datetime64[s]").astype(np.int64)
)
_EPOCH = int(_MONTH_STARTS[0])
MONTH_STARTS: IntArray = _MONTH_STARTS - _EPOCH
MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class ForecastWindow:
    """The market seconds [start, end) of a forecast."""

    start: int
    end: int

    @property
    def days(self) -> float:
        """Length in days."""
        return (self.end - self.start) / DAY


def month_of(seconds: IntArray) -> IntArray:
    """Month 0 to 11 of market seconds, of any shape; outside the year the nearest month."""
    months = np.searchsorted(MONTH_STARTS, seconds, side="right") - 1
    return np.clip(months, 0, MONTHS - 1)


def timestamps(seconds: IntArray) -> pd.DatetimeIndex:
    """Market seconds [n] to UTC timestamps in microseconds; `NEVER` to NaT."""
    moments = (np.asarray(seconds, np.int64) + _EPOCH).astype("datetime64[s]")
    moments[seconds == NEVER] = np.datetime64("NaT")
    return pd.DatetimeIndex(moments.astype("datetime64[us]")).tz_localize("UTC")


def market_seconds(moments: object) -> IntArray:
    """UTC timestamps (with or without zone, one or several) to market seconds [n], int64."""
    index = pd.DatetimeIndex(pd.to_datetime(np.atleast_1d(np.asarray(moments)), utc=True))
    return index.to_numpy("datetime64[s]").astype(np.int64) - _EPOCH


def from_epoch(utc_seconds: int) -> int:
    """Seconds since 1970 to market seconds."""
    return utc_seconds - _EPOCH


def to_days(seconds: IntArray) -> FloatArray:
    """Market seconds to days since the start, float64."""
    return np.asarray(seconds / DAY)
