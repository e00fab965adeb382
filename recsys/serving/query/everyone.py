"""Offers for all customers of an artifact, streamed into one file."""

import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from recsys.arrays import BoolArray, FloatArray, IdArray, IntArray
from recsys.errors import InputError
from recsys.ops.csr import expand_ranges
from recsys.ops.topk import TopK
from recsys.ops.whole_file import whole_file
from recsys.serving.artifact import rules
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import plain_column
from recsys.serving.artifact.times import Moment
from recsys.serving.kept_parts import kept_parts
from recsys.serving.progress import bar
from recsys.serving.query import ranking
from recsys.serving.query.artifact import Artifact
from recsys.serving.query.customer_state import stored_state
from recsys.serving.query.default_vector import fill_default
from recsys.serving.query.query import Ids, Query
from recsys.serving.query.search import best_of_many

AT_ONCE = 16_384
"""So many customers are answered together."""
ENDINGS = (".parquet", ".csv")
MOMENT = b"recsys_at"
"""Key in the metadata of a Parquet file: UTC seconds at which its offers are valid."""


def recommend_everyone(
    artifact: Artifact,
    path: str | Path,
    k: int = 10,
    touchpoint: str | None = None,
    at: Moment | None = None,
    exclude: Ids = (),
    allow: Ids | None = None,
) -> int:
    """Writes the offers of `Artifact.recommend_many` for all customers, in the order of ids.

    A .parquet file has one line for each customer: customer_id; product_id, score and touchpoint as
    lists, best first; short_because, why there are fewer than k; basis, what the offers follow. A
    .csv file has one line for each offer: customer_id, rank (from 1), product_id, score,
    touchpoint, basis; customers without offers have no line. All offers are valid at one moment,
    which Parquet keeps in its metadata under `MOMENT`. The file is complete or not written at all.
    On a terminal a progress bar is shown. Killed, the same call goes on where it was, if it says
    `at`: without it the moment is another one.

    Args:
        artifact: to query.
        path: of the file, which ends in .parquet or .csv.
        k: as for `Artifact.recommend`.
        touchpoint: as for `Artifact.recommend`.
        at: as for `Artifact.recommend`.
        exclude: as for `Artifact.recommend`.
        allow: as for `Artifact.recommend`.

    Returns:
        How many customers there are.

    Raises:
        InputError: the path ends otherwise, as for `recommend_many`, or the file cannot be written.
    """
    path = Path(path)
    require_ending(path)
    query = artifact.query(k, touchpoint, at, exclude, allow)
    starts, ends = artifact.customers.groups
    start_time = time.monotonic()
    asked = [k, touchpoint, query.moment, list(exclude), None if allow is None else list(allow)]
    with (
        whole_file(path, "out") as file,
        kept_parts(path, artifact.digest, asked) as parts,
        ExitStack() as opened,
    ):
        writer: Any = None
        for first in range(0, len(starts), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            table = parts.table(
                first, partial(offers_table, artifact, starts[part], ends[part], query)
            )
            if path.suffix == ".csv":
                table = _line_per_offer(table)
            if writer is None:
                writer = _writer(path, file, table.schema)
                opened.callback(writer.close)
            writer.write_table(table)
            bar(min(first + AT_ONCE, len(starts)), len(starts), start_time)
    return len(starts)


def require_ending(path: Path) -> None:
    """Raises `InputError` unless the path ends in .parquet or .csv."""
    if path.suffix not in ENDINGS:
        raise InputError(f"out={path}: expected a name that ends in {' or '.join(ENDINGS)}")


def _writer(path: Path, file: BinaryIO, schema: pa.Schema) -> Any:
    if path.suffix == ".csv":
        return csv.CSVWriter(file, schema)
    return pq.ParquetWriter(file, schema, compression="zstd")


def _line_per_offer(table: pa.Table) -> pa.Table:
    lists = table["product_id"].combine_chunks()
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    owners = np.repeat(np.arange(len(table)), lengths)
    ranks = np.arange(len(owners)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + 1
    lines = pa.array(owners)
    return pa.table(
        {
            "customer_id": table["customer_id"].take(lines),
            "rank": pa.array(ranks),
            **{
                name: table[name].combine_chunks().flatten()
                for name in ("product_id", "score", "touchpoint")
            },
            "basis": table["basis"].take(lines),
        }
    )


def offers_table(artifact: Artifact, starts: IntArray, ends: IntArray, query: Query) -> pa.Table:
    """The lines of some customers, as `recommend_everyone` writes them into a .parquet file.

    Args:
        artifact: to query.
        starts: [n] where in its sorted ids the rows of each customer start.
        ends: [n] where they end.
        query: the same for all of them.
    """
    contents, ids = artifact.contents, artifact.customers
    best = best_of_many(contents, ids, starts, ends, query)
    is_offer = best.columns >= 0
    lengths = is_offer.sum(axis=1)
    owners, positions = expand_ranges(starts, ends)
    rows = ids.rows[positions]
    first_rows = np.searchsorted(owners, np.arange(len(starts)))
    permitted = rules.permitted(contents, rows, first_rows)
    vectors, by_popularity = fill_default(contents, contents.customers.vectors[rows], first_rows)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    touchpoints = _touchpoints(contents, vectors, first_rows, best, permitted, query.touchpoint)
    product_ids = plain_column(contents.products.ids[best.columns[is_offer]])
    names = np.array([*contents.touchpoints.names, None], dtype=object)[touchpoints]
    short = _shortages(artifact, starts, ends, lengths, permitted, query)
    return pa.table(
        {
            "customer_id": plain_column(contents.customers.ids[ids.rows[starts]]),
            "product_id": pa.ListArray.from_arrays(offsets, product_ids),
            "score": pa.ListArray.from_arrays(offsets, pa.array(best.scores[is_offer])),
            "touchpoint": pa.ListArray.from_arrays(offsets, pa.array(names, pa.string())),
            "short_because": pa.array(short, pa.string()),
            "basis": pa.array(_basis(artifact, rows, owners, by_popularity), pa.string()),
        },
        metadata=None if query.moment is None else {MOMENT: str(query.moment)},
    )


def _basis(
    artifact: Artifact, rows: IntArray, owners: IntArray, by_popularity: BoolArray
) -> list[str]:
    """What the offers of each customer follow; rows [R] and their customers [R]."""
    with_events = np.zeros(len(by_popularity), dtype=bool)
    with_events[owners[artifact.contents.events_of(rows)[0]]] = True
    names: IdArray = np.where(with_events, "events", "vector").astype(object)
    names[by_popularity] = "popularity"
    return list(names)


def _touchpoints(
    contents: Contents, vectors: FloatArray, starts: IntArray, best: TopK, permitted: BoolArray,
    given: int | None,
) -> IntArray:  # fmt: skip
    """[m] row number of the touchpoint of each offer, -1 where none is known.

    Args:
        contents: of the artifact.
        vectors: [R, d] of all customers, one customer after the other.
        starts: [B] where the vectors of each customer start.
        best: their offers.
        permitted: [B, T].
        given: row of the only touchpoint to use; None for the best of each offer.
    """
    is_offer = best.columns >= 0
    if given is not None:
        return np.full(int(is_offer.sum()), given)
    if contents.touchpoints.vectors is None:
        return np.full(int(is_offer.sum()), -1)
    customers = np.repeat(np.arange(len(starts)), is_offer.sum(axis=1))
    vector_rows, products = starts[customers], best.columns[is_offer]
    ends = np.append(starts[1:], len(vectors))
    for customer in np.flatnonzero(ends - starts > 1):
        rows, offers = np.arange(starts[customer], ends[customer]), customers == customer
        strands = ranking.best_vectors(contents, vectors[rows], products[offers], None)
        vector_rows[offers] = rows[strands]
    sums = vectors[vector_rows] + contents.products.vectors[products]
    touchpoints = ranking.best_touchpoints(contents, sums, permitted[customers])
    return np.array(touchpoints, np.int64)


def _shortages(
    artifact: Artifact, starts: IntArray, ends: IntArray, lengths: IntArray, permitted: BoolArray,
    query: Query,
) -> list[str | None]:  # fmt: skip
    """Why each list is shorter than k, as text; None where it is not."""
    texts: list[str | None] = [None] * len(starts)
    for customer in np.flatnonzero(lengths < query.k):
        texts[customer] = query.refusal(permitted[customer])
        if texts[customer] is None:
            rows = artifact.customers.rows[starts[customer] : ends[customer]]
            seen = stored_state(artifact.contents, rows).filtered(artifact.contents, query.moment)
            texts[customer] = query.shortage(seen)
    return texts
