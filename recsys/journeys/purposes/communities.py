"""Communities of products that customers turn to on the same journey."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array, csr_array, triu

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND
from recsys.graph.time_gap import time_gap_pairs

_RANDOMNESS = 1e-3
_GAP_SHARES = (0.05, 0.25, 0.5, 0.75)


def usual_gaps(data: Dataset, used: BoolArray) -> Sequence[float]:
    """Gaps between successive events of a customer, from a short one to a long one.

    Args:
        data: its events, with an order.
        used: [E] bool, events that count.

    Returns:
        seconds (positions of an order), rising; empty where nobody has two events apart.
    """
    events = data.interactions
    assert events.when is not None
    rows = np.flatnonzero(used)
    rows = rows[np.lexsort((events.when[rows], events.customers[rows]))]
    apart = np.diff(events.when[rows])[np.diff(events.customers[rows]) == 0]
    apart = apart[apart > 0] / (SECOND if data.clock == "timestamp" else 1)
    if not len(apart):
        return ()
    return sorted({float(gap) for gap in np.quantile(apart, _GAP_SHARES)})


def journey_graph(data: Dataset, used: BoolArray, vertex: IntArray, gap: float) -> csr_array:
    """[V, V] symmetric CSR, zero on the diagonal: how often vertices occur on the same journey.

    Args:
        data: its events.
        used: [E] bool, events that count; they have products.
        vertex: [P] of each product, -1 for none; several products may share one.
        gap: seconds, or positions of an order, after which a pair of events counts e^-1.
    """
    products = time_gap_pairs(data, used, gap=gap)
    has = np.flatnonzero(vertex >= 0)
    size = int(vertex.max(initial=-1)) + 1
    ones = np.ones(len(has), np.float32)
    member = csr_array((ones, (has, vertex[has])), shape=(len(vertex), size))
    graph = csr_array(member.T @ products @ member)
    graph.setdiag(0)
    graph.eliminate_zeros()
    return graph


def communities(
    graph: csr_array, order: IntArray, *, resolution: float = 1.0, seed: int = 0
) -> IntArray:
    """[V] community of each vertex, -1 for those without an edge.

    Leiden's algorithm (Traag, Waltman and van Eck: From Louvain to Leiden, Scientific Reports 9,
    2019) on modularity, by graspologic-native. Modularity compares the weight within a community
    with what the degrees of its vertices give by chance, so popular products are weighed down.
    Vertices are numbered by `order`, so that the result depends on the graph alone. Communities
    are numbered by the degrees of their vertices, the greatest first.

    Args:
        graph: [V, V] symmetric.
        order: [V] rank of each vertex.
        resolution: higher gives more communities.
        seed: of the moves.
    """
    # Imported late: only discovery needs it.
    from graspologic_native import leiden

    upper = coo_array(triu(graph, 1))
    found = np.full(graph.shape[0], -1)
    if not upper.nnz:
        return found
    ends = np.sort(np.stack([order[upper.row], order[upper.col]]), axis=0)
    sequence = np.lexsort((ends[1], ends[0]))
    edges = [
        (str(one), str(two), float(weight))
        for one, two, weight in zip(
            ends[0][sequence].tolist(), ends[1][sequence].tolist(), upper.data[sequence].tolist(),
            strict=True,
        )
    ]  # fmt: skip
    _, labels = leiden(
        edges=edges, starting_communities=None, resolution=resolution, randomness=_RANDOMNESS,
        iterations=1, use_modularity=True, seed=seed, trials=1,
    )  # fmt: skip
    vertex_of = np.argsort(order)
    rows = vertex_of[np.array([int(name) for name in labels])]
    found[rows] = list(labels.values())
    return by_weight(found, np.asarray(graph.sum(axis=1), np.float64).ravel(), order)


def by_weight(labels: IntArray, weight: FloatArray, order: IntArray) -> IntArray:
    """Labels [V] numbered by the weight of their vertices, ties by the first in order; -1 stays."""
    has = labels >= 0
    names, code = np.unique(labels[has], return_inverse=True)
    total = np.bincount(code, weight[has], len(names))
    first = np.full(len(names), len(labels))
    np.minimum.at(first, code, order[has])
    rank = np.empty(len(names), np.int64)
    rank[np.lexsort((first, -np.round(total, 6)))] = np.arange(len(names))
    numbered = labels.copy()
    numbered[has] = rank[code]
    return numbered


def join_the_rest(labels: IntArray, graph: csr_array) -> IntArray:
    """Labels [V], where vertices without one take that which they are tied to most closely.

    Args:
        labels: [V], -1 for none.
        graph: [V, V] of a longer gap.

    Returns:
        labels; -1 stays for vertices that are tied to none.
    """
    count = int(labels.max(initial=-1)) + 1
    if not count:
        return labels
    has = np.flatnonzero(labels >= 0)
    member = csr_array(
        (np.ones(len(has), np.float32), (has, labels[has])), shape=(len(labels), count)
    )
    degree = np.asarray(graph.sum(axis=1)).ravel()
    volume = np.maximum(member.T @ degree, 1e-9)
    tied = (graph @ member).toarray() / volume
    best = tied.argmax(axis=1)
    return np.where((labels < 0) & (tied.max(axis=1) > 0), best, labels)
