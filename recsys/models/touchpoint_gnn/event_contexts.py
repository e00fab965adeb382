"""Where something happened, and in which circumstances: a touchpoint node with context values."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import IntArray
from recsys.data.dataset import Dataset


@dataclass(frozen=True, kw_only=True, eq=False)
class EventContexts:
    """The combinations of touchpoint node and context that occur.

    Attributes:
        of_events: [E] int64 place of each event, -1 where neither is known.
        members: [K, 1 + m] int64 touchpoint node, then rows of context values, -1 where unknown.
            Without context [N, 1]: each touchpoint node is a place.
    """

    of_events: IntArray
    members: IntArray


def places_of(data: Dataset, nodes: IntArray, size: int, contexts: bool) -> EventContexts:
    """Contexts of the events of a data set.

    Args:
        data: with contexts, where they are used.
        nodes: [E] touchpoint node of each event, -1 for none.
        size: N, number of nodes.
        contexts: whether circumstances are part of a place.
    """
    codes = data.interactions.contexts
    if not contexts or codes is None:
        return EventContexts(of_events=nodes, members=np.arange(size)[:, None])
    starts = np.cumsum([0, *map(len, data.contexts.values())])[:-1]
    values = np.where(codes >= 0, codes + starts, -1)
    members, of_events = np.unique(
        np.column_stack([nodes, values]).astype(np.int64), axis=0, return_inverse=True
    )
    known = (members >= 0).any(axis=1)
    place = np.where(known, np.cumsum(known) - 1, -1)
    return EventContexts(of_events=place[of_events.ravel()], members=members[known])


def context_names(data: Dataset) -> list[str]:
    """Names of the rows of context values, as "device=phone"."""
    return [f"{column}={value}" for column, values in data.contexts.items() for value in values]
