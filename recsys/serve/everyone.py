"""Offers for all customers of an artifact, streamed into one Parquet file, whole or not at all."""

import sys
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.arrays import BoolArray, IdArray, IntArray
from recsys.evaluate.topk import TopK
from recsys.serve import events, ranking, rules
from recsys.serve.person import stored
from recsys.serve.question import Question, question
from recsys.serve.recommend import Artifact
from recsys.serve.search import best_of_many
from recsys.whole_file import whole_file

_AT_ONCE = 16_384


def recommend_everyone(
    artifact: Artifact,
    path: Path,
    k: int = 10,
    touchpoint: str | None = None,
    at: datetime | int | None = None,
) -> int:
    """Writes one line a customer, in order of ids, and returns how many there are.

    Columns: customer_id, and best first the lists product_id, score and touchpoint; short_because
    says why there are fewer than k. Offers are those of `Artifact.recommend_many`. A bar is drawn
    on a terminal.

    Raises:
        InputError: as for `recommend_many`, or the file cannot be written.
    """
    asked = question(artifact.contents, artifact.products, k, touchpoint, at)
    starts, ends = artifact.customers.groups
    began = time.monotonic()
    with whole_file(path, "out") as file, ExitStack() as opened:
        writer: pq.ParquetWriter | None = None
        for first in range(0, len(starts), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            table = _table(artifact, starts[part], ends[part], asked)
            if writer is None:
                writer = pq.ParquetWriter(file, table.schema, compression="zstd")
                opened.callback(writer.close)
            writer.write_table(table)
            _bar(min(first + _AT_ONCE, len(starts)), len(starts), began)
    return len(starts)


def _table(artifact: Artifact, starts: IntArray, ends: IntArray, asked: Question) -> pa.Table:
    contents, ids = artifact.contents, artifact.customers
    best = best_of_many(contents, ids, starts, ends, asked)
    found = best.columns >= 0
    lengths = found.sum(axis=1)
    owners, places = events.spread(starts, ends)
    rows = ids.rows[places]
    permitted = rules.permitted(contents, rows, np.searchsorted(owners, np.arange(len(starts))))
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    where = _touchpoints(artifact, starts, ends, best, permitted, asked.asked)
    columns = best.columns[found]
    named = np.array([*contents.touchpoint_names, None], dtype=object)[where]
    short = _shortages(artifact, starts, ends, lengths, permitted, asked)
    return pa.table(
        {
            "customer_id": _texts(contents.customer_ids[ids.rows[starts]]),
            "product_id": pa.ListArray.from_arrays(offsets, _texts(contents.product_ids[columns])),
            "score": pa.ListArray.from_arrays(offsets, pa.array(best.scores[found])),
            "touchpoint": pa.ListArray.from_arrays(offsets, pa.array(named, pa.string())),
            "short_because": pa.array(short, pa.string()),
        }
    )


def _touchpoints(
    artifact: Artifact, starts: IntArray, ends: IntArray, best: TopK, permitted: BoolArray,
    asked: int | None,
) -> IntArray:  # fmt: skip
    """[m] row number of each offer's touchpoint, -1 where none is known."""
    contents, rows, found = artifact.contents, artifact.customers.rows, best.columns >= 0
    if asked is not None:
        return np.full(int(found.sum()), asked)
    if contents.touchpoints is None:
        return np.full(int(found.sum()), -1)
    people = np.repeat(np.arange(len(starts)), found.sum(axis=1))
    deciding, columns = rows[starts][people], best.columns[found]
    for person in np.flatnonzero(ends - starts > 1):
        own, mine = rows[starts[person] : ends[person]], people == person
        strand = ranking.deciding(contents, contents.customers[own], columns[mine], None)
        deciding[mine] = own[strand]
    known = contents.customers[deciding] + contents.products[columns]
    chosen = ranking.best_touchpoints(contents, known, permitted[people])
    return np.array(chosen, np.int64)


def _shortages(
    artifact: Artifact, starts: IntArray, ends: IntArray, lengths: IntArray, permitted: BoolArray,
    asked: Question,
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
