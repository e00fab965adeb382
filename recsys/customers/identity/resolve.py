"""Records of persons become persons: links of both kinds, clusters, stable ids."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.customers.identity.clusters import cluster
from recsys.customers.identity.comparisons import comparisons_of
from recsys.customers.identity.households import told_apart
from recsys.customers.identity.keys import KIND, REASON, WEIGHT, A, B, key_columns, key_links
from recsys.customers.identity.person_ids import PERSON, PersonIds, person_ids
from recsys.customers.identity.probabilistic import Compared, compared_links
from recsys.customers.identity.refusals import refused_rows
from recsys.customers.identity.rules import LinkRules
from recsys.data import columns
from recsys.errors import InputError


@dataclass(frozen=True, kw_only=True, eq=False)
class Resolution:
    """Who is who.

    Attributes:
        records: [n] the records that were resolved.
        persons: [n] record_id and person_id.
        cluster: [n] number of each record's cluster.
        links: that were used: record_a and record_b (positions), kind, weight in bits, and bits for
            each column that was compared.
        unused: links that were refused or cut, with the reason.
        shared: keys that too many records share, with the reason.
        changes: former ids whose records have another id now.
        compared: what the comparison of records did; None without one.
    """

    records: pd.DataFrame
    persons: pd.DataFrame
    cluster: IntArray
    links: pd.DataFrame
    unused: pd.DataFrame
    shared: pd.DataFrame
    changes: pd.DataFrame
    compared: Compared | None


def resolve(
    records: pd.DataFrame,
    identities: pd.DataFrame | None = None,
    *,
    rules: LinkRules | None = None,
    compare: bool = True,
    comparisons: Mapping[str, str] | None = None,
    former: pd.DataFrame | None = None,
    retired: Collection[str] = (),
    refused: pd.DataFrame | None = None,
    before: pd.Timestamp | None = None,
    seed: int = 0,
) -> Resolution:
    """Finds the records of each person.

    Args:
        records: checked, see `recsys.data.schema`.
        identities: checked links of customers, records and devices; None without.
        rules: which links count; None for the defaults.
        compare: link records that are alike, by Splink, beside those that share a key.
        comparisons: column -> how it is compared, instead of `comparisons_of`'s default.
        former: `persons` of a former run, whose ids are kept.
        retired: ids of persons that are no more.
        refused: pairs of records that are not one person, see `undo`.
        before: only records and links dated before this UTC moment, or undated, are used.
        seed: of the comparison.

    Raises:
        InputError: the records have no column to link by, or a setting is wrong.
    """
    rules = rules or LinkRules()
    records, identities = _known_before(records, identities, before)
    has_keys = records[key_columns(records)].notna().to_numpy().any()
    if not compare and not has_keys and identities is None:
        raise InputError(
            "records: expected a column to link by (customer_id, email, phone, loyalty_id, "
            f"handle_*) with values, got {', '.join(map(str, records))}; rename one, or set "
            "compare=true"
        )
    keyed = key_links(records, identities, rules)
    apart: IntArray = np.zeros((0, 2), np.int64)
    if refused is not None:
        apart = refused_rows(refused, records[columns.RECORD])
    compared, parts, unused = None, [keyed.links], [keyed.refused]
    if compare:
        how = comparisons_of(records, comparisons)
        compared = compared_links(records, how, min_weight=rules.min_weight, seed=seed)
        parts.append(compared.links)
    links = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    if compared is not None and rules.contradictions:
        stated = keyed.links.loc[keyed.is_stated, [A, B]].to_numpy(np.int64)
        apart_by = told_apart(records, links, stated)
        unused.append(links[apart_by.is_refused].assign(**{REASON: apart_by.reasons}))
        links = links[~apart_by.is_refused]
        apart = np.concatenate([apart, apart_by.pairs])
    made = cluster(links, len(records), rules.largest, apart)
    ends = [made.of_record[links[end].to_numpy(np.int64)] for end in (A, B)]
    named: PersonIds = person_ids(records[columns.RECORD], made.of_record, former, retired)
    return Resolution(
        records=records,
        persons=pd.DataFrame({columns.RECORD: records[columns.RECORD], PERSON: named.of_record}),
        cluster=made.of_record,
        links=links[ends[0] == ends[1]].reset_index(drop=True),
        unused=_together(*unused, made.cuts),
        shared=keyed.shared,
        changes=named.changes,
        compared=compared,
    )


def _known_before(
    records: pd.DataFrame, identities: pd.DataFrame | None, before: pd.Timestamp | None
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The rows that are dated before a moment, or undated; all without one."""
    if before is None:
        return records, identities
    dated = [table for table in (records, identities) if table is not None and _is_dated(table)]
    if not dated:
        raise InputError(
            f"before={before.isoformat()}: neither records nor identities have a timestamp; add "
            "one, or leave before out"
        )
    known = _rows_before(records, before)
    if known.empty:
        first = records[columns.TIMESTAMP].min()
        raise InputError(
            f"before={before.isoformat()}: expected a moment after the first record, which is of "
            f"{first.isoformat()}"
        )
    return known, None if identities is None else _rows_before(identities, before)


def _is_dated(table: pd.DataFrame) -> bool:
    return columns.TIMESTAMP in table and bool(table[columns.TIMESTAMP].notna().any())


def _rows_before(table: pd.DataFrame, before: pd.Timestamp) -> pd.DataFrame:
    if not _is_dated(table):
        return table
    moments = table[columns.TIMESTAMP]
    return table[moments.isna() | (moments < before)].reset_index(drop=True)


def _together(*parts: pd.DataFrame) -> pd.DataFrame:
    filled = [part[[A, B, KIND, WEIGHT, REASON]] for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[-1]
