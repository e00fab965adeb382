"""`EventSums`: the weights of events, added up part by part of a store, and kept beside it.

Rows are customers, columns what an event can be about: product, action and touchpoint together.
Both are numbered in the order in which the store met them, and ids are not merged, so that a new
part only adds entries: the sums after a new day are the old ones plus the day's. What an action
weighs, who is whom and which row a customer has is decided when a graph is made of them.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.part_store.stored_events import StoredEvents, StoredPart
from recsys.errors import InputError
from recsys.ops.whole_file import reason
from recsys.ops.whole_folder import replaced

_FOLDER, _PARTS = "sums", "parts.json"
_EVENTS = 16_000_000
"""So many events are added at a time: their numbers and weights are in memory twice."""

_KEY = (columns.PRODUCT, columns.ACTION, columns.TOUCHPOINT)


@dataclass(frozen=True, kw_only=True, eq=False)
class EventSums:
    """Sums of weights of events; events without product are left out.

    Attributes:
        sums: [N, K] CSR, float32 counts while no part has a column `weight`, else float64.
        about: [K, 3] int32 codes of product, action and touchpoint; -1 where unknown.
        parts: the files of the store that are in it.
    """

    sums: csr_array
    about: IntArray
    parts: frozenset[str]


def updated_sums(events: StoredEvents) -> EventSums:
    """The sums of all events of a store: those kept, and the parts that they lack.

    Where a part has gone, or has changed, all parts are added again, from the store.

    Args:
        events: of the store, up to date.

    Raises:
        InputError: the sums cannot be written.
    """
    folder = events.folder / _FOLDER
    former = _read(folder)
    wanted = {part.about.kept for part in events.parts}
    if former is None or not former.parts <= wanted:
        empty = csr_array((0, 0), dtype=np.float32)
        former = EventSums(sums=empty, about=np.empty((0, 3), np.int32), parts=frozenset())
    missing = [part for part in events.parts if part.about.kept not in former.parts]
    if not missing:
        return former
    sums = former
    for parts in _batches(missing):
        sums = _added(sums, parts, events)
    _write(folder, sums)
    return sums


def _batches(parts: Sequence[StoredPart]) -> Iterator[list[StoredPart]]:
    batch: list[StoredPart] = []
    for part in parts:
        batch.append(part)
        if sum(held.about.rows for held in batch) >= _EVENTS:
            yield batch
            batch = []
    if batch:
        yield batch


def _added(former: EventSums, parts: Sequence[StoredPart], events: StoredEvents) -> EventSums:
    customers = _joined(parts, columns.CUSTOMER).astype(np.int32)
    about, numbers = _numbered(former.about, parts, events)
    used = numbers >= 0
    shape = (len(events.values[columns.CUSTOMER]), len(about))
    weights = _weights(parts)
    new = csr_array((weights[used], (customers[used], numbers[used])), shape=shape)
    old = former.sums
    # Arrays on disk are not changed: `resize` would write into them.
    offsets = np.append(old.indptr, np.full(shape[0] - old.shape[0], old.indptr[-1]))
    grown = csr_array((old.data, old.indices, offsets.astype(old.indices.dtype)), shape=shape)
    return EventSums(
        sums=grown + new, about=about,
        parts=former.parts | {part.about.kept for part in parts},
    )  # fmt: skip


def _numbered(
    former: IntArray, parts: Sequence[StoredPart], events: StoredEvents
) -> tuple[IntArray, IntArray]:
    """[K, 3] what events are about, the new at the end; and [E] the number of each event, or -1."""
    sizes = [len(events.values[name]) + 1 if name in events.values else 1 for name in _KEY]
    codes = [_joined(parts, name).astype(np.int64) for name in _KEY]
    keys = np.ravel_multi_index([of_column + 1 for of_column in codes], sizes)
    known = np.ravel_multi_index(list(former.T.astype(np.int64) + 1), sizes)
    distinct, inverse = np.unique(keys, return_inverse=True)
    order = np.argsort(known)
    place = np.searchsorted(known, distinct, sorter=order)
    found = np.append(order, -1)[place]
    is_known = found >= 0
    is_known[is_known] = known[found[is_known]] == distinct[is_known]
    added = np.stack(np.unravel_index(distinct, sizes), axis=1).astype(np.int32) - 1
    is_new = ~is_known & (added[:, 0] >= 0)
    numbers = np.where(is_known, found, -1)
    numbers[is_new] = len(former) + np.arange(np.count_nonzero(is_new))
    return np.concatenate([former, added[is_new]]), numbers.astype(np.int32)[inverse]


def _joined(parts: Sequence[StoredPart], name: str) -> NDArray[Any]:
    """[E] a column of some parts; -1 if the table has no such column."""
    if name not in parts[0].arrays:
        return np.full(sum(part.about.rows for part in parts), -1, np.int32)
    return np.concatenate([part.arrays[name] for part in parts])


def _weights(parts: Sequence[StoredPart]) -> NDArray[Any]:
    if columns.WEIGHT not in parts[0].arrays:
        return np.ones(sum(part.about.rows for part in parts), np.float32)
    # float32 as in `Interactions`; an unknown weight is 1.
    weights = _joined(parts, columns.WEIGHT).astype(np.float32).astype(np.float64)
    return np.nan_to_num(weights, nan=1.0)


def _read(folder: Path) -> EventSums | None:
    """The sums that are kept; None if there are none, or they cannot be read."""
    try:
        about = json.loads((folder / _PARTS).read_text())
        offsets, indices, data, of = (
            np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in ("offsets", "indices", "data", "about")
        )
        sums = csr_array((data, indices, offsets), shape=(len(offsets) - 1, len(of)))
        return EventSums(sums=sums, about=np.asarray(of), parts=frozenset(about["parts"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(folder: Path, sums: EventSums) -> None:
    arrays = {
        "offsets": sums.sums.indptr, "indices": sums.sums.indices, "data": sums.sums.data,
        "about": sums.about,
    }  # fmt: skip
    try:
        with replaced(folder) as draft:
            for name, array in arrays.items():
                np.save(draft / f"{name}.npy", array, allow_pickle=False)
            (draft / _PARTS).write_text(json.dumps({"parts": sorted(sums.parts)}))
    except OSError as error:
        raise InputError(f"data.store: {folder} cannot be written: {reason(error)}") from None
