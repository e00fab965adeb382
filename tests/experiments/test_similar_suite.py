"""The suite of similar people, on a small market."""

import numpy as np
import pytest

from benchmarks.similar.buyers import figures, found
from benchmarks.similar.suite import SimilarSuite
from recsys import ALS, Dataset, SimulatedMarket, TimeSplit
from recsys.customers.similar.look_alikes import FEWEST_SEEDS
from recsys.customers.similar.vectors import customer_vectors
from recsys.errors import InputError


def test_new_buyers_are_found_among_those_who_had_not_bought() -> None:
    market = SimulatedMarket(events=20_000)
    split = TimeSplit().split(Dataset.from_source(market), market)
    model = ALS(dim=16, device="cpu").fit(split.valid.past).embeddings()
    vectors = customer_vectors(model.customers, model.products, split.valid.past)
    things = found(split.valid, vectors, model, most=3)
    assert 1 <= len(things) <= 3
    assert all(each.by_likeness.wanted >= FEWEST_SEEDS for each in things)
    assert all(each.by_likeness.area.customers < len(vectors) for each in things)
    numbers = figures(things)
    assert numbers["things"] == len(things)
    assert numbers["auc_beyond_activity"] == pytest.approx(
        np.mean([each.by_likeness.area.mean - each.by_likeness.activity.mean for each in things])
    )
    # Customers of the market have tastes, so that likeness finds them and activity does not.
    assert numbers["auc"] > numbers["auc_activity"]
    assert figures([]) == {"things": 0.0}


def test_too_little_to_measure_is_refused() -> None:
    settings = {"root": ".", "events": 10_000, "things": 5, "clusters": [0], "customers": 5_000,
                "compared": 1_000}  # fmt: skip
    for key in ("events", "things", "customers", "compared"):
        with pytest.raises(InputError, match=f"suite.{key}: expected a whole number"):
            SimilarSuite(**{**settings, key: 0})
