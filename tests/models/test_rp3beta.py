from fractions import Fraction as F
from functools import partial
from typing import Any

import numpy as np
import pytest
from in_memory import dataset_of

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.bipartite import interaction_matrix
from recsys.models import rp3beta
from recsys.models.popularity import fallback
from recsys.models.rp3beta import RP3Beta
from recsys.testing import FilterContract, PersonalisedContract
from recsys.testing.data import close, everyone, market


class TestRP3Beta(PersonalisedContract, FilterContract):
    def make(self, **change: Any) -> RP3Beta:
        return RP3Beta(**change)


class TestRP3BetaWithFewNeighbours(TestRP3Beta):
    """Few ways out, steps raised to a power, own products kept, actions weighted."""

    def make(self, **change: Any) -> RP3Beta:
        parts = {
            "alpha": 1.4, "beta": 0.2, "neighbours": 7, "self_weight": 2,
            "actions": {"purchase": 2, "view": 1},
        }  # fmt: skip
        return RP3Beta(**{**parts, **change})


@pytest.fixture
def three() -> Dataset:
    """Degrees: customers a 2, b 3, c 1; products x 3, y 2, z 1."""
    return dataset_of({"customer_id": list("aabbbc"), "product_id": list("xyxyzx")})


def filter_of(model: RP3Beta, data: Dataset) -> np.ndarray:
    dense = model.fit(data).filter.toarray()
    order = np.argsort(data.products.ids)
    return dense[np.ix_(order, order)]


def at_mean_one(rows: list[list[Any]]) -> np.ndarray:
    dense = np.array(rows, np.float64)
    return dense / dense[dense > 0].mean()


PLAIN = [
    [0, F(1, 3) * (F(1, 2) + F(1, 3)), F(1, 3) * F(1, 3)],
    [F(1, 2) * (F(1, 2) + F(1, 3)), 0, F(1, 2) * F(1, 3)],
    [F(1, 3), F(1, 3), 0],
]
"""Three steps, worked by hand: from x by a (1/3, 1/2) and by b (1/3, 1/3) to y, and so on."""


@pytest.mark.parametrize(
    ("settings", "rows"),
    [
        ({"beta": 0}, PLAIN),
        ({"beta": 1}, [[way / degree for way, degree in zip(row, (3, 2, 1), strict=True)]
                       for row in PLAIN]),
        ({"alpha": 2, "beta": 0}, [
            [0, F(1, 9) * (F(1, 4) + F(1, 9)), F(1, 9) * F(1, 9)],
            [F(1, 4) * (F(1, 4) + F(1, 9)), 0, F(1, 4) * F(1, 9)],
            [F(1, 9), F(1, 9), 0],
        ]),
        ({"alpha": 0, "beta": 0}, [[0, 2, 1], [2, 0, 1], [1, 1, 0]]),
    ],
)  # fmt: skip
def test_three_steps(three: Dataset, settings: dict[str, float], rows: list[list[Any]]) -> None:
    weights = filter_of(RP3Beta(**settings), three)
    np.testing.assert_allclose(weights, at_mean_one(rows), rtol=1e-6)


def test_strengths_count_in_a_step() -> None:
    # a: x twice and y, b: x. Degrees a 3, b 1, x 3, y 1; x -> a 2/3, a -> y 1/3; back 1 and 2/3.
    data = dataset_of({"customer_id": list("aaab"), "product_id": list("xxyx")})
    weights = filter_of(RP3Beta(beta=0), data)
    np.testing.assert_allclose(weights, at_mean_one([[0, F(2, 9)], [F(2, 3), 0]]), rtol=1e-6)


def test_the_strongest_ways_out_of_a_product_stay(three: Dataset) -> None:
    model = RP3Beta(beta=0, neighbours=1).fit(three)
    x, y, z = (three.products.row(name) for name in "xyz")
    # From z both are as strong, and the lower row number stays.
    wanted = {(x, y), (y, x), (z, min(x, y))}
    assert set(zip(*model.filter.nonzero(), strict=True)) == wanted


def test_a_score_is_the_sum_over_the_history_in_the_papers_order() -> None:
    data = market()
    model = RP3Beta(alpha=0.7, beta=0.4).fit(data)
    history = interaction_matrix(data).toarray().astype(np.float64)
    customers, products = history.sum(axis=1), np.maximum(history.sum(axis=0), 1e-9)
    back = (history / products).T ** 0.7
    forth = (history / np.where(customers > 0, customers, 1)[:, None]) ** 0.7
    ways = (back @ forth) * products**-0.4
    np.fill_diagonal(ways, 0)
    wanted = history @ (ways / ways[ways > 0].mean()) + fallback(data)
    close(model.score(everyone(data)), wanted, 1e-5)


def test_own_products_are_kept_by_their_weight() -> None:
    data = market()
    without, kept = (
        RP3Beta(self_weight=self_weight).fit(data).score(everyone(data)) for self_weight in (0, 3)
    )
    close(kept - without, 3 * interaction_matrix(data).toarray(), 1e-5)


def test_weights_that_faded_stay_finite() -> None:
    data = market()
    model = RP3Beta(half_life=0.4, alpha=2).fit(data)
    assert np.isfinite(model.score(everyone(data))).all()


@pytest.mark.parametrize("entries", [1, 40])
def test_the_size_of_a_block_changes_nothing(entries: int, monkeypatch: Any) -> None:
    data = market()
    wanted = RP3Beta(neighbours=4).fit(data).score(everyone(data))
    in_small = partial(rp3beta.row_blocks, entries=entries)
    monkeypatch.setattr(rp3beta, "row_blocks", in_small)
    scores = RP3Beta(neighbours=4).fit(data).score(everyone(data))
    np.testing.assert_array_equal(scores, wanted)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"alpha": -1}, r"model.alpha: expected a number >= 0 and <= 10, got -1"),
        ({"beta": 11}, r"model.beta: .* <= 10, got 11"),
        ({"neighbours": 0}, r"model.neighbours: expected a number >= 1, got 0"),
        ({"self_weight": -0.1}, r"model.self_weight: expected a number >= 0"),
        ({"half_life": 0}, r"model.half_life: expected a number > 0"),
    ],
)
def test_out_of_range(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        RP3Beta(**settings)
