"""The customers' own events, sorted so that a row's events are one range."""

from dataclasses import replace

import numpy as np

from recsys.arrays import IntArray
from recsys.errors import InputError
from recsys.serve.contents import Contents

TYPES = {
    "event_customers": np.int32,
    "event_products": np.int32,
    "event_weights": np.float32,
    "event_actions": np.int8,
    "event_touchpoints": np.int32,
    "event_when": np.int64,
}
"""Fields of `Contents` with one value an event, and their types on disk."""


def by_customer(contents: Contents) -> Contents:
    """The same contents with the events in order of customer row, then product.

    Raises:
        InputError: a pair of customer row and product has two events.
    """
    customers, products = contents.event_customers, contents.event_products
    if customers is None or products is None:
        return contents
    pairs = customers.astype(np.int64) * len(contents.products) + products
    order = np.argsort(pairs, kind="stable")
    twice = np.flatnonzero(np.diff(pairs[order]) == 0)
    if len(twice):
        first = order[twice[0]]
        raise InputError(
            f"contents.event_products: customer row {customers[first]} has two events with product "
            f"row {products[first]}; keep the latest"
        )
    given = {name: getattr(contents, name) for name in TYPES}
    return replace(
        contents,
        **{
            name: values[order].astype(TYPES[name])
            for name, values in given.items()
            if values is not None
        },
    )


def ranges(contents: Contents, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Where the events of customer rows [n] start [n] and end [n]; the events are sorted."""
    if contents.event_customers is None:
        return np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    keys = rows.astype(contents.event_customers.dtype)
    return (
        np.searchsorted(contents.event_customers, keys, side="left"),
        np.searchsorted(contents.event_customers, keys, side="right"),
    )


def of_rows(contents: Contents, rows: IntArray) -> tuple[IntArray, IntArray]:
    """All events of customer rows [n]: positions [m] of rows, and positions [m] of their events."""
    starts, ends = ranges(contents, rows)
    lengths = ends - starts
    owners = np.repeat(np.arange(len(rows)), lengths)
    # Counts on within each range: 0, 1, 2, ... shifted by what the ranges before have used up.
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return owners, starts[owners] + within
