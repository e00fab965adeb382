"""A folder that keeps a resolution: ids for the next run, links with their weights, refusals."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray
from recsys.customers.identity.customer_links import linked_customers
from recsys.customers.identity.keys import KIND, WEIGHT, A, B
from recsys.customers.identity.person_ids import PERSON
from recsys.customers.identity.probabilistic import COMPARED
from recsys.customers.identity.refusals import no_refusals, read_refused
from recsys.customers.identity.resolve import Resolution
from recsys.data import columns
from recsys.errors import InputError
from recsys.ops.whole_file import write_whole

PERSONS: Final = "persons.parquet"
LINKS: Final = "links.parquet"
UNUSED: Final = "unused.parquet"
CHANGES: Final = "changes.parquet"
IDENTITIES: Final = "identities.parquet"
PRESENT: Final = "present"
_LEAST: Final = 0.05
"""Bits that are not worth a word."""


class Former(NamedTuple):
    """What a former run left in a folder.

    Attributes:
        persons: record_id, person_id, present; None in the first run.
        changes: all former ids that are no more.
        refused: pairs of records that are not one person.
    """

    persons: pd.DataFrame | None
    changes: pd.DataFrame | None
    refused: pd.DataFrame

    @property
    def retired(self) -> set[str]:
        """Ids of persons that are no more."""
        return set() if self.changes is None else set(self.changes["former_id"])


def read_former(folder: Path | None) -> Former:
    """Reads a folder of former runs; empty where there is none.

    Raises:
        InputError: a file cannot be read.
    """
    if folder is None:
        return Former(None, None, no_refusals())
    return Former(_read(folder / PERSONS), _read(folder / CHANGES), read_refused(folder))


def write(resolution: Resolution, folder: Path, former: Former) -> None:
    """Writes a resolution; the ids of the next run depend on `persons.parquet`, written last.

    Args:
        resolution: of the records.
        folder: where former runs may lie.
        former: what they left.

    Raises:
        InputError: a file cannot be written.
    """
    ids = resolution.records[columns.RECORD].astype("str").to_numpy()
    for name, table in ((LINKS, resolution.links), (UNUSED, resolution.unused)):
        named = table.copy(deep=False)
        for end in (A, B):
            named[end] = ids[table[end].to_numpy("int64")]
        _write(named, folder / name)
    changes = resolution.changes
    if former.changes is not None:
        changes = pd.concat([former.changes, changes], ignore_index=True).drop_duplicates()
    _write(changes, folder / CHANGES)
    _write(linked_customers(resolution), folder / IDENTITIES)
    persons = resolution.persons.copy(deep=False)
    persons[columns.RECORD], persons[PRESENT] = ids, True
    if former.persons is not None:
        left = ~former.persons[columns.RECORD].isin(persons[columns.RECORD])
        persons = pd.concat(
            [persons, former.persons[left].assign(**{PRESENT: False})], ignore_index=True
        )
    _write(persons, folder / PERSONS)


def explain(folder: Path | str, person: str) -> pd.DataFrame:
    """Why records are one person: the links within it, the strongest first.

    Args:
        folder: of a resolution.
        person: id of a person or of a record.

    Returns:
        record_a, record_b, kind, weight in bits, and why: the bits of each column, the largest
        first.

    Raises:
        InputError: there is no such folder, person or record.
    """
    path = Path(folder)
    persons, links = _read(path / PERSONS), _read(path / LINKS)
    if persons is None or links is None:
        raise InputError(f"{path}: expected a folder of recsys identities, with {PERSONS}")
    of_record = persons.loc[persons[columns.RECORD] == person, PERSON]
    wanted = of_record.iloc[0] if len(of_record) else person
    members = persons.loc[persons[PERSON] == wanted, columns.RECORD]
    if members.empty:
        raise InputError(f"explain: no person or record '{person}' in {path / PERSONS}")
    within = links[links[A].isin(members) & links[B].isin(members)]
    within = within.sort_values([WEIGHT, A, B], ascending=[False, True, True])
    fields = [str(name) for name in within if name not in (A, B, KIND, WEIGHT)]
    bits = within[fields].to_numpy(np.float64)
    why = [
        _bits(fields, row) if kind == COMPARED else f"equal {kind}"
        for kind, row in zip(within[KIND], bits, strict=True)
    ]
    return within[[A, B, KIND, WEIGHT]].assign(why=why).reset_index(drop=True)


def _bits(fields: Sequence[str], bits: FloatArray) -> str:
    order = np.argsort(-np.abs(bits), kind="stable")
    return ", ".join(f"{fields[at]} {bits[at]:+.1f}" for at in order if abs(bits[at]) >= _LEAST)


def _read(path: Path) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} cannot be read: {reason}; it is of another program") from None


def _write(table: pd.DataFrame, path: Path) -> None:
    content = BytesIO()
    table.to_parquet(content, index=False)
    write_whole(path, content.getvalue(), "out")
