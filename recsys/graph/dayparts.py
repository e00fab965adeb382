"""Parts of the day in the customer's own time zone, and the nodes touchpoint x daypart."""

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.graph.features import as_of

DAYPARTS = ("night", "morning", "afternoon", "evening")
_DAYPART = DAY // len(DAYPARTS)


def touchpoint_names(data: Dataset) -> list[str]:
    """Names of the touchpoint nodes in order: "app morning", or "app" without a clock of time."""
    if data.clock != "timestamp":
        return [str(name) for name in data.touchpoints.ids]
    return [f"{name} {part}" for name in data.touchpoints.ids for part in DAYPARTS]


def contact_nodes(data: Dataset) -> IntArray:
    """[E] int64 touchpoint node of each event, -1 where the touchpoint is unknown."""
    touchpoints = data.interactions.touchpoints.astype(np.int64)
    if data.clock != "timestamp":
        return touchpoints
    nodes = touchpoints * len(DAYPARTS) + dayparts(data)
    return np.where(touchpoints < 0, -1, nodes)


def dayparts(data: Dataset) -> IntArray:
    """[E] int64 position in `DAYPARTS` of each event, in the customer's time zone (default UTC)."""
    events = data.interactions
    assert events.when is not None
    local = events.when + _utc_offsets(data)
    return (local % DAY) // _DAYPART


def _utc_offsets(data: Dataset) -> IntArray:
    events = data.interactions
    table = data.side_tables.get("customers")
    offsets = np.zeros(len(events), np.int64)
    if table is None or columns.TIME_ZONE not in table or events.when is None:
        return offsets
    known = as_of(table, columns.CUSTOMER, data.as_of_seconds).dropna(subset=[columns.TIME_ZONE])
    codes, zones = pd.factorize(known[columns.TIME_ZONE])
    zone_of = np.full(len(data.customers), -1)
    zone_of[data.customers.rows(known[columns.CUSTOMER])] = codes
    event_zone = zone_of[events.customers]
    for code, zone in enumerate(zones):
        rows = np.flatnonzero(event_zone == code)
        moments = pd.to_datetime(events.when[rows], unit="us", utc=True).tz_convert(zone)
        wall = moments.tz_localize(None).to_numpy(dtype="datetime64[us]").astype(np.int64)
        offsets[rows] = wall - events.when[rows]
    return offsets
