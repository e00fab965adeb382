"""Tables of offsets from the time zone database, made once when rules are compiled."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from recsys.arrays import IntArray
from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.policy.compiled.times import DAY, OPEN_START
from recsys.policy.compiled.zones import Zones

_FROM = int(datetime(1970, 1, 1, tzinfo=UTC).timestamp())
_TO = int(datetime(2038, 1, 1, tzinfo=UTC).timestamp())


def compile_zones(names: Sequence[str], customers: IntArray, unknown: str = "UTC") -> Zones:
    """Offsets of 1970 to 2037 of the zones of C customers.

    Before 1970 the first offset holds, from 2038 on the last one. A day is looked at where its
    ends differ, so two changes that cancel within one UTC day are not seen; there are none.

    Args:
        names: [Z] IANA names.
        customers: [C] zone of each customer, -1 where it is unknown.
        unknown: name of the zone of those; added to the names where it is not among them.

    Raises:
        InputError: a name is not in the time zone database.
    """
    every = list(names) if unknown in names else [*names, unknown]
    tables = [_offsets(name) for name in every]
    return Zones(
        names=every,
        customers=customers.astype(np.int16),
        unknown=every.index(unknown),
        starts=np.cumsum([0, *(len(table) for table in tables)]),
        transitions=np.array([when for table in tables for when, _ in table], np.int64),
        offsets=np.array([offset for table in tables for _, offset in table], np.int32),
    )


@cache
def _offsets(name: str) -> list[tuple[int, int]]:
    """UTC seconds from which an offset holds, and the offset."""
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(
            f"time_zone: expected an IANA name such as Europe/Berlin, got {shown(name)}"
        ) from None
    table = [(OPEN_START, _offset(zone, _FROM))]
    for day in range(_FROM, _TO, DAY):
        low, high = day, day + DAY
        after = _offset(zone, high)
        if after == table[-1][1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            if _offset(zone, middle) == table[-1][1]:
                low = middle
            else:
                high = middle
        table.append((high, after))
    return table


def _offset(zone: ZoneInfo, at: int) -> int:
    offset = datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
