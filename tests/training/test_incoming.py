"""Edges by the node they lead to, and how many of them lie before a moment."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.interactions import NEVER
from recsys.training.neighbours.incoming import Incoming

EARLIEST = np.iinfo(np.int64).min
TIMES = st.sampled_from([EARLIEST, -7, -1, 0, 1, 2, 3, 1_700_000_000, NEVER - 1, NEVER])


def incoming(edges: list[tuple[int, int, int]], nodes: int) -> Incoming:
    """From (source, target, time)."""
    sources, targets, times = torch.tensor(edges, dtype=torch.int64).reshape(-1, 3).t()
    return Incoming.of(torch.stack([sources, targets]), times, nodes)


def test_edges_lie_by_target_then_by_time_then_as_they_came() -> None:
    result = incoming([(0, 2, 5), (1, 0, 9), (2, 2, 3), (3, 2, 5), (4, 0, 1)], nodes=4)
    assert result.starts.tolist() == [0, 2, 2, 5, 5]
    assert result.edges.tolist() == [4, 1, 2, 0, 3]
    assert result.times.tolist() == [1, 9, 3, 5, 5]
    assert result.sources[result.edges].tolist() == [4, 1, 2, 0, 3]


def test_before_is_strict_and_a_row_without_a_time_comes_after_everything() -> None:
    result = incoming([(0, 0, 4), (0, 0, 4), (0, 0, 7), (0, 0, NEVER), (0, 1, 4)], nodes=3)
    moments = np.array([4, 5, 7, 8, NEVER, EARLIEST, NEVER, 9])
    nodes = np.array([0, 0, 0, 0, 0, 0, 1, 2])
    assert result.before(nodes, moments).tolist() == [0, 2, 2, 3, 3, 0, 1, 0]


@given(
    edges=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), TIMES), max_size=60),
    queries=st.lists(st.tuples(st.integers(0, 5), TIMES), max_size=20),
)
def test_before_counts_what_a_loop_counts(
    edges: list[tuple[int, int, int]], queries: list[tuple[int, int]]
) -> None:
    result = incoming(edges, nodes=6)
    nodes, moments = np.array(queries, np.int64).reshape(-1, 2).T
    counts = result.before(nodes, moments)
    for node, moment, count in zip(nodes, moments, counts, strict=True):
        start = result.starts[node]
        # Stable, so that of equal times the last of the graph is the latest.
        wanted = sorted(
            (time, edge)
            for edge, (_, target, time) in enumerate(edges)
            if target == node and time < moment
        )
        assert result.edges[start : start + count].tolist() == [edge for _, edge in wanted]


def test_no_edges() -> None:
    result = incoming([], nodes=3)
    assert result.before(np.array([0, 2]), np.array([5, NEVER])).tolist() == [0, 0]
    assert result.before(np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == []
