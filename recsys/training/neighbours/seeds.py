"""From the nodes or edges of a batch to the roots of trees, negatives among them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.sampler import EdgeSamplerInput, NegativeSampling, NodeSamplerInput

from recsys.arrays import IntArray
from recsys.errors import InputError


@dataclass(frozen=True, kw_only=True, eq=False)
class Seeds:
    """One tree a seed node.

    Attributes:
        nodes: node type -> [n] int64; trees are numbered in this order, one type after the other.
        examples: [T] int64, the position in the batch that each tree belongs to.
        moments: [T] int64; all edges of a tree are earlier.
        metadata: further values that PyG's loaders expect.
    """

    nodes: Mapping[str, IntArray]
    examples: IntArray
    moments: IntArray
    metadata: tuple[Any, ...]


def of_nodes(batch: NodeSamplerInput) -> Seeds:
    """A tree for each node.

    Raises:
        InputError: the nodes have no times.
    """
    moments = moments_of(batch)
    return Seeds(
        nodes={batch.input_type: batch.node.numpy()},
        examples=np.arange(len(moments)),
        moments=moments,
        metadata=(batch.input_id, batch.time),
    )


def of_edges(
    batch: EdgeSamplerInput,
    negatives: NegativeSampling | None,
    counts: Mapping[str, int],
    generator: np.random.Generator,
) -> Seeds:
    """A tree for each end of each edge, and for negatives at the time of their edge.

    Args:
        batch: edges with times.
        negatives: "binary" draws random pairs, "triplet" random targets for each edge; both may
            draw an edge of the graph. None for none.
        counts: of nodes, by type.
        generator: draws the negatives.

    Raises:
        InputError: the edges have no times, or weights of negatives do not fit the nodes.
    """
    moments = moments_of(batch)
    source_type, _, target_type = batch.input_type
    sources, targets = batch.row.numpy(), batch.col.numpy()
    edges = len(sources)
    if negatives is not None:
        count = math.ceil(edges * negatives.amount)
        drawn = _drawn("dst_weight", negatives, count, counts[target_type], generator)
        targets = np.concatenate([targets, drawn])
        if negatives.is_binary():
            drawn = _drawn("src_weight", negatives, count, counts[source_type], generator)
            sources = np.concatenate([sources, drawn])
    of_sources, of_targets = (np.arange(len(ends)) % edges for ends in (sources, targets))
    examples = np.concatenate([of_sources, of_targets])
    if source_type == target_type:
        nodes = {source_type: np.concatenate([sources, targets])}
        first_target = len(sources)
    else:
        nodes = {source_type: sources, target_type: targets}
        first_target = 0
    numbers = torch.arange(len(sources)), torch.arange(len(targets)) + first_target
    return Seeds(
        nodes=nodes,
        examples=examples,
        moments=moments[examples],
        metadata=(
            batch.input_id,
            *_labels(batch.label, negatives, edges, *numbers),
            batch.time[torch.from_numpy(of_sources)],
        ),
    )


def moments_of(batch: EdgeSamplerInput | NodeSamplerInput) -> IntArray:
    """[B] int64 moments of the seeds of a batch.

    Raises:
        InputError: they have none.
    """
    if batch.time is None:
        raise InputError(
            "seeds: expected a time for each, got none; pass edge_label_time to LinkLoader or "
            "input_time to NodeLoader"
        )
    return np.asarray(batch.time.numpy())


def _labels(
    label: Tensor | None,
    negatives: NegativeSampling | None,
    edges: int,
    sources: Tensor,
    targets: Tensor,
) -> tuple[Tensor | None, ...]:
    """Which seeds belong together, by their numbers, as `LinkLoader` expects it."""
    if negatives is not None and negatives.is_triplet():
        # Negatives come in rounds of one for each edge.
        rounds = targets[edges:].view(-1, edges).t()
        return sources, targets[:edges], rounds.squeeze(-1)
    if negatives is not None:
        positive = torch.ones(edges) if label is None else label
        zeros = positive.new_zeros((len(sources) - edges, *positive.shape[1:]))
        label = torch.cat([positive, zeros])
    return torch.stack([sources, targets]), label


def _drawn(
    weight: str, negatives: NegativeSampling, count: int, nodes: int, generator: np.random.Generator
) -> IntArray:
    """[count] int64 nodes, with replacement."""
    weights = getattr(negatives, weight)
    if weights is None:
        return generator.integers(nodes, size=count)
    shares = weights.double().numpy()
    if shares.shape != (nodes,) or not (shares >= 0).all() or not shares.any():
        raise InputError(
            f"negatives.{weight}: expected [{nodes}] weights >= 0 and not all 0, one a node, got "
            f"{list(shares.shape)}"
        )
    return generator.choice(nodes, size=count, p=shares / shares.sum())
