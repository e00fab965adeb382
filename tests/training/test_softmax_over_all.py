import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from recsys.errors import InputError
from recsys.training.losses import softmax_over_all
from recsys.training.losses import softmax_over_all as function


def random_case(customers: int = 7, products: int = 11, dim: int = 4, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(customers, dim, generator=generator, dtype=torch.float64)
    y = torch.randn(products, dim, generator=generator, dtype=torch.float64)
    has = torch.rand(customers, products, generator=generator) < 0.3
    has[2] = False
    rows, columns = has.nonzero(as_tuple=True)
    return x.requires_grad_(), y.requires_grad_(), rows, columns


def reference(
    x: Tensor, y: Tensor, rows: Tensor, columns: Tensor, temperature: float, bias: Tensor | None
) -> Tensor:
    logits = x @ y.T / temperature + (0 if bias is None else bias)
    return -torch.log_softmax(logits, dim=1)[rows, columns].mean()


def test_by_hand() -> None:
    # Scores ln 1, ln 2, ln 3 for the first customer, equal ones for the second.
    x = torch.tensor([[1.0], [0.0]], dtype=torch.float64)
    y = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64).log()[:, None]
    rows, columns = torch.tensor([0, 0, 1]), torch.tensor([0, 2, 1])
    # Shares 1/6, 3/6 and 1/3.
    wanted = (math.log(6) + math.log(2) + math.log(3)) / 3
    assert softmax_over_all(x, y, rows, columns).item() == pytest.approx(wanted, abs=1e-12)
    # A bias of ln 6 on the first product makes the weights 6, 2, 3 and 6, 1, 1.
    bias = torch.tensor([6.0, 1.0, 1.0], dtype=torch.float64).log()
    wanted = (math.log(11 / 6) + math.log(11 / 3) + math.log(8)) / 3
    result = softmax_over_all(x, y, rows, columns, bias=bias)
    assert result.item() == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("at_once", [1, 25, 10_000])
@pytest.mark.parametrize("with_bias", [False, True])
def test_value_and_gradient_are_those_of_log_softmax(
    at_once: int, with_bias: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = __import__("sys").modules[function.__module__]
    monkeypatch.setattr(module, "_SCORES_AT_ONCE", at_once)
    x, y, rows, columns = random_case()
    bias = torch.linspace(-1, 1, len(y), dtype=torch.float64) if with_bias else None
    result = softmax_over_all(x, y, rows, columns, temperature=0.3, bias=bias)
    wanted = reference(x, y, rows, columns, 0.3, bias)
    torch.testing.assert_close(result, wanted, rtol=0, atol=1e-12)
    for ours, theirs in zip(
        torch.autograd.grad(3 * result, (x, y)),
        torch.autograd.grad(3 * wanted, (x, y)),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("at_once", [1, 25, 10_000])
def test_pairs_may_weigh(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    module = __import__("sys").modules[function.__module__]
    monkeypatch.setattr(module, "_SCORES_AT_ONCE", at_once)
    x, y, rows, columns = random_case()
    weights = torch.linspace(0, 2, len(rows), dtype=torch.float64)
    result = softmax_over_all(x, y, rows, columns, temperature=0.3, weights=weights)
    pairs = -torch.log_softmax(x @ y.T / 0.3, dim=1)[rows, columns]
    wanted = (weights * pairs).sum() / weights.sum()
    torch.testing.assert_close(result, wanted, rtol=0, atol=1e-12)
    for ours, theirs in zip(
        torch.autograd.grad(result, (x, y)), torch.autograd.grad(wanted, (x, y)), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
    even = softmax_over_all(x, y, rows, columns, weights=torch.full_like(weights, 3))
    torch.testing.assert_close(even, softmax_over_all(x, y, rows, columns))
    nothing = softmax_over_all(x, y, rows, columns, weights=torch.zeros_like(weights))
    assert nothing.item() == 0


def test_gradient_numerically() -> None:
    x, y, rows, columns = random_case()
    assert torch.autograd.gradcheck(
        lambda x, y: softmax_over_all(x, y, rows, columns, temperature=0.5), (x, y)
    )


def test_large_scores_do_not_overflow() -> None:
    x, y = torch.tensor([[1.0]]), torch.tensor([[1.0], [-1.0]])
    pair = torch.tensor([0]), torch.tensor([1])
    assert softmax_over_all(x, y, *pair, temperature=1e-3).item() == pytest.approx(2000)


def test_one_product_and_no_pair_lose_nothing() -> None:
    x, y = torch.ones(2, 3, requires_grad=True), torch.ones(1, 3)
    loss = softmax_over_all(x, y, torch.tensor([0, 1]), torch.tensor([0, 0]))
    assert loss.item() == 0
    none = torch.zeros(0, dtype=torch.int64)
    nothing = softmax_over_all(x, y, none, none)
    nothing.backward()
    assert nothing.item() == 0
    assert x.grad is not None
    assert not x.grad.any()


def test_half_precision_is_near() -> None:
    x, y, rows, columns = (
        tensor.float() if tensor.is_floating_point() else tensor for tensor in random_case()
    )
    x, y = x.detach().requires_grad_(), y.detach().requires_grad_()
    exact = softmax_over_all(x, y, rows, columns)
    with torch.autocast("cpu", torch.bfloat16):
        halves = softmax_over_all(x, y, rows, columns)
    assert halves.dtype == torch.float32
    assert halves.item() == pytest.approx(exact.item(), rel=2e-2)
    near = torch.autograd.grad(halves, (x, y))
    for ours, wanted in zip(near, torch.autograd.grad(exact, (x, y)), strict=True):
        assert (ours - wanted).abs().max() < 0.05 * wanted.abs().max()


@given(st.floats(-5, 5), st.integers(0, 100))
def test_a_constant_on_every_score_changes_nothing(shift: float, seed: int) -> None:
    x, y, rows, columns = random_case(seed=seed)
    bias = torch.full((len(y),), shift, dtype=torch.float64)
    ours = softmax_over_all(x, y, rows, columns, bias=bias)
    torch.testing.assert_close(ours, softmax_over_all(x, y, rows, columns))


def test_bad_shapes_are_named() -> None:
    x, y, rows, columns = random_case()
    with pytest.raises(InputError, match=r"products \[P, d\], got \[7, 4\] and \[11, 3\]"):
        softmax_over_all(x, y[:, :3], rows, columns)
    with pytest.raises(InputError, match="rows and columns of one length"):
        softmax_over_all(x, y, rows[1:], columns)
    with pytest.raises(InputError, match=r"expected weights \[\d+\], one a pair, got \[1\]"):
        softmax_over_all(x, y, rows, columns, weights=torch.ones(1))
    with pytest.raises(InputError, match="temperature"):
        softmax_over_all(x, y, rows, columns, temperature=0)
