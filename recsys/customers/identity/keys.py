"""Links of records that share a strong key: e-mail, phone, loyalty id, handle, device."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import duckdb
import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.customers.identity.comparisons import normalised
from recsys.customers.identity.rules import LinkRules
from recsys.data import columns
from recsys.errors import InputError

A, B, WEIGHT, KIND, REASON = "record_a", "record_b", "weight", "kind", "reason"
"""Columns of tables of links; the first two hold positions of records."""

_WEIGHTS: Final = {columns.CUSTOMER: 40.0, columns.LOYALTY: 30.0, columns.EMAIL: 20.0,
                   columns.PHONE: 15.0, columns.HANDLE_PREFIX: 15.0}  # fmt: skip
"""Bits of evidence of an equal key: a customer id is one person's, a phone may be a family's."""
_LINK_WEIGHT: Final = 20.0
"""Bits of a certain row of `identities`."""
_PERSONAL: Final = (columns.CUSTOMER, columns.LOYALTY)
"""Keys that no contradiction outweighs."""

_NAMES_DIFFER: Final = (
    "coalesce(jaro_winkler_similarity(a.given_name, b.given_name) < 0.8 "
    "and left(a.given_name, 1) <> left(b.given_name, 1), false)"
)
_BIRTHS_DIFFER: Final = "coalesce(damerau_levenshtein(a.birth_date, b.birth_date) > 2, false)"


class KeyLinks(NamedTuple):
    """What strong keys say.

    Attributes:
        links: columns `record_a` < `record_b` (positions), kind, weight in bits.
        is_stated: [m] bool, links by a customer or loyalty id or a row of `identities`: what the
            firm says outweighs what is compared.
        refused: links that are not used, as `links`, and the reason.
        shared: kind, records and reason of the keys that too many records share.
    """

    links: pd.DataFrame
    is_stated: BoolArray
    refused: pd.DataFrame
    shared: pd.DataFrame


def key_columns(records: pd.DataFrame) -> list[str]:
    """The columns of records that are strong keys, in the order of the table."""
    fixed = (columns.CUSTOMER, columns.EMAIL, columns.PHONE, columns.LOYALTY)
    prefixes = (columns.LOYALTY_PREFIX, columns.HANDLE_PREFIX)
    return [name for name in map(str, records) if name in fixed or name.startswith(prefixes)]


def key_links(records: pd.DataFrame, identities: pd.DataFrame | None, rules: LinkRules) -> KeyLinks:
    """Links records by equal keys, and by the table of identities.

    Keys are compared without case and blanks around them; e-mails without what follows a plus, and
    phones by their last nine digits. A row of `identities` names records or customers; an id that
    is neither, such as a device, is a key of what it is linked to.

    Args:
        records: [n] checked.
        identities: checked links, or None.
        rules: which links count.

    Raises:
        InputError: an id is linked to itself, or no link names a record or customer.
    """
    direct, devices = _of_identities(records, identities, rules)
    with duckdb.connect(":memory:") as connection:
        names = [name for name in (columns.GIVEN_NAME, columns.BIRTH_DATE) if name in records]
        facts = records[names].assign(row=np.arange(len(records)))
        for name in (columns.GIVEN_NAME, columns.BIRTH_DATE):
            if name not in facts:
                facts[name] = pd.Series(None, index=facts.index, dtype="str")
        connection.register("facts", facts)
        connection.execute(_keys_query(connection, records, devices))
        shared = connection.execute(
            "SELECT kind, n AS records, "
            "'shared by ' || n || ' records, more than ' || ? AS reason "
            "FROM (SELECT kind, value, count(*) n FROM keys GROUP BY ALL) WHERE n > ? "
            "ORDER BY n DESC, kind, value",
            [rules.most_records, rules.most_records],
        ).df()
        pairs = connection.execute(_PAIRS, [rules.most_records]).df()
    is_stated = np.append(pairs.pop("personal").to_numpy(bool), np.ones(len(direct), bool))
    links = pd.concat([pairs, direct], ignore_index=True)
    bad = links[REASON].notna().to_numpy(bool) & rules.contradictions
    kept = links[~bad].drop(columns=REASON)
    return KeyLinks(kept, is_stated[~bad], links[bad], shared)


_PAIRS: Final = f"""
    WITH usable AS (
        SELECT * FROM keys SEMI JOIN (
            SELECT kind, value FROM keys GROUP BY ALL HAVING count(*) BETWEEN 2 AND ?
        ) USING (kind, value)
    ),
    pairs AS (
        SELECT a.row AS record_a, b.row AS record_b, a.kind, max(a.weight) AS weight,
            bool_or(a.personal) AS personal
        FROM usable a JOIN usable b ON a.kind = b.kind AND a.value = b.value AND a.row < b.row
        GROUP BY ALL
    )
    SELECT record_a, record_b, kind, weight, personal, CASE
        WHEN personal THEN NULL
        WHEN {_NAMES_DIFFER} THEN 'given names differ'
        WHEN {_BIRTHS_DIFFER} THEN 'birth dates differ' END AS reason
    FROM pairs JOIN facts a ON a.row = record_a JOIN facts b ON b.row = record_b
    ORDER BY record_a, record_b, kind
"""


def _keys_query(
    connection: duckdb.DuckDBPyConnection, records: pd.DataFrame, devices: pd.DataFrame
) -> str:
    """The statement that makes the table of keys: row, kind, value, weight, personal."""
    connection.register("devices", devices)
    parts = ["SELECT DISTINCT row, kind, value, weight, false AS personal FROM devices"]
    for number, name in enumerate(key_columns(records)):
        values = pd.DataFrame({"value": records[name], "row": np.arange(len(records))})
        connection.register(f"key_{number}", values)
        kind = _kind(name)
        value = normalised(name, "value::VARCHAR")
        parts.append(
            f"SELECT row, '{name.replace(chr(39), chr(39) * 2)}', {value}, {_WEIGHTS[kind]}, "
            f"{str(kind in _PERSONAL).lower()} FROM key_{number} WHERE {value} IS NOT NULL"
        )
    return "CREATE TABLE keys AS " + " UNION ALL ".join(parts)


def _kind(name: str) -> str:
    if name.startswith(columns.HANDLE_PREFIX):
        return columns.HANDLE_PREFIX
    return columns.LOYALTY if name.startswith(columns.LOYALTY) else name


def _of_identities(
    records: pd.DataFrame, identities: pd.DataFrame | None, rules: LinkRules
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Direct links of records, and the keys (row, kind, value, weight) that other ids are."""
    no_links = pd.DataFrame(
        {A: np.zeros(0, np.int64), B: np.zeros(0, np.int64), KIND: pd.Series(dtype="str"),
         WEIGHT: np.zeros(0), REASON: pd.Series(dtype="str")}
    )  # fmt: skip
    no_keys = pd.DataFrame(
        {"row": np.zeros(0, np.int64), KIND: pd.Series(dtype="str"),
         "value": pd.Series(dtype="str"), WEIGHT: np.zeros(0)}
    )  # fmt: skip
    if identities is None or identities.empty:
        return no_links, no_keys
    _refuse_self_links(identities)
    confidence = np.ones(len(identities))
    if columns.CONFIDENCE in identities:
        confidence = identities[columns.CONFIDENCE].fillna(1.0).to_numpy(np.float64)
    kept = confidence >= rules.min_confidence
    kind = identities[columns.KIND].astype("str").to_numpy()[kept]
    weight = _LINK_WEIGHT * confidence[kept]
    ends = [identities[name][kept] for name in (columns.ID_A, columns.ID_B)]
    rows = _rows_by_id(records, ends)
    known = [row >= 0 for row in rows]
    if not (known[0] | known[1]).any() and len(known[0]):
        raise InputError(
            f"identities: none of {len(identities):,} links names a record_id or customer_id of "
            f"the records: '{ends[0].iloc[0]}' and '{ends[1].iloc[0]}' are neither; are they of "
            "another system?"
        )
    both = known[0] & known[1] & (rows[0] != rows[1])
    low, high = np.minimum(*rows)[both], np.maximum(*rows)[both]
    links = pd.DataFrame(
        {A: low, B: high, KIND: kind[both],
         WEIGHT: weight[both], REASON: pd.Series([None] * int(both.sum()), dtype="str")}
    )  # fmt: skip
    keys = [no_keys]
    for side, other in ((0, 1), (1, 0)):
        one = known[side] & ~known[other]
        keys.append(
            pd.DataFrame(
                {
                    "row": rows[side][one],
                    KIND: kind[one],
                    "value": ends[other][one].astype("str").to_numpy(),
                    WEIGHT: weight[one],
                }
            )
        )
    return links, pd.concat([part for part in keys if len(part)] or [no_keys], ignore_index=True)


def _rows_by_id(records: pd.DataFrame, ends: Sequence[pd.Series]) -> list[IntArray]:
    """For each series of ids the position of the (first) record of each; -1 where there is none."""
    names = [columns.CUSTOMER, columns.RECORD] if columns.CUSTOMER in records else [columns.RECORD]
    ids = [records[name] for name in names]
    # Whole numbers are compared as such: texts of ten million ids take seconds and gigabytes.
    are_whole = all(pd.api.types.is_integer_dtype(part.dtype) for part in (*ids, *ends))
    plain: Any = "Int64" if are_whole else "str"
    rows = np.concatenate([np.flatnonzero(part.notna()) for part in ids])
    known = pd.concat([part.dropna().astype(plain) for part in ids], ignore_index=True)
    first = (~known.duplicated()).to_numpy()
    index = pd.Index(_as_array(known[first], are_whole))
    positions = rows[first]
    found = [index.get_indexer(pd.Index(_as_array(end, are_whole))) for end in ends]
    return [np.where(at < 0, -1, positions[at]).astype(np.int64) for at in found]


def _as_array(ids: pd.Series, are_whole: bool) -> Any:
    return ids.to_numpy(np.int64) if are_whole else ids.astype("str").array


def _refuse_self_links(identities: pd.DataFrame) -> None:
    same = (identities[columns.ID_A] == identities[columns.ID_B]).to_numpy(dtype=bool)
    if same.any():
        row = int(same.argmax())
        raise InputError(
            f"identities: row {row}: expected two ids, got '{identities[columns.ID_A].iloc[row]}' "
            "linked to itself; drop the row"
        )
