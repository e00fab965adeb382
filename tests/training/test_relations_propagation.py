"""Propagation over three relations, by hand."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from recsys.graph.relations import RELATIONS
from recsys.training.relations import Nodes, Relations

CPU = torch.device("cpu")
F = Fraction

PURCHASE = {
    ("customers", "products"): [[F(1, 2), F(0)], [F(1, 4), F(1, 2)]],
    ("customers", "touchpoints"): [[F(1)], [F(1, 2)]],
    ("products", "touchpoints"): [[F(1, 4)], [F(3, 4)]],
}
REJECT = {("customers", "products"): [[F(0), F(1)], [F(0), F(0)]]}
WEIGHTS = {"purchase": 3.0, "reject": -1.0}


def matrices(dtype: type = np.float64) -> dict[tuple[str, str], dict[str, csr_array]]:
    result: dict[tuple[str, str], dict[str, csr_array]] = {relation: {} for relation in RELATIONS}
    for action, relations in (("purchase", PURCHASE), ("reject", REJECT)):
        for relation, matrix in relations.items():
            result[relation][action] = csr_array(np.array(matrix, dtype=dtype))
    return result


def by_hand(start: list[Fraction]) -> list[Fraction]:
    """Mean of layers 0 to 2 of customers 0 and 1, products 2 and 3, touchpoint 4."""
    step = [[F(0)] * 5 for _ in range(5)]

    def join(left: int, right: int, weight: Fraction) -> None:
        step[left][right] += weight
        step[right][left] += weight

    # Purchase and reject share the first relation 3 : -1; the others know no rejection.
    for left in range(2):
        for right in range(2):
            bought = PURCHASE["customers", "products"][left][right]
            refused = REJECT["customers", "products"][left][right]
            join(left, 2 + right, F(3, 4) * bought - F(1, 4) * refused)
        join(left, 4, PURCHASE["customers", "touchpoints"][left][0])
        join(2 + left, 4, PURCHASE["products", "touchpoints"][left][0])
    total, layer = start, start
    for _ in range(2):
        layer = [sum((w * x for w, x in zip(row, layer, strict=True)), F(0)) for row in step]
        total = [a + b for a, b in zip(total, layer, strict=True)]
    return [side / 3 for side in total]


def nodes() -> Nodes:
    columns = torch.tensor([[1.0, 0], [2, 1], [0, 3], [-1, 1], [4, -2]], dtype=torch.float64)
    return {
        "customers": columns[:2].clone().requires_grad_(),
        "products": columns[2:4].clone().requires_grad_(),
        "touchpoints": columns[4:].clone().requires_grad_(),
    }


@pytest.mark.parametrize("learnt", [False, True])
def test_two_layers_by_hand(learnt: bool) -> None:
    relations = Relations(matrices(), WEIGHTS, learnt, CPU).double()
    result = torch.cat(list(relations.mean_of_layers(nodes(), 2).values()))
    starts = [F(1), F(2), F(0), F(-1), F(4)], [F(0), F(1), F(3), F(1), F(-2)]
    wanted = np.array([by_hand(start) for start in starts], dtype=np.float64).T
    np.testing.assert_allclose(result.detach().numpy(), wanted, rtol=0, atol=1e-12)


def test_gradients_of_weights_and_vectors_numerically() -> None:
    relations = Relations(matrices(), WEIGHTS, True, CPU).double()
    start = nodes()

    def looked_at(weights: torch.Tensor, *vectors: torch.Tensor) -> torch.Tensor:
        sides = dict(zip(start, vectors, strict=True))
        result = torch.func.functional_call(_Mean(relations), {"of.weights": weights}, (sides,))
        return torch.cat(list(result.values())).square().sum()

    weights = relations.weights.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(looked_at, (weights, *start.values()))


class _Mean(torch.nn.Module):
    def __init__(self, of: Relations) -> None:
        super().__init__()
        self.of = of

    def forward(self, vectors: Nodes) -> Nodes:
        return self.of.mean_of_layers(vectors, 2)


def test_without_any_relation_layers_are_empty() -> None:
    empty: dict[tuple[str, str], dict[str, csr_array]] = {relation: {} for relation in RELATIONS}
    relations = Relations(empty, WEIGHTS, False, CPU)
    result = relations.mean_of_layers(nodes(), 1)
    torch.testing.assert_close(result["customers"], nodes()["customers"] / 2)
