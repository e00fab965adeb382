"""Dates and times in the formats of a mapping."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pandas as pd

_SAMPLE = datetime(2026, 1, 31, 14, 5, 9, tzinfo=timezone(timedelta(hours=1)))


def parsed(cells: pd.Series, formats: Sequence[str], time_zone: str) -> pd.Series:
    """UTC times [n] of texts; null where a text has none of the formats.

    Args:
        cells: [n] texts.
        formats: as `strptime` has them, tried in order.
        time_zone: of times without an offset. An hour that a clock shows twice is the first of the
            two, and one that it skips is the moment at which it skips.
    """
    moments = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us, UTC]")
    rest = cells.dropna()
    for form in formats:
        if not len(rest):
            break
        read = _parsed(rest, form, time_zone).dropna()
        moments[read.index] = read
        rest = rest.drop(read.index)
    return moments


def _parsed(texts: pd.Series, form: str, time_zone: str) -> pd.Series:
    if "%z" in form:
        return pd.to_datetime(texts, format=form, errors="coerce", utc=True).astype(
            "datetime64[us, UTC]"
        )
    local = pd.to_datetime(texts, format=form, errors="coerce").astype("datetime64[us]")
    if time_zone != "UTC":
        local = local.dt.tz_localize(time_zone, ambiguous=True, nonexistent="shift_forward")
        return local.dt.tz_convert("UTC")
    return local.dt.tz_localize("UTC")


def example(formats: Sequence[str]) -> str:
    """How a time looks in each of the formats, as `31.01.2026 or 31.01.2026 14:05`."""
    return " or ".join(_SAMPLE.strftime(form).replace("+0100", "+01:00") for form in formats)
