"""Events after an artifact's cut-off: what customers have seen since, and their folded vectors."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import NEVER
from recsys.data.seen_products import until_of_events
from recsys.exporting.events import described, event_times
from recsys.exporting.refresh.aligned import Aligned
from recsys.ops.filter_seen import FilterSeen
from recsys.ops.until import latest
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.event_table import EventTable
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.query.customer_state import CustomerState, empty_state, stored_state
from recsys.serving.query.fresh_events import LARGEST_WEIGHT, folded


@dataclass(frozen=True, kw_only=True, eq=False)
class Refolded:
    """What events since the export change.

    Attributes:
        events: of all customers with a row; None where the artifact keeps none.
        vectors: [C, d] float32 of the customers.
        degrees: [C] float32 as `FoldInArrays.degrees`; None where the artifact has none.
        new: number of events that the artifact did not have.
        folded: number of customers whose vector they changed or made.
    """

    events: EventTable | None
    vectors: FloatArray
    degrees: FloatArray | None
    new: int
    folded: int


def refolded(
    contents: Contents, products: SortedIds, tables: Aligned, default: FloatArray | None
) -> Refolded:
    """Adds the events that the artifact does not have, and folds them in as serving does.

    New is an event at or after the artifact's cut-off, and an earlier one of a customer and product
    of which the artifact has none. Vectors of customers without a new event that counts stay as
    they are, to the bit.

    Args:
        contents: of the artifact, with new products after the others.
        products: their ids.
        tables: the new data set by the artifact's rows.
        default: [d] vector of new customers without an event that counts; None where there are no
            new customers.
    """
    kept, count = tables.kept, len(tables.data.customers)
    vectors = np.zeros((count, contents.dim), np.float32)
    vectors[: len(kept)] = contents.customers.vectors[kept]
    if default is not None:
        vectors[len(kept) :] = default
    fold_in = contents.fold_in
    degrees = None
    if fold_in is not None and fold_in.degrees is not None:
        degrees = np.append(fold_in.degrees[kept], np.zeros(count - len(kept), np.float32))
    if contents.events is None:
        return Refolded(events=None, vectors=vectors, degrees=degrees, new=0, folded=0)
    old = contents.events.of_customers(kept)
    is_new = _is_new(old, contents, tables.data)
    # What leaves the list is a rule of the artifact, as its vectors are.
    data = replace(tables.data, filter_seen=FilterSeen.of(contents.filter_seen))
    table = _merged(old, data, is_new, _action_weights(contents))
    counts = _fresh_counts(contents, tables.data, is_new)
    number = 0
    width = len(contents.products)
    keys = table.customers.astype(np.int64) * width + table.products
    for row, state, added in _folded(contents, products, tables, counts):
        vectors[row] = state.vectors[-1]
        of_row = slice(*np.searchsorted(keys, [row * width, (row + 1) * width]))
        weights, history = table.weights, state.histories[-1]
        weights[of_row] = 0
        weights[np.searchsorted(keys, row * width + history.products)] = history.weights
        if degrees is not None:
            degrees[row] += added
        number += 1
    return Refolded(
        events=table, vectors=vectors, degrees=degrees, new=int(is_new.sum()), folded=number
    )


def _is_new(old: EventTable, contents: Contents, data: Dataset) -> BoolArray:
    """[E] whether the artifact does not have an event of the data; only those with a product."""
    events, width = data.interactions, len(data.products)
    known = old.customers.astype(np.int64) * width + old.products
    keys = events.customers.astype(np.int64) * width + events.products
    is_new = ~np.isin(keys, known)
    if contents.as_of is not None and events.when is not None:
        when = event_times(data, events.when)
        is_new |= (when >= contents.as_of) & (when != NEVER)
    return np.asarray(is_new & (events.products >= 0))


def _action_weights(contents: Contents) -> FloatArray:
    weights = None if contents.fold_in is None else contents.fold_in.action_weights
    return np.zeros(len(contents.action_names)) if weights is None else weights


def _merged(old: EventTable, data: Dataset, is_new: BoolArray, actions: FloatArray) -> EventTable:
    """One event a pair: of the artifact's and the new ones, as an export would choose it."""
    events, new = data.interactions, np.flatnonzero(is_new)
    joined: dict[str, Any] = {
        name: np.append(getattr(old, name), getattr(events, name)[new])
        for name in ("customers", "products")
    }
    for name in ("actions", "touchpoints"):
        before = getattr(old, name)
        joined[name] = None if before is None else np.append(before, getattr(events, name)[new])
    if old.when is not None and events.when is not None:
        joined["when"] = np.append(old.when, event_times(data, events.when[new]))
    keys = joined["customers"].astype(np.int64) * len(data.products) + joined["products"]
    counted = np.append(old.weights != 0, actions[events.actions[new]] > 0)
    kinds = joined["actions"]
    chosen = described(keys, np.zeros(len(keys), int) if kinds is None else kinds, counted)
    weights = np.append(old.weights, np.zeros(len(new), np.float32))
    # The artifact's weight of a pair stands where a later event describes it now.
    pairs = keys[chosen]
    of_pairs = np.zeros(len(pairs), np.float32)
    of_pairs[np.searchsorted(pairs, keys[: len(old)])] = weights[: len(old)]
    columns: dict[str, Any] = {
        name: None if rows is None else rows[chosen] for name, rows in joined.items()
    }
    if old.until is not None:
        columns["until"] = latest(keys, np.append(old.until, until_of_events(data)[new]))[1]
    return EventTable(**columns, weights=of_pairs).by_customer()


def _fresh_counts(
    contents: Contents, data: Dataset, is_new: BoolArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Customers, products and counts [n] of new events, those of a pair together, sorted."""
    events = data.interactions
    chosen = np.flatnonzero(is_new)
    counts = _action_weights(contents)[events.actions[chosen]].astype(np.float64)
    if events.weights is not None:
        counts *= np.clip(np.nan_to_num(events.weights[chosen], nan=1.0), 0, None)
    width = len(data.products)
    keys = events.customers[chosen].astype(np.int64) * width + events.products[chosen]
    pairs, position = np.unique(keys[counts > 0], return_inverse=True)
    totals = np.bincount(position, counts[counts > 0], len(pairs))
    return pairs // width, pairs % width, np.minimum(totals, LARGEST_WEIGHT)


def _folded(
    contents: Contents,
    products: SortedIds,
    tables: Aligned,
    fresh: tuple[IntArray, IntArray, FloatArray],
) -> Iterator[tuple[int, CustomerState, float]]:
    """Row, state and added count of each customer whose new events can be folded in."""
    fold_in = contents.fold_in
    if fold_in is None or fold_in.rule is None:
        return
    rows, of_products, counts = fresh
    ids = np.asarray(contents.products.ids)
    starts = np.flatnonzero(np.append(True, rows[1:] != rows[:-1])) if len(rows) else rows
    for start, end in pairwise([*starts.tolist(), len(rows)]):
        row = int(rows[start])
        is_known = row < len(tables.kept)
        if not is_known and fold_in.rest is None:
            continue
        before = (
            stored_state(contents, tables.kept[[row]]) if is_known else empty_state(contents, None)
        )
        events = [
            (ids[product], float(count))
            for product, count in zip(of_products[start:end], counts[start:end], strict=True)
        ]
        state = folded(contents, products, events, replace(before, id=None))
        yield row, state, float(counts[start:end].sum())
