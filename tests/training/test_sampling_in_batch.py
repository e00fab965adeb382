"""In-batch and hard negatives, and the events that samplers say they drew from."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import dataset_of, source_of
from scipy.sparse import csr_array
from torch import Tensor, tensor

from recsys.data.audit import Audit
from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.interactions import DAY
from recsys.data.split import TimeSplit
from recsys.errors import InputError
from recsys.training.losses import in_batch_softmax
from recsys.training.sampling import (
    Hard,
    InBatch,
    NegativeSampler,
    Positives,
    by_popularity,
    uniform,
)


def positives_of(table: list[list[int]] | np.ndarray) -> Positives:
    return Positives(pairs=csr_array(np.array(table, np.float32)), actions=("purchase",), when=None)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_batch_by_hand() -> None:
    positives = positives_of([[1, 0, 1, 0], [1, 1, 0, 0], [0, 1, 0, 0]])
    # Pairs (0, 0), (1, 1), (0, 2), (2, 1): product 1 twice, customer 0 twice.
    batch = InBatch(positives, device="cpu").contrast(tensor([0, 1, 0, 2]), tensor([0, 1, 2, 1]))
    assert batch.masked.int().tolist() == [[1, 0, 1, 0], [1, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]]
    # 2, 2 and 1 pairs of 5; without those of customers 0, 1 and 2: 2, 1 and 3 of 5.
    open_pairs = torch.where(batch.masked, 0, batch.log_q.exp())
    np.testing.assert_allclose(
        open_pairs, [[0, 1, 0, 1], [0, 0, 1, 0], [0, 1, 0, 1], [2 / 3, 0, 1 / 3, 0]], rtol=1e-6
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 7), st.integers(1, 9), st.floats(0.1, 1), st.integers(0, 10_000))
def test_masked_is_what_the_table_says(
    customers: int, products: int, share: float, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    table = generator.random((customers, products)) < share
    table[0, 0] = True
    who, what = (
        torch.from_numpy(generator.integers(size, size=length))
        for size, length in ((customers, 6), (products, 8))
    )
    batch = InBatch(positives_of(table), device="cpu").contrast(who, what)
    np.testing.assert_array_equal(batch.masked, table[who[:, None], what])
    chance = table.sum(axis=0) / table.sum()
    left = np.where(table, 0, chance).sum(axis=1)
    open_pairs = ~batch.masked.numpy() & (chance[what] > 0)
    wanted = chance[what] / np.where(left > 0, left, 1)[who][:, None]
    np.testing.assert_allclose(batch.log_q.exp()[open_pairs], wanted[open_pairs], rtol=1e-5)


def test_a_batch_of_those_who_have_everything_and_an_empty_one() -> None:
    contrast = InBatch(positives_of([[1, 1], [1, 1]]), device="cpu").contrast
    batch = contrast(tensor([0, 1]), tensor([0, 1]))
    assert batch.masked.all()
    scores = torch.zeros(2, 2, requires_grad=True)
    loss = in_batch_softmax(scores, torch.arange(2), masked=batch.masked, log_q=batch.log_q)
    loss.backward()
    assert loss.item() == 0
    assert scores.grad is not None
    assert (scores.grad == 0).all()
    none = tensor([], dtype=torch.long)
    assert contrast(none, none).masked.shape == (0, 0)


def by_number(customers: Tensor, products: Tensor) -> Tensor:
    """Scores products by their own row numbers."""
    return products.float() + 0 * customers[:, None]


def test_the_highest_of_the_pool_are_kept() -> None:
    positives = positives_of(np.eye(20, dtype=int))
    pool = uniform(positives, device="cpu").draw(torch.arange(20), 9, seeded(5)).products
    sampler = Hard(uniform(positives, device="cpu"), pool=9, score=by_number)
    drawn = sampler.draw(torch.arange(20), 3, seeded(5))
    assert torch.equal(drawn.products, pool.sort(dim=1, descending=True).values[:, :3])
    assert (drawn.products != torch.arange(20)[:, None]).all()
    assert drawn.log_q is None
    assert sampler.draw(tensor([], dtype=torch.long), 3, seeded()).products.shape == (0, 3)


def test_a_pool_is_scored_without_gradient_and_is_large_enough() -> None:
    weight = torch.ones(1, requires_grad=True)
    tracked = []

    def score(customers: Tensor, products: Tensor) -> Tensor:
        scores = weight * products
        tracked.append(scores.requires_grad)
        return scores

    positives = positives_of([[0, 1, 0]])
    Hard(uniform(positives, device="cpu"), pool=2, score=score).draw(tensor([0]), 1, seeded())
    assert tracked == [False]
    with pytest.raises(InputError, match=r"pool: expected .* >= 1, got 0"):
        Hard(uniform(positives, device="cpu"), pool=0, score=score)
    with pytest.raises(InputError, match=r"from 1 to the pool of 2 candidates, got 3; raise"):
        Hard(uniform(positives, device="cpu"), pool=2, score=score).draw(tensor([0]), 3, seeded())


def moments(data: Dataset, sampler: NegativeSampler | InBatch) -> list[int]:
    negatives = sampler.derived.negatives
    assert negatives is not None
    assert data.interactions.when is not None
    days = (np.sort(negatives) - data.interactions.when.min()) // DAY
    return [int(day) for day in days]


def test_the_audit_is_told_which_events_negatives_come_from(shop: Dataset) -> None:
    positives = Positives.of(shop)
    # All but the call of day 5, which is about no product, and the reject of day 9.
    days = [0, 0, 1, 2, 4, 6, 7, 8]
    sampler = uniform(positives, device="cpu")
    popular = by_popularity(positives, power=0.5, device="cpu")
    hard = Hard(popular, pool=2, score=by_number)
    for stated in (sampler, popular, hard, InBatch(positives, device="cpu")):
        assert moments(shop, stated) == days
    assert sampler.derived.popularity is None
    counts = hard.derived.popularity
    assert counts is not None
    named = dict(zip(shop.products.ids.tolist(), counts.counts.tolist(), strict=True))
    assert named == {"milk": 2, "bread": 2, "jam": 2, "tea": 1}
    assert "reject" not in counts.actions
    assert "view" in counts.actions
    # Customers who may draw anything draw from the catalogue, and from no event.
    assert moments(shop, uniform(positives, device="cpu", allow_positives=True)) == []


def test_positives_are_the_pairs_of_the_actions_asked_for(shop: Dataset) -> None:
    bought = Positives.of(shop, {"purchase": 1, "view": 0})
    assert bought.actions == ("purchase",)
    assert bought.when is not None
    assert len(bought.when) == 7
    assert bought.pairs.nnz == 7
    past = shop.select(np.arange(len(shop.interactions)) < 4)
    assert moments(past, uniform(Positives.of(past), device="cpu")) == [0, 0, 1, 2]
    with pytest.raises(InputError, match="no action 'buy'"):
        Positives.of(shop, {"buy": 1})


def test_without_a_clock_no_moment_is_stated(shop: Dataset) -> None:
    data = dataset_of({"customer_id": [1, 2], "product_id": ["x", "y"]})
    assert uniform(Positives.of(data), device="cpu").derived.negatives is None
    silent = replace(shop, interactions=replace(shop.interactions, when=None), clock=None)
    assert Positives.of(silent).when is None


@pytest.mark.parametrize("draws", ["uniform", "popular", "in batch"])
def test_the_audit_catches_negatives_from_after_the_cutoff(draws: str) -> None:
    days = [1, 2, 3, 5, 6, 8, 9]
    source = source_of(
        {
            "customer_id": ["a", "b", "a", "b", "a", "a", "b"],
            "product_id": ["x", "y", "z", "x", "y", "x", "z"],
            "timestamp": [f"2026-01-0{day}" for day in days],
        },
        filter_seen=False,
    )
    tables = check_tables(source.load())
    data = build(source, tables)
    split = TimeSplit(valid_from="2026-01-05", test_from="2026-01-08").split(data, source)
    audit = Audit(tables, tables, data, split)

    def sampler(seen: Dataset) -> NegativeSampler | InBatch:
        positives = Positives.of(seen)
        if draws == "in batch":
            return InBatch(positives, device="cpu")
        if draws == "popular":
            return by_popularity(positives, power=1, device="cpu")
        return uniform(positives, device="cpu")

    audit.fit("valid", sampler(split.valid.past).derived)
    kind = "negatives" if draws == "uniform" else "popularity"
    with pytest.raises(InputError, match=f"{kind} of valid: interactions: row 3"):
        audit.fit("valid", sampler(split.test.past).derived)
