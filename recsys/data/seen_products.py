"""The products that leave each customer's list at a moment, by `Dataset.filter_seen`."""

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.ops.chunks import slices
from recsys.ops.until import OPEN_START, holds


def until_of_events(data: Dataset) -> IntArray:
    """[E] int64 UTC seconds until which each event takes its product off the customer's list.

    `recsys.ops.until.OPEN_END` for ever; `OPEN_START` where the product stays, or there is none.
    """
    return _until(data, data.interactions)


def _until(data: Dataset, events: Interactions) -> IntArray:
    when = events.when if data.clock == "timestamp" else None
    until = data.filter_seen.until(events.actions, columns.ACTIONS, when)
    return np.where(events.products >= 0, until, OPEN_START)


def seen_products(
    data: Dataset, at: IntArray | int | None, of: IntArray | None = None
) -> csr_array | None:
    """[C, P] bool CSR of the products that are off each customer's list.

    Args:
        data: whose events count.
        at: the moment of the list in UTC seconds, one or [C]; None on a clock that does not count
            seconds.
        of: rows of the customers that are needed, others have none; None for all.

    Returns:
        None if no product ever leaves the list.
    """
    if not data.filter_seen:
        return None
    events = data.interactions
    is_needed = np.full(len(data.customers), of is None)
    is_needed[[] if of is None else of] = True
    held: list[IntArray] = []
    for chunk in slices(len(events)):
        part = events.select(chunk)
        holds_now = (part.products >= 0) & is_needed.take(part.customers)
        if data.filter_seen.ages is not None:
            moments = at.take(part.customers) if isinstance(at, np.ndarray) else at
            holds_now &= holds(_until(data, part), moments)
        held.append(np.flatnonzero(holds_now) + chunk.start)
    rows = np.concatenate(held) if held else np.zeros(0, np.int64)
    shape = (len(data.customers), len(data.products))
    return pairs_matrix(events.customers[rows], events.products[rows], shape)


def pairs_matrix(customers: IntArray, products: IntArray, shape: tuple[int, int]) -> csr_array:
    """[C, P] bool CSR, True for each of n pairs, which may repeat."""
    matrix = csr_array((np.ones(len(customers), bool), (customers, products)), shape=shape)
    matrix.sum_duplicates()
    matrix.sort_indices()
    return matrix
