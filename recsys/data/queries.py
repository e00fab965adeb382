"""`Split`, its windows, and the queries of a window: whom to rank for, and what was relevant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import NEVER, SECOND
from recsys.data.seen_products import pairs_matrix, seen_products
from recsys.errors import InputError


@dataclass(frozen=True, kw_only=True, eq=False)
class Queries:
    """The customers to rank products for in a window, and the products that became relevant.

    Attributes:
        customers: [Q] int32 row numbers.
        relevant: [Q, P] bool CSR, the products that became relevant in the window.
        seen: [Q, P] bool CSR, products that are left out of the ranking by
            `Dataset.filter_seen`; None if no product ever is.
        eligible: [P] bool, products on offer in the window.
        history: [Q] int64, number of events of the customer before the window.
        touchpoints: [N] int32 row numbers, for each of the N entries of `relevant` the touchpoint
            of its first target event in the window; -1 where unknown, None where all are unknown.
        times: [N] int64, for each entry of `relevant` how many target events of the window it has;
            None where each has one.
        left_out: number of customers whose target events in the window are all about seen
            products.
    """

    customers: IntArray
    relevant: csr_array
    seen: csr_array | None
    eligible: BoolArray
    history: IntArray
    touchpoints: IntArray | None = None
    times: IntArray | None = None
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.customers)

    def select(self, rows: IntArray) -> "Queries":
        """The queries at these positions."""
        touchpoints, times = self.touchpoints, self.times
        if touchpoints is not None or times is not None:
            entries = _entries(self.relevant, rows)
            touchpoints = None if touchpoints is None else touchpoints[entries]
            times = None if times is None else times[entries]
        return Queries(
            customers=self.customers[rows],
            relevant=self.relevant[rows],
            seen=None if self.seen is None else self.seen[rows],
            eligible=self.eligible,
            history=self.history[rows],
            touchpoints=touchpoints,
            times=times,
            left_out=self.left_out,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """A window of time, the past that a model may learn from, and the queries of the window.

    Attributes:
        past: events before the window.
        queries: whom to rank for, and what was relevant.
        start, end: of the window, in units of the clock; None if no cut-off defines it.
    """

    past: Dataset
    queries: Queries
    start: int | None = None
    end: int | None = None

    def __repr__(self) -> str:
        return f"Window: {len(self.queries):,} queries after {self.past!r}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Two windows: `valid` to choose models and settings, `test` to be read once.

    Attributes:
        description: how the data were split, for reports.
        valid, test: the windows.
        divides: what separates the past from the relevant products. The audit certifies only a
            "cut-off".
        earlier: windows before valid, of a split with several, the oldest first.
        ages: up to how many windows later a model is evaluated again, of a split with several.
    """

    description: str
    valid: Window
    test: Window
    divides: Literal["cut-off", "part", "last event"] = "cut-off"
    earlier: Sequence[Window] = ()
    ages: int = 0

    def __repr__(self) -> str:
        return f"Split {self.description}\n  valid: {self.valid!r}\n  test: {self.test!r}"

    @property
    def windows(self) -> Iterator[Window]:
        """All windows to choose models by, the oldest first; only valid of most splits."""
        yield from self.earlier
        yield self.valid

    def windows_from(self, number: int, count: int) -> Iterator[Window]:
        """Up to `count` of `windows`, from position `number` on; others are not made."""
        yield from self.earlier[number : number + count]
        if number + count > len(self.earlier) >= number:
            yield self.valid

    @property
    def train(self) -> Dataset:
        """The events before the validation window: what a model is fitted on to be chosen."""
        return self.valid.past


def window(
    data: Dataset,
    in_past: BoolArray | slice,
    in_window: BoolArray | slice,
    start: int | None = None,
    end: int | None = None,
) -> Window:
    """Makes a window from masks of the events of its past and of the window itself.

    The lists are made at the cut-off, where what a customer does later is not known yet: ages of
    `Dataset.filter_seen` are counted up to there. Without a cut-off, each customer's list is made
    when the first of the relevant products is taken.

    Args:
        data: all events [E].
        in_past: [E] bool or a slice, events that a model may learn from.
        in_window: [E] bool or a slice, events whose products are relevant if their action is a
            target.
        start: first moment of the window, in units of the clock; None without a cut-off.
        end: first moment after the window, in units of the clock; None without a cut-off.

    Raises:
        InputError: the window has no query, or none of its relevant products can be ranked.
    """
    past = data.select(in_past, as_of=start)
    answers = _answers(data, in_window)
    customers, relevant = _pairs(data, answers)
    has_repeats = len(answers) > relevant.nnz
    if not len(customers):
        raise InputError(
            f"split: the evaluation window has no event with one of the target actions "
            f"({', '.join(data.targets)}); move the cut-offs or set data.targets, in Python "
            "Dataset.from_frames(..., targets=...)"
        )
    seen = seen_products(past, _list_moments(data, answers, start), of=customers)
    if seen is not None:
        seen = seen[customers]
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
    with_relevant = np.flatnonzero(np.diff(relevant.indptr) > 0)
    if not len(with_relevant):
        raise InputError(
            "split: the evaluation window has only products that their customers had before; set "
            "data.filter_seen=false, in Python filter_seen=False, or move the cut-offs"
        )
    if not queries.eligible[relevant.indices].any():
        raise InputError(
            "products: none of the products that became relevant is on offer in the evaluation "
            "window; check columns valid_from and valid_to"
        )
    queries = replace(queries.select(with_relevant), left_out=len(customers) - len(with_relevant))
    touchpoints, times = _of_entries(data, answers, queries, has_repeats)
    queries = replace(queries, touchpoints=touchpoints, times=times)
    return Window(past=past, queries=queries, start=start, end=end)


def between(data: Dataset, start: int, end: int, is_last: bool = False) -> Window:
    """The window of [start, end) in units of the clock, with all events before it as its past.

    Args:
        data: all events.
        start: first moment of the window.
        end: first moment after it.
        is_last: whether events at or after `end` belong to it too.
    """
    when = data.interactions.when
    assert when is not None
    # Events are in order of time.
    first, last = (int(position) for position in np.searchsorted(when, (start, end)))
    inside = slice(first, len(when) if is_last else last)
    return window(data, slice(0, first), inside, start=start, end=end)


def _answers(data: Dataset, in_window: BoolArray | slice) -> IntArray:
    """Positions of the target events of a window."""
    if isinstance(in_window, slice):
        start, _, _ = in_window.indices(len(data.interactions))
        return start + np.flatnonzero(data.select(in_window).is_target)
    return np.flatnonzero(in_window & data.is_target)


def _of_entries(
    data: Dataset, answers: IntArray, queries: Queries, has_repeats: bool
) -> tuple[IntArray | None, IntArray | None]:
    """`Queries.touchpoints` and `Queries.times`; events are in order of time where there is one."""
    events = data.interactions
    touchpoints = events.touchpoints[answers]
    is_known = bool((touchpoints >= 0).any())
    if not (is_known or has_repeats):
        return None, None
    width = len(data.products)
    pairs, first_event, counts = np.unique(
        events.customers[answers].astype(np.int64) * width + events.products[answers],
        return_index=True,
        return_counts=True,
    )
    customers = np.repeat(queries.customers.astype(np.int64), np.diff(queries.relevant.indptr))
    entries = np.searchsorted(pairs, customers * width + queries.relevant.indices)
    return (
        np.asarray(touchpoints[first_event[entries]]) if is_known else None,
        counts[entries] if has_repeats else None,
    )


def _entries(matrix: csr_array, rows: IntArray) -> IntArray:
    """Positions in `matrix.data` of the entries of `matrix[rows]`."""
    positions = csr_array((np.arange(matrix.nnz), matrix.indices, matrix.indptr), matrix.shape)
    return np.asarray(positions[rows].data)


def _list_moments(data: Dataset, answers: IntArray, start: int | None) -> IntArray | int | None:
    """UTC seconds, one or [C], at which lists are made, see `window`; None on another clock."""
    when = data.interactions.when
    if data.clock != "timestamp" or when is None or not data.filter_seen.counts_days:
        return None
    if start is not None:
        return start // SECOND
    first = np.full(len(data.customers), NEVER)
    np.minimum.at(first, data.interactions.customers[answers], when[answers])
    # A published test row without a time comes after all others.
    return np.where(first == NEVER, data.as_of_seconds or 0, first // SECOND)


def _pairs(data: Dataset, rows: IntArray) -> tuple[IntArray, csr_array]:
    events = data.interactions
    shape = (len(data.customers), len(data.products))
    matrix = pairs_matrix(events.customers[rows], events.products[rows], shape)
    customers = np.flatnonzero(np.diff(matrix.indptr) > 0).astype(np.int32)
    return customers, matrix[customers]
