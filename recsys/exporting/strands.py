"""Customers with several vectors in an artifact: a row a strand."""

from dataclasses import replace

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.models.base import StrandVectors
from recsys.ops.csr import entry_rows
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.event_table import EventTable


def with_strands(contents: Contents, strands: StrandVectors | None) -> Contents:
    """The contents, in which customers with strands have a row for each in place of their own.

    A row of a strand has consent and the columns for touchpoints of its customer, and his events
    with the weights that make up its vector. Rows of customers stay in order.

    Args:
        contents: with one row a customer, in the order of row numbers.
        strands: of the model; None for a model without.
    """
    if strands is None or not len(strands.customers):
        return contents
    table = contents.customers
    sizes = np.bincount(strands.customers, minlength=len(table))
    has = sizes > 0
    owners = np.repeat(np.arange(len(table)), np.where(has, sizes, 1))
    first = np.flatnonzero(np.diff(owners, prepend=-1))
    number = np.arange(len(owners)) - first[owners]
    of_strand = np.flatnonzero(has[owners])
    vectors = table.vectors[owners].copy()
    vectors[of_strand, : strands.vectors.shape[1]] = strands.vectors
    customers = replace(
        table,
        vectors=vectors,
        ids=np.asarray(table.ids)[owners],
        strands=number,
        consent=None if table.consent is None else table.consent[owners],
    )
    fold_in = contents.fold_in
    if fold_in is not None and fold_in.degrees is not None:
        degrees = fold_in.degrees[owners].copy()
        degrees[of_strand] = strands.degrees
        fold_in = replace(fold_in, degrees=degrees)
    events = (
        None if contents.events is None else _events(contents.events, owners, of_strand, strands)
    )
    return replace(contents, customers=customers, fold_in=fold_in, events=events)


def _events(
    events: EventTable, owners: IntArray, of_strand: IntArray, strands: StrandVectors
) -> EventTable:
    """The events of each row: those of its customer, with the weights of its strand."""
    repeated = events.by_customer().of_customers(owners)
    row = repeated.customers
    weights = repeated.weights.copy()
    strand_of = np.full(len(owners), -1)
    strand_of[of_strand] = np.arange(len(of_strand))
    mine = strand_of[row] >= 0
    weights[mine] = _weights(strands, strand_of[row[mine]], repeated.products[mine])
    return replace(repeated, weights=weights)


def _weights(strands: StrandVectors, rows: IntArray, products: IntArray) -> FloatArray:
    """[n] float32 weights of products [n] in the vectors of strands [n]; 0 where they have none."""
    history = strands.history
    width = history.shape[1]
    known = entry_rows(history.indptr) * width + history.indices
    wanted = rows * width + products
    place = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    found = known[place] == wanted if len(known) else np.zeros(len(wanted), bool)
    return np.where(found, history.data[place] if len(known) else 0.0, 0.0).astype(np.float32)
