"""bpr, cosine contrastive, info_nce, and what they share."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, tensor
from torch.autograd import gradcheck

from recsys.errors import InputError
from recsys.training.losses import (
    bpr,
    cosine_contrastive,
    in_batch_softmax,
    info_nce,
    pair_scores,
    sampled_softmax,
    unit,
    weighted_cosine_contrastive,
)

log = math.log
EXACT = {"rel": 1e-6, "abs": 1e-7}


def double(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()


def test_bpr_by_hand() -> None:
    # Sigmoids of differences log 1, log 3, log 4 and log 1/4: 1/2, 3/4, 4/5 and 1/5.
    positive = tensor([log(3), log(4)])
    negative = tensor([[log(3), 0], [0, log(16)]])
    product = Fraction(1, 2) * Fraction(3, 4) * Fraction(4, 5) * Fraction(1, 5)
    assert bpr(positive, negative).item() == pytest.approx(-log(product) / 4, **EXACT)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 999), st.floats(-50, 50))
def test_bpr_knows_differences_only(seed: int, shift: float) -> None:
    positive, negative = double(4, seed=seed), double(4, 3, seed=seed + 1)
    shifted = bpr(positive + shift, negative + shift).item()
    assert shifted == pytest.approx(bpr(positive, negative).item(), rel=1e-9)


def test_the_cosine_contrastive_loss_by_hand() -> None:
    # Customer 1: 1 - 3/5 + 2/2 (1/2 - 1/4 + 0); customer 2: 1 + 1/2 + 2/2 (3/4 + 1/4).
    positive = tensor([3 / 5, -1 / 2])
    negative = tensor([[1 / 2, -1], [1, 1 / 2]])
    wanted = (Fraction(2, 5) + Fraction(1, 4) + Fraction(3, 2) + 1) / 2
    result = cosine_contrastive(positive, negative, margin=0.25, negative_weight=2)
    assert result.item() == pytest.approx(float(wanted), **EXACT)


def test_the_weighted_cosine_contrastive_loss_by_hand() -> None:
    # Two pairs of one customer, 2/5 and 1/2 short; negatives 1/4 and 3/4 above the margin.
    positive, negative = tensor([3 / 5, 1 / 2]), tensor([[1 / 2, 1], [1, -1]])
    weights = tensor([[4, 2], [0, 3]])
    wanted = (Fraction(2, 5) + Fraction(1, 2) + 4 * Fraction(1, 4) + 2 * Fraction(3, 4)) / 2
    result = weighted_cosine_contrastive(positive, negative, margin=0.25, negative_weights=weights)
    assert result.item() == pytest.approx(float(wanted), **EXACT)


def test_negatives_below_the_margin_teach_nothing() -> None:
    negative = tensor([[0.1, 0.9]]).requires_grad_()
    cosine_contrastive(tensor([1.0]), negative, margin=0.5, negative_weight=3).backward()
    assert negative.grad is not None
    assert negative.grad.tolist() == [[0, 1.5]]


def test_info_nce_by_hand() -> None:
    # Cosines [[1, 0], [3/5, 4/5]] at temperature 1 / log 2: rows of powers of two.
    view = tensor([[2.0, 0], [3, 4]])
    other = tensor([[1.0, 0], [0, 5]])
    wanted = (log(1 + 2**-1) + log(1 + 2 ** (3 / 5 - 4 / 5))) / 2
    result = info_nce(view, other, temperature=1 / log(2))
    assert result.item() == pytest.approx(wanted, **EXACT)


def test_info_nce_of_one_node_or_of_equal_nodes() -> None:
    assert info_nce(tensor([[1.0, 2]]), tensor([[3.0, 4]]), temperature=0.2).item() == 0
    same = torch.ones(5, 3)
    assert info_nce(same, same, temperature=0.2).item() == pytest.approx(log(5))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 999), st.floats(1e-3, 1e3))
def test_cosines_do_not_know_lengths(seed: int, scale: float) -> None:
    view, other = double(4, 3, seed=seed), double(4, 3, seed=seed + 1)
    wanted = info_nce(view, other, temperature=0.5).item()
    assert info_nce(view * scale, other, temperature=0.5).item() == pytest.approx(wanted, rel=1e-9)
    torch.testing.assert_close(unit(view * scale), unit(view))


def test_unit_vectors_and_the_zero_vector() -> None:
    vectors = tensor([[3.0, 4], [0, 0], [0, -1e-20]]).requires_grad_()
    result = unit(vectors)
    torch.testing.assert_close(result, tensor([[0.6, 0.8], [0, 0], [0, -1]]))
    result[1].sum().backward()
    assert vectors.grad is not None
    assert vectors.grad.tolist() == [[0, 0], [1, 1], [0, 0]]


def test_pair_scores_of_one_and_of_several_products() -> None:
    customers = tensor([[1.0, 2], [3, 4]])
    products = tensor([[[1.0, 1], [0, 1], [2, 0]], [[1, 0], [0, 0], [1, -1]]])
    assert pair_scores(customers, products).tolist() == [[3, 2, 2], [3, 0, -1]]
    assert pair_scores(customers, products[:, 0]).tolist() == [3, 3]


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "bpr": bpr,
    "cosine_contrastive": lambda p, n: cosine_contrastive(p, n, margin=0.1, negative_weight=2),
    "sampled_softmax": lambda p, n: sampled_softmax(p, n, temperature=0.5),
    "corrected": lambda p, n: sampled_softmax(
        p, n, log_q=torch.linspace(-3, -1, n.shape[1]), masked=n.detach() > 1
    ),
    "in_batch_softmax": lambda p, n: in_batch_softmax(
        n * p[:, None], torch.arange(len(p)) % max(n.shape[1], 1)
    ),
}
of_scores = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


@of_scores
def test_gradients_of_scores(loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    assert gradcheck(loss, (double(4), double(4, 3, seed=1)))


def test_gradients_of_vectors() -> None:
    assert gradcheck(lambda a, b: info_nce(a, b, temperature=0.3), (double(4, 3), double(4, 3)))
    assert gradcheck(unit, (double(4, 3),))


@of_scores
@pytest.mark.parametrize("scale", [1e4, -1e4])
def test_large_scores_stay_finite(loss: Callable[[Tensor, Tensor], Tensor], scale: float) -> None:
    positive = tensor([scale, -scale]).requires_grad_()
    negative = tensor([[-scale, scale], [scale, scale]]).requires_grad_()
    result = loss(positive, negative)
    result.backward()
    assert positive.grad is not None
    assert negative.grad is not None
    assert torch.isfinite(result)
    assert torch.isfinite(positive.grad).all()
    assert torch.isfinite(negative.grad).all()


@of_scores
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_raised(
    loss: Callable[[Tensor, Tensor], Tensor], dtype: torch.dtype
) -> None:
    positive, negative = double(4).to(dtype), double(4, 3, seed=1).to(dtype)
    result = loss(positive, negative)
    assert result.dtype == torch.float32
    # The product inside the in-batch case is taken in halves, all else is exact.
    rel = 1e-2 if loss is LOSSES["in_batch_softmax"] else 1e-5
    assert result.item() == pytest.approx(
        loss(positive.double(), negative.double()).item(), rel=rel
    )


def test_vectors_of_half_precision_have_no_infinite_norm() -> None:
    # 300^2 exceeds what float16 holds.
    vectors = tensor([[300.0, 400]], dtype=torch.float16)
    torch.testing.assert_close(unit(vectors), tensor([[0.6, 0.8]]))


@of_scores
def test_an_empty_batch_loses_nothing(loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    positive, negative = torch.zeros(0, requires_grad=True), torch.zeros(0, 3)
    result = loss(positive, negative)
    result.backward()
    assert result.item() == 0
    assert info_nce(torch.zeros(0, 2), torch.zeros(0, 2), temperature=1).item() == 0


@pytest.mark.parametrize("loss", ["bpr", "cosine_contrastive", "sampled_softmax"])
@pytest.mark.parametrize("shape", [(3,), (1, 3), (4, 2)])
def test_shapes_that_would_broadcast_are_refused(loss: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"expected scores of positives \[B\]"):
        LOSSES[loss](torch.zeros(3), torch.zeros(shape))


def test_views_of_different_nodes_are_refused() -> None:
    with pytest.raises(InputError, match=r"two views \[n, d\] of the same nodes, got \[2, 3\]"):
        info_nce(torch.zeros(2, 3), torch.zeros(3, 3), temperature=1)


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
def test_settings_out_of_range_are_refused(value: float) -> None:
    pair: tuple[Any, Any] = (torch.zeros(2), torch.zeros(2, 2))
    with pytest.raises(InputError, match=r"temperature: expected a finite number > 0"):
        sampled_softmax(*pair, temperature=value)
    with pytest.raises(InputError, match=r"temperature"):
        info_nce(pair[1], pair[1], temperature=value)
    with pytest.raises(InputError, match=r"margin"):
        cosine_contrastive(*pair, margin=value - 1.5, negative_weight=1)
    if value != 0:
        with pytest.raises(InputError, match=r"negative_weight"):
            cosine_contrastive(*pair, margin=0, negative_weight=value)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 999))
def test_bpr_is_the_softmax_with_one_negative(seed: int) -> None:
    positive, negative = double(4, seed=seed), double(4, 1, seed=seed + 1)
    result = sampled_softmax(positive, negative, temperature=0.5).item()
    assert result == pytest.approx(bpr(positive / 0.5, negative / 0.5).item(), rel=1e-9)
