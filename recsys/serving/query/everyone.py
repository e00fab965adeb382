"""Offers for all customers of an artifact, streamed into one file, whole or not at all."""

import sys
import time
from contextlib import ExitStack
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
from recsys.serving.artifact.times import Moment
from recsys.serving.query import fallback, ranking
from recsys.serving.query.artifact import Artifact
from recsys.serving.query.customer_state import stored
from recsys.serving.query.query import Ids, Query, question
from recsys.serving.query.search import best_of_many

_AT_ONCE = 16_384
ENDINGS = (".parquet", ".csv")
MOMENT = b"recsys_at"
"""Key of the metadata of a Parquet file: UTC seconds at which its offers are valid."""


def recommend_everyone(
    artifact: Artifact,
    path: Path,
    k: int = 10,
    touchpoint: str | None = None,
    at: Moment | None = None,
    exclude: Ids = (),
    allow: Ids | None = None,
) -> int:
    """Offers for all customers in order of ids; returns how many customers there are.

    A name that ends in .parquet takes one line a customer: customer_id, and best first the lists
    product_id, score and touchpoint; short_because says why there are fewer than k, basis what they
    follow. One that ends in .csv takes one line an offer: customer_id, rank (from 1), product_id,
    score, touchpoint, basis; who gets no offer has no line. Offers are those of
    `Artifact.recommend_many`, all valid at one moment, that of the call unless `at` says another;
    it is kept as `MOMENT`. A bar is drawn on a terminal.

    Raises:
        InputError: the name ends otherwise, as for `recommend_many`, or the file cannot be written.
    """
    require_ending(path)
    asked = question(artifact.contents, artifact.products, k, touchpoint, at, exclude, allow)
    starts, ends = artifact.customers.groups
    began = time.monotonic()
    with whole_file(path, "out") as file, ExitStack() as opened:
        writer: Any = None
        for first in range(0, len(starts), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            table = _table(artifact, starts[part], ends[part], asked)
            if path.suffix == ".csv":
                table = _one_line_an_offer(table)
            if writer is None:
                writer = _writer(path, file, table.schema)
                opened.callback(writer.close)
            writer.write_table(table)
            _bar(min(first + _AT_ONCE, len(starts)), len(starts), began)
    return len(starts)


def require_ending(path: Path) -> None:
    """Raises `InputError` unless the name says which format is wanted."""
    if path.suffix not in ENDINGS:
        raise InputError(f"out={path}: expected a name that ends in {' or '.join(ENDINGS)}")


def _writer(path: Path, file: BinaryIO, schema: pa.Schema) -> Any:
    if path.suffix == ".csv":
        return csv.CSVWriter(file, schema)
    return pq.ParquetWriter(file, schema, compression="zstd")


def _one_line_an_offer(table: pa.Table) -> pa.Table:
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


def _table(artifact: Artifact, starts: IntArray, ends: IntArray, asked: Query) -> pa.Table:
    contents, ids = artifact.contents, artifact.customers
    best = best_of_many(contents, ids, starts, ends, asked)
    found = best.columns >= 0
    lengths = found.sum(axis=1)
    owners, places = expand_ranges(starts, ends)
    rows = ids.rows[places]
    begins = np.searchsorted(owners, np.arange(len(starts)))
    permitted = rules.permitted(contents, rows, begins)
    vectors, by_popularity = fallback.filled(contents, contents.customers.vectors[rows], begins)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    where = _touchpoints(artifact, vectors, begins, best, permitted, asked.asked)
    columns = best.columns[found]
    named = np.array([*contents.touchpoints.names, None], dtype=object)[where]
    short = _shortages(artifact, starts, ends, lengths, permitted, asked)
    return pa.table(
        {
            "customer_id": _texts(contents.customers.ids[ids.rows[starts]]),
            "product_id": pa.ListArray.from_arrays(offsets, _texts(contents.products.ids[columns])),
            "score": pa.ListArray.from_arrays(offsets, pa.array(best.scores[found])),
            "touchpoint": pa.ListArray.from_arrays(offsets, pa.array(named, pa.string())),
            "short_because": pa.array(short, pa.string()),
            "basis": pa.array(_basis(artifact, rows, owners, by_popularity), pa.string()),
        },
        metadata=None if asked.moment is None else {MOMENT: str(asked.moment)},
    )


def _basis(
    artifact: Artifact, rows: IntArray, owners: IntArray, by_popularity: BoolArray
) -> list[str]:
    """What the offers of each customer follow; rows [R] and their customers [R]."""
    with_events = np.zeros(len(by_popularity), dtype=bool)
    with_events[owners[artifact.contents.events_of(rows)[0]]] = True
    names: IdArray = np.where(with_events, "events", "vector").astype(object)
    names[by_popularity] = "popularity"
    found: list[str] = names.tolist()
    return found


def _touchpoints(
    artifact: Artifact, vectors: FloatArray, begins: IntArray, best: TopK, permitted: BoolArray,
    asked: int | None,
) -> IntArray:  # fmt: skip
    """[m] row number of each offer's touchpoint, -1 where none is known.

    Args:
        artifact: whose products and touchpoints.
        vectors: [R, d] of all customers, one customer after the other.
        begins: [B] where the vectors of each customer start.
        best: their offers.
        permitted: [B, T].
        asked: row of the only touchpoint in question.
    """
    contents, found = artifact.contents, best.columns >= 0
    if asked is not None:
        return np.full(int(found.sum()), asked)
    if contents.touchpoints.vectors is None:
        return np.full(int(found.sum()), -1)
    people = np.repeat(np.arange(len(begins)), found.sum(axis=1))
    deciding, columns = begins[people], best.columns[found]
    stops = np.append(begins[1:], len(vectors))
    for person in np.flatnonzero(stops - begins > 1):
        own, mine = np.arange(begins[person], stops[person]), people == person
        strand = ranking.deciding(contents, vectors[own], columns[mine], None)
        deciding[mine] = own[strand]
    known = vectors[deciding] + contents.products.vectors[columns]
    chosen = ranking.best_touchpoints(contents, known, permitted[people])
    return np.array(chosen, np.int64)


def _shortages(
    artifact: Artifact, starts: IntArray, ends: IntArray, lengths: IntArray, permitted: BoolArray,
    asked: Query,
) -> list[str | None]:  # fmt: skip
    """Why each list is as short as it is, in words; None where it is not."""
    said: list[str | None] = [None] * len(starts)
    for place in np.flatnonzero(lengths < asked.k):
        said[place] = asked.refusal(permitted[place])
        if said[place] is None:
            rows = artifact.customers.rows[starts[place] : ends[place]]
            had = stored(artifact.contents, rows).had(artifact.contents)
            said[place] = asked.shortage(had)
    return said


def _texts(ids: IdArray) -> pa.Array:
    """Ids as they are, UUIDs as text."""
    return pa.array(ids if ids.dtype != object else [str(one) for one in ids])


def _bar(done: int, total: int, began: float) -> None:
    if sys.stderr.isatty():
        seconds = time.monotonic() - began
        left = seconds * (total - done) / done
        end = "\n" if done == total else ""
        sys.stderr.write(f"\r{done / total:4.0%} of {total:,} customers, {left:,.0f} s left{end}")
