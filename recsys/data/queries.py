"""What is asked in a window after a cut-off, and the past it is asked from."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, IntArray
from recsys.data.dataset import Dataset
from recsys.errors import InputError


@dataclass(frozen=True, kw_only=True, eq=False)
class Queries:
    """What is asked of a model, and the answers that came true.

    Attributes:
        customers: [Q] int32 row numbers.
        relevant: [Q, P] bool CSR, the products that became relevant in the window.
        seen: [Q, P] bool CSR, products that leave the ranking; None where repeats are kept.
        eligible: [P] bool, products on offer in the window.
        history: [Q] int64, events of the customer before the window.
        touchpoints: [N] int32, where each of the N relevant products was first taken in the window,
            in the order of `relevant`; -1 for an unknown touchpoint, None where all are unknown.
        left_out: customers with a target event in the window, but only of products that leave
            the ranking because they were seen.
    """

    customers: IntArray
    relevant: csr_array
    seen: csr_array | None
    eligible: BoolArray
    history: IntArray
    touchpoints: IntArray | None = None
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.customers)

    def select(self, rows: IntArray) -> "Queries":
        """The queries at these positions."""
        touchpoints = self.touchpoints
        if touchpoints is not None:
            touchpoints = touchpoints[_entries(self.relevant, rows)]
        return Queries(
            customers=self.customers[rows],
            relevant=self.relevant[rows],
            seen=None if self.seen is None else self.seen[rows],
            eligible=self.eligible,
            history=self.history[rows],
            touchpoints=touchpoints,
            left_out=self.left_out,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """The past a model may learn from, and the queries of the window that follows it.

    Attributes:
        past: events before the window.
        queries: what is asked in it.
        start, end: of the window, in units of the clock; None where no cut-off makes it.
    """

    past: Dataset
    queries: Queries
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Two windows: choose on `valid`, read `test` once.

    Attributes:
        description: what was done, in words.
        valid, test: the windows.
        divides: what tells the past from the answers; only a cut-off can be certified.
    """

    description: str
    valid: Window
    test: Window
    divides: Literal["cut-off", "part", "last event"] = "cut-off"

    @property
    def train(self) -> Dataset:
        """The events before the validation window: what a model is fitted on to be chosen."""
        return self.valid.past


def window(
    data: Dataset,
    in_past: BoolArray,
    in_window: BoolArray,
    start: int | None = None,
    end: int | None = None,
) -> Window:
    """The past of a window and its queries.

    Args:
        data: all events.
        in_past: [E] events that a model may learn from.
        in_window: [E] events that may answer.
        start: of the window, in units of the clock; None without one.
        end: of the window, likewise.

    Raises:
        InputError: nobody is asked anything in the window.
    """
    past = data.select(in_past, as_of=start)
    wanted = in_window & data.is_target
    customers, relevant = _pairs(data, wanted)
    if not len(customers):
        raise InputError(
            f"the evaluation window holds no event with one of the target actions "
            f"({', '.join(data.targets)}); move the cut-offs or change data.targets"
        )
    seen = None
    if data.filter_seen:
        had, products = past.interactions.customers, past.interactions.products
        seen = _bool_matrix(data, had[products >= 0], products[products >= 0])[customers]
        relevant = (relevant.astype(np.int8) - relevant.multiply(seen).astype(np.int8)).tocsr()
        relevant.eliminate_zeros()
        relevant = relevant.astype(bool)
    queries = Queries(
        customers=customers,
        relevant=relevant,
        seen=seen,
        eligible=data.eligible(start, end),
        history=past.history_lengths[customers],
    )
    asked = np.flatnonzero(np.diff(relevant.indptr) > 0)
    if not len(asked):
        raise InputError(
            "the evaluation window holds only products that their customers had before; say "
            "data.filter_seen=false, or move the cut-offs"
        )
    if not queries.eligible[relevant.indices].any():
        raise InputError(
            "none of the products that became relevant is on offer in the evaluation window; check "
            "valid_from and valid_to of the products table"
        )
    kept = replace(queries.select(asked), left_out=len(customers) - len(asked))
    kept = replace(kept, touchpoints=_first_touchpoints(data, wanted, kept))
    return Window(past=past, queries=kept, start=start, end=end)


def _first_touchpoints(data: Dataset, wanted: BoolArray, queries: Queries) -> IntArray | None:
    """See `Queries.touchpoints`; events are in order of time where there is one."""
    events = data.interactions.select(wanted)
    if (events.touchpoints < 0).all():
        return None
    width = len(data.products)
    taken = events.customers.astype(np.int64) * width + events.products
    pairs, first = np.unique(taken, return_index=True)
    customers = np.repeat(queries.customers.astype(np.int64), np.diff(queries.relevant.indptr))
    asked = customers * width + queries.relevant.indices
    touchpoints: IntArray = events.touchpoints[first[np.searchsorted(pairs, asked)]]
    return touchpoints


def _entries(matrix: csr_array, rows: IntArray) -> IntArray:
    """Positions of the entries of `matrix[rows]` among those of the matrix, in their order."""
    positions = csr_array((np.arange(matrix.nnz), matrix.indices, matrix.indptr), matrix.shape)
    found: IntArray = positions[rows].data
    return found


def _pairs(data: Dataset, rows: BoolArray) -> tuple[IntArray, csr_array]:
    events = data.interactions
    matrix = _bool_matrix(data, events.customers[rows], events.products[rows])
    customers = np.flatnonzero(np.diff(matrix.indptr) > 0).astype(np.int32)
    return customers, matrix[customers]


def _bool_matrix(data: Dataset, customers: IntArray, products: IntArray) -> csr_array:
    shape = (len(data.customers), len(data.products))
    matrix = csr_array((np.ones(len(customers), bool), (customers, products)), shape=shape)
    matrix.sum_duplicates()
    matrix.sort_indices()
    return matrix
