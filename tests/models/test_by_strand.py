"""Two strands, two vectors, the best of the two scores: fit, export, serving and fold-in."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.data.split import TimeSplit
from recsys.errors import InputError
from recsys.evaluation.evaluate_model import evaluate
from recsys.exporting.library import export
from recsys.models.als import ALS
from recsys.models.by_strand import ByStrand
from recsys.models.graph_filter import GraphFilter
from recsys.serving import load
from recsys.simulation.source import SimulatedMarket

BASE = {"dim": 16, "epochs": 5, "half_life": 60.0}


@pytest.fixture(scope="module")
def fitted() -> ByStrand:
    data = Dataset.from_source(SimulatedMarket(events=10_000, seed=3))
    return ByStrand(base=ALS(**BASE), floor=0.1, boost=1.0).fit(data)


def test_a_customer_is_scored_by_the_best_of_his_vectors(fitted: ByStrand) -> None:
    strands = fitted.strand_vectors
    assert strands is not None
    assert fitted.fitted_data is not None
    counts = np.bincount(strands.customers, minlength=len(fitted.fitted_data.customers))
    assert counts.max() <= 4
    two = np.flatnonzero(counts == 2)[:5]
    products = fitted.embeddings().products
    for customer in two:
        rows = strands.vectors[strands.customers == customer]
        expected = (rows @ products.T).max(axis=0)
        np.testing.assert_allclose(fitted.score(np.array([customer]))[0], expected, rtol=1e-5)
    none = np.flatnonzero(counts == 0)[:50]
    np.testing.assert_array_equal(fitted.score(none), fitted.base.score(none))


def test_a_row_leans_to_the_products_of_its_strand(fitted: ByStrand) -> None:
    strands, data = fitted.strand_vectors, fitted.fitted_data
    assert strands is not None
    assert data is not None
    found = fitted.purposes.assign(data)
    goes_on = fitted.purposes.renewal.comes_back(found.last_depth, found.silence)
    purpose = fitted.purposes.tree.purpose
    scores = strands.vectors @ fitted.embeddings().products.T
    own = scores[np.arange(len(scores))[:, None], :]
    # The last row of a customer is the strand that most probably goes on.
    last = np.flatnonzero(np.append(np.diff(strands.customers) != 0, True))
    hits = 0
    for row in last:
        mine = np.flatnonzero(found.customer == strands.customers[row])
        best = mine[goes_on[mine].argmax()]
        hits += purpose[own[row, 0].argmax()] == found.purpose[best]
    assert hits / len(last) > 0.6


def test_it_says_which_column_it_used(fitted: ByStrand) -> None:
    assert fitted.columns_used == {"products": {"category": "20 values"}}


def test_with_valid_it_chooses_and_never_does_worse_there() -> None:
    data = Dataset.from_source(SimulatedMarket(events=10_000, seed=3))
    window = TimeSplit(valid_from="2025-08-01", test_from="2025-10-01").split(data).valid
    tried = []

    class Recorded:
        def __call__(self, score) -> float:  # type: ignore[no-untyped-def]
            tried.append(evaluate(score, window).metrics["ndcg@10"].mean)
            return float(tried[-1])

        def after(self, epoch: int, score: object) -> float:
            return 0.0

    model = ByStrand(base=ALS(**BASE)).fit(window.past, Recorded())
    assert len(tried) == 5
    chosen = evaluate(model, window).metrics["ndcg@10"].mean
    assert chosen == pytest.approx(max(tried))
    # What was chosen holds for the refit.
    again = ByStrand(base=ALS(**BASE), **model.chosen) if model.strand_vectors else model
    assert again.chosen == model.chosen


def test_the_artifact_has_a_row_a_strand_and_scores_as_the_model(
    fitted: ByStrand, tmp_path: Path
) -> None:
    strands, data = fitted.strand_vectors, fitted.fitted_data
    assert strands is not None
    assert data is not None
    artifact = load(export(fitted, data, tmp_path / "artifact"))
    contents = artifact.contents
    assert artifact.facts["fidelity"]["overlap@10"] > 0.98
    assert artifact.facts["fresh_events"] == {"taken": True}
    counts = np.bincount(strands.customers, minlength=len(data.customers))
    assert len(contents.customers) == np.maximum(counts, 1).sum()
    customer = int(np.flatnonzero(counts >= 2)[0])
    name = data.customers.ids[customer]
    answer = artifact.recommend(name, k=5, at="as_of")
    scores = fitted.score(np.array([customer]))[0]
    for offer in answer.offers:
        row = data.products.rows(pd.Series([offer.product_id]))[0]
        assert offer.score == pytest.approx(scores[row], rel=1e-2, abs=1e-3)
        # Reasons are events of the customer.
        assert all(reason.product_id in set(data.products.ids) for reason in offer.reasons)
    product = answer.offers[0].product_id
    before = artifact.fold_in([], customer_id=name)
    after = artifact.fold_in([(product, "cart")], customer_id=name)
    assert before.shape == after.shape
    assert not np.allclose(before, after)


def test_stored_histories_make_the_stored_vectors(fitted: ByStrand, tmp_path: Path) -> None:
    """Folding in nothing gives what the row has: weights, degrees and vectors fit together."""
    data = fitted.fitted_data
    assert data is not None
    artifact = load(export(fitted, data, tmp_path / "artifact"))
    strands = fitted.strand_vectors
    assert strands is not None
    for customer in np.unique(strands.customers)[:5]:
        name = data.customers.ids[customer]
        folded = np.atleast_2d(artifact.fold_in([], customer_id=name))
        stored = artifact.contents.customers.vectors[artifact.customers.rows_of(name)]
        np.testing.assert_allclose(folded[-1], stored[-1], rtol=2e-2, atol=2e-3)


def test_recommend_of_the_model_is_that_of_its_artifact(fitted: ByStrand) -> None:
    strands, data = fitted.strand_vectors, fitted.fitted_data
    assert strands is not None
    assert data is not None
    name = data.customers.ids[strands.customers[0]]
    assert len(fitted.recommend(name, k=3, at="as_of").offers) == 3


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"base": GraphFilter()}, r"model\.base: expected a model whose vectors are made"),
        ({"base": ALS(), "floor": 1.0}, r"model\.floor and model\.boost: expected both"),
        ({"base": ALS(), "floor": -1.0, "boost": 0.0}, r"model\.floor: expected a number >= 0"),
        ({"base": ALS(), "open_from": 0}, r"model\.open_from: expected a number > 0"),
        ({"base": ALS(), "most": 0}, r"model\.most: expected a number >= 1"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        ByStrand(**settings)  # type: ignore[arg-type]
