"""Whether the ids of tables match: how many ids of a table the related tables know."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.categories import distinct
from recsys.data.cells import shown_cell
from recsys.data.faults.fault import Fault, refuse
from recsys.data.identity import linked_groups
from recsys.data.tables import Tables
from recsys.data.vocabulary import normalise_ids

FEWEST = 0.01
"""Tables of which a smaller share of ids matches are refused."""

_SHOWN = 3

_FEW = 3
"""Fewer ids than this may all be new, unless they only differ in how they are written."""

_CUSTOMERS = (("interactions", columns.CUSTOMER), ("customers", columns.CUSTOMER))
_PRODUCTS = (("interactions", columns.PRODUCT), ("products", columns.PRODUCT))
_TOUCHPOINTS = (("interactions", columns.TOUCHPOINT), ("touchpoints", columns.TOUCHPOINT))
_JOINS = (
    ("customers", (columns.CUSTOMER,), _CUSTOMERS[:1]),
    ("products", (columns.PRODUCT,), _PRODUCTS[:1]),
    ("touchpoints", (columns.TOUCHPOINT,), _TOUCHPOINTS[:1]),
    ("identities", (columns.ID_A, columns.ID_B), _CUSTOMERS),
    ("offers", (columns.PRODUCT,), _PRODUCTS),
    ("offers", (columns.TOUCHPOINT,), _TOUCHPOINTS),
    ("decisions", (columns.CUSTOMER,), _CUSTOMERS),
    ("decisions", (columns.OFFER,), (("offers", columns.OFFER),)),
    ("decisions", (columns.TOUCHPOINT,), _TOUCHPOINTS),
)
"""Table, its columns of ids, and the tables and columns that should know these ids."""

_REGISTERS = ("customers", "products", "touchpoints")
"""Tables that should describe every id of the events; other tables do not have to."""

_ID_COLUMNS = {column for _, of, _ in _JOINS for column in of}


@dataclass(frozen=True, kw_only=True)
class KnownIds:
    """How many ids of a column the related tables know.

    Attributes:
        table, column: whose ids.
        by: the tables that should know them, as "interactions or customers".
        ids: number of distinct ids in the column.
        known: number of them that are in `by`.
        others: number of distinct ids of `by` that are not in the column.
        alike: number of unmatched ids that differ from an unmatched id of `by` only in zeros, case,
            blanks or punctuation.
        examples: such a pair, as written in the column and in `by`; None if there is none.
    """

    table: str
    column: str
    by: str
    ids: int
    known: int
    others: int
    alike: int = 0
    examples: tuple[object, object] | None = None

    def line(self) -> str | None:
        """The counts as a line of text; None if all ids match."""
        unregistered = self.others if self.table in _REGISTERS else 0
        if self.known == self.ids and not unregistered:
            return None
        line = f"{self.table}: {self.known:,} of {self.ids:,} ids ('{self.column}') are known to "
        line += self.by
        if unregistered:
            line += f", and {unregistered:,} there are not in {self.table}"
        if self.examples:
            spelling, other_spelling = map(shown_cell, self.examples)
            line += (
                f"; {self.alike:,} differ only in how they are written, as {spelling} in "
                f"{self.table} and {other_spelling} there"
            )
        return line


def known_ids(tables: Tables) -> tuple[KnownIds, ...]:
    """Counts the ids of side tables that related tables know; refuses tables that do not match.

    Args:
        tables: checked.

    Raises:
        InputError: the ids of two tables do not match; shows how each of them writes its ids.
    """
    counts, faults = id_matches(tables)
    refuse(faults)
    return counts


def id_matches(tables: Tables) -> tuple[tuple[KnownIds, ...], tuple[Fault, ...]]:
    """Counts the ids of side tables that related tables know, and names tables that do not match.

    Customers and products without events are usual, and so are events of unregistered ids. Tables
    do not match if hardly any id of the smaller side is known to the other, or if ignoring zeros,
    case and blanks would match more ids than match as written. Ids that `identities` link count as
    the same person.

    Args:
        tables: checked; ids may be categories.
    """
    found: _Distinct = {}
    for table, frame in tables.items():
        for column in sorted(_ID_COLUMNS & set(frame.columns)):
            found[table, column] = distinct(frame[column])
    persons = found if tables.identities is None else _of_persons(found, tables.identities)
    counts, faults = [], []
    for table, of, by in _JOINS:
        if of == (columns.OFFER,) and tables.offers is None:
            by = _PRODUCTS  # without a table of offers each product is its own offer
        keys = [(table, column) for column in of if (table, column) in found]
        by_keys = [key for key in by if key in found]
        if keys and by_keys:
            ids = found if table == "identities" else persons
            count, fault = _count(keys, by_keys, ids)
            counts.append(count)
            faults += [fault] if fault else []
    return tuple(counts), tuple(faults)


_Distinct = dict[tuple[str, str], pd.Series]


def _of_persons(found: _Distinct, links: pd.DataFrame) -> _Distinct:
    """The same with a single id for all linked ids: events may only know a device."""
    ids, group = linked_groups(links)
    texts_of_ids = _as_texts(pd.Series(ids))
    leader = np.unique(group, return_index=True)[1]

    def persons(column: pd.Series) -> pd.Series:
        texts = _as_texts(column)
        position = _positions(texts, texts_of_ids)
        is_linked = position >= 0
        linked = texts_of_ids.take(leader[group[position[is_linked]]])
        return pd.Series(pd.concat([texts[~is_linked], linked]).unique())

    return {
        key: persons(column) if key[1] == columns.CUSTOMER else column
        for key, column in found.items()
    }


def _count(
    keys: list[tuple[str, str]], by_keys: list[tuple[str, str]], found: _Distinct
) -> tuple[KnownIds, Fault | None]:
    ids, by_ids = (_joined([found[key] for key in side]) for side in (keys, by_keys))
    if ids.dtype != by_ids.dtype:
        # One of the tables has ids as texts, so 7 means "7".
        ids, by_ids = _as_texts(ids), _as_texts(by_ids)
    position = _positions(ids, by_ids)
    unknown = ids[position < 0]
    is_known = np.zeros(len(by_ids), dtype=bool)
    is_known[position[position >= 0]] = True
    unmatched = by_ids[~is_known]
    alike = _alike(unknown, unmatched) if len(unknown) and len(unmatched) else []
    counts = KnownIds(
        table=keys[0][0],
        column=" and ".join(column for _, column in keys),
        by=" or ".join(table for table, _ in by_keys),
        ids=len(ids),
        known=len(ids) - len(unknown),
        others=len(unmatched),
        alike=len(alike),
        examples=alike[0] if alike else None,
    )
    return counts, _unrelated(counts, unknown, unmatched)


def _joined(columns_of_ids: list[pd.Series]) -> pd.Series:
    if len(columns_of_ids) == 1:  # its values are distinct
        ids = normalise_ids(columns_of_ids[0])
    else:
        joined = normalise_ids(pd.concat(columns_of_ids, ignore_index=True))
        ids = pd.Series(joined.unique())
    return ids if pd.api.types.is_integer_dtype(ids.dtype) else _as_texts(ids)


def _as_texts(ids: pd.Series) -> pd.Series:
    if isinstance(ids.dtype, pd.StringDtype):
        return ids
    return ids.astype(object).map(str).astype("str")


def _positions(ids: pd.Series, among: pd.Series) -> IntArray:
    """Position [n] of each id [n] among distinct others of the same type; -1 for one not there."""
    if not isinstance(ids.dtype, pd.StringDtype):
        return np.asarray(pd.Index(among).get_indexer(pd.Index(ids)), dtype=np.int64)
    # Several times as fast as pandas, which makes a Python text of each.
    # Imported late: data that are prepared are fitted where there is no Arrow.
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.index_in(pa.array(ids), value_set=pa.array(among))
    return np.asarray(found.fill_null(-1), dtype=np.int64)


def _alike(unknown: pd.Series, unmatched: pd.Series) -> list[tuple[object, object]]:
    """Pairs of ids that are equal without zeros, case, blanks and punctuation."""
    left, right = (
        pd.DataFrame({"key": _plain(side), name: side}).drop_duplicates("key")
        for name, side in (("id", unknown), ("by_id", unmatched))
    )
    pairs = left.merge(right, on="key")
    return list(zip(pairs["id"], pairs["by_id"], strict=True))


def _plain(ids: pd.Series) -> pd.Series:
    texts = _as_texts(ids).str.casefold()
    plain = texts.str.replace(r"^(-?[0-9]+)\.0+$", r"\1", regex=True)
    plain = plain.str.replace(r"[^\w]|_", "", regex=True)
    return plain.str.replace(r"(^|[^0-9])0+([0-9])", r"\1\2", regex=True)


def _unrelated(counts: KnownIds, unknown: pd.Series, unmatched: pd.Series) -> Fault | None:
    by_ids = counts.known + counts.others
    if not by_ids:
        return None
    too_few = counts.known < FEWEST * min(counts.ids, by_ids) and not _may_all_be_new(counts)
    if not too_few and counts.alike <= counts.known:
        return None
    if counts.examples:
        left, right = map(shown_cell, counts.examples)
        examples = f"as {left} in {counts.table} and {right} in {counts.by}"
    else:
        left, right = (", ".join(map(shown_cell, side[:_SHOWN])) for side in (unknown, unmatched))
        examples = f"{counts.table} has {left}; {counts.by} has {right}"
    return Fault.of_table(
        counts.table,
        f"column '{counts.column}': expected ids that are in {counts.by}, got {counts.known:,} of "
        f"{counts.ids:,}: {examples}",
        "write them in the same way in both, as texts",
        counts.column,
    )


def _may_all_be_new(counts: KnownIds) -> bool:
    """A touchpoint may be new with an offer, and offers may be listed in no table."""
    is_new = counts.table in ("offers", "decisions") and counts.column == columns.TOUCHPOINT
    is_unlisted = counts.column == columns.OFFER and counts.by != "offers"
    return is_new or is_unlisted or min(counts.ids, counts.known + counts.others) < _FEW
