"""Ids to row numbers by binary search in sorted ids."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any, cast
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys.arrays import IdArray, IntArray
from recsys.errors import InputError
from recsys.ops.shown_text import LONGEST_VALUE, shown
from recsys.ops.whole_numbers import parse_whole_number
from recsys.serving.artifact.text_ids import TextIds, numbers, row_numbers, strings

_NEAR = 32
"""Neighbours on each side that are compared with an unknown text: comparing texts is slow."""
_FEW = 1_000
"""Up to this many ids are looked up one by one; more share a hash table of all ids."""


class UnknownIdError(InputError):
    """An id is unknown.

    Args:
        message: names the id.
        shape: what the known ids look like; may be empty.
        hint: the nearest known ids, which belong to others.

    Attributes:
        brief: the message without other ids, for readers who may not see them.
    """

    def __init__(self, message: str, shape: str, hint: str) -> None:
        super().__init__(message + hint)
        self.brief = message + shape
        self._parts = message, shape, hint

    def of(self, name: str) -> "UnknownIdError":
        """The same error, which begins with the name of an argument."""
        message, shape, hint = self._parts
        return UnknownIdError(f"{name}: {message}", shape, hint)


def public_message(error: InputError) -> str:
    """The message as it may be sent over a network: without ids of others."""
    return error.brief if isinstance(error, UnknownIdError) else str(error)


def whole_id(value: Any) -> int | None:
    """An id that is a whole number, as int64 holds it; None for anything else.

    A text must be the number as Python writes it: "007" and digits of other scripts are not 7.
    """
    if isinstance(value, str):
        return parse_whole_number(value)
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        return None
    return int(value) if abs(int(value)) < 2**63 else None


@dataclass(frozen=True, eq=False)
class SortedIds:
    """The ids of one kind, ready for binary search.

    Attributes:
        kind: "customer", "product" or "offer", for messages.
        ids: [n] int64, or Arrow strings, ascending; an id with several rows appears several times.
        rows: [n] int32 row number of each.
        is_uuid: whether the strings are UUIDs.
    """

    kind: str
    ids: IdArray | pa.StringArray
    rows: IntArray
    is_uuid: bool = False

    @classmethod
    def build(
        cls, kind: str, ids: IdArray | TextIds, strands: IntArray | None = None
    ) -> "SortedIds":
        """Sorts ids [n] given by row number, and the rows of one id by strand.

        Raises:
            InputError: an id (with its strand) appears twice.
        """
        strand = np.zeros(len(ids), np.int64) if strands is None else strands
        by_strand = np.argsort(strand, kind="stable")
        is_uuid = False
        if np.issubdtype(ids.dtype, np.integer):
            plain = np.asarray(ids).astype(np.int64)
            order = by_strand[np.argsort(plain[by_strand], kind="stable")]
            ascending: Any = plain[order]
        else:
            is_uuid = isinstance(ids[0], UUID)
            # Stable, and by bytes, which is the order of code points too.
            texts = _as_strings(ids)
            of_strand = texts.take(pa.array(by_strand))
            order = by_strand[numbers(pc.array_sort_indices(of_strand), np.int64)]
            ascending = texts.take(pa.array(order))
        result = cls(kind, ascending, order.astype(np.int32), is_uuid)
        repeats = result._repeats & (strand[order][1:] == strand[order][:-1])
        if repeats.any():
            repeated = ascending[int(np.argmax(repeats))]
            raise InputError(f"contents.{kind}s.ids: '{repeated}' appears twice; give each id once")
        return result

    def by_row(self) -> IdArray:
        """[n] ids by row number."""
        if isinstance(self.ids, np.ndarray):
            return by_row(self.ids, self.rows)
        positions = np.arange(len(self.rows), dtype=np.int32)
        return cast(IdArray, TextIds(self.ids, by_row(positions, self.rows), self.is_uuid))

    @cached_property
    def _repeats(self) -> IdArray:
        """[n - 1] whether an id equals the one before it."""
        if isinstance(self.ids, np.ndarray):
            return np.asarray(self.ids[1:] == self.ids[:-1])
        same = pc.equal(self.ids.slice(1), self.ids.slice(0, len(self.ids) - 1))
        return numbers(same, np.uint8).astype(bool)

    @cached_property
    def groups(self) -> tuple[IntArray, IntArray]:
        """Where the rows of each distinct id start and end, ascending by id."""
        starts = np.concatenate([[0], np.flatnonzero(~self._repeats) + 1])
        return starts, np.append(starts[1:], len(self.rows))

    def find(self, ids: Iterable[Any]) -> tuple[IntArray, IntArray]:
        """Ranges of each of m ids in `self.ids`: starts [m] and ends [m], equal where unknown.

        Numbers and UUIDs may be given as text.
        """
        keys = [self._key(id_) for id_ in ids]
        starts, ends = np.zeros((2, len(keys)), np.int64)
        known = np.array([key is not None for key in keys], dtype=bool)
        usable = [key for key in keys if key is not None]
        if isinstance(self.ids, np.ndarray):
            integers = np.array(usable, np.int64)
            starts[known] = np.searchsorted(self.ids, integers, side="left")
            ends[known] = np.searchsorted(self.ids, integers, side="right")
        elif len(keys) <= _FEW:
            starts[known] = [self._first(key) for key in usable]
            ends[known] = [
                self._end(key, int(start)) for key, start in zip(usable, starts[known], strict=True)
            ]
        else:
            positions = pc.index_in(strings(list(map(str, usable))), value_set=self.ids)
            first = numbers(pc.fill_null(positions, row_numbers(np.array([-1]))[0]), np.int64)
            begins, stops = self.groups
            starts[known] = np.maximum(first, 0)
            ends[known] = np.where(first < 0, 0, stops[np.searchsorted(begins, first)])
        return starts, ends

    def first_rows(self, ids: Iterable[Any]) -> IntArray:
        """[m] int64 row number of each id, the first of several; -1 where unknown."""
        starts, ends = self.find(ids)
        safe = np.minimum(starts, len(self.rows) - 1)
        return np.where(starts < ends, self.rows[safe], -1).astype(np.int64)

    def _first(self, key: Any) -> int:
        return bisect_left(self.ids, key, key=lambda scalar: scalar.as_py())

    def _end(self, key: Any, position: int) -> int:
        while position < len(self.ids) and self.ids[position].as_py() == key:
            position += 1
        return position

    def find_known(self, ids: Sequence[Any] | IdArray | TextIds) -> tuple[IntArray, IntArray]:
        """As `find`, for ids that must be known.

        Raises:
            InputError: an id is unknown; the message names the nearest.
        """
        starts, ends = self.find(ids)
        unknown = np.flatnonzero(starts == ends)
        if len(unknown):
            raise self.unknown(ids[int(unknown[0])])
        return starts, ends

    def rows_of(self, id_: Any) -> IntArray:
        """Row numbers of one id, by strand.

        Raises:
            InputError: the id is unknown; the message names the nearest.
        """
        starts, ends = self.find_known([id_])
        return self.rows[starts[0] : ends[0]]

    def _key(self, id_: Any) -> int | str | None:
        if self.is_uuid:
            try:
                return str(UUID(str(id_)))
            except ValueError:
                return None
        if not isinstance(self.ids, np.ndarray):
            is_short = not isinstance(id_, int) or abs(id_) < 2**63
            return str(id_) if is_short else None
        return whole_id(id_)

    def unknown(self, id_: Any) -> UnknownIdError:
        """The error that an id is unknown, with the nearest ids; takes constant time."""
        named = shown(str(id_) if isinstance(id_, UUID) else id_)
        quoted = named if isinstance(id_, str | UUID) else f"'{named}'"
        start = f"{self.kind} id {quoted} is not among the {len(self.ids):,} {self.kind} ids"
        key = self._key(id_)
        if key is None:
            shape = "whole numbers" if isinstance(self.ids, np.ndarray) else "texts"
            shape = "UUIDs" if self.is_uuid else shape
            hint = f", which are {shape} such as {self.ids[0]}"
            return UnknownIdError(start, f", which are {shape}", hint)
        is_integer = isinstance(self.ids, np.ndarray)
        reach = 2 if is_integer else _NEAR
        position = int(np.searchsorted(self.ids, int(key))) if is_integer else self._first(key)
        low = max(0, min(position - reach, len(self.ids) - 2 * reach))
        near = list(dict.fromkeys(map(str, self.ids[low : low + 2 * reach])))
        if not is_integer:
            cut = [text[:LONGEST_VALUE] for text in near]
            near = get_close_matches(str(key)[:LONGEST_VALUE], cut, 3, 0)
        return UnknownIdError(start, "", f"; the nearest are {', '.join(near)}")


def _as_strings(ids: IdArray | TextIds) -> pa.StringArray:
    return ids.texts() if isinstance(ids, TextIds) else strings(list(map(str, ids)))


def plain_column(ids: IdArray) -> pa.Array:
    """Ids [n] as an Arrow array for a file: as they are, UUIDs as text."""
    return pa.array(ids if ids.dtype != object else [str(id_) for id_ in ids])


def by_row(values: IdArray, rows: IntArray) -> IdArray:
    """[n] values in order of their rows [n]."""
    ordered = np.empty_like(values)
    ordered[rows] = values
    return ordered
