"""What all objectives keep to: batches, shares of several processes, and scoring as trained."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from in_memory import dataset_of

from recsys.errors import InputError
from recsys.training.losses import unit
from recsys.training.objectives import (
    BPR,
    BilateralSoftmax,
    CosineContrastive,
    InBatchSoftmax,
    Logistic,
    Objective,
    SampledSoftmax,
    SharedCosineContrastive,
    Softmax,
    WholeData,
)
from recsys.training.sampling import Positives

CPU = torch.device("cpu")
MAKERS: dict[str, Callable[[], Objective]] = {
    "softmax": Softmax,
    "softmax without popularity": lambda: Softmax(popularity=0),
    "bilateral softmax": BilateralSoftmax,
    "whole data": WholeData,
    "logistic": lambda: Logistic(negatives=4, plain_weight=0.3),
    "logistic over all": Logistic,
    "bpr": BPR,
    "bpr of hard ones": lambda: BPR(negatives=2, pool=5),
    "cosine contrastive": lambda: CosineContrastive(margin=0.1, negatives=3),
    "shared cosine contrastive": lambda: SharedCosineContrastive(margin=0.1, negatives=4),
    "sampled softmax": lambda: SampledSoftmax(negatives=3),
    "sampled softmax, uncorrected": lambda: SampledSoftmax(negatives=3, corrected=False, power=0),
    "in-batch softmax": InBatchSoftmax,
    "in-batch softmax, uncorrected": lambda: InBatchSoftmax(corrected=False),
}


def positives() -> Positives:
    """Nine customers, the last of them without products, and six products."""
    generator = np.random.default_rng(0)
    pairs = set(zip(*(generator.integers(0, n, 30).tolist() for n in (8, 6)), strict=True))
    table = {"customer_id": [c for c, _ in pairs], "product_id": [p for _, p in pairs]}
    return Positives.of(dataset_of(table, {"customers": {"customer_id": [99]}}))


def vectors(result: Positives) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    customers, products = (
        torch.randn(size, 4, generator=generator, dtype=torch.float64)
        for size in result.pairs.shape
    )
    return customers.requires_grad_(), products.requires_grad_()


@pytest.fixture(params=MAKERS, ids=str)
def objective(request: pytest.FixtureRequest) -> Objective:
    made = MAKERS[request.param]()
    made.prepare(positives(), CPU)
    return made


def test_an_epoch_holds_every_pair_once(objective: Objective) -> None:
    batch = objective.batch(torch.arange(objective.examples))
    pairs = torch.stack([batch.customers[batch.rows], batch.products]).T.tolist()
    wanted = np.argwhere(positives().pairs.toarray() > 0).tolist()
    assert sorted(pairs) == sorted(wanted)
    assert (batch.rows.diff() >= 0).all()


@pytest.mark.parametrize("processes", [1, 2, 3, 40])
def test_shares_of_processes_add_up_to_the_batch(objective: Objective, processes: int) -> None:
    batch = objective.batch(torch.arange(objective.examples).flip(0))
    result = vectors(positives())

    def loss(share: slice) -> torch.Tensor:
        return objective.loss(*result, batch, share, torch.Generator().manual_seed(5))

    full = loss(slice(0, len(batch.customers)))
    size = len(batch.customers)
    bounds = [rank * size // processes for rank in range(processes + 1)]
    parts = torch.zeros(())
    for low, high in pairwise(bounds):
        share = slice(low, high)
        parts = parts + loss(share) * len(batch.of(share).rows) / len(batch.rows)
    torch.testing.assert_close(parts.double(), full.double(), rtol=0, atol=1e-6)
    ours, wanted = (torch.autograd.grad(loss, result, retain_graph=True) for loss in (parts, full))
    for our, their in zip(ours, wanted, strict=True):
        torch.testing.assert_close(our, their, rtol=0, atol=1e-6)


def test_gradient_numerically(objective: Objective) -> None:
    batch = objective.batch(torch.arange(objective.examples))
    share = slice(1, len(batch.customers))
    assert torch.autograd.gradcheck(
        lambda customers, products: objective.loss(
            customers, products, batch, share, torch.Generator().manual_seed(5)
        ),
        vectors(positives()),
        # log q is kept in float32.
        atol=1e-4,
    )


def test_scores_are_those_that_are_trained(objective: Objective) -> None:
    customers, products = (vector.detach().float() for vector in vectors(positives()))
    left, right = objective.scored(customers, products)
    scores = left @ right.T
    sides = (unit(customers), unit(products)) if objective.cosine else (customers, products)
    wanted = sides[0] @ sides[1].T
    torch.testing.assert_close(scores, wanted + objective.bias, rtol=0, atol=1e-6)


def test_softmax_scores_are_logits_times_the_temperature() -> None:
    objective, result = Softmax(temperature=0.2, popularity=0.7), positives()
    objective.prepare(result, CPU)
    counts = torch.from_numpy(result.customers_of)
    wanted = 0.2 * 0.7 * torch.log1p(counts)
    torch.testing.assert_close(objective.bias, wanted.float(), rtol=0, atol=2e-6)


def test_lengths_come_back_into_scores() -> None:
    objective = Softmax(popularity=0, norm=0.5)
    objective.prepare(positives(), CPU)
    products = torch.tensor([[1.0, 0.0], [0.0, 4.0], [4.0, 0.0]])
    _, right = objective.scored(torch.ones(1, 2), torch.cat([products, torch.zeros(3, 2)])[:6])
    lengths = torch.tensor([1.0, 4.0, 4.0, 0.0, 0.0, 0.0])
    wanted = (lengths / lengths.mean()).sqrt()
    torch.testing.assert_close(right[:, :2].norm(dim=1), wanted)


def test_who_has_no_vector_is_ranked_by_popularity(objective: Objective) -> None:
    result = positives()
    shape = result.pairs.shape
    left, right = objective.scored(torch.zeros(shape[0], 4), torch.randn(shape[1], 4))
    order = (left @ right.T)[0].argsort(descending=True)
    counts = result.customers_of[order.numpy()]
    assert (np.diff(counts) <= 0).all()


def test_pools_make_negatives_harder() -> None:
    result = positives()
    customers, products = (vector.detach() for vector in vectors(result))
    losses = []
    for pool in (1, 5):
        objective = BPR(negatives=1, pool=pool)
        objective.prepare(result, CPU)
        batch = objective.batch(torch.arange(objective.examples))
        share = slice(0, len(batch.customers))
        losses.append(
            np.mean([
                objective.loss(
                    customers, products, batch, share, torch.Generator().manual_seed(seed)
                ).item()
                for seed in range(20)
            ])
        )  # fmt: skip
    assert losses[1] > losses[0]


def test_negatives_are_stated_for_the_audit() -> None:
    stamps = ["2026-01-01", "2026-01-02"]
    data = dataset_of({"customer_id": [1, 2], "product_id": [1, 2], "timestamp": stamps})
    for maker in (Softmax, InBatchSoftmax, BPR, SampledSoftmax, Logistic):
        objective = maker()
        objective.prepare(Positives.of(data), CPU)
        stated = objective.derived
        drawn = stated.negatives is not None
        assert drawn == (maker is not Softmax)
        assert (stated.popularity is not None) == (maker is not BPR)


def test_customers_who_have_everything_stay_out_of_pairs() -> None:
    table = {"customer_id": ["all", "all", "one"], "product_id": ["a", "b", "a"]}
    objective = BPR()
    objective.prepare(Positives.of(dataset_of(table)), CPU)
    assert objective.examples == 1
    with pytest.raises(InputError, match="every customer has every product"):
        BPR().prepare(Positives.of(dataset_of({"customer_id": [1], "product_id": [2]})), CPU)


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_nothing_to_learn_from_is_said(maker: Callable[[], Objective]) -> None:
    data = dataset_of({"customer_id": [1], "product_id": [2], "action": ["reject"]})
    with pytest.raises(InputError, match="no event with a product to learn from"):
        maker().prepare(Positives.of(data), CPU)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Softmax(temperature=0), "objective.temperature: expected a finite number above"),
        (lambda: BilateralSoftmax(positive_temperature=0), "objective.positive_temperature: .* 0"),
        (lambda: Softmax(norm=-1), "objective.norm: expected .* at least 0 and at most 4, got -1"),
        (lambda: Softmax(popularity=5), "objective.popularity: expected .* at most 4, got 5"),
        (lambda: WholeData(unobserved_weight=-1), "objective.unobserved_weight: .* got -1"),
        (lambda: Logistic(negatives=0), "objective.negatives: expected .* at least 1, got 0"),
        (lambda: Logistic(degree_weight=-1), "objective.degree_weight: .* at least 0, got -1"),
        (lambda: SharedCosineContrastive(margin=-2), "objective.margin: .* at least -1 .* got -2"),
        (lambda: BPR(negatives=0), "objective.negatives: expected .* at least 1, got 0"),
        (lambda: BPR(negatives=4, pool=2), "objective.pool: expected .* at least 4, got 2"),
        (lambda: SampledSoftmax(power=float("nan")), "objective.power: expected .* got nan"),
        (lambda: CosineContrastive(margin=2), "objective.margin: .* at most 1, got 2"),
    ],
)
def test_settings_out_of_range(make: Callable[[], Objective], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()
