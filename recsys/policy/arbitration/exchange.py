"""Better plans by moving customers between touchpoints, and the prices that a plan supports.

The touchpoints and "none" are the nodes of a small graph. An edge s -> t weighs what the plan gains
when the customer at s who minds least moves to t. A path from s to t with a free place, or a cycle,
of positive weight improves the plan. Without a budget, a plan that no path improves is the best:
this is a transportation problem (Ahuja, Magnanti and Orlin, Network Flows, 1993, ch. 9).
"""

from itertools import pairwise

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.policy.arbitration.limits import Limits
from recsys.policy.arbitration.support import Support, supported

_FIRST = 256
"""So many customers a pair of touchpoints are tried, those who mind the move least."""

_SELECTIONS = 40
"""How often those are selected anew."""


class Exchange:
    """A plan that is improved in place.

    Args:
        values: [T, C] best value at each touchpoint, -inf where there is none.
        limits: that hold, and will hold.
        assigned: [C] int8 touchpoint of each customer, -1 for none; changed by `improve`.
        euro: price of a euro of the budget, about.
    """

    def __init__(self, values: FloatArray, limits: Limits, assigned: IntArray, euro: float) -> None:
        self.values, self.assigned = values, assigned
        self.limits, self.euro = limits, euro
        self.none = len(values)  # the last node
        self.costs = np.append(limits.costs, 0.0)
        self.capacity = np.append(np.where(limits.is_closed, 0, limits.capacity), np.inf)
        largest = np.max(values, initial=0.0, where=np.isfinite(values))
        self.tolerance = 1e-12 * float(largest)
        self._select()

    def improve(self) -> None:
        """Moves customers along the best paths until no path improves the plan.

        First euros of the budget count at their price, so that they go where they earn most; what
        is left of them then goes wherever it earns anything.
        """
        for euro in dict.fromkeys((self.euro, 0.0)):
            for _ in range(_SELECTIONS):
                # As many moves as were selected leave at least one of those who mind least.
                moves = 0
                while moves < _FIRST and (path := self._best_path(euro)) is not None:
                    self._move(path)
                    moves += 1
                if not moves:
                    break
                self._select()

    def support(self) -> Support:
        """The prices that the plan supports, once improved."""
        return supported(self._longest()[0][-1], self._has_room(), self.limits, self.euro)

    def _select(self) -> None:
        """Keeps the customers of each node who mind a move to another one least."""
        nodes = np.where(self.assigned < 0, self.none, self.assigned)
        self.counts = np.bincount(nodes, minlength=self.none + 1).astype(np.float64)
        kept = np.zeros(len(nodes), dtype=bool)
        for node in range(self.none + 1):
            members = np.flatnonzero(nodes == node)
            for other in range(self.none):
                kept[self._first(members, node, other)] = True
            if node < self.none:
                kept[self._first(members, node, self.none)] = True
        self.rows = np.flatnonzero(kept)
        self.nodes = nodes[self.rows]
        self.active = np.zeros((self.none + 1, len(self.rows)))
        self.active[:-1] = self.values[:, self.rows]
        self.weights = np.full((self.none + 1, self.none + 1), -np.inf)
        self.movers = np.zeros(self.weights.shape, np.int64)
        for node in range(self.none + 1):
            self._weigh(node)

    def _first(self, members: IntArray, node: int, other: int) -> IntArray:
        """The members who mind least to move to another node."""
        gains = self._value(other, members) - self._value(node, members)
        reach = np.isfinite(gains)
        members, gains = members[reach], gains[reach]
        if len(members) <= _FIRST:
            return members
        return members[np.argpartition(-gains, _FIRST)[:_FIRST]]

    def _value(self, node: int, rows: IntArray) -> FloatArray:
        if node == self.none:
            return np.zeros(len(rows))
        return np.asarray(self.values[node, rows], np.float64)

    def _weigh(self, node: int) -> None:
        """Weights of the edges from a node, and who moves along each."""
        members = np.flatnonzero(self.nodes == node)
        self.weights[node] = -np.inf
        if len(members):
            gains = self.active[:, members] - self.active[node, members]
            first = gains.argmax(axis=1)
            self.weights[node] = gains[np.arange(len(gains)), first]
            self.movers[node] = members[first]
        self.weights[node, node] = -np.inf

    def _has_room(self) -> BoolArray:
        """[T + 1] whether a node takes one more customer."""
        return np.asarray(self.counts < self.capacity)

    def _longest(self) -> tuple[list[FloatArray], list[IntArray]]:
        """Longest walks of at most n edges for each n, and the last node before each end."""
        size = self.none + 1
        walk = np.full((size, size), -np.inf)
        np.fill_diagonal(walk, 0.0)
        walks, befores = [walk], [np.full((size, size), -1)]
        for _ in range(size):
            longer = walks[-1][:, :, None] + self.weights  # [s, before, t]
            before = longer.argmax(axis=1)
            length = np.take_along_axis(longer, before[:, None], axis=1)[:, 0]
            is_longer = length > walks[-1] + self.tolerance
            if not is_longer.any():
                break
            walks.append(np.where(is_longer, length, walks[-1]))
            befores.append(np.where(is_longer, before, -1))
            if (walks[-1].diagonal() > 0).any():
                break
        return walks, befores

    def _best_path(self, euro: float) -> list[int] | None:
        """Nodes of the path or cycle that improves the plan most within the limits."""
        walks, befores = self._longest()
        changes = self.costs - self.costs[:, None]
        left = self.limits.left(self.counts[:-1])
        is_allowed = self._has_room() & (changes <= max(left, 0.0))
        np.fill_diagonal(is_allowed, True)
        gains = np.where(is_allowed, walks[-1] - euro * changes, -np.inf)
        start, end = np.unravel_index(gains.argmax(), gains.shape)
        if gains[start, end] <= self.tolerance:
            return None
        path, layer = [int(end)], len(walks) - 1
        while layer > 0:
            before = befores[layer][start, path[-1]]
            layer -= 1
            if before >= 0:
                path.append(int(before))
        return path[::-1]

    def _move(self, path: list[int]) -> None:
        edges = list(pairwise(path))
        movers = [self.movers[edge] for edge in edges]
        for (node, other), mover in zip(edges, movers, strict=True):
            self.nodes[mover] = other
            self.assigned[self.rows[mover]] = other if other < self.none else -1
            self.counts[node] -= 1
            self.counts[other] += 1
        for node in set(path):
            self._weigh(node)
