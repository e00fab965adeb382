"""Which ids are one customer, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from recsys.customers.identity.keys import KIND, WEIGHT, A, B
from recsys.customers.identity.store import LINKS, PERSONS, explain
from recsys.data import columns
from recsys.data.interactions import timestamp
from recsys.errors import InputError
from recsys.reports.customer.person import NothingKnownError, Person


@dataclass(frozen=True)
class Link:
    """Two ids or records of a customer, and what joins them.

    Attributes:
        one, other: the ids.
        kind: of the link, as "device".
        since: when it became known; None where that is not said.
        confidence: 0 to 1; None where it is not said.
        why: bits for and against by column, of records that were compared; "" without.
    """

    one: str
    other: str
    kind: str
    since: pd.Timestamp | None = None
    confidence: float | None = None
    why: str = ""


def links_of(person: Person) -> list[Link]:
    """The links of the table of identities by which ids were merged, those of the customer first.

    Raises:
        NothingKnownError: the data have no table of identities, or no link of this customer.
    """
    table = person.data.side_tables.get("identities")
    if table is None:
        raise NothingKnownError("identities: expected a table of linked ids, got none")
    mine = set(person.linked)
    a, b = (table[end].astype(str) for end in (columns.ID_A, columns.ID_B))
    rows = table[(a.isin(mine) & b.isin(mine)).to_numpy(bool)]
    if rows.empty or len(mine) == 1:
        raise NothingKnownError("identities: no other id is linked to this customer")
    links = [
        Link(
            one=str(row[columns.ID_A]),
            other=str(row[columns.ID_B]),
            kind=str(row[columns.KIND]),
            since=_known(row.get(columns.TIMESTAMP)),
            confidence=_known(row.get(columns.CONFIDENCE)),
        )
        for row in rows.to_dict("records")
    ]
    return sorted(links, key=lambda link: (person.id not in (link.one, link.other), link.other))


def record_links(person: Person, records: pd.DataFrame | None, folder: Path) -> list[Link]:
    """Why records are one person, from a folder of `recsys identities`; the strongest first.

    Personal data stay where they are: a record is named by its id and source.

    Args:
        person: whose records are meant.
        records: the table of records; None takes the id of the customer for that of a person.
        folder: of a resolution.

    Raises:
        NothingKnownError: it has no person for this customer.
    """
    names = {person.id: person.id}
    late: set[str] = set()
    if records is not None:
        mine = records[records[columns.CUSTOMER].astype(str).isin(person.linked).to_numpy(bool)]
        if mine.empty:
            raise NothingKnownError(f"identities={folder}: no record is of customer '{person.id}'")
        names = {str(each): str(each) for each in mine[columns.RECORD]}
        late = _after(person, records)
    found = pd.concat([_explained(folder, name) for name in names])
    found = found.drop_duplicates([A, B, KIND]).sort_values(WEIGHT, ascending=False, kind="stable")
    sources = {} if records is None else dict(
        zip(records[columns.RECORD].astype(str), records[columns.SOURCE].astype(str), strict=True)
    )  # fmt: skip
    return [
        Link(one=_named(a, sources), other=_named(b, sources), kind=str(kind), why=str(why))
        for a, b, kind, why in found[[A, B, KIND, "why"]].itertuples(index=False)
        if a not in late and b not in late
    ]


def require_folder(folder: Path) -> Path:
    """Raises `InputError` unless it is one that `recsys identities out=FOLDER` wrote."""
    if not all((folder / name).is_file() for name in (PERSONS, LINKS)):
        raise InputError(
            f"identities={folder}: expected a folder of recsys identities, with {PERSONS}"
        )
    return folder


def ids_joined(links: Sequence[Link]) -> int:
    """Number of ids or records that the links join."""
    return len({end for link in links for end in (link.one, link.other)})


def _explained(folder: Path, name: str) -> pd.DataFrame:
    try:
        return explain(folder, name)
    except InputError as error:
        why = str(error).removeprefix("explain: ")
        raise NothingKnownError(f"identities={folder}: {why}") from None


def _after(person: Person, records: pd.DataFrame) -> set[str]:
    """Records that are dated at or after the cut-off."""
    if columns.TIMESTAMP not in records or person.moment is None:
        return set()
    cutoff = timestamp(person.moment)
    is_late = (records[columns.TIMESTAMP] >= cutoff).to_numpy(bool)
    return set(records.loc[is_late, columns.RECORD].astype(str))


def _named(record: str, sources: dict[str, str]) -> str:
    return f"{record} ({sources[record]})" if record in sources else record


def _known(value: Any) -> Any:
    return None if value is None or pd.isna(value) else value
