"""Open strands as rows of their own, each with the events that make up its vector."""

from dataclasses import replace

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.vocabulary import Vocabulary
from recsys.journeys.purposes.strands import Strands
from recsys.ops.csr import expand_ranges


def open_strands(strands: Strands, goes_on: FloatArray, open_from: float, most: int) -> IntArray:
    """Open strands, at most so many of a customer, by customer and from the least open one on.

    Args:
        strands: of all customers.
        goes_on: [S] probability that each goes on.
        open_from: least one.
        most: of a customer; those that most probably go on.
    """
    rows = np.flatnonzero(goes_on >= open_from)
    rows = rows[np.lexsort((-goes_on[rows], strands.customer[rows]))]
    person = strands.customer[rows]
    first = np.flatnonzero(np.diff(person, prepend=-1))
    place = np.arange(len(rows)) - np.repeat(first, np.diff(np.append(first, len(rows))))
    kept = rows[place < most]
    return kept[np.lexsort((goes_on[kept], strands.customer[kept]))]


def data_by_row(
    data: Dataset, strands: Strands, rows: IntArray, goes_on: FloatArray, floor: float, boost: float
) -> Dataset:
    """A data set whose customers are strands: each has all events of its owner, weighed for it.

    Args:
        data: with the events.
        strands: of all customers.
        rows: [R] strands that become customers.
        goes_on: [S] probability that each strand goes on.
        floor: what an event of a strand that has ended counts.
        boost: by how much an event counts more in the row of its strand.
    """
    events = data.interactions
    order = np.argsort(events.customers, kind="stable")
    starts = np.searchsorted(events.customers[order], np.arange(len(data.customers) + 1))
    owners = strands.customer[rows]
    row, position = expand_ranges(starts[owners], starts[owners + 1])
    taken = order[position]
    of_event = strands.of_event[taken]
    own = np.where(of_event >= 0, goes_on[of_event], 0.0)
    is_row = of_event == rows[row]
    factor = floor + own + boost * is_row * own
    chosen = events.select(taken)
    known = 1.0 if chosen.weights is None else chosen.weights
    weighed = replace(
        chosen, customers=row.astype(np.int32), weights=(factor * known).astype(np.float32)
    )
    return replace(
        data, customers=Vocabulary("customer", np.arange(len(rows))), interactions=weighed
    )
