"""Light graph convolution over several kinds of nodes, with signed and maybe learnt relations."""

from collections.abc import Mapping
from functools import reduce

import torch
from scipy.sparse import csr_array
from torch import Tensor, nn

from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.processes import ALONE, Processes
from recsys.training.propagation import propagate
from recsys.training.shards import replicated
from recsys.training.shards.graph import shared_graph

_ONE_LAYER = (0.0, 1.0)

Nodes = dict[str, Tensor]
"""Side -> [n, dim]; the rows of this process, where several share the graph."""


class Relations(nn.Module):
    """Signed light convolution: a layer is x_s' = sum over relations and actions of w R x_r.

    Args:
        matrices: relation -> action -> normalised matrix, as `relation_matrices` makes them.
        weights: of the actions, with sign; each relation starts from them.
        learnt: whether each relation learns weights of its own.
        device: of the graphs.
        processes: that hold a part of the nodes of each side.
    """

    def __init__(
        self,
        matrices: Mapping[tuple[str, str], Mapping[str, csr_array]],
        weights: Mapping[str, float],
        learnt: bool,
        device: torch.device,
        processes: Processes = ALONE,
    ) -> None:
        super().__init__()
        self.processes = processes
        self.names: list[tuple[tuple[str, str], str]] = []
        self.graphs: list[BipartiteGraph] = []
        start: list[float] = []
        for relation, of_action in matrices.items():
            # Each layer is about as long as the one before, however many actions there are.
            total = sum(abs(weights[action]) for action in of_action)
            shares = {action: weights[action] / total for action in of_action}
            if of_action and not learnt:
                of_action, shares = {"all": _merged(of_action, shares)}, {"all": 1.0}
            for action, matrix in of_action.items():
                self.names.append((relation, action))
                self.graphs.append(shared_graph(matrix, device, processes))
                start.append(shares[action])
        self.weights = nn.Parameter(torch.tensor(start, device=device), requires_grad=learnt)

    def forward(self, nodes: Nodes) -> Nodes:
        """The nodes after one layer."""
        summed = {side: torch.zeros_like(vectors) for side, vectors in nodes.items()}
        weights = replicated(self.weights, self.processes)
        for ((left, right), _), graph, weight in zip(self.names, self.graphs, weights, strict=True):
            to_left, to_right = propagate(graph, nodes[left], nodes[right], _ONE_LAYER)
            summed[left] = summed[left] + weight * to_left
            summed[right] = summed[right] + weight * to_right
        return summed

    def by_name(self) -> dict[str, float]:
        """Current weights, for example of "customers-products view"."""
        named = [f"{left}-{right} {action}" for (left, right), action in self.names]
        return dict(zip(named, self.weights.tolist(), strict=True))

    def mean_of_layers(self, nodes: Nodes, layers: int) -> Nodes:
        """Mean of layers 0 to K."""
        total = nodes
        for _ in range(layers):
            nodes = self(nodes)
            total = {side: total[side] + nodes[side] for side in total}
        return {side: vectors / (layers + 1) for side, vectors in total.items()}


def _merged(matrices: Mapping[str, csr_array], weights: Mapping[str, float]) -> csr_array:
    parts = [csr_array(matrix * weights[name]) for name, matrix in matrices.items()]
    return reduce(lambda left, right: csr_array(left + right), parts)
