"""The nodes that trees are made of."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import IntArray


@dataclass(frozen=True, eq=False)
class Hop:
    """Nodes of one type that a hop reached, [n] int64 each: trees, nodes of the graph, numbers."""

    trees: IntArray
    nodes: IntArray
    numbers: IntArray


class TreeNodes:
    """Nodes of one type, each once in a tree, numbered in the order in which they are reached.

    Args:
        count: N, number of nodes of the type in the graph.
        trees: [n] int64 in ascending order, of the seeds of this type.
        nodes: [n] int64, the seeds.

    Attributes:
        hops: number of new nodes of each hop, the seeds first.
    """

    def __init__(self, count: int, trees: IntArray, nodes: IntArray) -> None:
        self._count = count
        self._keys: IntArray = trees * count + nodes  # by number
        self.hops = [len(nodes)]

    def add_hop(self, trees: IntArray, nodes: IntArray) -> IntArray:
        """Numbers [m] int64 of nodes [m] in trees [m]; new nodes get the next numbers."""
        known = len(self._keys)
        keys = np.concatenate([self._keys, trees * self._count + nodes])
        distinct, number, entry = np.unique(keys, return_index=True, return_inverse=True)
        # A key occurs first at its number, where it has one.
        new = number >= known
        number[new] = np.arange(known, known + new.sum())
        self._keys = np.concatenate([self._keys, distinct[new]])
        self.hops.append(len(self._keys) - known)
        return number[entry[known:]]

    def last_hop(self) -> Hop:
        """The new nodes of the last hop."""
        first = len(self._keys) - self.hops[-1]
        trees, nodes = np.divmod(self._keys[first:], self._count)
        return Hop(trees, nodes, np.arange(first, len(self._keys)))

    def by_number(self) -> tuple[IntArray, IntArray]:
        """Trees and nodes, [n] int64 each, by number."""
        return np.divmod(self._keys, self._count)
