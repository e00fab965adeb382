"""The number of neighbours that each layer draws along each edge type."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from recsys.errors import InputError
from recsys.training.neighbours.typed_graph import EdgeType, require_known

Neighbours: TypeAlias = Sequence[int] | Mapping[EdgeType, Sequence[int]]
"""Most edges into a node for each layer, from the seeds outwards; -1 for all of them.

The same for every edge type, or edge type -> numbers; types that a mapping lacks are not followed.
"""

ALL = -1


def fan_out(neighbours: Neighbours, edge_types: Sequence[EdgeType]) -> list[dict[EdgeType, int]]:
    """The number of each layer along each edge type that is followed.

    Args:
        neighbours: numbers, for all edge types or by edge type.
        edge_types: of the graph.

    Raises:
        InputError: there is no layer or no edge type, a number is not valid, or an edge type is
            unknown.
    """
    if not edge_types:
        raise InputError("graph: expected at least one edge type, got a graph without edges")
    if not isinstance(neighbours, Mapping):
        neighbours = dict.fromkeys(edge_types, neighbours)
    for edge_type in neighbours:
        require_known(edge_type, edge_types, "neighbours")
    layers = {
        len(numbers) if isinstance(numbers, Sequence) else 0 for numbers in neighbours.values()
    }
    if len(layers) != 1 or 0 in layers:
        came = " and ".join(dict.fromkeys(map(str, neighbours.values()))) or "none"
        raise InputError(
            "neighbours: expected one number a layer and at least one layer, as [10, 5], as many "
            f"for each edge type, got {came}"
        )
    for number in (number for numbers in neighbours.values() for number in numbers):
        if not isinstance(number, int) or (number < 1 and number != ALL):
            raise InputError(
                f"neighbours: expected whole numbers of at least 1, or {ALL} for all, got {number}"
            )
    return [
        {edge_type: numbers[layer] for edge_type, numbers in neighbours.items()}
        for layer in range(layers.pop())
    ]
