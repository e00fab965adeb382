"""A customer whom a model never saw is scored as one with the same events whom it saw."""

from collections.abc import Callable

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.graph.bipartite import interaction_matrix
from recsys.models.als import ALS
from recsys.models.ease import EASE
from recsys.models.fresh_history import scores_of_history
from recsys.models.graph_filter import GraphFilter
from recsys.models.item_knn import ItemKNN
from recsys.models.own_history import OwnHistory
from recsys.models.popularity import Popularity

MODELS: dict[str, Callable[[], ALS | GraphFilter | EASE | ItemKNN | OwnHistory]] = {
    "als": lambda: ALS(dim=3),
    "als of plain strengths": lambda: ALS(dim=3, customer_exponent=0, product_exponent=0),
    "graph filter": lambda: GraphFilter(dim=2, self_weight=0.3),
    "ease": lambda: EASE(l2=1),
    "item kNN": ItemKNN,
    "own history": OwnHistory,
}


@pytest.mark.parametrize("name", MODELS)
def test_histories_of_the_fit_have_the_scores_of_the_fit(name: str, shop: Dataset) -> None:
    model = MODELS[name]().fit(shop)
    everyone = np.arange(len(shop.customers))
    scores = scores_of_history(model, interaction_matrix(shop))
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, model.score(everyone), atol=1e-4)
    # A row is made from its own events alone, whatever other rows there are.
    turned = scores_of_history(model, interaction_matrix(shop)[::-1])
    np.testing.assert_allclose(turned, scores[::-1], atol=1e-5)


def test_vectors_that_are_not_made_from_events_are_refused(shop: Dataset) -> None:
    with pytest.raises(ValueError, match="Popularity: events alone do not make a vector"):
        scores_of_history(Popularity().fit(shop), interaction_matrix(shop))
