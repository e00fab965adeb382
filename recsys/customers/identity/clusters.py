"""Persons are connected components of links; components that are too large are cut."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from recsys.arrays import FloatArray, IntArray
from recsys.customers.identity.keys import KIND, REASON, WEIGHT, A, B


class Clusters(NamedTuple):
    """Records by person.

    Attributes:
        of_record: [n] int, number of the cluster of each record.
        cuts: links that would have joined too much, as the links, and the reason of each.
    """

    of_record: IntArray
    cuts: pd.DataFrame


def cluster(
    links: pd.DataFrame, size: int, largest: int, refused: IntArray | None = None
) -> Clusters:
    """Connected components; those that are too large or hold a refused pair are cut.

    Within such a component links are taken in descending order of evidence, and one is left out if
    it would join two parts to more than `largest` records or to a refused pair. So a component
    falls apart at its weakest links (Kruskal's algorithm with a bound, or single linkage). The
    evidence of a pair is the sum of the weights of its links; of equal pairs those with more common
    neighbours go first, so that a bridge between two groups breaks before a link within one. A
    cycle of links is evidence, not a fault. Time is linear in links but for cut components.

    Args:
        links: record_a, record_b (positions), kind, weight.
        size: number n of records.
        largest: number of records that a cluster has at most.
        refused: [m, 2] positions of records that are not one person; None for no pair.
    """
    group = components(links, size)
    apart = np.zeros((0, 2), np.int64) if refused is None else refused
    guarded = np.bincount(group, minlength=size) > largest
    guarded[group[apart[group[apart[:, 0]] == group[apart[:, 1]], 0]]] = True
    inside = guarded[group[links[A].to_numpy(np.int64)]]
    if not inside.any():
        return Clusters(group, _no_cuts())
    weak = links[inside].groupby([A, B], sort=True).agg(
        weight=(WEIGHT, "sum"), kind=(KIND, lambda kinds: " and ".join(sorted(set(kinds))))
    ).reset_index()  # fmt: skip
    weak["common"] = _common_neighbours(weak[A].to_numpy(), weak[B].to_numpy(), size)
    weak = weak.sort_values([WEIGHT, "common", A, B], ascending=[False, False, True, True])
    joined, cuts = _bounded(weak, size, largest, apart)
    rows = np.flatnonzero(guarded[group])
    group[rows] = size + joined[rows]
    return Clusters(np.unique(group, return_inverse=True)[1].astype(np.int64), cuts)


def components(links: pd.DataFrame, size: int) -> IntArray:
    """[size] number of the connected records that each record belongs to.

    Args:
        links: record_a, record_b (positions).
        size: number of records.
    """
    ends = links[A].to_numpy(np.int64), links[B].to_numpy(np.int64)
    return connected_nodes(*ends, size)


def connected_nodes(a: IntArray, b: IntArray, size: int) -> IntArray:
    """[size] number of the connected component of each node, of edges a [m] to b [m]."""
    graph = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(size, size))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _bounded(
    links: pd.DataFrame, size: int, largest: int, refused: IntArray
) -> tuple[IntArray, pd.DataFrame]:
    parts = _Parts(size, refused)
    cuts: list[int] = []
    reasons: list[str] = []
    pairs = zip(links[A].tolist(), links[B].tolist(), links[WEIGHT].tolist(), strict=True)
    for position, (a, b, weight) in enumerate(pairs):
        first, second = parts.root(a), parts.root(b)
        if first == second:
            continue
        total = parts.sizes[first] + parts.sizes[second]
        if parts.is_refused(first, second):
            cuts.append(position)
            reasons.append("a refused link keeps the two apart")
        elif total > largest:
            cuts.append(position)
            reasons.append(
                f"would join {parts.sizes[first]} and {parts.sizes[second]} records to more than "
                f"{largest}; weaker than the links within (weight {weight:.1f})"
            )
        else:
            parts.join(first, second)
    roots = np.fromiter((parts.root(row) for row in range(size)), np.int64, size)
    return roots, links.iloc[cuts][[A, B, KIND, WEIGHT]].assign(**{REASON: reasons})


class _Parts:
    """Disjoint sets with sizes, and which of them may not be joined."""

    def __init__(self, size: int, refused: IntArray) -> None:
        self._parent = list(range(size))
        self.sizes = [1] * size
        self._apart: dict[int, set[int]] = {}
        for a, b in refused.tolist():
            self._apart.setdefault(a, set()).add(b)
            self._apart.setdefault(b, set()).add(a)

    def root(self, row: int) -> int:
        while self._parent[row] != row:
            self._parent[row] = self._parent[self._parent[row]]
            row = self._parent[row]
        return row

    def is_refused(self, first: int, second: int) -> bool:
        """Whether a record of one part may not be with one of the other."""
        return any(self.root(row) == second for row in self._apart.get(first, ()))

    def join(self, first: int, second: int) -> None:
        small, large = sorted((first, second), key=lambda root: (self.sizes[root], -root))
        self._parent[small] = large
        self.sizes[large] += self.sizes[small]
        if small in self._apart:
            self._apart.setdefault(large, set()).update(self._apart.pop(small))


def _common_neighbours(a: IntArray, b: IntArray, size: int) -> FloatArray:
    """[m] the number of records that both ends of each link are linked to."""
    ends = (np.concatenate([a, b]), np.concatenate([b, a]))
    graph = csr_array((np.ones(2 * len(a), np.float32), ends), shape=(size, size))
    counts = np.zeros(len(a))
    for start in range(0, len(a), 65_536):
        part = slice(start, start + 65_536)
        counts[part] = graph[a[part]].multiply(graph[b[part]]).sum(axis=1)
    return counts


def _no_cuts() -> pd.DataFrame:
    return pd.DataFrame({A: [], B: [], KIND: [], WEIGHT: [], REASON: []})
