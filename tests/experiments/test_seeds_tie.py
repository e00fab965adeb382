"""Two seeds of one model are a tie; a model that knows nobody and one that does are not."""

import numpy as np
import pytest

from recsys.data.queries import Window
from recsys.data.split import TimeSplit
from recsys.evaluation.paired import paired_difference, wilcoxon
from recsys.evaluation.per_query import PerQuery, evaluate
from recsys.experiments.run import load
from recsys.models.als import ALS
from recsys.models.base import Recommender
from recsys.models.popularity import Popularity
from recsys.simulation import SimulatedMarket

METRIC = "ndcg@10"


@pytest.fixture(scope="module")
def market() -> Window:
    return load(SimulatedMarket(events=30_000), TimeSplit())[1].valid


def of(model: Recommender, market: Window) -> PerQuery:
    return evaluate(model.fit(market.past).score, market.queries, [10], progress=False)


@pytest.fixture(scope="module")
def seeds(market: Window) -> list[PerQuery]:
    return [of(ALS(dim=16, seed=seed), market) for seed in (0, 1)]


def test_two_seeds_of_one_model_are_a_tie(seeds: list[PerQuery]) -> None:
    first, second = seeds
    values, repeated = first.values[METRIC], second.values[METRIC]
    assert not np.array_equal(values, repeated)
    assert paired_difference(values, repeated, first.customers).verdict == "tie"
    assert wilcoxon(values, repeated, first.customers) > 0.05


def test_popularity_against_als_is_not(seeds: list[PerQuery], market: Window) -> None:
    popular = of(Popularity(), market)
    for als in seeds:
        baseline, values = popular.values[METRIC], als.values[METRIC]
        assert paired_difference(baseline, values, als.customers).verdict == "loss"
        assert paired_difference(values, baseline, als.customers).verdict == "win"
        assert wilcoxon(baseline, values, als.customers) < 1e-4
