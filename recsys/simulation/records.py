"""What five systems of the firm know of a person, with gaps, typing errors and old addresses.

| source | whose | what it lacks |
|---|---|---|
| crm | everybody | some e-mails and loyalty ids |
| app | who has a device as alias, and others | address, some birth dates |
| web_shop | who has an e-mail as alias, and others | most birth dates |
| loyalty | who has a loyalty card as alias, and others | e-mail, phone |
| branch | some | e-mail; it has the most typing errors |

The record of an account under which events are seen has its `customer_id`, a customer's or an
alias's. Each id is in one record, so that it links no two. A person who refuses a touchpoint says
so to one of the sources, and the others do not know it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.simulation import calendar
from recsys.simulation.identities import Aliases
from recsys.simulation.keys import alias_ids, customer_ids, record_ids
from recsys.simulation.names import ALIAS_KINDS, TOUCHPOINTS
from recsys.simulation.people import People
from recsys.simulation.persons import ADDRESS, Persons, Texts, persons

DEVICE = columns.HANDLE_PREFIX + "device"
KIOSKS, AT_A_KIOSK = 3, 0.05
_KNOWN_BEFORE = 600


@dataclass(frozen=True, kw_only=True)
class Source:
    """A system that keeps records.

    Attributes:
        name: of it.
        alias: kind of the alias that is an account there; None for the customer's own id.
        share: of the persons without an account there whom it knows.
        filled: column -> share of its records that have it.
        errors: share of its cells that are mistyped.
    """

    name: str
    alias: str | None
    share: float
    filled: dict[str, float]
    errors: float


_NAMES = {columns.GIVEN_NAME: 0.99, columns.SURNAME: 1.0}
SOURCES = (
    Source(name="crm", alias=None, share=1.0, errors=0.02, filled={
        **_NAMES, columns.BIRTH_DATE: 0.97, columns.EMAIL: 0.7, columns.PHONE: 0.85,
        columns.LOYALTY: 0.4, **dict.fromkeys(ADDRESS, 0.99)}),
    Source(name="app", alias="device", share=0.3, errors=0.02, filled={
        **_NAMES, columns.BIRTH_DATE: 0.6, columns.EMAIL: 0.95, columns.PHONE: 0.7, DEVICE: 0.9}),
    Source(name="web_shop", alias="email_hash", share=0.35, errors=0.03, filled={
        **_NAMES, columns.BIRTH_DATE: 0.3, columns.EMAIL: 0.98, columns.PHONE: 0.5, DEVICE: 0.5,
        **dict.fromkeys(ADDRESS, 0.97)}),
    Source(name="loyalty", alias="loyalty_card", share=0.25, errors=0.03, filled={
        **_NAMES, columns.BIRTH_DATE: 0.9, columns.LOYALTY: 1.0, **dict.fromkeys(ADDRESS, 0.95)}),
    Source(name="branch", alias=None, share=0.3, errors=0.05, filled={
        **_NAMES, columns.BIRTH_DATE: 0.9, columns.PHONE: 0.8, **dict.fromkeys(ADDRESS, 0.97)}),
)  # fmt: skip


def records(
    people: People, aliases: Aliases, offset: int, count: int, rng: np.random.Generator
) -> pd.DataFrame:
    """The table `records` of a chunk, in order of record_id.

    Args:
        people: the N customers of the chunk.
        aliases: of them.
        offset: market row of the first.
        count: only records of the first so many customers.
        rng: source of randomness, of nothing else.
    """
    true = persons(people.age, rng)
    parts = [_of_source(number, people, true, aliases, rng) for number in range(len(SOURCES))]
    table = pd.concat(parts, ignore_index=True)
    rows = table.pop("row").to_numpy(np.int64)
    for touchpoint, each in enumerate(TOUCHPOINTS):
        if each.outbound:
            refuses = ~people.consent[:, touchpoint]
            table[columns.CONSENT_PREFIX + each.name] = ~(refuses[rows] & _one_each(rows, rng))
    number = table.pop("number").to_numpy(np.int64)
    account = table.pop("account").to_numpy(np.int64)
    table.insert(0, columns.RECORD, record_ids(offset + rows, number))
    table.insert(2, columns.CUSTOMER, _accounts(aliases, rows, account, offset))
    kept = table[rows < count].sort_values(columns.RECORD, ignore_index=True)
    return kept.astype({name: "str" for name in kept if kept[name].dtype == object})


def _of_source(
    number: int, people: People, true: Persons, aliases: Aliases, rng: np.random.Generator
) -> pd.DataFrame:
    """The records of a source, with row, account (-1: the customer's, -2: none) and number."""
    source = SOURCES[number]
    account = np.full(len(people), -1 if number == 0 else -2)
    if source.alias is not None:
        of_kind = aliases.exists & (aliases.kind == ALIAS_KINDS.index(source.alias))
        account[of_kind.any(axis=1)] = of_kind.argmax(axis=1)[of_kind.any(axis=1)]
    rows = np.flatnonzero((account > -2) | (rng.random(len(people)) < source.share))
    days = _known_since(people.joins[rows], account[rows] > -2, rng)
    table: dict[str, object] = {"row": rows, columns.SOURCE: source.name}
    for column in (*true.before, DEVICE):
        cells = _devices(true, rows, rng) if column == DEVICE else true.at(column, rows, days)
        wrong = np.flatnonzero(rng.random(len(rows)) < source.errors)
        cells[wrong] = [mistyped(cell, *rng.random(2)) for cell in cells[wrong]]
        cells[rng.random(len(rows)) >= source.filled.get(column, 0.0)] = None
        table[column] = pd.Series(cells, dtype="str")
    table[columns.TIMESTAMP] = calendar.timestamps((days * calendar.DAY).astype(np.int64))
    return pd.DataFrame(table).assign(account=account[rows], number=number)


def _known_since(joins: FloatArray, is_account: BoolArray, rng: np.random.Generator) -> FloatArray:
    """Days [n] from which records are known: an account before the first event seen under it."""
    before = joins - rng.uniform(0, _KNOWN_BEFORE, len(joins)) * (joins == 0)
    later = rng.uniform(before, calendar.DAYS)
    return np.asarray(np.where(is_account, before, later))


def _devices(true: Persons, rows: IntArray, rng: np.random.Generator) -> Texts:
    """Devices [n]: own, of the household, or one of a few in public."""
    cells = true.device[rows]
    public = rng.random(len(rows)) < AT_A_KIOSK
    kiosks = [f"kiosk-{number}" for number in rng.integers(0, KIOSKS, int(public.sum()))]
    cells[public] = kiosks
    return cells


def _one_each(rows: IntArray, rng: np.random.Generator) -> BoolArray:
    """[n] bool, true for one record of each person."""
    order = rng.permutation(len(rows))
    chosen = np.zeros(len(rows), bool)
    chosen[order[np.unique(rows[order], return_index=True)[1]]] = True
    return chosen


def _accounts(aliases: Aliases, rows: IntArray, account: IntArray, offset: int) -> pd.Series:
    ids = customer_ids(offset + rows).where(account == -1)
    of_alias = np.flatnonzero(account >= 0)
    which, row = account[of_alias], rows[of_alias]
    ids.iloc[of_alias] = alias_ids(offset + row, which, aliases.kind[row, which]).to_numpy()
    return ids


def mistyped(text: str, kind: float, where: float) -> str:
    """A text with one error: two signs exchanged, one left out, one typed twice, or another one.

    Args:
        text: not empty.
        kind: 0 to 1, which error.
        where: 0 to 1, at which sign.
    """
    at = int(where * len(text))
    sign, next_one, rest = text[at], text[at + 1 : at + 2], text[at + 2 :]
    other = "7" if sign.isdigit() else "e"
    changed = (f"{next_one}{sign}", next_one, f"{sign}{sign}{next_one}", f"{other}{next_one}")
    return text[:at] + changed[int(kind * len(changed))] + rest
