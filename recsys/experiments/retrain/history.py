"""A sample of events that two extracts of one system draw alike, so that they can be compared.

Kept are the events with the smallest hashes (a bottom-k sketch; Cohen and Kaplan, 2007): an event
that is in both extracts is in the sample of both, without either seeing the other.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_integer_dtype

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.categories import is_coded, plain
from recsys.data.interactions import microseconds

_SIZE = 10_000
"""Events: a share of 2 % is then known to 0.3 %."""
_IDENTITY = (columns.CUSTOMER, columns.PRODUCT, columns.ACTION, columns.TIMESTAMP)
_CONTENT = (columns.TOUCHPOINT, columns.VALUE, columns.DURATION, columns.WEIGHT)
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, kw_only=True)
class EventSample:
    """n sampled events, in order of their identity.

    Attributes:
        identity: hash of customer, product, action and moment.
        content: hash of the other columns that were there.
        when: UTC microseconds.
        of: columns of `content`.
    """

    identity: tuple[int, ...]
    content: tuple[int, ...]
    when: tuple[int, ...]
    of: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """What became of the sampled events that lie in the span of the new data.

    Attributes:
        events: number of them.
        gone: share that is missing now.
        changed: share whose touchpoint, value, duration or weight is another one now.
    """

    events: int
    gone: float
    changed: float


def sample_events(interactions: pd.DataFrame) -> EventSample:
    """The sample of checked interactions with times."""
    of = tuple(name for name in _CONTENT if name in interactions)
    identity = _hashes(interactions, _IDENTITY)
    rows = np.unique(identity, return_index=True)[1][:_SIZE]
    return EventSample(
        identity=tuple(identity[rows].tolist()),
        content=tuple(_hashes(interactions.iloc[rows], of).tolist()),
        when=tuple(microseconds(interactions[columns.TIMESTAMP].iloc[rows]).tolist()),
        of=of,
    )


def overlap(former: EventSample, interactions: pd.DataFrame) -> Overlap:
    """Looks the sampled events up in other checked interactions with times.

    Events before the first one there do not count: an extract may hold the last two years.
    """
    first = microseconds(interactions[columns.TIMESTAMP]).min()
    inside = np.array(former.when, np.int64) >= first
    identity = np.array(former.identity, np.uint64)[inside]
    content = np.array(former.content, np.uint64)[inside]
    if not len(identity):
        return Overlap(events=0, gone=0.0, changed=0.0)
    now = _hashes(interactions, _IDENTITY)
    kept = np.flatnonzero(np.isin(now, identity))
    is_known = np.isin(identity, now[kept])
    changed = 0.0
    if set(former.of) <= set(interactions):
        pairs = set(
            zip(
                now[kept].tolist(),
                _hashes(interactions.iloc[kept], former.of).tolist(),
                strict=True,
            )
        )
        sampled = zip(identity.tolist(), content.tolist(), strict=True)
        unchanged = [pair in pairs for pair in sampled]
        changed = float((is_known & ~np.array(unchanged)).mean())
    return Overlap(events=len(identity), gone=float(1 - is_known.mean()), changed=changed)


def _hashes(frame: pd.DataFrame, names: tuple[str, ...]) -> IntArray:
    """[n] uint64 of these columns, of which some may be missing."""
    combined: IntArray = np.zeros(len(frame), np.uint64)
    for name in names:
        if name in frame:
            hashed = pd.util.hash_pandas_object(_plain(frame[name]), index=False)
            combined = combined * _FACTOR + hashed.to_numpy(np.uint64)
    return combined


def _plain(column: pd.Series) -> pd.Series:
    """The column in a type that does not depend on whether some cells are missing."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return pd.Series(microseconds(column))
    if is_coded(column) and is_integer_dtype(column.cat.categories.dtype):
        column = plain(column)
    if is_integer_dtype(column.dtype):
        return column.fillna(-1).astype("int64")
    return column
