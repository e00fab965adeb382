"""Times that a file counts in seconds or milliseconds since 1970, as UTC timestamps."""

from typing import Literal, TypeAlias, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys.data.cells import FIX, CellError
from recsys.errors import InputError

TimeUnit: TypeAlias = Literal["s", "ms"]

MOMENTS = pa.timestamp("us", "UTC")
"""The type of the timestamps."""

_MICROSECONDS = {"s": 1_000_000, "ms": 1_000}
_WORDS = {"s": "seconds", "ms": "milliseconds"}

_MOST_SECONDS = 9_000_000_000
"""The year 2255; times in milliseconds that are read as seconds lie far behind it."""


def require_time_unit(unit: str) -> None:
    """Raises `InputError` unless times are counted in this unit."""
    if unit not in get_args(TimeUnit):
        raise InputError(f"data.time_unit: expected s or ms, got {unit!r}")


def moments_since_1970(numbers: pa.Array, unit: TimeUnit) -> pa.Array:
    """Numbers [n] as UTC timestamps in microseconds; null where they are null or NaN.

    Args:
        numbers: whole or with a fraction.
        unit: in which they count.

    Raises:
        CellError: the first number that is beyond the year 2255.
    """
    values = pc.cast(numbers, pa.float64()).to_numpy(zero_copy_only=False)
    largest = _MOST_SECONDS * (1_000_000 // _MICROSECONDS[unit])
    bad = np.abs(values) > largest
    if bad.any():
        row = int(bad.argmax())
        raise CellError(
            row, f"{_WORDS[unit]} since 1970", f"{values[row]:.15g}",
            "set data.time_unit=ms" if unit == "s" and np.isfinite(values[row]) else FIX,
        )  # fmt: skip
    is_null = np.isnan(values)
    # Below 2^53, so that whole microseconds are exact.
    whole = np.round(np.where(is_null, 0, values) * _MICROSECONDS[unit]).astype(np.int64)
    return pa.array(whole, mask=is_null if is_null.any() else None).cast(MOMENTS)
