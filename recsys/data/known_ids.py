"""Whether tables meet: how many ids of a table are known to those that it belongs to."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.cells import shown_cell
from recsys.data.identity import linked_groups
from recsys.data.tables import Tables
from recsys.data.vocabulary import normalise_ids
from recsys.errors import InputError

FEWEST = 0.01
"""Tables of which a smaller share of ids meets than this do not belong together as written."""

_SHOWN = 3

_FEW = 3
"""Fewer ids than these may all be new, where nothing says that they are written differently."""

_PEOPLE = (("interactions", columns.CUSTOMER), ("customers", columns.CUSTOMER))
_GOODS = (("interactions", columns.PRODUCT), ("products", columns.PRODUCT))
_CONTACTS = (("interactions", columns.TOUCHPOINT), ("touchpoints", columns.TOUCHPOINT))
_MEETINGS = (
    ("customers", (columns.CUSTOMER,), _PEOPLE[:1]),
    ("products", (columns.PRODUCT,), _GOODS[:1]),
    ("touchpoints", (columns.TOUCHPOINT,), _CONTACTS[:1]),
    ("identities", (columns.ID_A, columns.ID_B), _PEOPLE),
    ("offers", (columns.PRODUCT,), _GOODS),
    ("offers", (columns.TOUCHPOINT,), _CONTACTS),
    ("decisions", (columns.CUSTOMER,), _PEOPLE),
    ("decisions", (columns.OFFER,), (("offers", columns.OFFER),)),
    ("decisions", (columns.TOUCHPOINT,), _CONTACTS),
)
"""Table, its columns of ids, and the tables and columns that have to know them."""

_REGISTERS = ("customers", "products", "touchpoints")
"""Tables that describe what events name; of the others nobody expects that they name all."""

_JOINED = {column for _, of, _ in _MEETINGS for column in of}


@dataclass(frozen=True, kw_only=True)
class KnownIds:
    """How two columns of ids meet.

    Attributes:
        table, column: whose ids.
        by: the tables that should know them, as "interactions or customers".
        ids: distinct ids in the column.
        known: those that `by` holds too.
        others: distinct ids of `by` that the column does not hold.
        alike: ids unknown on either side that differ only in zeros, case, blanks or signs.
        examples: of such a pair, its spelling in the column and in `by`; None without.
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
        """What a reader has to know; None where all ids of both sides meet."""
        unregistered = self.others if self.table in _REGISTERS else 0
        if self.known == self.ids and not unregistered:
            return None
        said = f"{self.table}: {self.known:,} of {self.ids:,} ids ('{self.column}') are known to "
        said += self.by
        if unregistered:
            said += f", and {unregistered:,} there are not in {self.table}"
        if self.examples:
            here, there = map(shown_cell, self.examples)
            said += (
                f"; {self.alike:,} differ only in how they are written, as {here} in {self.table} "
                f"and {there} there"
            )
        return said


def known_ids(tables: Tables) -> tuple[KnownIds, ...]:
    """Counts of all side tables whose ids other tables have to know.

    Customers and products without events are usual, and so are events of unregistered ones. But
    tables are taken for strangers where hardly any id of the smaller side is known to the other, or
    more ids would meet if zeros, case and blanks did not count than do as they are written. Where
    `identities` link ids, all of a group count as the one person that they become.

    Args:
        tables: checked.

    Raises:
        InputError: two tables do not meet; shows how each of them writes its ids.
    """
    distinct: _Distinct = {}
    for table, frame in tables.items():
        for column in sorted(_JOINED & set(frame.columns)):
            distinct[table, column] = pd.Series(frame[column].dropna().unique())
    persons = distinct if tables.identities is None else _of_persons(distinct, tables.identities)
    met = []
    for table, of, by in _MEETINGS:
        if of == (columns.OFFER,) and tables.offers is None:
            by = _GOODS  # without a table of offers each product is its own offer
        here = [(table, column) for column in of if (table, column) in distinct]
        there = [key for key in by if key in distinct]
        if here and there:
            met.append(_meet(here, there, distinct if table == "identities" else persons))
    return tuple(met)


_Distinct = dict[tuple[str, str], pd.Series]


def _of_persons(distinct: _Distinct, links: pd.DataFrame) -> _Distinct:
    """The same with one id for all that identities link: events may know a device alone."""
    ids, group = linked_groups(links)
    texts_of_ids = ids.astype(str).to_numpy(dtype=object)
    first = np.unique(group, return_index=True)[1]
    person_of = pd.Series(texts_of_ids[first][group], index=texts_of_ids)

    def persons(column: pd.Series) -> pd.Series:
        texts = column.astype(object).map(str)
        named = person_of.reindex(texts).to_numpy(dtype=object)
        return pd.Series(pd.unique(pd.Series(named).fillna(texts)))

    return {
        key: persons(column) if key[1] == columns.CUSTOMER else column
        for key, column in distinct.items()
    }


def _meet(
    here: list[tuple[str, str]], there: list[tuple[str, str]], distinct: _Distinct
) -> KnownIds:
    ids, known_by = (_joined([distinct[key] for key in side]) for side in (here, there))
    if ids.dtype != known_by.dtype:
        # Another table wrote ids as text, so here 7 means "7".
        ids, known_by = (side.map(str).astype(object) for side in (ids, known_by))
    position = pd.Index(known_by).get_indexer(pd.Index(ids))
    unknown = ids[position < 0]
    others = known_by.drop(position[position >= 0])
    alike = _alike(unknown, others) if len(unknown) and len(others) else []
    met = KnownIds(
        table=here[0][0],
        column=" and ".join(column for _, column in here),
        by=" or ".join(table for table, _ in there),
        ids=len(ids),
        known=len(ids) - len(unknown),
        others=len(others),
        alike=len(alike),
        examples=alike[0] if alike else None,
    )
    _refuse_strangers(met, unknown, others)
    return met


def _joined(columns_of_ids: list[pd.Series]) -> pd.Series:
    joined = normalise_ids(pd.concat(columns_of_ids, ignore_index=True))
    distinct = pd.Series(joined.unique())
    # Plain Python texts: looking up Arrow's takes several times as long.
    return distinct if pd.api.types.is_integer_dtype(distinct.dtype) else distinct.astype(object)


def _alike(unknown: pd.Series, others: pd.Series) -> list[tuple[object, object]]:
    """Pairs of ids that are the same but for zeros, case, blanks and signs."""
    here, there = (
        pd.DataFrame({"key": _plain(side), name: side}).drop_duplicates("key")
        for name, side in (("here", unknown), ("there", others))
    )
    pairs = here.merge(there, on="key")
    return list(zip(pairs["here"], pairs["there"], strict=True))


def _plain(ids: pd.Series) -> pd.Series:
    texts = ids.astype(object).map(str).astype("str").str.casefold()
    plain = texts.str.replace(r"^(-?[0-9]+)\.0+$", r"\1", regex=True)
    plain = plain.str.replace(r"[^\w]|_", "", regex=True)
    return plain.str.replace(r"(^|[^0-9])0+([0-9])", r"\1\2", regex=True)


def _refuse_strangers(met: KnownIds, unknown: pd.Series, others: pd.Series) -> None:
    if not met.known + met.others:
        return
    smaller = min(met.ids, met.known + met.others)
    too_few = met.known < FEWEST * smaller and not _may_all_be_new(met)
    if not too_few and met.alike <= met.known:
        return
    if met.examples:
        here, there = map(shown_cell, met.examples)
        said = f"as {here} in {met.table} and {there} in {met.by}"
    else:
        here, there = (", ".join(map(shown_cell, side[:_SHOWN])) for side in (unknown, others))
        said = f"{met.table} has {here}; {met.by} {there}"
    raise InputError(
        f"{met.table}: column '{met.column}': expected ids that {met.by} know, got {met.known:,} "
        f"of {met.ids:,}: {said}; write them alike, as text in both"
    )


def _may_all_be_new(met: KnownIds) -> bool:
    """A touchpoint may open with an offer, and offers may be kept in no table."""
    is_opened = met.table in ("offers", "decisions") and met.column == columns.TOUCHPOINT
    is_unlisted = met.column == columns.OFFER and met.by != "offers"
    return is_opened or is_unlisted or min(met.ids, met.known + met.others) < _FEW
