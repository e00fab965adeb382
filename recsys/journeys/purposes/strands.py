"""`Strands`: the events of customers by what they are for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.journeys.purposes.links import Pairs, starts_expected
from recsys.journeys.purposes.visits import Visits

_LINKED = 0.5
"""A visit continues another if that is more probable than not; so each continues one at most."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Strands:
    """Strands S of customers and the events E that belong to them.

    Attributes:
        of_event: [E] strand, -1 for events without product or of other actions.
        probability: [E] float64 that the visit of the event continues the visit before it in its
            strand, or begins a strand where it is the first; NaN without a strand.
        customer, purpose: [S] row numbers; strands are in order of customer and time.
        begin, end: [S] days (positions) since the start of the span.
        first, last: [S] rows of events.
        visits: [S] how many.
        last_depth, deepest: [S] positions in `actions` of the deepest action of the last visit and
            of all.
        silence: [S] days (positions) from the last event to the end of the data.
        actions: that count, from shallow to deep.
    """

    of_event: IntArray
    probability: FloatArray
    customer: IntArray
    purpose: IntArray
    begin: FloatArray
    end: FloatArray
    first: IntArray
    last: IntArray
    visits: IntArray
    last_depth: IntArray
    deepest: IntArray
    silence: FloatArray
    actions: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.customer)

    @classmethod
    def joined(
        cls, parts: Sequence["StrandPart"], events: int, actions: tuple[str, ...]
    ) -> "Strands":
        """Strands of parts of the customers as one.

        Args:
            parts: of different customers, in order.
            events: number of events of the data.
            actions: that count.
        """
        of_event, probability = np.full(events, -1), np.full(events, np.nan)
        offset = 0
        for part in parts:
            of_event[part.visits.event] = part.of_visit[part.visits.visit] + offset
            probability[part.visits.event] = part.probability[part.visits.visit]
            offset += part.count
        tables = [part.table() for part in parts]
        arrays = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
        return cls(of_event=of_event, probability=probability, actions=actions, **arrays)


@dataclass(frozen=True, kw_only=True, eq=False)
class StrandPart:
    """The strands of the visits [V] of some customers.

    Attributes:
        visits: of the customers.
        of_visit: [V] strand of each, 0 to count - 1, in order of customer and time.
        probability: [V] that the visit is where it was put.
        count: number of strands.
    """

    visits: Visits
    of_visit: IntArray
    probability: FloatArray
    count: int

    def table(self) -> dict[str, IntArray | FloatArray]:
        """The columns of `Strands` that have one entry a strand."""
        visits, count = self.visits, self.count
        order = np.lexsort((visits.begin, self.of_visit))
        strand = self.of_visit[order]
        opens = np.flatnonzero(np.diff(strand, prepend=-1) > 0)
        closes = order[np.append(opens[1:], len(order))[:count] - 1]
        opens = order[opens]
        deepest = np.zeros(count, np.int64)
        np.maximum.at(deepest, self.of_visit, visits.depth)
        edges = np.flatnonzero(np.diff(visits.visit, prepend=-1) > 0)
        first_event = visits.event[edges]
        last_event = visits.event[np.append(edges[1:], len(visits.visit))[: len(visits)] - 1]
        return {
            "customer": visits.customer[opens],
            "purpose": visits.purpose[opens],
            "begin": visits.begin[opens],
            "end": visits.end[closes],
            "first": first_event[opens],
            "last": last_event[closes],
            "visits": np.bincount(self.of_visit, minlength=count),
            "last_depth": visits.depth[closes],
            "deepest": deepest,
            "silence": visits.horizon - visits.end[closes],
        }


def strands_of(visits: Visits, links: Pairs, probability: FloatArray) -> StrandPart:
    """The strands that the probable links make of visits.

    Args:
        visits: of some customers.
        links: pairs of visits.
        probability: [L] that the later continues the earlier.
    """
    count = len(visits)
    holds = probability > _LINKED
    continues = np.full(count, -1)
    continues[links.later[holds]] = links.earlier[holds]
    certain = starts_expected(visits, links, probability)
    certain[links.later[holds]] = probability[holds]
    root = np.where(continues >= 0, continues, np.arange(count))
    while (root[root] != root).any():
        root = root[root]
    first = np.flatnonzero(root == np.arange(count))
    in_order = first[np.lexsort((visits.begin[first], visits.customer[first]))]
    number = np.empty(count, np.int64)
    number[in_order] = np.arange(len(in_order))
    return StrandPart(
        visits=visits, of_visit=number[root], probability=certain, count=len(in_order)
    )
