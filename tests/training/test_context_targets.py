import numpy as np
import torch

from recsys.training.context_targets import ContextTargets

CPU = torch.device("cpu")


def targets() -> ContextTargets:
    """Customer 0 takes 5 anywhere and twice at 1, and 3 at 1; customer 2 takes 4 at 0."""
    rows = np.array([[2, 0, 4], [0, 1, 5], [0, -1, 5], [0, 1, 3], [0, 1, 5]]).T
    return ContextTargets(*rows, np.array([1, 2, 3, 4, 0.5], np.float32), 3, CPU)


def test_queries_of_customers_with_all_their_targets() -> None:
    batch = targets().batch(torch.tensor([2, 0, 1]))
    # The same customer at another context is another query.
    assert batch.customers.tolist() == [2, 0, 0]
    assert batch.contexts.tolist() == [0, -1, 1]
    assert batch.rows.tolist() == [0, 1, 2, 2]
    assert batch.targets.tolist() == [4, 5, 3, 5]
    assert batch.weights.tolist() == [1, 3, 4, 2.5]


def test_no_customer_and_customers_without_targets() -> None:
    for customers in ([], [1]):
        batch = targets().batch(torch.tensor(customers, dtype=torch.int64))
        assert [len(part) for part in vars(batch).values()] == [0] * 5
