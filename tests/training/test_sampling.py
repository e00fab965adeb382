"""Uniform and popularity samplers: what they draw, how often, and what they say of it."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.stats import chisquare
from torch import Tensor, tensor

from recsys.errors import InputError
from recsys.training.sampling import Positives, WeightedSampler, by_popularity, uniform

Make = Callable[..., WeightedSampler]


def popular(positives: Positives, **settings: object) -> WeightedSampler:
    return by_popularity(positives, power=0.75, **settings)


both = pytest.mark.parametrize("make", [uniform, popular])


def positives_of(table: list[list[int]] | np.ndarray) -> Positives:
    return Positives(pairs=csr_array(np.array(table, np.float32)), actions=("purchase",), when=None)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_table(customers: int, products: int, share: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((customers, products)) < share


def probabilities(sampler: WeightedSampler, customer: int, products: int) -> np.ndarray:
    return sampler.log_q(tensor([customer]), torch.arange(products)).exp().numpy()


# Four customers, five products; the second customer has all but one, product 4 is nobody's.
TABLE = [[1, 0, 1, 0, 0], [1, 1, 1, 0, 0], [1, 0, 0, 1, 0], [0, 0, 0, 0, 0]]


@both
@settings(max_examples=60, deadline=None)
@given(
    customers=st.integers(1, 8),
    products=st.integers(1, 12),
    share=st.floats(0, 1),
    seed=st.integers(0, 10_000),
)
def test_a_positive_is_never_drawn(
    make: Make, customers: int, products: int, share: float, seed: int
) -> None:
    table = random_table(customers, products, share, seed)
    if make is popular and not table.any():
        return
    sampler = make(positives_of(table), device="cpu")
    rows = torch.from_numpy(np.random.default_rng(seed).integers(customers, size=20))
    rows = rows[~sampler.exhausted[rows]]
    drawn = sampler.draw(rows, 7, seeded(seed))
    assert drawn.products.shape == (len(rows), 7)
    assert drawn.log_q is not None
    assert torch.isfinite(drawn.log_q).all()
    assert not table[rows[:, None], drawn.products].any()
    if make is popular:
        assert table.any(axis=0)[drawn.products].all()


def test_probabilities_by_hand() -> None:
    # 3, 1, 2, 1 and 0 customers; the first has products 0 and 2, which leaves 1 and 3.
    result = probabilities(by_popularity(positives_of(TABLE), power=2, device="cpu"), 3, 5)
    wanted = [Fraction(9, 15), Fraction(1, 15), Fraction(4, 15), Fraction(1, 15), 0]
    np.testing.assert_allclose(result, [float(share) for share in wanted], rtol=1e-6)
    result = probabilities(by_popularity(positives_of(TABLE), power=1, device="cpu"), 2, 5)
    np.testing.assert_allclose(result[[1, 2]], [1 / 3, 2 / 3], rtol=1e-6)
    result = probabilities(uniform(positives_of(TABLE), device="cpu"), 0, 5)
    np.testing.assert_allclose(result[[1, 3, 4]], [1 / 3] * 3, rtol=1e-6)


@pytest.mark.parametrize("power", [None, 0, 0.75, 2])
def test_draws_are_as_frequent_as_intended(power: float | None) -> None:
    table = random_table(6, 40, 0.4, 1)
    table[0] = False
    table[1, :38] = True
    table[2, 1::2] = True  # most of what is left has few customers
    positives = positives_of(table)
    sampler = uniform(positives, device="cpu")
    weights = np.ones(40)
    if power is not None:
        sampler = by_popularity(positives, power=power, device="cpu")
        weights = table.sum(axis=0).astype(float) ** power
    for customer in range(6):
        drawn = sampler.draw(torch.full((100,), customer), 400, seeded(customer))
        counts = np.bincount(drawn.products.flatten().numpy(), minlength=40)
        wanted = np.where(table[customer], 0, weights)
        wanted /= wanted.sum()
        can = wanted > 0
        assert counts[~can].sum() == 0
        assert chisquare(counts[can], wanted[can] * 40_000).pvalue > 1e-4
        # What is reported is what is drawn from.
        reported = probabilities(sampler, customer, 40)
        np.testing.assert_allclose(reported[can], wanted[can], rtol=1e-5)
        assert drawn.log_q is not None
        np.testing.assert_allclose(drawn.log_q.exp(), wanted[drawn.products], rtol=1e-5)


def test_the_same_seed_draws_the_same() -> None:
    sampler = uniform(positives_of(random_table(50, 60, 0.3, 0)), device="cpu")
    rows = torch.arange(50)

    def drawn(seed: int) -> Tensor:
        return sampler.draw(rows, 20, seeded(seed)).products

    assert torch.equal(drawn(3), drawn(3))
    assert not torch.equal(drawn(3), drawn(4))
    generator = seeded(3)
    first, second = (sampler.draw(rows, 20, generator).products for _ in range(2))
    assert torch.equal(first, drawn(3))
    assert not torch.equal(first, second)


@both
def test_a_positive_is_drawn_where_it_is_asked_for(make: Make) -> None:
    sampler = make(positives_of([[1, 1, 1]]), device="cpu", allow_positives=True)
    drawn = sampler.draw(tensor([0]), 60, seeded())
    assert drawn.products.unique().tolist() == [0, 1, 2]
    assert drawn.log_q is not None
    np.testing.assert_allclose(drawn.log_q.exp(), 1 / 3, rtol=1e-6)


@both
def test_a_customer_who_has_everything_is_named(make: Make) -> None:
    sampler = make(positives_of([[1, 0, 1], [1, 1, 1]]), device="cpu")
    assert sampler.exhausted.tolist() == [False, True]
    assert sampler.draw(tensor([0, 0]), 3, seeded()).products.unique().tolist() == [1]
    with pytest.raises(InputError, match=r"customer of row 1 has every one of the 3 products"):
        sampler.draw(tensor([0, 1]), 3, seeded())


def test_popularity_leaves_nothing_to_who_has_all_that_is_popular() -> None:
    positives = positives_of([[1, 1, 0]])
    with pytest.raises(InputError, match=r"row 0 has every one of the 2 products"):
        popular(positives, device="cpu").draw(tensor([0]), 1, seeded())
    assert uniform(positives, device="cpu").draw(tensor([0]), 1, seeded()).products.item() == 2


def test_the_last_of_many_products_is_found() -> None:
    """Rejection would draw a thousand times for each."""
    table = np.ones((3, 1000), bool)
    table[0, 0] = table[1, 500] = table[2, 999] = False
    drawn = popular(positives_of(table), device="cpu").draw(torch.arange(3), 5, seeded())
    assert drawn.products.tolist() == [[0] * 5, [500] * 5, [999] * 5]


def test_rare_products_of_a_million_customers_keep_their_probability() -> None:
    """Units are coarsest where there are many customers; one is then 1e-12 of all."""
    customers, products = 1_000_000, 2_000
    generator = np.random.default_rng(0)
    zipf = 1 / np.arange(1, products + 1) ** 1.5
    columns = generator.choice(products, size=customers, p=zipf / zipf.sum())
    pairs = csr_array(
        (np.ones(customers, np.float32), (np.arange(customers), columns)),
        shape=(customers, products),
    )
    positives = Positives(pairs=pairs, actions=("purchase",), when=None)
    sampler = by_popularity(positives, power=2, device="cpu")
    weights = np.bincount(columns, minlength=products) ** 2.0
    can = weights > 0
    weights[columns[-1]] = 0
    result = probabilities(sampler, customers - 1, products)
    wanted = weights / weights.sum()
    can &= wanted > 0
    np.testing.assert_allclose(result[can], wanted[can], rtol=1e-5, atol=1e-12)
    rows = generator.integers(customers, size=10_000)
    drawn = sampler.draw(torch.from_numpy(rows), 10, seeded()).products.numpy()
    assert (drawn != columns[rows][:, None]).all()
    others = rows[columns[rows] != 0]
    share = sampler.log_q(torch.from_numpy(others), tensor(0)).exp().mean().item()
    assert (drawn[columns[rows] != 0] == 0).mean() == pytest.approx(share, abs=0.01)


def test_a_product_too_rare_for_a_unit_still_has_one() -> None:
    """A share of 1 / 20,000^4 rounds to nothing, and yet it is all that is left to draw."""
    table = np.zeros((20_000, 2), bool)
    table[:, 0] = table[0, 1] = True
    sampler = by_popularity(positives_of(table), power=4, device="cpu")
    assert sampler.draw(tensor([7]), 1, seeded()).products.item() == 1


@both
def test_an_empty_batch_draws_nothing(make: Make) -> None:
    drawn = make(positives_of(TABLE), device="cpu").draw(tensor([], dtype=torch.long), 3, seeded())
    assert drawn.products.shape == (0, 3)
    assert drawn.log_q is not None
    assert drawn.log_q.shape == (0, 3)


def test_one_product() -> None:
    sampler = uniform(positives_of([[0], [1]]), device="cpu")
    drawn = sampler.draw(tensor([0]), 2, seeded())
    assert drawn.products.tolist() == [[0, 0]]
    assert drawn.log_q is not None
    assert drawn.log_q.tolist() == [[0, 0]]
    with pytest.raises(InputError, match="row 1 has every one of the 1 products"):
        sampler.draw(tensor([1]), 1, seeded())


def test_bad_input_is_refused() -> None:
    nobody = positives_of([[0, 0]])
    with pytest.raises(InputError, match="no event has a product"):
        popular(nobody, device="cpu")
    with pytest.raises(InputError, match="there is no product to draw"):
        uniform(positives_of(np.zeros((2, 0))), device="cpu")
    for power in (-0.5, 5, float("nan")):
        with pytest.raises(InputError, match=r"power: expected a number in \[0, 4\]"):
            by_popularity(positives_of(TABLE), power=power, device="cpu")
    with pytest.raises(InputError, match=r"negatives: expected a number >= 1, got 0"):
        uniform(nobody, device="cpu").draw(tensor([0]), 0, seeded())


@pytest.mark.gpu
@both
def test_on_a_gpu(make: Make) -> None:
    table = random_table(200, 300, 0.3, 0)
    sampler = make(positives_of(table), device="cuda")
    rows = torch.arange(200, device="cuda")
    drawn = [
        sampler.draw(rows, 50, torch.Generator("cuda").manual_seed(1)).products.cpu()
        for _ in range(2)
    ]
    assert torch.equal(*drawn)
    assert not table[np.arange(200)[:, None], drawn[0]].any()
