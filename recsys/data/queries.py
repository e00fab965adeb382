"""What is asked in a window after a cut-off, and the past it is asked from."""

from dataclasses import dataclass, replace

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
        left_out: customers with a target event in the window, but only of products that leave
            the ranking because they were seen.
    """

    customers: IntArray
    relevant: csr_array
    seen: csr_array | None
    eligible: BoolArray
    history: IntArray
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.customers)

    def select(self, rows: IntArray) -> "Queries":
        """The queries at these positions."""
        return Queries(
            customers=self.customers[rows],
            relevant=self.relevant[rows],
            seen=None if self.seen is None else self.seen[rows],
            eligible=self.eligible,
            history=self.history[rows],
            left_out=self.left_out,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """The past a model may learn from, and the queries of the window that follows it."""

    past: Dataset
    queries: Queries


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Two windows: choose on `valid`, read `test` once."""

    description: str
    valid: Window
    test: Window


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
    if data.masks_seen:
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
            "data.masks_seen=false, or move the cut-offs"
        )
    if not queries.eligible[relevant.indices].any():
        raise InputError(
            "none of the products that became relevant is on offer in the evaluation window; check "
            "valid_from and valid_to of the products table"
        )
    kept = replace(queries.select(asked), left_out=len(customers) - len(asked))
    return Window(past=past, queries=kept)


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
