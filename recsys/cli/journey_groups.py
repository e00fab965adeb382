"""The groups of a journey map: segments of customers, and periods."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray
from recsys.customers.segments.condition import customers_in
from recsys.data.dataset import Dataset
from recsys.data.interactions import timestamp
from recsys.errors import InputError
from recsys.journeys.journey_map.paths import Paths, paths_of
from recsys.journeys.purposes.model import PurposeModel

EVERYBODY, REST = "all customers", "rest"


@dataclass(frozen=True)
class Period:
    """Of time, in units of the clock.

    Attributes:
        start: its first moment.
        end: the first moment after it.
    """

    start: int
    end: int

    @property
    def name(self) -> str:
        """As a heading."""
        return f"{timestamp(self.start):%Y-%m-%d} to {timestamp(self.end):%Y-%m-%d}"


def groups_of(
    given: Mapping[str, str], data: Dataset, model: PurposeModel, open_from: float
) -> tuple[dict[str, Paths], tuple[str, ...]]:
    """Name -> strands of one group or two, and what readers have to know of them.

    Args:
        given: with segment, against, period and against_period, each where it is wanted.
        data: events up to the cut-off.
        model: fitted on them.
        open_from: least probability of going on for a strand to be open.

    Raises:
        InputError: a segment is unknown, or a period is no period of the data.
    """
    if "against" in given and "against_period" in given:
        raise InputError("against: expected against= or against_period=, got both")
    if "against_period" in given and "period" not in given:
        raise InputError("period: expected the period that against_period= is compared with")
    period, other = (_period(key, given, data) for key in ("period", "against_period"))
    if period and other and period.start < other.end and other.start < period.end:
        raise InputError(
            f"against_period: expected a period that does not overlap {period.name}, got "
            f"{other.name}"
        )
    members = _members(given, data)
    whole = _paths(data, model, open_from, period)
    segment = given.get("segment", EVERYBODY)
    first = whole.select(members[whole.customer])
    if "against" in given:
        name, rest = _others(given, data, members)
        called = {segment: first, name: whole.select(rest[whole.customer])}
        after = "" if period is None else f", {period.name}"
        return {f"{name}{after}": paths for name, paths in called.items()}, _notes(period, None)
    if period is None:
        return {segment: first}, ()
    prefix = f"{segment}, " if "segment" in given else ""
    groups = {f"{prefix}{period.name}": first}
    if other is not None:
        later = _paths(data, model, open_from, other)
        groups[f"{prefix}{other.name}"] = later.select(members[later.customer])
    return groups, _notes(period, other)


def _members(given: Mapping[str, str], data: Dataset) -> BoolArray:
    if "segment" not in given:
        return np.ones(len(data.customers), bool)
    return customers_in("segment", given["segment"], data)


def _others(given: Mapping[str, str], data: Dataset, members: BoolArray) -> tuple[str, BoolArray]:
    if "segment" not in given:
        raise InputError("segment: expected the segment that against= is compared with")
    if given["against"] == given["segment"]:
        raise InputError(f"against: expected another segment, got '{given['against']}' twice")
    if given["against"] == REST:
        return "all others", ~members
    return given["against"], customers_in("against", given["against"], data)


def _paths(data: Dataset, model: PurposeModel, open_from: float, period: Period | None) -> Paths:
    """All strands, or those that begin in a period, as they were seen at its end."""
    if period is None:
        return paths_of(model, model.assign(data), data, open_from)
    when = data.interactions.when
    assert when is not None
    before = data.select(when < period.end, as_of=period.end)
    paths = paths_of(model, model.assign(before), before, open_from)
    return paths.select(paths.begin >= float(model.span.days(period.start)))


def _period(key: str, given: Mapping[str, str], data: Dataset) -> Period | None:
    """A period FROM/TO; what lies after the data is cut off.

    Raises:
        InputError: it is none, or the data have no timestamps or no events then.
    """
    if key not in given:
        return None
    when = data.interactions.when
    if data.clock != "timestamp" or when is None or data.as_of is None:
        raise InputError(
            f"{key}: expected data with a column timestamp, got {data.clock or 'no order'}"
        )
    begin, _, end = given[key].partition("/")
    moments = pd.to_datetime(pd.Series([begin, end]), utc=True, errors="coerce", format="ISO8601")
    if moments.isna().any() or moments[0] >= moments[1]:
        raise InputError(
            f"{key}: expected FROM/TO such as 2025-01-01/2025-07-01, the earlier date first, got "
            f"'{given[key]}'"
        )
    start, stop = (int(moment.value // 1_000) for moment in moments)
    stop = min(stop, data.as_of)
    if not ((when >= start) & (when < stop)).any():
        raise InputError(
            f"{key}: expected a period with events from {timestamp(int(when.min())):%Y-%m-%d} to "
            f"{timestamp(data.as_of):%Y-%m-%d}, got '{given[key]}'"
        )
    return Period(start, stop)


def _notes(period: Period | None, other: Period | None) -> tuple[str, ...]:
    if period is None:
        return ()
    notes = ["Strands are those that began in the period, as they were seen at its end."]
    if other is not None and not 0.9 < _length(period) / _length(other) < 1.1:
        notes.append(
            "The periods are not equally long: strands of the longer one had more time to come to "
            "a purchase."
        )
    return tuple(notes)


def _length(period: Period) -> int:
    return period.end - period.start
