"""The edges of one type by the node they lead to, in order of time."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from torch import Tensor

from recsys.arrays import IntArray
from recsys.ops.csr import search_ranges


@dataclass(frozen=True, kw_only=True, eq=False)
class Incoming:
    """Edges sorted by target node, then by time, then by position in the graph.

    Needs 16 bytes an edge beside the graph, whose sources it shares.

    Attributes:
        starts: [N + 1] int64, where the edges of each target node begin and end.
        times: [E] int64, of the sorted edges.
        edges: [E] int64, their positions in `edge_index`.
        sources: [E] int64 node at the other end, by position in `edge_index`.
    """

    starts: IntArray
    times: IntArray
    edges: IntArray
    sources: IntArray

    @classmethod
    def of(cls, ends: Tensor, time: Tensor, nodes: int) -> Self:
        """Edges with ends [2, E] and times [E], both int64, that lead to N nodes."""
        sources, targets = ends.numpy()
        order = np.lexsort((time.numpy(), targets))
        ends_at = np.cumsum(np.bincount(targets, minlength=nodes))
        return cls(
            starts=np.concatenate([[0], ends_at]),
            times=time.numpy()[order],
            edges=order,
            sources=sources,
        )

    def before(self, nodes: IntArray, moments: IntArray) -> IntArray:
        """[n] int64 number of edges into each node [n] strictly before its moment [n].

        They are the first edges of the node, `edges[starts[node] : starts[node] + count]`.
        """
        first, ends = self.starts[nodes], self.starts[nodes + 1]
        return search_ranges(self.times, first, ends, moments) - first
