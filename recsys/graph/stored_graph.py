"""The customer-product graph of a source with a store, without a table of all its events."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.check import check_and_count, check_outline
from recsys.data.dataset import vocabularies
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.interactions import ACTION_CODES
from recsys.data.part_store.part_store import BadPart
from recsys.data.part_store.stored_events import StoredEvents
from recsys.data.sources.files import Files
from recsys.data.sources.stored import stored_events, stored_tables
from recsys.data.vocabulary import Vocabulary
from recsys.errors import InputError
from recsys.graph.action_weights import require_weights, weights_at
from recsys.graph.event_sums import EventSums, updated_sums


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredGraph:
    """Who had to do with what, how much; and what the store holds.

    Attributes:
        matrix: [C, P] float32, as `recsys.graph.bipartite.interaction_matrix` of the whole data.
        customers: ids by row, as in `Dataset.from_source`.
        products: ids by column, as in `Dataset.from_source`.
        events: of the store; `events.changes` are those of this update, `events.statistics` what
            all parts count.
    """

    matrix: csr_array
    customers: Vocabulary
    products: Vocabulary
    events: StoredEvents


def stored_graph(source: Files, actions: Mapping[str, float] | None = None) -> StoredGraph:
    """Brings the store of a source up to date, and its graph: both grow by the new parts alone.

    Ids are checked and merged as in `Dataset.from_source`, and have the same rows. Weights of
    events are added up in another order, which shows in the last digits of fractions.

    Args:
        source: with `store`.
        actions: weight of each action, others weigh nothing; None for the default of
            `recsys.graph.action_weights`.

    Raises:
        InputError: a table cannot be used, or the source has no store.
    """
    require_weights(actions)
    if source.store is None:
        raise InputError("data.store: expected a folder, got none; set data.store=FOLDER")
    try:
        events = stored_events(source)
    except BadPart:
        # The error names a row of the whole table, and counts all faults.
        check_and_count(source.load_files())
        raise
    outline = events.outline()
    checked, _ = check_outline(stored_tables(source, events, outline))
    merged = merge_identities(checked, IdentityRules())
    customers, products, touchpoints = vocabularies(merged)
    numbers = {
        name: _row_numbers(events, name, vocabulary.rows(_ids(events, merged.interactions, name)))
        for name, vocabulary in (
            (columns.CUSTOMER, customers),
            (columns.PRODUCT, products),
            (columns.TOUCHPOINT, touchpoints),
        )
    }
    weights = weights_at(touchpoints, merged.touchpoints, actions)
    shape = (len(customers), len(products))
    matrix = _matrix(updated_sums(events), events, numbers, weights, shape)
    return StoredGraph(matrix=matrix, customers=customers, products=products, events=events)


def _ids(events: StoredEvents, outline: pd.DataFrame, name: str) -> pd.Series:
    """The merged ids of the values of a column that occur: the first rows of the outline."""
    if name not in outline:
        return pd.Series(dtype="str")
    return outline[name].iloc[: events.number_of(name)]


def _row_numbers(events: StoredEvents, name: str, rows: IntArray) -> IntArray:
    """[N + 1] int32 row number of each value of a column, -1 for one that does not occur.

    The last position stands for null, whose code is -1.

    Args:
        events: with N values in the column.
        name: of the column.
        rows: [n] row numbers of the values that occur.
    """
    if name not in events.values:
        return np.full(1, -1, np.int32)
    numbers = np.full(len(events.values[name]) + 1, -1, np.int32)
    numbers[:-1][events.used[name] if events.has_unused else slice(None)] = rows
    return numbers


def _matrix(
    kept: EventSums,
    events: StoredEvents,
    numbers: Mapping[str, IntArray],
    weight_of: FloatArray,
    shape: tuple[int, int],
) -> csr_array:
    product, action, touchpoint = kept.about.T
    rows, touchpoints = numbers[columns.CUSTOMER][:-1], numbers[columns.TOUCHPOINT][touchpoint]
    weights = weight_of[_action_codes(events)[action], touchpoints]
    weighted = csr_array(
        (
            (kept.sums.data * weights[kept.sums.indices]).astype(np.float32),
            numbers[columns.PRODUCT][product][kept.sums.indices],
            kept.sums.indptr,
        ),
        shape=(len(rows), shape[1]),
    )
    # Ids that were merged have the same row, and now stand one below the other.
    order = np.argsort(rows, kind="stable")[np.count_nonzero(rows < 0) :]
    in_order = weighted[order]
    lengths = np.bincount(rows[order], weights=np.diff(in_order.indptr), minlength=shape[0])
    offsets = np.append(0, np.cumsum(lengths)).astype(in_order.indptr.dtype)
    matrix = csr_array((in_order.data, in_order.indices, offsets), shape=shape)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix


def _action_codes(events: StoredEvents) -> IntArray:
    """[N + 1] position in `ACTIONS` of each value of the column; last that of a missing column."""
    named = events.values.get(columns.ACTION)
    names = [] if named is None else named.to_pylist()
    return np.array([ACTION_CODES[name] for name in (*names, columns.DEFAULT_ACTION)])
