"""`members_at`: who is in which segment as of a cut-off, in one pass over the events."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IdArray
from recsys.customers.expressions.facts import Facts
from recsys.customers.expressions.known import compiled_or_left_out, known_customers
from recsys.customers.expressions.run import Bounds, Kind, computed
from recsys.customers.segments.library import Bands, SegmentLibrary
from recsys.data import columns
from recsys.data.dataset import Dataset

STAGE = "journey_stage"
NO_STAGE = "other"


@dataclass(frozen=True, eq=False)
class Members:
    """Customers known before a cut-off, and where they belong.

    Attributes:
        as_of: UTC microseconds.
        customers: [n] int64 row numbers, rising: those with an event or a row before the cut-off.
        ids: [n] their ids.
        segments: name -> [n] bool.
        labels: name of bands, cells and stage -> [n] object texts, None for none.
        value: [n] float64, nan where not known.
        left_out: names whose columns the data lack -> why.
    """

    as_of: int
    customers: IdArray
    ids: IdArray
    segments: Mapping[str, BoolArray]
    labels: Mapping[str, IdArray]
    value: FloatArray
    left_out: Mapping[str, str]

    def table(self) -> pd.DataFrame:
        """One row a customer: its id and a column for each name."""
        return pd.DataFrame({columns.CUSTOMER: self.ids, **self.segments, **self.labels})


def members_at(
    library: SegmentLibrary, data: Dataset, moment: int, bounds: Bounds | None = None
) -> Members:
    """Who is in which segment, from events and dated rows before a moment alone.

    Args:
        library: of segments.
        data: with timestamps.
        moment: UTC microseconds.
        bounds: what the pass may take.

    Raises:
        InputError: an expression is wrong, names an unknown column, gives the wrong kind, or takes
            too much.
    """
    facts = Facts.before(data, moment)
    wanted: list[tuple[str, str, Kind]] = [
        *((f"segments.{name}", sql, "condition") for name, sql in library.segments.items()),
        *((f"bands.{name}", band.number, "number") for name, band in library.bands.items()),
        *((f"stages.{name}", sql, "condition") for name, sql in library.stages.items()),
        ("value", library.value or _default_value(facts), "number"),
    ]
    compiled, left_out = compiled_or_left_out(wanted, facts, "segments", library.skips)
    results = computed(facts, list(compiled.values()), bounds=bounds)
    everyone = dict(zip(compiled, results.values, strict=True))
    rows = known_customers(facts)
    found = {name: values[rows] for name, values in everyone.items()}
    labels = _labels(library, found)
    return Members(
        as_of=moment,
        customers=rows,
        ids=data.customers.ids[rows],
        segments={name: found[f"segments.{name}"] for name in library.segments
                  if f"segments.{name}" in found},
        labels=labels,
        value=found.get("value", np.full(len(rows), np.nan)),
        left_out=left_out,
    )  # fmt: skip


def _default_value(facts: Facts) -> str:
    counted = "sum(value)" if columns.VALUE in facts.columns.event else "count(*)"
    return f"coalesce({counted} FILTER (action IN ('accept', 'purchase')), 0)"


def _labels(library: SegmentLibrary, found: Mapping[str, IdArray]) -> dict[str, IdArray]:
    labels = {
        name: banded(found[f"bands.{name}"], band)
        for name, band in library.bands.items()
        if f"bands.{name}" in found
    }
    for name, parts in library.cells.items():
        if all(part in labels for part in parts):
            labels[name] = _joined([labels[part] for part in parts])
    stages = [name for name in library.stages if f"stages.{name}" in found]
    if stages:
        stage = np.full(len(next(iter(found.values()))), NO_STAGE, dtype=object)
        for name in reversed(stages):
            stage[found[f"stages.{name}"]] = name
        labels[STAGE] = stage
    return labels


def banded(numbers: FloatArray, bands: Bands) -> IdArray:
    """[n] object, the band of each number; nan has None.

    A band holds customers as long as all with the same number or a greater one fit into its share
    and those before it: equal numbers are never parted, and the last band has the rest.
    """
    is_known = ~np.isnan(numbers)
    known = np.sort(numbers[is_known])
    labels = np.full(len(numbers), None, dtype=object)
    if len(known):
        at_least = len(known) - np.searchsorted(known, numbers[is_known], side="left")
        ends = np.cumsum(bands.shares) * len(known) + 1e-9
        names = np.array(bands.names, dtype=object)
        labels[is_known] = names[np.searchsorted(ends, at_least, side="left")]
    return labels


def _joined(parts: list[IdArray]) -> IdArray:
    """[n] the names of several bands joined, None where one is missing."""
    joined = pd.Series(parts[0], dtype=object)
    for part in parts[1:]:
        joined = joined.str.cat(pd.Series(part, dtype=object), sep="/")
    return joined.where(joined.notna(), None).to_numpy(object)
