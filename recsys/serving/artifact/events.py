"""The customers' own events, sorted so that a row's events are one range."""

from dataclasses import replace

import numpy as np

from recsys.arrays import IntArray
from recsys.errors import InputError
from recsys.ops.csr import expand_ranges
from recsys.serving.artifact.contents import Contents

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


def require_sorted(contents: Contents) -> None:
    """Raises `ValueError` unless events lie in the order of `by_customer`, each pair once."""
    customers, products = contents.event_customers, contents.event_products
    if customers is None or products is None or len(customers) < 2:
        return
    same = customers[1:] == customers[:-1]
    if (customers[1:] < customers[:-1]).any() or (same & (products[1:] <= products[:-1])).any():
        raise ValueError("the events are not sorted by customer and product, each pair once")


def of_rows(contents: Contents, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Events of customer rows [n]: for each of m events the position in `rows`, and its own.

    The events of `contents` are in the order that `by_customer` gives them.
    """
    if contents.event_customers is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    keys = rows.astype(contents.event_customers.dtype)
    return expand_ranges(
        np.searchsorted(contents.event_customers, keys, side="left"),
        np.searchsorted(contents.event_customers, keys, side="right"),
    )
