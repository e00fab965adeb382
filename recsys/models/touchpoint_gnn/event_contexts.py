"""The context of an event: the touchpoint node where it happened, and context values."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import IntArray
from recsys.data.dataset import Dataset


@dataclass(frozen=True, kw_only=True, eq=False)
class EventContexts:
    """The K distinct contexts of events.

    Attributes:
        of_events: [E] int64 context of each event, -1 if neither touchpoint nor value is known.
        members: [K, 1 + m] int64 touchpoint node, then rows of m context values; -1 if unknown.
            Without context values [N, 1]: each touchpoint node is a context.
    """

    of_events: IntArray
    members: IntArray


def event_contexts(data: Dataset, nodes: IntArray, size: int, with_values: bool) -> EventContexts:
    """The contexts of the events of a data set.

    Args:
        data: the events.
        nodes: [E] touchpoint node of each event, -1 for none.
        size: N, number of touchpoint nodes.
        with_values: whether the columns `context_*` of the interactions are part of a context.
    """
    codes = data.interactions.contexts
    if not with_values or codes is None:
        return EventContexts(of_events=nodes, members=np.arange(size)[:, None])
    starts = np.cumsum([0, *map(len, data.contexts.values())])[:-1]
    values = np.where(codes >= 0, codes + starts, -1)
    members, of_events = np.unique(
        np.column_stack([nodes, values]).astype(np.int64), axis=0, return_inverse=True
    )
    known = (members >= 0).any(axis=1)
    numbers = np.where(known, np.cumsum(known) - 1, -1)
    return EventContexts(of_events=numbers[of_events.ravel()], members=members[known])


def context_names(data: Dataset) -> list[str]:
    """Names of the rows of context values, for example "device=phone"."""
    return [f"{column}={value}" for column, values in data.contexts.items() for value in values]
