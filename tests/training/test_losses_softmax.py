"""Sampled and in-batch softmax, and their correction."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import tensor
from torch.nn.functional import cross_entropy

from recsys.errors import InputError
from recsys.training.losses import in_batch_softmax, sampled_softmax

log = math.log


def test_by_hand_with_and_without_correction() -> None:
    # e+ = 2; e = 3 and 4. Corrected: (3 / (1/2) + 4 / (1/4)) / 2 = 11.
    positive, negative = tensor([log(2)]), tensor([[log(3), log(4)]])
    assert sampled_softmax(positive, negative).item() == pytest.approx(log(9 / 2))
    result = sampled_softmax(positive, negative, log_q=tensor([[log(1 / 2), log(1 / 4)]]))
    assert result.item() == pytest.approx(log(13 / 2))
    # The first does not count: 4 / (1/4) / 1 = 16.
    result = sampled_softmax(
        positive,
        negative,
        log_q=tensor([log(1 / 2), log(1 / 4)]),
        masked=tensor([[True, False]]),
    )
    assert result.item() == pytest.approx(log(18 / 2))


def test_the_temperature_divides_scores_and_not_the_correction() -> None:
    positive, negative = tensor([log(2)]), tensor([[log(3)]])
    # e+ = 4, e = 9 / (1/2).
    result = sampled_softmax(positive, negative, temperature=0.5, log_q=tensor([[log(1 / 2)]]))
    assert result.item() == pytest.approx(log(22 / 4))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 999), st.integers(2, 9), st.floats(0.05, 5))
def test_all_products_as_negatives_are_the_full_softmax(
    seed: int, products: int, temperature: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(4, products, generator=generator, dtype=torch.float64)
    positives = torch.randint(products, (4,), generator=generator)
    others = torch.stack([torch.arange(products)[torch.arange(products) != p] for p in positives])
    result = sampled_softmax(
        scores.gather(1, positives[:, None])[:, 0],
        scores.gather(1, others),
        temperature=temperature,
        log_q=torch.full((4, products - 1), -log(products - 1), dtype=torch.float64),
    )
    wanted = cross_entropy(scores / temperature, positives)
    torch.testing.assert_close(result, wanted, rtol=1e-6, atol=1e-9)
    # A batch of all products, uncorrected, is the same.
    in_batch = in_batch_softmax(scores, positives, temperature=temperature)
    torch.testing.assert_close(in_batch, wanted, rtol=1e-6, atol=1e-9)


def test_the_correction_removes_what_sampling_did() -> None:
    """Many draws by popularity give the full softmax; uncorrected they do not come near."""
    generator = torch.Generator().manual_seed(0)
    scores = tensor([0.5, -1.0, 2.0, 0.0, 1.0], dtype=torch.float64)
    q = tensor([0.0, 0.7, 0.05, 0.15, 0.1], dtype=torch.float64)
    drawn = torch.multinomial(q, 200_000, replacement=True, generator=generator)
    wanted = cross_entropy(scores[None], tensor([0])).item()
    positive, negative = scores[:1], scores[drawn][None]
    result = sampled_softmax(positive, negative, log_q=q.log()[drawn][None]).item()
    assert result == pytest.approx(wanted, rel=0.01)
    # As if the draws had been uniform over the other four.
    biased = sampled_softmax(positive, negative, log_q=tensor(log(1 / 4))).item()
    assert abs(biased - wanted) > 0.3 * wanted


def test_in_batch_by_hand() -> None:
    # Row 1: own 2, negatives 3 and (masked) 5; row 2: own 1, negatives 4 and 2.
    scores = tensor([[2.0, 3, 5], [4, 1, 2]]).log()
    masked = tensor([[False, False, True], [False, False, False]])
    positives = tensor([0, 1])
    result = in_batch_softmax(scores, positives, masked=masked)
    assert result.item() == pytest.approx((log(5 / 2) + log(7 / 1)) / 2)
    # Corrected by q = 1/2, 1/4, 1/4: 3 / (1/4) / 1 = 12; (4 / (1/2) + 2 / (1/4)) / 2 = 8.
    log_q = tensor([1 / 2, 1 / 4, 1 / 4]).log()
    result = in_batch_softmax(scores, positives, masked=masked, log_q=log_q)
    assert result.item() == pytest.approx((log(14 / 2) + log(9 / 1)) / 2)


def test_own_columns_of_a_batch_gathered_from_two_processes() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(6, 6, generator=generator)
    full = in_batch_softmax(scores, torch.arange(6))
    halves = [
        in_batch_softmax(scores[:3], torch.arange(3)),
        in_batch_softmax(scores[3:], torch.arange(3, 6)),
    ]
    torch.testing.assert_close(full, (halves[0] + halves[1]) / 2)


def test_a_row_whose_negatives_are_all_masked_loses_nothing_and_has_no_gradient() -> None:
    scores = tensor([[1.0, 2], [0, 0]]).requires_grad_()
    masked = tensor([[True, True], [False, False]])
    log_q = tensor([[math.inf, math.inf], [log(0.5), log(0.5)]])
    loss = in_batch_softmax(scores, tensor([0, 1]), masked=masked, log_q=log_q)
    loss.backward()
    assert loss.item() == pytest.approx(log(3) / 2)
    assert scores.grad is not None
    torch.testing.assert_close(scores.grad, tensor([[0, 0], [1 / 3, -1 / 3]]))
    assert in_batch_softmax(tensor([[5.0]]), tensor([0])).item() == 0


def test_one_own_column_a_row() -> None:
    with pytest.raises(InputError, match=r"got \[2\] and \[3, 3\]"):
        in_batch_softmax(torch.zeros(3, 3), tensor([0, 1]))
