"""Events of which none counts as interest teach nothing: every customer gets the same ranking."""

from collections.abc import Callable

import numpy as np
import pytest
from in_memory import dataset_of

from recsys import ALS, EASE, SLIM, Blend, GraphFilter, ItemKNN, RP3Beta, TouchpointFilter
from recsys.models.base import Recommender
from recsys.testing.data import everyone

MODELS = (
    ALS, lambda: ALS(solver="conjugate_gradient"), EASE, GraphFilter, ItemKNN, RP3Beta, SLIM,
    TouchpointFilter, lambda: Blend(models={"filter": GraphFilter(), "als": ALS()}),
)  # fmt: skip


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("pairs", [("aabbc", "xyxzz"), ("abcde", "xyxyx"), ("aaa", "xyz")])
def test_a_model_without_interest_ranks_alike_for_all(
    make: Callable[[], Recommender], pairs: tuple[str, str]
) -> None:
    customers, products = map(list, pairs)
    table = {"customer_id": customers, "product_id": products, "action": ["reject"] * len(products)}
    data = dataset_of({**table, "timestamp": np.arange(len(products)).astype("datetime64[D]")})
    scores = make().fit(data).score(everyone(data))
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores, np.broadcast_to(scores[:1], scores.shape))
