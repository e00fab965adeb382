"""The squared loss over all pairs, against what it stands for."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, tensor
from torch.autograd import gradcheck

from recsys.errors import InputError
from recsys.training.losses import whole_data


def dense(
    x: Tensor, y: Tensor, rows: Tensor, columns: Tensor, weights: Tensor, unobserved: float
) -> Tensor:
    """The objective as written, over the full matrix."""
    target = torch.zeros(len(x), len(y), dtype=x.dtype)
    weight = torch.full_like(target, unobserved)
    target[rows, columns] = 1
    weight[rows, columns] = weights
    return (weight * (target - x @ y.T).square()).sum() / max(len(x), 1)


def test_by_hand() -> None:
    # Scores [[1, 2], [0, 3]]; observed (0, 0) with weight 4 and (1, 1) with weight 5:
    # 4 x 0 + 1/2 x 4 + 1/2 x 0 + 5 x 4 = 22 over two customers.
    x, y = tensor([[1.0, 1], [0, 3]]), tensor([[1.0, 0], [1, 1]])
    ends = tensor([1, 0])
    result = whole_data(x, y, ends, ends, weights=tensor([5.0, 4]), unobserved_weight=0.5)
    assert result.item() == pytest.approx(11)
    # All weights 1: (0 + 1/2 x 4 + 0 + 4) / 2.
    assert whole_data(x, y, ends, ends, unobserved_weight=0.5).item() == pytest.approx(3)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 5), st.integers(1, 6), st.integers(1, 4), st.floats(0, 2), st.integers(0, 10_000)
)
def test_value_and_gradient_are_those_of_the_dense_loss(
    customers: int, products: int, dim: int, unobserved: float, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(customers, dim, generator=generator, dtype=torch.float64).requires_grad_()
    y = torch.randn(products, dim, generator=generator, dtype=torch.float64).requires_grad_()
    rows, columns = (torch.rand(customers, products, generator=generator) < 0.4).nonzero().T
    order = torch.randperm(len(rows), generator=generator)
    rows, columns = rows[order], columns[order]
    weights = torch.rand(len(rows), generator=generator, dtype=torch.float64) * 5
    result = whole_data(x, y, rows, columns, weights=weights, unobserved_weight=unobserved)
    wanted = dense(x, y, rows, columns, weights, unobserved)
    torch.testing.assert_close(result, wanted)
    for ours, theirs in zip(
        torch.autograd.grad(result * 3, (x, y)),
        torch.autograd.grad(wanted * 3, (x, y)),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


def test_many_chunks_are_one_loss() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(300, 8, generator=generator)
    y = torch.randn(200, 8, generator=generator)
    rows, columns = (torch.rand(300, 200, generator=generator) < 0.7).nonzero().T
    assert len(rows) > 2 * 16_384
    result = whole_data(x, y, rows, columns, unobserved_weight=0.1)
    wanted = dense(x.double(), y.double(), rows, columns, torch.ones(len(rows)).double(), 0.1)
    assert result.item() == pytest.approx(wanted.item(), rel=1e-5)


def test_gradients_numerically() -> None:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(4, 3, generator=generator, dtype=torch.float64).requires_grad_()
    y = torch.randn(5, 3, generator=generator, dtype=torch.float64).requires_grad_()
    rows, columns = tensor([3, 0, 3]), tensor([4, 1, 0])
    assert gradcheck(lambda a, b: whole_data(a, b, rows, columns, unobserved_weight=0.3), (x, y))
    # One side held fixed.
    assert gradcheck(
        lambda b: whole_data(x.detach(), b, rows, columns, unobserved_weight=0.3), (y,)
    )


def test_a_perfect_factorisation_loses_nothing() -> None:
    eye = torch.eye(3)
    assert whole_data(eye, eye, torch.arange(3), torch.arange(3), unobserved_weight=1).item() == 0


def test_halves_are_raised_and_autocast_is_left() -> None:
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(6, 4, generator=generator).bfloat16()
    y = torch.randn(5, 4, generator=generator).bfloat16()
    rows, columns = tensor([0, 5]), tensor([1, 1])
    wanted = whole_data(x.double(), y.double(), rows, columns, unobserved_weight=0.2).item()
    with torch.autocast("cpu", torch.bfloat16):
        result = whole_data(x, y, rows, columns, unobserved_weight=0.2)
    assert result.dtype == torch.float32
    assert result.item() == pytest.approx(wanted, rel=1e-5)


def test_no_customers_and_no_positives() -> None:
    none = torch.zeros(0, dtype=torch.int64)
    x, y = torch.ones(2, 1, requires_grad=True), torch.ones(3, 1)
    loss = whole_data(x, y, none, none, unobserved_weight=1)
    loss.backward()
    assert loss.item() == 3
    assert x.grad is not None
    assert x.grad.tolist() == [[3], [3]]
    assert whole_data(torch.zeros(0, 1), y, none, none, unobserved_weight=1).item() == 0


def test_bad_input_is_refused() -> None:
    x, y, ends = torch.zeros(2, 3), torch.zeros(4, 3), tensor([0, 1])
    with pytest.raises(InputError, match=r"vectors of customers \[B, d\].*got \[2, 3\] and \[4, 2"):
        whole_data(x, y[:, :2], ends, ends, unobserved_weight=1)
    with pytest.raises(InputError, match=r"one length \[N\], got \[1\], \[2\]"):
        whole_data(x, y, ends, ends[:1], unobserved_weight=1)
    with pytest.raises(InputError, match="of one length"):
        whole_data(x, y, ends, ends, weights=torch.ones(2, 1), unobserved_weight=1)
    for value in (-1, math.nan, math.inf):
        with pytest.raises(InputError, match=r"unobserved_weight"):
            whole_data(x, y, ends, ends, unobserved_weight=value)
