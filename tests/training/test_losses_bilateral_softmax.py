import math

import pytest
import torch
from torch import Tensor

from recsys.errors import InputError
from recsys.training.losses import bilateral_softmax, softmax_over_all

ROWS, COLUMNS = torch.tensor([0, 0, 1]), torch.tensor([0, 2, 1])


def by_hand() -> tuple[Tensor, Tensor]:
    """Scores ln 1, ln 2, ln 3 for the first customer, who has 1st and 3rd; 0 for the second."""
    x = torch.tensor([[1.0], [0.0]], dtype=torch.float64)
    return x, torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64).log()[:, None]


def random_case(seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(7, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    y = torch.randn(11, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    has = torch.rand(7, 11, generator=generator) < 0.3
    has[2] = False
    return x, y, *has.nonzero(as_tuple=True)


@pytest.mark.parametrize(
    ("temperature", "positive_temperature", "first"),
    [
        # ln (1 + 2 + 3) - ln ((1 + 3) / 2), then the squares in the mean, then roots in the sum.
        (1, 1, math.log(6) - math.log(2)),
        (1, 0.5, math.log(6) - 0.5 * math.log(5)),
        (2, 1, math.log(1 + math.sqrt(2) + math.sqrt(3)) - math.log(2) / 2),
    ],
)
def test_by_hand(temperature: float, positive_temperature: float, first: float) -> None:
    loss = bilateral_softmax(
        *by_hand(), ROWS, COLUMNS, temperature=temperature,
        positive_temperature=positive_temperature,
    )  # fmt: skip
    # The first customer has two of the three pairs; the second's scores are equal, so ln 3.
    assert loss.item() == pytest.approx((2 * first + math.log(3)) / 3, abs=1e-12)


def test_a_bias_counts_on_both_sides() -> None:
    # A bias of ln 6 on the first product makes the weights 6, 2, 3 and 6, 1, 1.
    bias = torch.tensor([6.0, 1.0, 1.0], dtype=torch.float64).log()
    loss = bilateral_softmax(
        *by_hand(), ROWS, COLUMNS, temperature=1, positive_temperature=1, bias=bias
    )
    wanted = (2 * (math.log(11) - math.log((6 + 3) / 2)) + math.log(8)) / 3
    assert loss.item() == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("with_bias", [False, True])
def test_a_high_temperature_of_positives_is_the_softmax(with_bias: bool) -> None:
    x, y, rows, columns = random_case()
    bias = torch.linspace(-1, 1, len(y), dtype=torch.float64) if with_bias else None
    plain = softmax_over_all(x, y, rows, columns, temperature=0.3, bias=bias)
    both = bilateral_softmax(
        x, y, rows, columns, temperature=0.3, positive_temperature=1e6, bias=bias
    )
    torch.testing.assert_close(both, plain, rtol=0, atol=1e-4)
    # The soft mean of scores is at least the plain one.
    lower = bilateral_softmax(
        x, y, rows, columns, temperature=0.3, positive_temperature=0.2, bias=bias
    )
    assert lower < plain


def test_one_product_each_is_the_softmax() -> None:
    x, y, *_ = random_case()
    rows, columns = torch.arange(7), torch.arange(7)
    plain = softmax_over_all(x, y, rows, columns, temperature=0.3)
    both = bilateral_softmax(x, y, rows, columns, temperature=0.3, positive_temperature=0.05)
    torch.testing.assert_close(both, plain, rtol=0, atol=1e-10)


def test_near_products_pull_more_than_far_ones() -> None:
    x = torch.tensor([[1.0, 0.0]], requires_grad=True)
    y = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    rows, columns = torch.tensor([0, 0]), torch.tensor([0, 1])
    loss = bilateral_softmax(x, y, rows, columns, temperature=1, positive_temperature=0.5)
    pull = softmax_over_all(x, y, rows, columns, temperature=1)
    near, far = (torch.autograd.grad(each, y)[0][:2, 0] for each in (loss, pull))
    assert near[0] < far[0]
    assert near[1] > far[1]


def test_gradient_numerically() -> None:
    x, y, rows, columns = random_case()
    assert torch.autograd.gradcheck(
        lambda left, right: bilateral_softmax(
            left, right, rows, columns, temperature=0.4, positive_temperature=0.2
        ),
        (x, y),
    )


def test_no_pair_has_no_loss() -> None:
    x, y = by_hand()
    nothing = torch.zeros(0, dtype=torch.int64)
    loss = bilateral_softmax(x, y, nothing, nothing, temperature=1, positive_temperature=1)
    assert loss.item() == 0


def test_a_temperature_of_zero_is_refused() -> None:
    with pytest.raises(InputError, match="temperature: expected a finite number > 0, got 0"):
        bilateral_softmax(*by_hand(), ROWS, COLUMNS, temperature=1, positive_temperature=0)
