"""An artifact as three tables, one each for customers, products and touchpoints.

customers    customer_id, strand, row, vector, consent (touchpoints that may make contact; null
             where all may), seen (ids of products that leave the ranking); where they leave it by
             action and age, also seen_until (UTC seconds from which each of them is back, null
             for never)
products     product_id, row, vector, valid_from, valid_to (UTC seconds; null where open)
touchpoints  touchpoint, row, vector (null where the model does not know touchpoints)

`row` is the row in the artifact, by which equal scores are ordered. Ids are int64 or text (UUIDs
too).
"""

from typing import Any

import numpy as np
import pyarrow as pa

from recsys.arrays import FloatArray, IdArray, IntArray
from recsys.ops.filter_seen import FilterSeen
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.serving.artifact import times
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.text_ids import TextIds
from recsys.serving.query.default_vector import fill_default

NAMES = ("customers", "products", "touchpoints")


def tables(contents: Contents) -> dict[str, pa.Table]:
    """The tables by name, with rows in the artifact's order.

    Customers of whom nothing is known have the default vector, which ranks by popularity.

    Args:
        contents: with events sorted by customer.
    """
    names = list(contents.touchpoints.names)
    seen, seen_until = _seen(contents)
    strands = contents.customers.strands
    return {
        "customers": pa.table(
            {
                "customer_id": _ids(contents.customers.ids),
                "strand": np.zeros(len(contents.customers), np.int64)
                if strands is None
                else strands.astype(np.int64),
                "row": _rows(contents.customers.vectors),
                "vector": _vectors(_customers(contents)),
                "consent": _consent(contents, names),
                "seen": seen,
                **({} if seen_until is None else {"seen_until": seen_until}),
            }
        ),
        "products": pa.table(
            {
                "product_id": _ids(contents.products.ids),
                "row": _rows(contents.products.vectors),
                "vector": _vectors(contents.products.vectors),
                "valid_from": _dates(contents, contents.products.valid_from, OPEN_START),
                "valid_to": _dates(contents, contents.products.valid_to, OPEN_END),
            }
        ),
        "touchpoints": pa.table(
            {
                "touchpoint": pa.array(names, pa.string()),
                "row": np.arange(len(names), dtype=np.int32),
                "vector": _vectors(contents.touchpoints.vectors)
                if contents.touchpoints.vectors is not None
                else pa.nulls(len(names), pa.list_(pa.float32())),
            }
        ),
    }


def facts(contents: Contents) -> dict[str, Any]:
    """What is kept beside the tables: clock, cut-off, time of writing, and origin."""
    return {
        "as_of": contents.as_of,
        "clock": contents.clock,
        "put_at": times.now(),
        **({"has_seen_until": True} if _has_until(contents) else {}),
        "model": contents.facts.get("model"),
        "data": contents.facts.get("data"),
        "mlflow_run_id": contents.facts.get("mlflow_run_id"),
    }


def _customers(contents: Contents) -> FloatArray:
    ids = SortedIds.build("customer", contents.customers.ids, contents.customers.strands)
    (starts, _), vectors = ids.groups, contents.customers.vectors[ids.rows]
    by_row = np.empty_like(vectors)
    by_row[ids.rows] = fill_default(contents, vectors, starts)[0]
    return by_row


def matrix(column: Any) -> FloatArray | None:
    """[n, d] float32 of a column `vector`; None where it is empty or null."""
    if not len(column) or column.null_count:
        return None
    flat: FloatArray = np.concatenate(
        [chunk.flatten().to_numpy() for chunk in column.chunks]
    ).reshape(len(column), -1)
    return flat


def _ids(ids: IdArray | TextIds) -> pa.Array:
    if np.issubdtype(ids.dtype, np.integer):
        return pa.array(ids.tolist(), pa.int64())
    return pa.array([str(id_) for id_ in ids.tolist()], pa.string())


def _rows(vectors: FloatArray) -> IntArray:
    return np.arange(len(vectors), dtype=np.int32)


def _vectors(vectors: FloatArray) -> pa.Array:
    count, dim = vectors.shape
    offsets = pa.array(np.arange(0, count * dim + 1, dim, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(vectors.ravel()))


def _consent(contents: Contents, names: list[str]) -> pa.Array:
    kind = pa.list_(pa.string())
    consent = contents.customers.consent
    if consent is None:
        return pa.nulls(len(contents.customers), kind)
    permitted = [[names[column] for column in np.flatnonzero(row)] for row in consent]
    return pa.array(permitted, kind)


def _seen(contents: Contents) -> tuple[pa.Array, pa.Array | None]:
    """Ids of the products that leave each customer row's list, and the moments they are back.

    Empty without `filter_seen`; no moments where all leave for ever.
    """
    ids, events = _ids(contents.products.ids), contents.events
    customers: IntArray = np.zeros(0, np.int32)
    products, until = customers, customers
    if events is not None and contents.filter_seen:
        masking = np.flatnonzero(events.masked(np.arange(len(events)), None))
        customers, products = events.customers[masking], events.products[masking]
        until = until if events.until is None else events.until[masking]
    ranges = np.searchsorted(customers, np.arange(len(contents.customers) + 1))
    offsets = pa.array(ranges.astype(np.int32))
    seen = pa.ListArray.from_arrays(offsets, ids.take(pa.array(products)))
    if not _has_until(contents):
        return seen, None
    moments = pa.array(until, pa.int64(), mask=until == OPEN_END)
    return seen, pa.ListArray.from_arrays(offsets, moments)


def _has_until(contents: Contents) -> bool:
    """Whether products leave lists by action and age."""
    return bool(FilterSeen.of(contents.filter_seen).ages)


def _dates(contents: Contents, dates: IntArray | None, open_end: int) -> pa.Array:
    if dates is None:
        return pa.nulls(len(contents.products), pa.int64())
    return pa.array(dates.astype(np.int64), mask=dates == open_end)
