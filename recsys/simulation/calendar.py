"""The year the market runs, and its units: seconds since its start, and days."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray

START = pd.Timestamp("2025-01-01", tz="UTC")
DAYS = 365
DAY = 86_400
END = DAYS * DAY
LAST = START + pd.Timedelta(days=DAYS)
# The end of a window without one: later than all, and far enough from overflow to be added to.
NEVER = 1 << 60
# No session opens this close to a withdrawal or to the end of the year, so that its last event
# still lies within.
LONGEST_SESSION = 2 * 3_600

_MONTH_STARTS = (
    pd.date_range(START, periods=13, freq="MS").to_numpy("datetime64[s]").astype(np.int64)
)
_EPOCH = int(_MONTH_STARTS[0])
MONTH_STARTS: IntArray = _MONTH_STARTS - _EPOCH
MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class ForecastWindow:
    """The market seconds [start, end) that a forecast is about."""

    start: int
    end: int

    @property
    def days(self) -> float:
        """Length in days."""
        return (self.end - self.start) / DAY


def month_of(seconds: IntArray) -> IntArray:
    """Month 0 to 11 of market seconds, the nearest one outside the year."""
    months = np.searchsorted(MONTH_STARTS, seconds, side="right") - 1
    return np.clip(months, 0, MONTHS - 1)


def timestamps(seconds: IntArray) -> pd.DatetimeIndex:
    """Market seconds to microsecond UTC timestamps; `NEVER` to NaT."""
    moments = (np.asarray(seconds, np.int64) + _EPOCH).astype("datetime64[s]")
    moments[seconds == NEVER] = np.datetime64("NaT")
    return pd.DatetimeIndex(moments.astype("datetime64[us]")).tz_localize("UTC")


def market_seconds(moments: object) -> IntArray:
    """UTC moments (timestamps, aware or naive, or an index of them) to market seconds, int64."""
    index = pd.DatetimeIndex(pd.to_datetime(np.atleast_1d(np.asarray(moments)), utc=True))
    return index.to_numpy("datetime64[s]").astype(np.int64) - _EPOCH


def from_epoch(utc_seconds: int) -> int:
    """Seconds since 1970 to market seconds."""
    return utc_seconds - _EPOCH


def to_days(seconds: IntArray) -> FloatArray:
    """Market seconds to days since the start, float64."""
    return np.asarray(seconds / DAY)
